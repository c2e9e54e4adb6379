"""Where Athena puts its results on an AWS that nobody has asked anything before."""

from __future__ import annotations

from ops.local_aws.athena_catalog import EXPORTS
from tests.local_aws.asking_athena import Asker
from tests.local_aws.conftest import SteppedAws


def test_results_may_go_beside_the_exports_before_anything_has_looked_for_them(aws: SteppedAws) -> None:
    place = {"OutputLocation": f"s3://{EXPORTS}/athena/"}
    assert Asker(aws).rows("SELECT 1 AS x", "default", ResultConfiguration=place) == [["x"], ["1"]]
