"""DAGSTER_HOME of a warehouse, made from the template beside this file."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.settings import Settings

TEMPLATE = Path(__file__).with_name("dagster.yaml")


def prepare_dagster_home(settings: Settings) -> Path:
    """The folder for DAGSTER_HOME, `<WAREHOUSE_DIR>/dagster`, with its dagster.yaml; one that is there already is
    kept."""
    home = settings.warehouse_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / TEMPLATE.name
    if not configuration.exists():
        shutil.copyfile(TEMPLATE, configuration)
    return home
