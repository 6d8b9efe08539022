"""The generic test `primary_key`: it names each key that two rows have and each row without one, and nothing else."""

from __future__ import annotations

import re

import duckdb
import jinja2
import pytest

from orchestration.transforming.parsed import PROJECT_DIR

GENERIC = PROJECT_DIR / "tests" / "generic" / "primary_key.sql"


def failing(rows: list[tuple], nullable: list[str] | None = None) -> list[tuple]:
    """What the test says of a table (a, b) with these rows."""
    body = re.fullmatch(r"\{#.*?#\}\s*\{% test .*? %\}(.*)\{% endtest %\}\s*", GENERIC.read_text("utf-8"), re.DOTALL)
    assert body is not None
    sql = jinja2.Template(body[1]).render(
        model="given",
        columns=["a", "b"],
        nullable=nullable or [],
        quick_hash=lambda columns: f"hash({', '.join(columns)})",
    )
    with duckdb.connect() as connection:
        connection.execute("create table given (a integer, b varchar)")
        connection.executemany("insert into given values (?, ?)", rows)
        return sorted(connection.execute(sql).fetchall(), key=repr)


def test_a_key_that_is_one_passes():
    assert failing([(1, "x"), (1, "y"), (2, "x")]) == []


def test_a_repeated_key_is_named_with_its_rows():
    assert failing([(1, "x"), (1, "x"), (1, "x"), (2, "x")]) == [(1, "x", 3)]


@pytest.mark.parametrize("row", [(None, "x"), (1, None), (None, None)])
def test_a_row_without_a_part_of_its_key_fails_though_there_is_only_one(row: tuple):
    assert failing([(2, "y"), row]) == [(*row, 1)]


def test_a_column_that_may_be_missing_is_compared_like_any_value():
    assert failing([(1, None), (2, None)], nullable=["b"]) == []
    assert failing([(1, None), (1, None)], nullable=["b"]) == [(1, None, 2)]
    assert failing([(None, None)], nullable=["b"]) == [(None, None, 1)]
