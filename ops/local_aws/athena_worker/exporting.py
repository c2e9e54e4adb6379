"""Writes one month of a CUR 2.0 export as Parquet, from items with their hours and quantities."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb

from ops.local_aws.athena_worker.binding import literal
from ops.local_aws.athena_worker.kinds import of_hive

HOUR_US = 3_600_000_000
_ITEM = {
    "line_type": "varchar", "product_code": "varchar", "usage_type": "varchar", "operation": "varchar",
    "resource_id": "varchar", "unit": "varchar", "rate": "varchar",
    "description": "varchar", "region": "varchar", "instance_type": "varchar", "span": "bigint",
}  # fmt: skip
_SERVICES = {"AmazonSageMaker": "Amazon SageMaker", "AmazonS3": "Amazon Simple Storage Service"}

# What is not named here is null, as in an account without reservations and savings plans.
_VALUES = {
    "bill_bill_type": "'Anniversary'",
    "bill_billing_entity": "'AWS'",
    "bill_billing_period_end_date": "$period_end",
    "bill_billing_period_start_date": "$period_start",
    "bill_invoice_id": "$invoice",
    "bill_invoicing_entity": "'Amazon Web Services, Inc.'",
    "bill_payer_account_id": "$account",
    "bill_payer_account_name": "'ebb'",
    "cost_category": "map([]::varchar[], []::varchar[])",
    "discount": "map([]::varchar[], []::double[])",
    "identity_line_item_id": "md5(concat_ws('|', line_type, product_code, usage_type, operation, resource_id, "
    "description, starts, same))",
    "identity_time_interval": "strftime(starts, '%Y-%m-%dT%H:%M:%SZ') || '/' || strftime(ends, '%Y-%m-%dT%H:%M:%SZ')",
    "line_item_availability_zone": "''",
    "line_item_blended_cost": "money",
    "line_item_blended_rate": "plain_rate",
    "line_item_currency_code": "'USD'",
    "line_item_legal_entity": "'Amazon Web Services, Inc.'",
    "line_item_line_item_description": "description",
    "line_item_line_item_type": "line_type",
    "line_item_operation": "operation",
    "line_item_product_code": "product_code",
    "line_item_resource_id": "resource_id",
    "line_item_tax_type": "case line_type when 'Tax' then 'USSalesTax' else '' end",
    "line_item_unblended_cost": "money",
    "line_item_unblended_rate": "plain_rate",
    "line_item_usage_account_id": "$account",
    "line_item_usage_account_name": "'ebb'",
    "line_item_usage_amount": "quantity",
    "line_item_usage_end_date": "ends",
    "line_item_usage_start_date": "starts",
    "line_item_usage_type": "usage_type",
    "pricing_currency": "'USD'",
    "pricing_public_on_demand_cost": "case line_type when 'Usage' then money end",
    "pricing_public_on_demand_rate": "plain_rate",
    "pricing_term": "case line_type when 'Usage' then 'OnDemand' else '' end",
    "pricing_unit": "unit",
    "product": "map(['product_name', 'region'], [service, region])",
    "product_instance_type": "instance_type",
    "product_product_family": "case when unit = 'Hrs' then 'ML Instance' else '' end",
    "product_region_code": "region",
    "product_servicecode": "product_code",
    "resource_tags": "map(tag_names, tag_values)",
}


def write(order: dict[str, Any]) -> dict[str, Any]:
    """{"lines": how many}. The file is order["write"]; its columns are order["columns"], (name, Hive type)."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        declared = ", ".join(f"{name} {kind}" for name, kind in _ITEM.items())
        connection.execute(
            f"create table item (number integer, {declared}, service varchar, "
            "tag_names varchar[], tag_values varchar[])"
        )
        connection.execute("create table hour (number integer, hour bigint, quantity double, money double)")
        marks = ", ".join("?" for _ in range(len(_ITEM) + 4))
        for number, item in enumerate(order["items"]):
            service = _SERVICES.get(item["product_code"], item["product_code"])
            tags = {f"user_{name.lower()}": value for name, value in item["tags"].items()}
            values = [item[name] for name in _ITEM]
            connection.execute(
                f"insert into item values ({marks})", [number, *values, service, [*tags], [*tags.values()]]
            )
            connection.execute(
                "insert into hour select ?, unnest(?::bigint[]), unnest(?::double[]), unnest(?::double[])",
                [number, item["hours"], *_amounts(item)],
            )
        shown = ", ".join(
            f"({_VALUES.get(name, 'null')})::{_kind(kind)} as {name}" for name, kind in order["columns"]
        )
        lines = connection.execute(
            f"""copy (
                select {shown} from (
                    select *, make_timestamp(hour * {HOUR_US}) as starts,
                        make_timestamp((hour + span) * {HOUR_US}) as ends,
                        coalesce(rate, '') as plain_rate,
                        row_number() over (partition by line_type, product_code, usage_type, operation, resource_id,
                            description, hour order by number) as same
                    from hour join item using (number)
                ) order by starts, number
            ) to {literal(order["write"])} (format parquet, compression snappy)""",
            {
                "period_start": _moment(order["first"]),
                "period_end": _moment(order["last"]),
                "account": order["account"],
                "invoice": order["invoice"],
            },
        ).fetchall()
    return {"lines": lines[0][0]}


def _amounts(item: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Quantities and costs, exact until the last step: the export has doubles."""
    quantities = [Decimal(ticks).scaleb(-10) for ticks in item["ticks"]]
    if item["cost"] is not None:
        return [float(each) for each in quantities], [float(item["cost"])] * len(quantities)
    rate = Decimal(item["rate"])
    return [float(each) for each in quantities], [float(each * rate) for each in quantities]


def _kind(hive: str) -> str:
    """AWS writes timestamps in milliseconds."""
    return "timestamp_ms" if hive == "timestamp" else of_hive(hive)


def _moment(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
