"""Models, endpoint configurations and endpoints: what there is of them now, and waiting for one to be made or gone.

They are made and deleted by the write gate, through `ops.aws.scaling.make`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.aws.calls import Reading
from ops.aws.endpoints import is_missing
from ops.aws.session import is_loopback
from ops.core.errors import OpsError
from ops.core.fix_calls import GONE, SERVING, SETTLED, Call
from ops.core.fix_left_out import MAPS
from ops.core.resources import CONFIG, ENDPOINT, FAILED, KINDS, MODEL, UNSETTLED, Resource
from ops.core.words import duration

Wire = Mapping[str, Any]

POLL_S, POLL_LOOPBACK_S = 5.0, 0.5
"""Seconds between two looks at an endpoint that is waited for; DescribeEndpoint costs nothing."""
LONGEST_S = 2 * 3600.0
"""By AWS's clock: an endpoint that takes longer is not waited for any more."""
_DESCRIBE = {
    MODEL: ("DescribeModel", "ModelName"),
    CONFIG: ("DescribeEndpointConfig", "EndpointConfigName"),
    ENDPOINT: ("DescribeEndpoint", "EndpointName"),
}
_CREATE = {
    MODEL: (
        "PrimaryContainer",
        "Containers",
        "InferenceExecutionConfig",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
    ),
    CONFIG: (
        "ProductionVariants",
        "DataCaptureConfig",
        "KmsKeyId",
        "AsyncInferenceConfig",
        "ExplainerConfig",
        "ShadowProductionVariants",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
        "MetricsConfig",
    ),
    ENDPOINT: ("EndpointConfigName",),
}
"""What of a description the call that makes it takes."""
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "AcceptEula": (False,),
    "EnableNetworkIsolation": (False,),
    "EnableSSMAccess": (False,),
    "InitialVariantWeight": (1.0,),
    "KmsKeyId": ("",),
    "ManagedInstanceScaling": ({"Status": "DISABLED"},),
    "Mode": ("SingleModel", "Serial"),
    "RepositoryAccessMode": ("Platform",),
    "RoutingConfig": ({"RoutingStrategy": "RANDOM"},),
}
"""What AWS takes where nothing is given, and may tell all the same. `Mode`: of a container, and of several in a row."""
_SOURCE, _URL = "ModelDataSource", "ModelDataUrl"
_PACKED = {"S3DataType": "S3Object", "CompressionType": "Gzip"}
_OF_THE_OBJECT = ("ETag", "ManifestEtag")
"""What AWS adds to where a model's data lies."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at an endpoint that is waited for. `next_s`: real seconds until the next look."""

    done: bool
    said: str
    next_s: float


