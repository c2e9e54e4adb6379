"""What SageMaker describes, read as what would make it: what AWS adds by itself is no difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.aws.deploy import parse_resource
from ops.core.change import Outcome
from ops.core.fixes import Create
from ops.core.resources import CONFIG, ENDPOINT, MODEL
from tests.test_deploying import BOSS, IMAGE, ROLE, WISH, client, opened

DATA = "s3://models/doc.tar.gz"


def source(uri: str = DATA, kind: str = "S3Object", packed: str = "Gzip", **more: Any) -> dict[str, Any]:
    return {"S3DataSource": {"S3Uri": uri, "S3DataType": kind, "CompressionType": packed, **more}}


def container(**told: Any) -> dict[str, Any]:
    wire = {"PrimaryContainer": {"Image": IMAGE, **told}, "ExecutionRoleArn": ROLE}
    found = parse_resource(MODEL, "m", wire).parameters["PrimaryContainer"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "echo",
    [
        source(),
        source(ModelAccessConfig={"AcceptEula": False}),
        source(ETag="0123", ManifestEtag=""),
    ],
)
def test_a_data_source_that_repeats_the_url_is_the_url(echo: dict[str, Any]) -> None:
    assert container(ModelDataUrl=DATA, ModelDataSource=echo) == {"Image": IMAGE, "ModelDataUrl": DATA}
    several = {"Containers": [{"Image": IMAGE, "ModelDataUrl": DATA, "ModelDataSource": echo}]}
    assert parse_resource(MODEL, "m", several).parameters == {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": DATA}]
    }


def test_a_data_source_that_says_more_stands_for_the_url() -> None:
    signed = source(ModelAccessConfig={"AcceptEula": True})
    folder = source("s3://models/doc/", "S3Prefix", "None")
    assert container(ModelDataUrl=DATA, ModelDataSource=signed) == {
        "Image": IMAGE,
        "ModelDataSource": signed,
    }
    assert container(ModelDataSource=folder) == {"Image": IMAGE, "ModelDataSource": folder}
    many = {"Mode": "MultiModel", "ModelDataUrl": "s3://models/doc/"}
    assert container(**many, ModelDataSource=folder) == {"Image": IMAGE} | many


def test_defaults_are_no_part_and_variables_of_the_container_are() -> None:
    told = {
        "Mode": "SingleModel",
        "Environment": {},
        "ImageConfig": {"RepositoryAccessMode": "Platform"},
        "MultiModelConfig": {},
    }
    assert container(**told) == {"Image": IMAGE}
    own = {"Mode": "SingleModel", "EMPTY": "", "EnableNetworkIsolation": "false"}
    assert container(Environment=own) == {"Image": IMAGE, "Environment": own}
    serial = {"Containers": [{"Image": IMAGE}], "InferenceExecutionConfig": {"Mode": "Serial"}}
    assert parse_resource(MODEL, "m", serial).parameters == {"Containers": [{"Image": IMAGE}]}


def test_defaults_of_a_configuration_are_no_part() -> None:
    variant = {
        "VariantName": "main",
        "ModelName": "m",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    output = {"S3OutputPath": "s3://results/"}
    wire = {
        "ProductionVariants": [
            variant
            | {
                "InitialVariantWeight": 1.0,
                "EnableSSMAccess": False,
                "RoutingConfig": {"RoutingStrategy": "RANDOM"},
                "ManagedInstanceScaling": {"Status": "DISABLED"},
            }
        ],
        "AsyncInferenceConfig": {"ClientConfig": {}, "OutputConfig": output | {"NotificationConfig": {}}},
        "EnableNetworkIsolation": False,
        "KmsKeyId": "",
    }
    assert parse_resource(CONFIG, "c", wire).parameters == {
        "ProductionVariants": [variant],
        "AsyncInferenceConfig": {"OutputConfig": output},
    }
    least = {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}
    other = parse_resource(CONFIG, "c", {"ProductionVariants": [variant | {"RoutingConfig": least}]})
    assert other.parameters["ProductionVariants"][0]["RoutingConfig"] == least
    assert parse_resource(
        ENDPOINT, "e", {"EndpointConfigName": "c", "EndpointStatus": "InService"}
    ).parameters == {"EndpointConfigName": "c"}


def test_a_model_with_data_is_made_read_back_and_made_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        receipt = console.apply(console.plan_deploy(WISH), BOSS)
        assert (receipt.entry.outcome, receipt.missing) == (Outcome.DONE, ())
        told = client(url, "sagemaker").describe_model(ModelName="doc-model")["PrimaryContainer"]
        assert told == {
            "Image": IMAGE,
            "Mode": "SingleModel",
            "ModelDataUrl": DATA,
            "ModelDataSource": source(),
            "Environment": {"BATCH": "4"},
        }
        back = console.plan_undo(receipt.entry.id)
        assert not [c for c in back.cautions if "changed since" in c.sentence]
        gone = console.apply(console.plan_delete("doc-new", with_model=True), BOSS, typed="doc-new").entry
        anew = console.plan_undo(gone.id).changes[0]
        assert isinstance(anew, Create)
        assert anew.resource.parameters["PrimaryContainer"] == {
            "Image": IMAGE,
            "ModelDataUrl": DATA,
            "Environment": {"BATCH": None},  # the journal keeps no values
        }
