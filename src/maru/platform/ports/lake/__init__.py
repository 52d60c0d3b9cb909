"""The lake: every record of every source and dataset, in Parquet files that any engine reads."""