def present(reading: Reading, keys: Iterable[tuple[str, str]]) -> tuple[Resource, ...]:
    """Those of these (kind, name) that exist, as they would be made. Raises OpsError."""
    wanted = sorted(keys, key=lambda key: (KINDS.index(key[0]), key[1]))
    found = reading.each(lambda key: _one(reading, *key), wanted)
    return tuple(each for each in found if each is not None)


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One line of ListModels."""

    name: str
    created: datetime


def models(reading: Reading) -> tuple[ModelLine, ...]:
    """All models of this account and region, the newest first. Raises OpsError."""
    wires = reading.pages("sagemaker", "ListModels", "Models", MaxResults=100)
    found = (ModelLine(str(wire["ModelName"]), wire["CreationTime"]) for wire in wires)
    return tuple(sorted(found, key=lambda model: (model.created, model.name), reverse=True))


def instance_types(reading: Reading) -> tuple[str, ...]:
    """Every instance type that the API of SageMaker takes for an endpoint, as the AWS client here knows it."""
    model = reading.session.client("sagemaker").meta.service_model
    return tuple(model.shape_for("ProductionVariantInstanceType").enum)


def _one(reading: Reading, kind: str, name: str) -> Resource | None:
    operation, key = _DESCRIBE[kind]
    try:
        wire = reading.ask("sagemaker", operation, **{key: name})
    except OpsError as error:
        if is_missing(error):
            return None
        raise
    return parse_resource(kind, name, wire)


def parse_resource(kind: str, name: str, wire: Wire) -> Resource:
    """A description as what would make it: without what AWS adds, and without its defaults."""
    parameters = _bare({key: wire[key] for key in _CREATE[kind] if key in wire})
    if "PrimaryContainer" in parameters:
        parameters["PrimaryContainer"] = _one_source(parameters["PrimaryContainer"])
    if "Containers" in parameters:
        parameters["Containers"] = [_one_source(each) for each in parameters["Containers"]]
    return Resource(
        kind,
        name,
        parameters,
        status=str(wire.get("EndpointStatus", "")),
        reason=str(wire.get("FailureReason", "")),
        created=wire.get("CreationTime"),
    )


def _bare(value: Any) -> Any:
    """Without what is empty or a default, however deep it stands; variables of a container are kept as they are."""
    if isinstance(value, Mapping):
        found = {k: dict(v) if k in MAPS and v else _bare(v) for k, v in value.items()}
        return {
            k: v
            for k, v in found.items()
            if v is not None and v not in ({}, []) and v not in _DEFAULTS.get(k, ())
        }
    return [_bare(v) for v in value] if isinstance(value, list) else value


def _one_source(container: Wire) -> Wire:
    """A container that says once where its data lies: AWS tells a URL that was given as a data source as well, and
    takes only one of the two.
    """
    source, url = container.get(_SOURCE), container.get(_URL)
    if not source or not url:
        return container
    told = {k: v for k, v in source.get("S3DataSource", {}).items() if k not in _OF_THE_OBJECT}
    repeats = told == {"S3Uri": url, **_PACKED} or container.get("Mode") == "MultiModel"
    return {k: v for k, v in container.items() if k != (_SOURCE if repeats else _URL)}


def poll_s(reading: Reading) -> float:
    """Real seconds between two looks."""
    return POLL_LOOPBACK_S if is_loopback(reading.session.where.endpoint_url) else POLL_S


def wait(reading: Reading, call: Call) -> Iterator[Seen]:
    """Looks at an endpoint until what is waited for is so; the last look says `done`.

    Raises OpsError where it cannot come to that any more: the endpoint is gone, or has failed (which is settled, too).
    """
    name, gone = str(call.parameters["EndpointName"]), call.waits == GONE
    pause_s = poll_s(reading)
    began = None
    while True:
        found = _one(reading, ENDPOINT, name)
        now = reading.now
        began = began or now
        waited = (now - began).total_seconds()
        if found is None and not gone:
            raise OpsError(f"The endpoint {name} is gone.", "Somebody deleted it while it was waited for.")
        if found is None:
            yield Seen(True, f"{name} is gone.", 0.0)
            return
        if found.status == FAILED and not gone and call.waits != SETTLED:
            reason = found.reason or "AWS gives no reason."
            raise OpsError(f"The endpoint {name} could not be created: {reason}", _mend(reason))
        settled = found.status not in UNSETTLED
        if not gone and settled and (call.waits != SERVING or _serves(reading, name)):
            yield Seen(True, f"{name} is {found.status}.", 0.0)
            return
        if waited > LONGEST_S:
            raise OpsError(
                f"The endpoint {name} {_so_far(found, settled=settled)} after {duration(waited)}.",
                "Look at its logs; continue here when it has come to an end.",
            )
        yield Seen(False, f"{name} {_so_far(found, settled=settled)} after {duration(waited)}.", pause_s)


def _so_far(found: Resource, *, settled: bool) -> str:
    """What an endpoint is that is still waited for."""
    return "has no instance in service yet" if settled else f"is still {found.status}"


def _serves(reading: Reading, name: str) -> bool:
    """Whether the first variant of an endpoint, the one that Ebb looks at, has an instance in service."""
    wire = reading.ask("sagemaker", "DescribeEndpoint", EndpointName=name)
    return any((variant.get("CurrentInstanceCount") or 0) > 0 for variant in wire["ProductionVariants"][:1])


def _mend(reason: str) -> str:
    if "ResourceLimitExceeded" in reason or "limit" in reason.lower():
        return "Have the quota of this instance type raised, or choose another type; then clean up and deploy anew."
    return "Its log group says why its container did not answer; clean up, mend it, and deploy anew."
