"""Publishing: a copy of the marts that readers can open while the next one is being made.

    warehouse.duckdb → a version beside the others → checked → marts.duckdb and parquet/<mart> lead to it

Readers are never waited for and never wait; a kill at any moment leaves the version before. Run alone:
`warehouse publish`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.closing.record import read_record
from orchestration.closing.steps import record_publication
from orchestration.loading.database import writer_lock
from orchestration.publishing import files, history, postgres
from orchestration.publishing.building import PublishReport, build_version
from orchestration.publishing.errors import PublishError
from orchestration.publishing.parquet import write_parquet
from orchestration.publishing.publication_record import PUBLICATION_TABLES
from orchestration.publishing.specification import Specification, load_specification
from orchestration.settings import Settings
from orchestration.side_by_side import side_by_side


def publish(settings: Settings, specification: Specification | None = None) -> PublishReport:
    """Build, check and swap in a new version; keeps the last five.

    Takes the writer lock, so that no build changes the warehouse meanwhile. Raises PublishError (DisclosureError for a
    mart that `disclosure.yml` doesn't describe); whatever is raised, readers keep the version they had.
    ClosingError: the record of the periods is damaged (nothing was published) or can't be written (it was).
    """
    specification = specification or load_specification()
    folder, history_dir = settings.published_dir, settings.warehouse_dir / history.HISTORY_DIR
    with writer_lock(settings):
        # A damaged record of the periods stops here, not after readers have seen a version that it should name.
        read_record(settings.warehouse_dir)
        folder.mkdir(parents=True, exist_ok=True)
        _recover(folder, history_dir)
        version = files.new_version(folder)
        try:
            report = _build(settings, specification, folder, history_dir, version)
            tables = [table.name for table in report.tables]
            files.check_parquet(folder, tables)
            names = [*tables, *PUBLICATION_TABLES]
            with postgres.refilled(settings.secret(postgres.DSN_VARIABLE), report.path, names):
                files.swap_database(folder, version)
        except BaseException as error:
            # Ctrl-C too: nothing half-made stays behind.
            _recover(folder, history_dir)
            if isinstance(error, duckdb.Error | OSError):
                raise PublishError(f"{folder}: nothing was published, readers keep what they have: {error}") from error
            raise
        history.mark_published(history_dir, version)
        try:
            files.swap_parquet(folder, version, tables)
        except OSError as error:
            raise PublishError(f"{folder}: {version} is published, but not all its Parquet: {error}") from error
        _recover(folder, history_dir)
        record_publication(settings, version, specification)
        return report


def _recover(folder: Path, history_dir: Path) -> None:
    """Bring the folders to the state that readers see: finish or forget what a kill cut off."""
    if current := files.current_version(folder):
        history.mark_published(history_dir, current)
        files.finish_parquet(folder, current)
    files.tidy(folder)
    history.tidy(history_dir)


def _build(
    settings: Settings, specification: Specification, folder: Path, history_dir: Path, version: str
) -> PublishReport:
    unfinished = files.unfinished_path(folder, version)
    built = build_version(
        unfinished,
        version,
        specification,
        settings,
        settings,
        lambda *_: history.read_history(history_dir, specification),
    )
    tables = [table.name for table in built.published]
    # None of it is seen by anyone before the swap, so what is made of the file need not wait until it is verified.
    side_by_side(
        [
            lambda: built.verify(unfinished),
            lambda: write_parquet(unfinished, files.parquet_path(folder, version), tables),
            lambda: history.write_history(
                history_dir, version, specification, built.withheld, known_on=built.withheld.last_day
            ),
        ],
        settings.threads,
    )
    path = files.version_path(folder, version)
    files.make_durable(unfinished)
    unfinished.rename(path)
    files.make_durable(folder)
    return built.report(path, version)
