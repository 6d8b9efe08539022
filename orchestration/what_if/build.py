"""What other subsidy rules would have granted.

    warehouse.duckdb → a scratch copy + the edited rules → dbt, the models between rules and decisions → the difference

The models are the very ones that decide what is due, with the warehouse's own clock; the warehouse and its readers are
left alone. Run alone: `warehouse what-if --rules FILE`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.loading.database import REMEDY, readable, writer_lock
from orchestration.publishing.errors import PublishError
from orchestration.reporting.progress import Reporter, SilentReporter
from orchestration.reporting.status import NothingPublishedError
from orchestration.scratch import scratch_folder
from orchestration.settings import SHANGHAI, Settings
from orchestration.transforming.dbt import transform
from orchestration.transforming.results import TransformReport, first_error
from orchestration.what_if.difference import Difference, keep_decisions, read_difference
from orchestration.what_if.rules_file import check_rules_file, read_group_codes

RULES = "subsidy_rules.csv"
# dbt's selection: what depends on the rules and leads to the decisions (nothing else would change the answer).
MODELS = "subsidy_rules+,+subsidy_entitlement"
NAME = "what-if"
# What DuckDB says of a table or column that isn't there: rules, checked before, can't do that.
_NOT_THERE = ("Catalog Error", "Binder Error")


@dataclass(frozen=True)
class WhatIfReport:
    """The difference that `rules` make, all rules of the file taken together."""

    rules: str
    rules_count: int
    difference: Difference


def what_if(
    settings: Settings,
    rules: Path,
    reporter: Reporter = SilentReporter(),  # noqa: B008 - it holds nothing
) -> WhatIfReport:
    """Decide every subsidy again by `rules`.

    Raises RulesFileError for a file that is none, NothingPublishedError where nothing has been decided yet,
    UnreadableDatabaseError, TransformError, and PublishError with dbt's message where a model or test fails by these
    rules.
    """
    rules_count = check_rules_file(rules, read_group_codes(settings.seeds_dir))
    with scratch_folder(settings, NAME) as directory:
        scratch = _copy(settings, rules, directory)
        with reporter.step(NAME):
            report = transform(scratch, select=MODELS)
        if not report.is_ok:
            raise PublishError(explained(rules.name, report))
        with duckdb.connect(str(scratch.database_path), read_only=True) as connection:
            return WhatIfReport(rules.name, rules_count, read_difference(connection))


def explained(rules_name: str, report: TransformReport) -> str:
    """Why nothing came out of it: the rules, or a warehouse that other models have built than these."""
    if any(kind in failure.message for failure in report.failures for kind in _NOT_THERE):
        return (
            "the warehouse was built by another version of the models; run `warehouse transform` first "
            f"({first_error(report)})"
        )
    return f"{rules_name}: the models don't hold with these rules: {first_error(report)}"


def _copy(settings: Settings, rules: Path, directory: Path) -> Settings:
    """The warehouse as it stands, in `directory`, with these rules as seeds and the clock of its last build."""
    if not settings.database_path.is_file():
        raise NothingPublishedError(f"{settings.database_path}: no warehouse is there yet; run `warehouse build`")
    shutil.copytree(settings.seeds_dir, directory / "seeds")
    shutil.copyfile(rules, directory / "seeds" / RULES)
    scratch = replace(settings, warehouse_dir=directory, seeds_dir=directory / "seeds")
    with writer_lock(settings):
        # Opened once for writing, so that what a kill left in the write-ahead log is in the file that is copied.
        with readable(settings.database_path, REMEDY):
            duckdb.connect(str(settings.database_path)).close()
        shutil.copyfile(settings.database_path, scratch.database_path)
    with duckdb.connect(str(scratch.database_path)) as connection:
        try:
            keep_decisions(connection)
            clock = connection.execute("select clock from raw.control").fetchone()
        except duckdb.CatalogException:
            raise NothingPublishedError("marts.subsidy_entitlement is not there; run `warehouse transform`") from None
    return replace(scratch, fixed_now=clock[0].replace(tzinfo=SHANGHAI) if clock else settings.fixed_now)
