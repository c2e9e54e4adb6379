"""SageMaker's control plane: models, endpoint configurations, endpoints and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.local_aws.services.sagemaker_endpoints import Endpoints
from ops.local_aws.services.sagemaker_models import Models
from ops.local_aws.services.sagemaker_tags import Tags

if TYPE_CHECKING:
    from ops.local_aws.world import World


class SageMaker(Models, Endpoints, Tags):
    """One method per operation; parameters and answers are the wire's."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
