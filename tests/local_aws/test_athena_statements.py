"""What Athena's SQL may say here: Trino's names and numbers, the catalog, what is refused and where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_aws.asking_athena import DATA, Asker, stocked
from tests.local_aws.conftest import SteppedAws


@pytest.fixture(scope="module")
def lake() -> Iterator[Asker]:
    aws = SteppedAws()
    yield stocked(aws)
    aws.server.stop()


def test_sums_and_names_are_trinos(lake: Asker) -> None:
    (header, row) = lake.rows(
        "SELECT sum(id), sum(id) / 5, sum(exact), count(*) n, element_at(map(ARRAY['a'], ARRAY[1]), 'z') FROM cur"
    )
    assert header == ["_col0", "_col1", "_col2", "n", "_col4"]
    assert row == ["12", "2", "1999999999999999999999999998.0000000002", "6", None]


def test_the_catalog_can_be_asked_in_sql(lake: Asker) -> None:
    assert lake.rows("SELECT current_catalog, current_schema")[1] == ["awsdatacatalog", "lake"]
    assert ["lake"] in lake.rows("SHOW DATABASES")
    assert ["cur"] in lake.rows("SHOW TABLES IN lake")
    assert lake.rows("SHOW PARTITIONS lake.cur") == [["billing_period=2026-10"], ["billing_period=2026-11"]]
    described = lake.rows("DESCRIBE lake.cur")
    assert described[5] == ["tags                \tmap<string,string>  \t                    "]
    assert ["# Partition Information\t                    \t                    "] in described
    columns = lake.rows(
        "SELECT column_name, data_type, extra_info FROM information_schema.columns "
        "WHERE table_schema = 'lake' AND table_name = 'cur' ORDER BY ordinal_position"
    )
    assert columns[3] == ["exact", "decimal(38,10)", None]
    assert columns[-1] == ["billing_period", "varchar", "partition key"]
    assert ["cur", "BASE TABLE"] in lake.rows("SELECT table_name, table_type FROM information_schema.tables")


def test_views_partitions_and_tables_come_and_go(lake: Asker) -> None:
    lake.rows("CREATE OR REPLACE VIEW november AS SELECT id, exact FROM cur WHERE billing_period = '2026-11'")
    assert len(lake.rows('SELECT * FROM "AwsDataCatalog"."lake"."november"')) == 4
    told = lake.athena.get_table_metadata(
        CatalogName="awsdatacatalog", DatabaseName="lake", TableName="november"
    )
    assert told["TableMetadata"]["TableType"] == "VIRTUAL_VIEW"
    assert told["TableMetadata"]["Columns"][1] == {"Name": "exact", "Type": "decimal(38,10)"}
    lake.rows("DROP VIEW november")
    serde = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
    skipped = "TBLPROPERTIES ('skip.header.line.count'='1')"
    lake.rows(
        f"CREATE EXTERNAL TABLE text (a string, b string) {serde} LOCATION 's3://{DATA}/text' {skipped}"
    )
    assert lake.rows("SELECT * FROM text") == [["a", "b"]]
    lake.s3.put_object(Bucket=DATA, Key="text/1.csv", Body=b'a,b\n"x, y",2\n')
    assert lake.rows("SELECT * FROM text") == [["a", "b"], ["x, y", "2"]]
    for n in range(3, 8):
        lake.s3.put_object(Bucket=DATA, Key="text/1.csv", Body=f"a,b\n{n},\n".encode())
        assert lake.rows("SELECT * FROM text") == [["a", "b"], [str(n), ""]]
    kept = [path for path in (lake.aws.world.athena.home() / "tables").iterdir() if path.suffix == ".csv"]
    assert len(kept) == 2
    lake.rows("DROP TABLE text")
    assert "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.text' does not exist" in lake.refusal(
        "SELECT * FROM text"
    )


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT id,\n  nope FROM cur", "COLUMN_NOT_FOUND: line 2:3: Column 'nope' cannot be resolved"),
        ("SELECT 1\nFROM lake.nope", "TABLE_NOT_FOUND: line 2:11: Table 'awsdatacatalog.lake.nope' does not exist"),
        ("SELECT 1 FROM nope.cur", "SCHEMA_NOT_FOUND: line 1:20: Schema 'nope' does not exist"),
        ("SELECT nosuch(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nosuch' not registered"),
        ("SELEC 1", "SYNTAX_ERROR: line 1:7"),
        ("SELECT 1\nFROM", "SYNTAX_ERROR: line 2:4"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT 9223372036854775807 + x FROM (VALUES 1) t (x)", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("INSERT INTO cur VALUES (1)", "Queries of this type are not supported"),
        ("COPY (SELECT 1) TO '/tmp/out.csv'", "Queries of this type are not supported"),
        ("SET threads = 1", "Queries of this type are not supported"),
        ("CREATE TABLE x AS SELECT 1 AS a", "not offered by the embedded Athena"),
        ("CREATE DATABASE lake", "already exists"),
        ("DROP DATABASE lake", "not empty"),
        ("SELECT ?", "Incorrect number of parameters"),
    ],
)  # fmt: skip
def test_a_bad_statement_fails_and_says_where(lake: Asker, sql: str, why: str) -> None:
    assert why in lake.refusal(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        'SELECT * FROM "/etc/passwd"',
        "SELECT read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT getenv('HOME')",
        "SELECT * FROM sqlite_scan('/etc/passwd', 'x')",
        "WITH a AS (SELECT * FROM parquet_scan('/etc/passwd')) SELECT * FROM a",
        "CREATE VIEW leak AS SELECT * FROM read_csv('/etc/passwd')",
        "UNLOAD (SELECT * FROM read_blob('/etc/passwd')) TO 's3://results/leak/' WITH (format = 'PARQUET')",
    ],
)
def test_no_statement_reads_this_machine(lake: Asker, sql: str) -> None:
    assert "root:" not in lake.refusal(sql)


def test_names_may_be_qualified_and_in_any_case(lake: Asker) -> None:
    sql = 'SELECT lake.cur.id, CUR.Name FROM Lake."cur" WHERE "ID" = 3 AND cur.billing_period = \'2026-10\''
    assert lake.rows(sql, "default")[1:] == [["3", None]]
    assert lake.rows("WITH cur AS (SELECT 7 AS id) SELECT cur.id FROM cur")[1] == ["7"]


def test_execution_parameters_stand_for_question_marks(lake: Asker) -> None:
    rows = lake.rows(
        "SELECT ?, id FROM cur WHERE billing_period = ? AND id > ?",
        ExecutionParameters=["'it''s'", "'2026-10'", "2"],
    )
    assert rows == [["_col0", "id"], ["it's", "3"]]


def test_now_is_the_worlds(lake: Asker) -> None:
    assert lake.rows("SELECT current_date, localtimestamp, date_trunc('month', current_timestamp) AS m")[
        1
    ] == [
        "2026-09-21",
        "2026-09-21 14:13:00.000",
        "2026-09-01 00:00:00.000 UTC",
    ]


def test_the_trail_tells_of_a_statement_but_not_its_text(lake: Asker) -> None:
    lake.rows("SELECT 'secret words'")
    (event, *_) = lake.aws.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "StartQueryExecution"}]
    )["Events"]
    assert event["EventSource"] == "athena.amazonaws.com"
    assert "***OMITTED***" in event["CloudTrailEvent"]
    assert "secret words" not in event["CloudTrailEvent"]


def test_metadata_is_glues(lake: Asker) -> None:
    athena = lake.athena
    assert athena.list_data_catalogs()["DataCatalogsSummary"] == [
        {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}
    ]
    assert "lake" in [
        each["Name"] for each in athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
    ]
    assert (
        athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="LAKE")["Database"]["Name"] == "lake"
    )
    place = {"CatalogName": "AwsDataCatalog", "DatabaseName": "lake"}
    table = athena.get_table_metadata(**place, TableName="cur")["TableMetadata"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert {"Name": "place", "Type": "struct<zone:string,rack:int>"} in table["Columns"]
    assert table["PartitionKeys"] == [{"Name": "billing_period", "Type": "string"}]
    assert [
        each["Name"] for each in athena.list_table_metadata(**place, Expression="cu.*")["TableMetadataList"]
    ] == ["cur"]
    with pytest.raises(athena.exceptions.MetadataException, match="EntityNotFoundException"):
        athena.get_table_metadata(**place, TableName="nope")
    with pytest.raises(athena.exceptions.MetadataException):
        athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="nope")
    with pytest.raises(athena.exceptions.InvalidRequestException):
        athena.list_databases(CatalogName="other")
