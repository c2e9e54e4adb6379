"""Athena: statements sent, followed, stopped, and their results in pages. Metadata: athena_metadata.py."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.athena_catalog import EXPORTS, NAME
from ops.local_aws.athena_runs import Execution
from ops.local_aws.delivery import split_uri
from ops.local_aws.errors import AwsError
from ops.local_aws.services.athena_metadata import invalid
from ops.local_aws.services.athena_workgroups import ENGINE, RESULTS, AthenaWorkGroups

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]
PAGE = 1_000
LISTED = 50
_BAD_TOKEN = ("InvalidRequestException", "The NextToken is not valid.")


class Athena(AthenaWorkGroups):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._world = world
        self._runs = world.athena

    def start_query_execution(self, params: Params) -> dict[str, Any]:
        known = frozenset(
            {
                "QueryString", "ClientRequestToken", "QueryExecutionContext", "ResultConfiguration", "WorkGroup",
                "ExecutionParameters", "ResultReuseConfiguration",
            }
        )  # fmt: skip
        tokens.only(params, known, "StartQueryExecution")
        group = self.group_named(params.get("WorkGroup", "primary"))
        given = params.get("ResultConfiguration") or {}
        tokens.only(given, frozenset({"OutputLocation", "ExpectedBucketOwner"}), "ResultConfiguration")
        location = group.location if group.enforced else given.get("OutputLocation") or group.location
        if not location:
            raise invalid(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        place = split_uri(location)
        if place is None:
            raise invalid("outputLocation is not a valid S3 path.")
        if place[0] in (RESULTS, EXPORTS):  # made when they are looked for
            self._runs.objects.create_bucket(place[0])
        if self._runs.objects.bucket(place[0]) is None:
            raise invalid(f"Unable to verify/create output bucket {place[0]}")
        context = params.get("QueryExecutionContext") or {}
        catalog = context.get("Catalog", NAME)
        self.check_catalog(catalog)
        execution = Execution(
            str(uuid.uuid4()),
            params["QueryString"],
            context.get("Database", "default"),
            catalog,
            group.name,
            location,
            self._world.now(),
            tuple(params.get("ExecutionParameters") or ()),
        )
        try:
            return {"QueryExecutionId": self._runs.start(execution, params.get("ClientRequestToken", ""))}
        except ValueError as error:
            raise invalid("Idempotent parameters do not match") from error

    def get_query_execution(self, params: Params) -> dict[str, Any]:
        return {"QueryExecution": _told(self._named(params["QueryExecutionId"]))}

    def batch_get_query_execution(self, params: Params) -> dict[str, Any]:
        found, missing = [], []
        for key in params["QueryExecutionIds"]:
            execution = self._runs.executions.get(key)
            if execution is not None:
                found.append(_told(execution))
            else:
                message = f"QueryExecution {key} was not found"
                missing.append(
                    {"QueryExecutionId": key, "ErrorCode": "INVALID_INPUT", "ErrorMessage": message}
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def list_query_executions(self, params: Params) -> dict[str, Any]:
        group = self.group_named(params.get("WorkGroup", "primary"))
        ids = [each.id for each in reversed(self._runs.executions.values()) if each.workgroup == group.name]
        size = params.get("MaxResults") or LISTED
        shown, token = tokens.page(ids, params.get("NextToken"), size, *_BAD_TOKEN)
        return {"QueryExecutionIds": shown} | ({"NextToken": token} if token else {})

    def stop_query_execution(self, params: Params) -> dict[str, Any]:
        self._runs.stop(self._named(params["QueryExecutionId"]))
        return {}

    def get_query_results(self, params: Params) -> dict[str, Any]:
        if params.get("QueryResultType", "DATA_ROWS") != "DATA_ROWS":
            raise invalid("The embedded Athena gives DATA_ROWS only.")
        execution = self._named(params["QueryExecutionId"])
        if execution.state != "SUCCEEDED":
            ended = f"Query did not finish successfully. Final query state: {execution.state}"
            open_state = f"Query has not yet finished. Current state: {execution.state}"
            raise invalid(ended if execution.state in ("FAILED", "CANCELLED") else open_state)
        rows, token = self._page(execution, params.get("NextToken"), params.get("MaxResults", PAGE))
        answer: dict[str, Any] = {
            "UpdateCount": execution.rows if execution.substatement == "UNLOAD" else 0,
            "ResultSet": {
                "Rows": rows,
                "ResultSetMetadata": {"ColumnInfo": [_column(each) for each in execution.columns]},
            },
        }
        return answer | ({"NextToken": token} if token else {})

    def _page(
        self, execution: Execution, token: str | None, size: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Rows from the token's place in the file of rows on, and the token of the next page."""
        file = self._runs.folder(execution) / "rows.jsonl"
        if not file.exists():
            return [], None
        with file.open("rb") as lines:
            end = lines.seek(0, 2)
            start = tokens.unpack(token, (str, int), *_BAD_TOKEN)[1] if token else 0
            if token and tokens.unpack(token, (str, int), *_BAD_TOKEN)[0] != execution.id:
                raise AwsError(*_BAD_TOKEN)
            if not 0 <= start <= end:
                raise AwsError(*_BAD_TOKEN)
            lines.seek(start)
            rows = [_row(line) for line in _some(lines, size)]
            place = lines.tell()
        return rows, tokens.pack(execution.id, place) if place < end else None

    def _named(self, key: str) -> Execution:
        found = self._runs.executions.get(key)
        if found is None:
            raise invalid(f"QueryExecution {key} was not found")
        return found


