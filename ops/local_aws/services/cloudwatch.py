"""CloudWatch: metrics and metric alarms. What is missing here is not offered (501)."""

from __future__ import annotations

from ops.local_aws.services.cloudwatch_alarms import Alarms
from ops.local_aws.services.cloudwatch_data import Data
from ops.local_aws.services.cloudwatch_metrics import Metrics


class CloudWatch(Data, Metrics, Alarms):
    """One method for each operation that is offered."""
