"""A token that must be found in nothing that dbt, Dagster or a log gets."""

SECRET = "s3cr3t-t0ken"
