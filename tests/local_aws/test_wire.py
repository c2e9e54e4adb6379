"""The three protocols: each client reads what another one wrote."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any
from urllib.parse import urlencode

import boto3
import botocore.session
import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.model import ListShape, ServiceModel, StructureShape
from botocore.parsers import QueryParser, RpcV2CBORParser
from botocore.serialize import QuerySerializer, RpcV2CBORSerializer
from hypothesis import given
from hypothesis import strategies as st

from ops.local_aws import wire, wire_cbor, wire_query
from ops.local_aws.errors import AwsError
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.test_cloudwatch_alarms import wake
from tests.local_aws.test_cloudwatch_data import metric

PROTOCOLS = ("json", "smithy-rpc-v2-cbor", "query")
CLOUDWATCH = wire.service_model("cloudwatch")


def speaking(aws: SteppedAws, protocol: str) -> Any:
    """A CloudWatch client that knows only this protocol."""
    session = botocore.session.get_session()
    loader = create_loader()  # of its own: the tests' sessions share theirs
    session.register_component("data_loader", loader)
    whole = loader.load_service_model

    def load(name: str, kind: str, *args: Any, **more: Any) -> Any:
        model = whole(name, kind, *args, **more)
        if name != "cloudwatch" or kind != "service-2":
            return model
        return model | {"metadata": model["metadata"] | {"protocol": protocol, "protocols": [protocol]}}

    loader.load_service_model = load
    own = boto3.Session(botocore_session=session)
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
    return own.client("cloudwatch", region_name="us-east-1", endpoint_url=aws.server.url, **keys)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_does_the_same(aws: SteppedAws, protocol: str) -> None:
    client = speaking(aws, protocol)
    data = [{"MetricName": f"Done{i}", "Value": float(i), "Timestamp": aws.now() - 60} for i in range(300)]
    client.put_metric_data(Namespace="Jobs", MetricData=data)
    client.put_metric_alarm(**wake(AlarmDescription='<Größe & "Maß">', Threshold=1.5))
    stat = {"Metric": {"Namespace": "Jobs", "MetricName": "Done7"}, "Period": 60, "Stat": "Sum"}
    answer = client.get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": stat}, metric("none")],
        StartTime=aws.now() - 3600,
        EndTime=aws.now(),
    )
    found = {
        r["Id"]: (r["Values"], [t.timestamp() for t in r["Timestamps"]]) for r in answer["MetricDataResults"]
    }
    assert found == {"m": ([7.0], [aws.now() - 60]), "none": ([], [])}
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    assert alarm["AlarmDescription"] == '<Größe & "Maß">'
    assert alarm["Threshold"] == 1.5
    assert alarm["Dimensions"] == wake()["Dimensions"]
    assert alarm["StateUpdatedTimestamp"].timestamp() == aws.now()
    client.delete_alarms(AlarmNames=["wake"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_has_typed_errors(aws: SteppedAws, protocol: str) -> None:
    client = speaking(aws, protocol)
    with pytest.raises(client.exceptions.ResourceNotFound, match="wake") as caught:
        client.delete_alarms(AlarmNames=["wake"])
    assert caught.value.response["Error"]["Code"] == "ResourceNotFound"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as refused:
        client.list_dashboards()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_form_of_an_old_client(aws: SteppedAws) -> None:
    fields = wire_query.fields_of(
        urlencode(
            {
                "Action": "GetMetricStatistics",
                "Namespace": "AWS/SageMaker",
                "MetricName": "ModelLatency",
                "StartTime": "2026-09-21T14:00:00Z",
                "EndTime": "2026-09-21T15:00:00Z",
                "Period": "60",
                "Statistics.member.1": "Sum",
                "Statistics.member.2": "Average",
                "Dimensions.member.1.Name": "EndpointName",
                "Dimensions.member.1.Value": "e",
            }
        ).encode(),
        "",
    )
    shape = CLOUDWATCH.operation_model("GetMetricStatistics").input_shape
    assert wire_query.decode(shape, fields) == {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
        "StartTime": 1790000000 // 3600 * 3600 + 0.0,
        "EndTime": 1790000000 // 3600 * 3600 + 3600.0,
        "Period": 60,
        "Statistics": ["Sum", "Average"],
    }


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
epochs = st.integers(0, 4_000_000_000).map(float)
results = st.fixed_dictionaries(
    {
        "MetricDataResults": st.lists(
            st.builds(
                lambda id, label, values: {
                    "Id": id,
                    "Label": label,
                    "Timestamps": [1_790_000_000.0 + 60 * i for i in range(len(values))],
                    "Values": values,
                    "StatusCode": "Complete",
                },
                texts,
                texts,
                st.lists(numbers, max_size=40),
            ),
            max_size=4,
        )
    }
)


def parsed(parser: Any, body: bytes) -> Any:
    shape = CLOUDWATCH.operation_model("GetMetricData").output_shape
    answer = parser.parse({"headers": {}, "body": body, "status_code": 200}, shape)
    answer.pop("ResponseMetadata")
    return answer


@given(results)
def test_botocore_reads_our_cbor(answer: dict[str, Any]) -> None:
    operation = CLOUDWATCH.operation_model("GetMetricData")
    parser = RpcV2CBORParser(timestamp_parser=float)
    assert parsed(parser, wire_cbor.encode(operation.output_shape, answer)) == answer
    for result in answer["MetricDataResults"]:
        result["Values"] = np.array(result["Values"], float)
        result["Timestamps"] = np.array(result["Timestamps"], np.int64)
    again = parsed(parser, wire_cbor.encode(operation.output_shape, answer))
    assert [list(r["Values"]) for r in answer["MetricDataResults"]] == [
        r["Values"] for r in again["MetricDataResults"]
    ]


@given(results)
def test_botocore_reads_our_xml(answer: dict[str, Any]) -> None:
    operation = CLOUDWATCH.operation_model("GetMetricData")
    parser = QueryParser(timestamp_parser=lambda text: wire_query.parse_timestamp(text).timestamp())
    assert parsed(parser, wire_query.encode(operation, answer, "id")) == answer


def requests(operation: str) -> tuple[StructureShape, Any]:
    model: ServiceModel = CLOUDWATCH
    return model.operation_model(operation).input_shape, model.operation_model(operation)


@given(st.lists(st.tuples(texts, numbers, epochs), max_size=5), texts)
def test_we_read_what_botocore_writes(rows: list[tuple[str, float, float]], namespace: str) -> None:
    shape, operation = requests("PutMetricData")
    data = [{"MetricName": name, "Value": value, "Timestamp": at} for name, value, at in rows]
    given = {"Namespace": namespace, "MetricData": data, "StrictEntityValidation": True}
    cbor = RpcV2CBORSerializer().serialize_to_request(given, operation)["body"]
    assert wire_cbor.decode(bytes(cbor)) == given
    form = QuerySerializer().serialize_to_request(given, operation)["body"]
    read = wire_query.decode(shape, wire_query.fields_of(urlencode(form).encode(), ""))
    assert read == (given if data else given | {"MetricData": []})


@given(st.binary(max_size=60))
def test_rubbish_is_refused_and_never_a_crash(body: bytes) -> None:
    path = {"PATH_INFO": "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"}
    for environ, protocol in (
        (path, "cbor"),
        ({"HTTP_X_AMZ_TARGET": "GraniteServiceVersion20100801.DescribeAlarms"}, "json"),
        ({}, "query"),
        (path | {"HTTP_CONTENT_ENCODING": "gzip"}, "cbor"),
    ):
        try:
            call = wire.read("cloudwatch", protocol, environ, body)
            wire.check(call)
            outcome = 200 if isinstance(call.params, dict) else 0
        except AwsError as error:
            outcome = error.status
        assert outcome in (200, 400, 404, 413, 501)


def test_a_body_that_unpacks_to_too_much_is_refused() -> None:
    bomb = gzip.compress(b" " * (wire.MOST_BYTES + 1000))
    target = {"HTTP_X_AMZ_TARGET": "X.PutMetricData", "HTTP_CONTENT_ENCODING": "gzip"}
    with pytest.raises(AwsError, match="larger than"):
        wire.read("cloudwatch", "json", target, bomb)


def test_a_service_answers_only_in_its_protocols() -> None:
    with pytest.raises(AwsError) as caught:
        wire.read("sagemaker", "query", {}, b"Action=ListEndpoints")
    assert caught.value.status == 501
    with pytest.raises(AwsError):
        wire.read("cloudwatch", "query", {}, b"Version=1")


def test_limits_and_enumerations_of_the_model() -> None:
    def refused(**params: Any) -> str:
        operation = CLOUDWATCH.operation_model("DescribeAlarms")
        with pytest.raises(AwsError) as caught:
            wire.check(wire.Call("cloudwatch", operation, params))
        assert caught.value.code == "ValidationError"
        return caught.value.message

    assert "at 'maxRecords'" in refused(MaxRecords=101)
    assert "at 'alarmNamePrefix'" in refused(AlarmNamePrefix="x" * 256)
    assert "length <= 100" in refused(AlarmNames=["x"] * 101)
    assert "enum value set" in refused(AlarmTypes=["Metric"])
    assert "2 validation errors" in refused(MaxRecords=101, StateValue="FINE")


def test_json_writes_arrays_and_refuses_what_it_does_not_know() -> None:
    assert json.loads(wire.json_answer({"a": np.arange(3), "b": np.float64(1.5), "c": b"x"})) == {
        "a": [0, 1, 2],
        "b": 1.5,
        "c": "eA==",
    }
    with pytest.raises(TypeError):
        wire.json_answer({"a": object()})


def test_numbers_of_every_size() -> None:
    shape = CLOUDWATCH.operation_model("DescribeAlarms").output_shape
    alarms = shape.members["MetricAlarms"]
    assert isinstance(alarms, ListShape)
    reader = RpcV2CBORParser(timestamp_parser=float)
    for number in (0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, -1, -25, -(2**33)):
        body = wire_cbor.encode(
            alarms.member, {"Period": number, "Threshold": math.pi, "ActionsEnabled": False}
        )
        stream = reader.get_peekable_stream_from_bytes(body)
        wanted = {"Period": number, "Threshold": math.pi, "ActionsEnabled": False}
        assert reader.parse_data_item(stream) == wanted
