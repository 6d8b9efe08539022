"""`warehouse status`: the standing as published, from the published copy, which never waits for a running build."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console

from orchestration.loading.database import readable
from orchestration.publishing.files import LINK_NAME
from orchestration.reporting.standing import Standing, read_publication, read_standing
from orchestration.reporting.summary import render_line, render_standing
from orchestration.settings import Settings


class NothingPublishedError(Exception):
    """There is no published copy yet."""


@dataclass(frozen=True)
class Status:
    """The last publication and what it says. `publication`: the columns of `marts.publication`, by name."""

    path: str
    publication: dict[str, object]
    standing: Standing


def published_database(settings: Settings) -> Path:
    """The symlink that readers open."""
    return settings.published_dir / LINK_NAME


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read only. Raises NothingPublishedError before the first publication,
    UnreadableDatabaseError where the file is damaged."""
    path = published_database(settings)
    if not path.exists():
        raise NothingPublishedError(
            f"nothing is published in {settings.published_dir} yet; "
            "run `warehouse build` (or `make demo` for the samples)"
        )
    with (
        readable(path, "where it is damaged, run `warehouse publish`"),
        duckdb.connect(str(path), read_only=True) as connection,
    ):
        yield connection


def read_status(settings: Settings) -> Status:
    """Read the published copy. Raises NothingPublishedError, UnreadableDatabaseError."""
    with open_published(settings) as connection:
        path = str(published_database(settings))
        return Status(path, read_publication(connection), read_standing(connection))


def render_status(console: Console, status: Status) -> None:
    render_standing(console, status.standing)
    render_line(console, "published", status.path)
    for name, value in status.publication.items():
        render_line(console, "", f"{name}: {value}")
