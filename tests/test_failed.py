"""From a failed request to its lines and its failure object, through the façade on the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ops.core.errors import BadInput, Denied, UnknownEndpoint
from ops.core.failures import Cause
from ops.core.log_lines import FailedRequest
from ops.core.types import Window, utc
from ops.core.views_failures import LogQuery, Streams
from tests.living import console_at, error, gated
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account

HOUR = timedelta(hours=1)


class Desk:
    """An endpoint `doc` that fails, one without a failure path, and a console."""

    def __init__(self) -> None:
        self.aws = SteppedAws()
        self.account = Account(self.aws)
        self.account.endpoint("doc")
        without = {"S3OutputPath": f"s3://{BUCKET}/out/"}
        self.account.endpoint("bare", self.account.config("bare-config", output=without))
        self.account.put_input()
        self.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
        self.aws.world.fleet.inject("bare", profile=(1.0, 2.0, 1.0))
        self.account.invoke("doc", InferenceId="first-1")
        self.aws.advance(600)
        self.account.invoke("doc", InferenceId="second-2")
        self.account.invoke("doc", InferenceId="missing-3", InputLocation=f"s3://{BUCKET}/in/none.json")
        self.account.invoke("bare", InferenceId="bare-4")
        self.aws.advance(300)
        self.console = console_at(self.aws.server.url)

    def failed(self, name: str = "doc") -> dict[str, FailedRequest]:
        return {r.inference_id: r for r in self.console.failed_requests(name, HOUR).requests}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    found.console.close()
    found.aws.server.stop()


def test_failed_requests_are_named_newest_first_with_their_cause(desk: Desk) -> None:
    found = desk.console.failed_requests("doc", HOUR)
    assert found.search.complete
    assert found.requests[-1].inference_id == "first-1"
    of = {r.inference_id: (r.status, r.cause) for r in found.requests}
    assert of == {
        "first-1": (500, Cause.MODEL_5XX),
        "second-2": (500, Cause.MODEL_5XX),
        "missing-3": (None, Cause.DOWNLOAD),
    }
    assert desk.failed()["first-1"].message == "CUDA out of memory while decoding page"


def test_the_counts_of_the_metrics_agree_with_the_log(desk: Desk) -> None:
    split = desk.console.failures("doc", HOUR).split
    assert (split.failed, split.totals[Cause.MODEL_5XX], split.totals[Cause.DOWNLOAD]) == (3.0, 2.0, 1.0)
    assert split.totals[Cause.OTHER] == 0.0


def test_a_request_leads_to_its_lines_and_probably_to_its_object(desk: Desk) -> None:
    request = desk.failed()["first-1"]
    found = desk.console.request_log("doc", "first-1", request.at)
    assert found.request == request
    assert [each.mentions for each in found.lines] == [False, False, True]
    assert "OutOfMemoryError" in found.lines[1].line.message
    assert found.object is not None
    assert not found.object.certain
    assert found.object.apart_s < 2
    assert found.object.found.content.text.startswith("ClientError: Received server error (500)")
    assert found.problems == ()


def test_an_object_that_names_the_id_is_certain(desk: Desk) -> None:
    at = desk.failed()["second-2"].at
    desk.aws.world.delivery.put_object(
        f"s3://{BUCKET}/fail/zz-error.out", b"request second-2 went wrong", at.timestamp() + 20
    )
    found = desk.console.request_log("doc", "second-2", at).object
    assert found is not None
    assert (found.certain, found.found.object.key) == (True, "fail/zz-error.out")


def test_without_an_object_near_it_none_is_claimed(desk: Desk) -> None:
    far = desk.failed()["first-1"].at + timedelta(minutes=5)
    found = desk.console.request_log("doc", "first-1", far)
    assert found.request is not None  # its line is still found around the time that the link says
    other = desk.console.request_log("doc", "nobody", far)
    assert (other.lines, other.object, other.request) == ((), None, None)
    assert "within 90 s" in other.without_object


def test_no_failure_path_is_said(desk: Desk) -> None:
    found = desk.console.request_log("bare", "bare-4", desk.failed("bare")["bare-4"].at)
    assert found.object is None
    assert "no failure path" in found.without_object
    assert desk.console.failure_objects("bare").path is None
    with pytest.raises(BadInput, match="no failure path"):
        desk.console.failure_object("bare", "x")


def test_failure_objects_are_listed_and_read(desk: Desk) -> None:
    found = desk.console.failure_objects("doc")
    assert found.path == f"s3://{BUCKET}/fail/"
    assert found.seen >= 3
    text = desk.console.failure_object("doc", found.objects[0].key)
    assert text.object.key == found.objects[0].key
    with pytest.raises(BadInput, match="failure path"):
        desk.console.failure_object("doc", "in/1.json")


def test_it_all_works_when_the_endpoint_is_asleep_again(desk: Desk) -> None:
    request = desk.failed()["first-1"]
    desk.account.scaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/doc/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=0,
        MaxCapacity=1,
    )
    weights = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}]
    desk.account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc", DesiredWeightsAndCapacities=weights
    )
    desk.aws.advance(600)
    assert desk.account.counts("doc") == (0, 0)
    found = desk.console.request_log("doc", "first-1", request.at)
    assert found.lines
    assert found.object is not None


def test_log_lines_of_a_window_and_of_streams(desk: Desk) -> None:
    now = desk.aws.now()
    window = Window(utc(now // 60 * 60 - 3600), utc(now // 60 * 60))
    found = desk.console.logs("doc", LogQuery(window, "CUDA", Streams.CONTAINERS))
    assert found.lines
    assert not any(line.stream.endswith("/data-log") for line in found.lines)
    future = Window(window.end + HOUR, window.end + 2 * HOUR)
    with pytest.raises(BadInput, match="future"):
        desk.console.logs("doc", LogQuery(future))


def test_no_group_and_no_endpoint(desk: Desk) -> None:
    assert desk.console.logs("never-was", LogQuery(HOUR)).missing
    assert desk.console.failed_requests("never-was", HOUR).search.missing
    with pytest.raises(UnknownEndpoint):
        desk.console.failure_objects("never-was")
    with pytest.raises(BadInput):
        desk.console.logs("../etc", LogQuery(HOUR))


def test_denied_logs_hide_the_lines_and_nothing_else(desk: Desk) -> None:
    at = desk.failed()["first-1"].at
    with gated(desk.aws.server.url) as (url, gate):
        gate.shut["FilterLogEvents"] = error("AccessDeniedException", "no")
        with console_at(url) as console:
            found = console.failed_requests("doc", HOUR)
            assert [p.action for p in found.problems] == ["logs:FilterLogEvents"]
            with pytest.raises(Denied):
                console.logs("doc", LogQuery(HOUR))
            one = console.request_log("doc", "first-1", at)
            assert "logs:FilterLogEvents" in {p.action for p in one.problems}
