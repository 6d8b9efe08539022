"""What dbt's manifest says of the tables: their descriptions, and which are not to be published.

Without a manifest (nothing was built by dbt here) every table of the schema marts is one to publish, without comments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from orchestration.publishing.errors import PublishError


@dataclass(frozen=True)
class TableText:
    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """`marts`: models of the schema marts that are to be published; `unpublished`: those with meta published: false."""

    marts: frozenset[str]
    unpublished: frozenset[str]
    texts: dict[tuple[str, str], TableText]  # (schema, table)


def read_manifest(path: Path) -> Manifest | None:
    """Read target/manifest.json; None when there is none. Raises PublishError where it is cut off."""
    if not path.is_file():
        return None
    try:
        nodes = orjson.loads(path.read_bytes())["nodes"].values()
    except (orjson.JSONDecodeError, KeyError) as error:
        raise PublishError(f"{path}: not a manifest of dbt ({error}); run `warehouse transform` again") from None
    models = [node for node in nodes if node.get("resource_type") == "model"]
    marts = {_name(node) for node in models if node.get("schema") == "marts"}
    unpublished = {_name(node) for node in models if node.get("schema") == "marts" and _is_unpublished(node)}
    texts = {
        (node["schema"], _name(node)): TableText(
            node.get("description", ""),
            {column["name"]: column.get("description", "") for column in node.get("columns", {}).values()},
        )
        for node in models
    }
    return Manifest(frozenset(marts - unpublished), frozenset(unpublished), texts)


def _name(node: dict[str, Any]) -> str:
    return str(node.get("alias") or node["name"])


def _is_unpublished(node: dict[str, Any]) -> bool:
    meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
    return meta.get("published") is False
