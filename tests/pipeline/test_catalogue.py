"""Every column that there really is has its meaning written down; dbt's own files may leave columns out."""

from __future__ import annotations

import json

import pytest
from deployment import Deployment

pytestmark = pytest.mark.pipeline


def test_every_column_of_every_relation_is_documented(few_built: Deployment) -> None:
    manifest = json.loads((few_built.directory / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in {"model", "seed"}]
    documented = {
        (node["schema"], node.get("identifier") or node.get("alias") or node["name"], column["name"].lower())
        for node in [*nodes, *manifest["sources"].values()]
        for column in node["columns"].values()
        if column["description"]
    }
    there = set(
        few_built.query(
            """
            select schema_name, table_name, lower(column_name) from duckdb_columns()
            where not internal and schema_name in ('raw', 'seeds', 'staging', 'intermediate', 'core', 'marts')
            """
        )
    )
    assert {schema for schema, _, _ in there} >= {"raw", "seeds", "staging", "core", "marts"}
    assert len(there) > 800
    assert sorted(there - documented) == []