def _some(lines: Any, size: int) -> Iterator[bytes]:
    for _ in range(size):
        line = lines.readline()
        if not line:
            return
        yield line


def _row(line: bytes) -> dict[str, Any]:
    return {"Data": [{} if text is None else {"VarCharValue": text} for text in json.loads(line)]}


def _column(column: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column["name"],
        "Label": column["name"],
        "Type": column["type"],
        "Precision": column["precision"],
        "Scale": column["scale"],
        "Nullable": "UNKNOWN",
        "CaseSensitive": column["type"] in ("varchar", "char", "json"),
    }


def _told(execution: Execution) -> dict[str, Any]:
    status: dict[str, Any] = {"State": execution.state, "SubmissionDateTime": execution.submitted}
    if execution.reason:
        status["StateChangeReason"] = execution.reason
    if execution.completed is not None:
        status["CompletionDateTime"] = execution.completed
    if execution.error:
        status["AthenaError"] = {
            "ErrorCategory": execution.error["category"],
            "ErrorType": execution.error["type"],
            "Retryable": False,
            "ErrorMessage": execution.error["message"],
        }
    statistics: dict[str, Any] = {
        "EngineExecutionTimeInMillis": execution.engine_ms,
        "DataScannedInBytes": execution.scanned,
        "TotalExecutionTimeInMillis": execution.queued_ms + execution.engine_ms,
        "QueryQueueTimeInMillis": execution.queued_ms,
        "ServiceProcessingTimeInMillis": 0,
        "ResultReuseInformation": {"ReusedPreviousResult": False},
    }
    if execution.manifest:
        statistics["DataManifestLocation"] = execution.manifest
    answer: dict[str, Any] = {
        "QueryExecutionId": execution.id,
        "Query": execution.sql,
        "StatementType": execution.kind,
        "ResultConfiguration": {"OutputLocation": execution.output},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {"Database": execution.database, "Catalog": execution.catalog},
        "Status": status,
        "Statistics": statistics,
        "WorkGroup": execution.workgroup,
        "EngineVersion": ENGINE,
    }
    if execution.substatement:
        answer["SubstatementType"] = execution.substatement
    if execution.parameters:
        answer["ExecutionParameters"] = list(execution.parameters)
    return answer
