"""raw → staging → core → marts: dbt's models as assets, its tests as their checks, in one step and one process of
dbt's own."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, Config, Failure, ResourceParam
from packaging.version import parse
from pydantic import Field

from orchestration.assets.dbt_library import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtProject,
    dbt_assets,
    get_updated_cli_invocation_params_for_context,
)
from orchestration.assets.flow import MODEL_GROUPS, OWNERS, raw_key
from orchestration.assets.tables import table
from orchestration.assets.troubles import explained
from orchestration.loading.database import set_clock, writer_lock
from orchestration.resources import WRITER_POOL, Warehouse
from orchestration.settings import Settings
from orchestration.transforming.dbt import DBT, start_dbt, target_dir
from orchestration.transforming.parsed import PROJECT_DIR, read_manifest
from orchestration.transforming.results import TransformReport
from orchestration.transforming.unsettled import begin_run, end_run

# Raw tables that are no feed's stand behind one asset for several tables (assets/raw.py).
_RAW_ASSET_OF = {"ledger_periods": "ledger", "control": "configuration"}


class Translator(DagsterDbtTranslator):
    """A model's key is its schema and name, a source's the raw asset that loading fills."""

    def __init__(self) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_duplicate_source_asset_keys=True)
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source":
            is_configuration = name.startswith("config_")
            return raw_key("configuration" if is_configuration else _RAW_ASSET_OF.get(name, name))
        return AssetKey([_layer(dbt_resource_props), name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return MODEL_GROUPS.get(_layer(dbt_resource_props))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        # The default adds the whole SQL; the description states the grain, and the code is a link away.
        return dbt_resource_props.get("description") or ""

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS


class TransformConfig(Config):
    """What can be said in the launchpad; nothing has to be."""

    full_refresh: bool = Field(
        default=False,
        description="dbt's --full-refresh. Every table is built anew at each run, with or without it; seeds whose "
        "columns were changed need it.",
    )


def model_assets(settings: Settings) -> AssetsDefinition:
    """Every seed and model of the project. Raises ManifestError when dbt can't parse it."""
    manifest = read_manifest(settings)
    project = DbtProject(project_dir=PROJECT_DIR, target_path=target_dir(settings), profiles_dir=PROJECT_DIR)

    @dbt_assets(
        manifest=manifest,
        name="transform",
        dagster_dbt_translator=Translator(),
        project=project,
        pool=WRITER_POOL,
    )
    def transform(
        context: AssetExecutionContext, config: TransformConfig, warehouse: ResourceParam[Warehouse]
    ) -> Iterator[Any]:
        settings = warehouse.settings
        with explained(), writer_lock(settings):
            set_clock(settings, run_id=context.run.run_id)
            before = begin_run(target_dir(settings))
            arguments = ["build", "--full-refresh"] if config.full_refresh else ["build"]
            yield from _start(context, settings, arguments).stream()
            report = end_run(target_dir(settings), before)
        if report is None:
            raise Failure(
                "dbt ended before it had built anything. Its own output is in this step's log (stdout).",
                allow_retries=False,
            )
        if not report.is_ok:
            raise failure(report)

    return transform


def _layer(dbt_resource_props: Mapping[str, Any]) -> str:
    return dbt_resource_props.get("schema") or dbt_resource_props.get("config", {}).get("schema") or "marts"


def _start(context: AssetExecutionContext, settings: Settings, arguments: list[str]) -> DbtCliInvocation:
    """Start dbt as DbtCliResource does, but as all of this project does: without secrets, with the writer lock."""
    chosen = get_updated_cli_invocation_params_for_context(
        context=context, manifest={}, dagster_dbt_translator=Translator()
    )
    target = target_dir(settings)
    environment = {
        "DAGSTER_DBT_CLI": "true",
        "PYTHONUNBUFFERED": "1",
        "DBT_LOG_FORMAT": "json",
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(settings.warehouse_dir / "dbt" / "logs"),
        "DBT_PROFILES_DIR": str(PROJECT_DIR),
        "DBT_PROJECT_DIR": str(PROJECT_DIR),
    }
    if chosen.indirect_selection:
        environment["DBT_INDIRECT_SELECTION"] = chosen.indirect_selection
    project_dir = Path(chosen.dbt_project.project_dir) if chosen.dbt_project else PROJECT_DIR
    return DbtCliInvocation(
        process=start_dbt(settings, [*DBT, *arguments, *chosen.selection_args], environment, project_dir),
        manifest=chosen.manifest,
        dagster_dbt_translator=chosen.dagster_dbt_translator,
        project_dir=project_dir,
        target_path=target,
        # What failed is told below from dbt's own results, by name and with the number of rows.
        raise_on_error=False,
        context=context,
        cli_version=parse(version("dbt-core")),
        project=chosen.dbt_project,
    )


def failure(report: TransformReport) -> Failure:
    """What a build of dbt with errors is told as: each model and test that failed, and what was left out."""
    lines = [f"model {failure}" for failure in report.failures] + [f"test {outcome}" for outcome in report.tests_failed]
    lines += list(report.messages)
    skipped = f"\n\nLeft out because of that: {', '.join(report.skipped)}." if report.skipped else ""
    rows = [(failure.name, "model", 0, failure.message) for failure in report.failures]
    rows += [(outcome.name, "test", outcome.rows_count or 0, outcome.message) for outcome in report.tests_failed]
    return Failure(
        description="dbt built {} models; {} failed:\n\n{}{}\n\nReaders keep the last publication. A failed test's "
        "check, on its asset, holds the SQL that finds the rows.".format(
            report.models_built, len(rows), "\n".join(lines), skipped
        ),
        metadata={
            "models_built": report.models_built,
            "tests_passed": report.tests_passed,
            "failed": table({"name": "string", "kind": "string", "rows": "int", "message": "string"}, rows),
        },
        allow_retries=False,
    )
