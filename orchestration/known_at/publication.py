"""Publishing a past moment's marts under their own name.

The same file as `publish` makes, checked alike, but beside the current one: no symlink, no Parquet. What is withheld
follows from every publication so far, so that a past moment can't give away what another hides. Where the moment was
published at the time, with the same numbers, the same is withheld as then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.loading.database import writer_lock
from orchestration.publishing import files, history
from orchestration.publishing.building import PublishReport, build_version
from orchestration.publishing.database import WAREHOUSE, Choice
from orchestration.publishing.errors import PublishError
from orchestration.publishing.history import HISTORY_DIR, REMEMBERED, EarlierPublication, read_publication
from orchestration.publishing.specification import Mart, Specification, load_specification
from orchestration.settings import Settings
from orchestration.sql_text import quoted


def publish_as_known(settings: Settings, then: Settings, name: str) -> PublishReport:
    """Publish the warehouse of `then` as `marts-<name>.duckdb` among the publications of `settings`.

    A file of that name is replaced. Raises PublishError; whatever is raised, nothing half-made is left.
    """
    folder = settings.published_dir
    with writer_lock(settings):
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = files.unfinished_path(folder, name)
        with _nothing_left(folder, unfinished):
            report = _build(settings, then, name, unfinished)
            files.make_durable(unfinished)
            unfinished.replace(report.path)
            files.make_durable(folder)
        return report


@contextmanager
def _nothing_left(folder: Path, unfinished: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise PublishError(f"{folder}: nothing was published: {error}") from error
    finally:
        for path in (unfinished, unfinished.with_name(f"{unfinished.name}.wal")):
            path.unlink(missing_ok=True)


def _build(settings: Settings, then: Settings, name: str, unfinished: Path) -> PublishReport:
    specification = load_specification()
    history_dir = settings.warehouse_dir / HISTORY_DIR
    unfinished.unlink(missing_ok=True)
    is_repeated = False

    def earlier(connection: duckdb.DuckDBPyConnection, choice: Choice) -> list[EarlierPublication]:
        nonlocal is_repeated
        publications, is_repeated = _earlier(connection, history_dir, specification, choice)
        return publications

    built = build_version(unfinished, name, specification, settings, then, earlier)
    built.verify(unfinished)
    if not is_repeated:
        version = files.new_version(settings.published_dir)
        history.write_history(history_dir, version, specification, built.withheld)
        # Before readers can see it: a kill in between only makes later publications more careful.
        history.mark_published(history_dir, version)
    return built.report(files.version_path(settings.published_dir, name), name)


def _earlier(
    connection: duckdb.DuckDBPyConnection, history_dir: Path, specification: Specification, choice: Choice
) -> tuple[list[EarlierPublication], bool]:
    """The publications that take part, newest first, and whether one of all published these very numbers: then it is
    those before it, which gives what it gave, and tells nothing that it has not told."""
    folders = sorted((mark.parent for mark in history_dir.glob("*/published")), reverse=True)
    marts = {name: specification.marts[name] for name in choice.marts if specification.marts[name].units}
    for position, folder in enumerate(folders):
        if all(_is_same(connection, folder / f"{name}.parquet", name, mart) for name, mart in marts.items()):
            return _read(folders[position + 1 :], specification), True
    return _read(folders, specification), False


def _read(folders: Sequence[Path], specification: Specification) -> list[EarlierPublication]:
    return [read_publication(folder, specification) for folder in folders[:REMEMBERED]]


def _is_same(connection: duckdb.DuckDBPyConnection, path: Path, name: str, mart: Mart) -> bool:
    """Whether the file holds the mart's counts and sums; rows of nothing but zeros aside, which either may lack."""
    counted = [column for unit in mart.units.values() for column in (*unit.counts, *unit.sums)]
    rows_count = connection.execute(f"select count(*) from {WAREHOUSE}.marts.{quoted(name)}").fetchall()[0][0]
    if not path.is_file():
        # A mart without rows leaves no file.
        return not rows_count
    keys = ", ".join(f"cast({quoted(key)} as varchar) as {quoted(key)}" for key in mart.keys)
    values = ", ".join(
        f"coalesce(nullif(cast({quoted(column)} as double), 'nan'), 0) as {quoted(column)}" for column in counted
    )
    where = " or ".join(f"{quoted(column)} <> 0" for column in counted)
    left_out = f"where not coalesce(({mart.leave_out}), false)" if mart.leave_out else ""
    here = f"from (select {keys}, {values} from {WAREHOUSE}.marts.{quoted(name)} {left_out}) where {where}"
    there = f"from (select {keys}, {values} from read_parquet($path)) where {where}"
    try:
        differing = connection.execute(
            f"select count(*) from ((({here}) except ({there})) union all (({there}) except ({here})))",
            {"path": str(path)},
        ).fetchall()[0][0]
    except duckdb.BinderException:
        # Its keys or counts were others then
        return False
    return not differing
