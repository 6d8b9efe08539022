"""The commands of `warehouse`, one module for each group; each calls the function that a Dagster asset calls."""
