"""What reading bills asks of AWS: Cost Explorer, an export in S3, or one in Athena, which writes its answers to S3."""

from __future__ import annotations

from ops.core.permissions.row import BILLING, Declared, Scope

_BILLED = "Savings: billed figures"
_BY_EXPORT = "Savings: billed figures of an export in S3"
_BY_ATHENA = "Savings: billed figures of an export in Athena"
_STATEMENT = ("athena:StartQueryExecution",)
CENT = "$0.01 a call"


def _bill(
    service: str, operation: str, action: str, scope: Scope, needed_for: str, without: str, price: str = ""
) -> Declared:
    return Declared(service, operation, action, BILLING, scope, needed_for, without, price=price)


def _beside(action: str, scope: Scope, needed_for: str, *calls: str) -> Declared:
    service = action.partition(":")[0]
    return Declared(
        service, "", action, BILLING, scope, needed_for, _BY_ATHENA, with_calls=calls or _STATEMENT
    )


BILLS: tuple[Declared, ...] = (
    _bill(
        "ce",
        "GetCostAndUsage",
        "ce:GetCostAndUsage",
        Scope.ANY,
        "what AWS has billed, by usage type",
        _BILLED,
        CENT,
    ),
    _bill(
        "ce",
        "GetCostAndUsageWithResources",
        "ce:GetCostAndUsageWithResources",
        Scope.ANY,
        "the same by endpoint, for 14 days",
        "Savings: billed figures by endpoint",
        CENT,
    ),
    _bill(
        "s3", "ListObjectsV2", "s3:ListBucket", Scope.EXPORT_BUCKET, "which files an export has", _BY_EXPORT
    ),
    _bill("s3", "GetObject", "s3:GetObject", Scope.EXPORT, "the files of an export", _BY_EXPORT),
    _bill("s3", "HeadObject", "s3:GetObject", Scope.EXPORT, "the size of those files", _BY_EXPORT),
    _bill(
        "athena",
        "GetTableMetadata",
        "athena:GetTableMetadata",
        Scope.CATALOG,
        "the columns of the table",
        _BY_ATHENA,
    ),
    _bill(
        "athena",
        "StartQueryExecution",
        "athena:StartQueryExecution",
        Scope.WORKGROUP,
        "asking for the bill",
        _BY_ATHENA,
        "by the data that is scanned",
    ),
    _bill(
        "athena",
        "GetQueryExecution",
        "athena:GetQueryExecution",
        Scope.WORKGROUP,
        "whether the answer is there",
        _BY_ATHENA,
    ),
    _bill("athena", "GetQueryResults", "athena:GetQueryResults", Scope.WORKGROUP, "the answer", _BY_ATHENA),
    _bill(
        "athena",
        "StopQueryExecution",
        "athena:StopQueryExecution",
        Scope.WORKGROUP,
        "ending a statement that nobody waits for",
        _BY_ATHENA,
    ),
    _beside("glue:GetDatabase", Scope.TABLES, "Athena finds the table with it", "athena:GetTableMetadata"),
    _beside(
        "glue:GetTable",
        Scope.TABLES,
        "Athena finds the table with it",
        "athena:GetTableMetadata",
        *_STATEMENT,
    ),
    _beside("glue:GetPartitions", Scope.TABLES, "Athena finds the months of the table with it"),
    _beside("s3:GetBucketLocation", Scope.ANSWERS_BUCKET, "Athena writes its answers to S3"),
    _beside("s3:ListBucket", Scope.ANSWERS_BUCKET, "Athena writes its answers to S3"),
    _beside("s3:GetObject", Scope.ANSWERS, "Athena reads its answers back", *_STATEMENT),
    _beside("s3:PutObject", Scope.ANSWERS, "Athena writes its answers to S3"),
    _beside("s3:AbortMultipartUpload", Scope.ANSWERS, "Athena writes its answers to S3"),
    _beside("s3:ListMultipartUploadParts", Scope.ANSWERS, "Athena writes its answers to S3"),
)
