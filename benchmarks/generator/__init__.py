"""A world of any size, drawn in DuckDB SQL from a seed: as landing holds it, and as its senders deliver it."""
