"""Bill exports (CUR 2.0, legacy CUR, FOCUS, plain CSV) as Ibis expressions: DuckDB on files, Athena on S3."""
