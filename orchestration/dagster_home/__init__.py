"""DAGSTER_HOME of a warehouse, made from the template beside this file."""

from __future__ import annotations

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
        # Dagster resolves no path of its own configuration.
        text = TEMPLATE.read_text(encoding="utf-8").replace("base_dir: DAGSTER_HOME/", f"base_dir: {home}/")
        configuration.write_text(text, encoding="utf-8")
    return home
