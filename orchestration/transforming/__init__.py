"""raw → staging → core → marts: dbt in a process of its own."""
