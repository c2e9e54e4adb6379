"""Answers Athena's statements with DuckDB, in a process of its own: the serving process never loads DuckDB.

`python -m ops.local_aws.athena_worker FOLDER`, one JSON object a line on both pipes. A statement comes in as

    {"sql", "parameters": [text], "database", "out": folder of the result, "catalog": {"database": {"table": {
     "columns": [[name, Hive type]], "partition_keys": [[name, Hive type]], "format": "parquet" or "csv",
     "header_lines": n, "view": SQL or null}}}}

and may be answered by {"need": [[database, table]]}, which wants {"files": {"database.table": [{"path", "values":
[text of each partition key]}]}} back. The end is either {"error": {"message", "category", "type"}} or

    {"kind": "rows" | "text" | "unload" | "catalog", "substatement", "columns": [{name, type, precision, scale}],
     "rows": n, "scanned": bytes, "location" (unload), "order" (catalog)}

with the result itself in `out`: result.csv or result.txt as it goes to S3, rows.jsonl (one array of texts a row)
for GetQueryResults, result.parquet of an UNLOAD. A line {"write": …} makes a bill export: `exporting`.
A line "bye" ends it; FOLDER is removed should standard input end without one.
"""
