"""datasets.yml, dashboards/*.yml and the semantic layer's definitions, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bi.superset.consistency import inconsistencies
from bi.superset.declaration import Dashboard, Dataset, Declaration, DeclarationError
from orchestration.settings import PROJECT_ROOT
from orchestration.yaml_text import read_yaml

FOLDER = Path(__file__).resolve().parent
SEMANTIC_LAYER = PROJECT_ROOT / "dbt_project" / "models" / "semantic"


def read_declaration(folder: Path = FOLDER) -> Declaration:
    """Read `folder`/datasets.yml and `folder`/dashboards/*.yml. Raises DeclarationError."""
    datasets = {
        name: _checked(Dataset, content, f"datasets.yml, {name}")
        for name, content in _yaml(folder / "datasets.yml").items()
    }
    dashboards = tuple(
        _checked(Dashboard, _yaml(path), path.name) for path in sorted((folder / "dashboards").glob("*.yml"))
    )
    declaration = Declaration(datasets=datasets, dashboards=dashboards, definitions=metric_definitions())
    wrong = inconsistencies(declaration)
    if wrong:
        raise DeclarationError("; ".join(wrong))
    return declaration


def metric_definitions(folder: Path = SEMANTIC_LAYER) -> dict[str, str]:
    """Metric → its description, of every file of the semantic layer.

    Measures that are metrics by themselves (`create_metric`) are parts of others, and no dashboard's to show.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.yml")):
        found |= {metric["name"]: metric["description"] for metric in _yaml(path)["metrics"]}
    return found


def _yaml(path: Path) -> Any:
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path.name}: not YAML: {error}") from None


def _checked(model: type[Any], content: Any, where: str) -> Any:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        raise DeclarationError(f"{where}: {place or 'as a whole'}: {found['msg']}") from None
