"""docs/questions.md: each of its answers runs on a published copy, and none falls into what the page warns of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
VIEWS = PAGE.parents[1] / "orchestration" / "publishing" / "views"
QUESTIONS = dict(
    re.findall(r"^### (\d+\. .*?)$(?:(?!^### ).)*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
)
# What is nearly always NULL in a sample as small as the tests' because it is withheld, or because nothing has happened.
MAY_BE_EMPTY = {"reached_on", "registrations", "completed_registrations", "study_hours"}


@pytest.fixture(scope="module")
def marts(built: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built.deployment.published), read_only=True) as connection:
        yield connection


def test_there_are_twenty() -> None:
    assert [title.split(".")[0] for title in QUESTIONS] == [str(number) for number in range(1, 21)]
    assert PAGE.read_text(encoding="utf-8").count("```sql") == 20


@pytest.mark.parametrize("title", QUESTIONS)
def test_a_question_has_an_answer(title: str, marts: duckdb.DuckDBPyConnection) -> None:
    answered = marts.execute(QUESTIONS[title])
    names = [column[0] for column in answered.description or []]
    rows = answered.fetchall()
    assert len(rows) > 0
    empty = {name for place, name in enumerate(names) if all(row[place] is None for row in rows)}
    assert empty - MAY_BE_EMPTY == set()


@pytest.mark.parametrize("title", QUESTIONS)
def test_an_answer_never_adds_up_persons(title: str) -> None:
    assert re.findall(r"\bsum\((?:\w*learners|\w*_persons)\)", QUESTIONS[title].replace("new_learners", "")) == []


def test_the_first_answer_is_the_mart(marts: duckdb.DuckDBPyConnection) -> None:
    rows = {row[0]: row for row in marts.execute(next(iter(QUESTIONS.values()))).fetchall()}
    actual = marts.execute(
        """
        select target_name_zh, actual_value from marts.target_progress
        where province_code = '000000' qualify period_start = max(period_start) over ()
        """
    ).fetchall()
    assert {name: row[1] for name, row in rows.items()} == dict(actual)


def test_the_parts_of_the_action_add_up(marts: duckdb.DuckDBPyConnection) -> None:
    """New learners of every period are the learners to date; days are periods."""
    by_period = marts.execute(QUESTIONS[next(title for title in QUESTIONS if title.startswith("2."))]).fetchall()
    by_day = marts.execute(QUESTIONS[next(title for title in QUESTIONS if title.startswith("3."))]).fetchall()
    assert sum(row[3] for row in by_period) == by_period[-1][5] > 0
    assert sum(row[1] for row in by_period) == by_period[-1][4] == sum(row[1] for row in by_day)


def test_every_tool_can_show_what_a_column_means(marts: duckdb.DuckDBPyConnection) -> None:
    without = marts.execute(
        """
        select table_name, column_name from duckdb_columns()
        where schema_name = 'marts' and table_name not like 'publication%' and coalesce(comment, '') = ''
        """
    ).fetchall()
    assert without == []


def test_the_headline_views_have_rows_and_the_marts_numbers(marts: duckdb.DuckDBPyConnection) -> None:
    views = [
        name for (name,) in marts.execute("select view_name from duckdb_views() where schema_name = 'marts'").fetchall()
    ]
    assert sorted(views) == sorted(path.stem for path in VIEWS.glob("*.sql")) != []
    for view in views:
        assert marts.execute(f"select count(*) from marts.{view}").fetchall()[0][0] > 0, view
    newest = "where period_start = (select max(period_start) from marts.registration_progress)"
    whole = f"from marts.registration_progress {newest} and province_code = '000000' and platform_id = '_all'"
    (expected,) = marts.execute(f"select cumulative_registrations {whole}").fetchall()
    target = "from marts.headline_targets where unit = '人次'"
    assert marts.execute(f"select actual_value {target}").fetchall() == [expected]
    last = "from marts.headline_progress order by period_start desc limit 1"
    assert marts.execute(f"select cumulative_registrations {last}").fetchall() == [expected]
    assert marts.execute("select sum(registrations) from marts.headline_days").fetchall() == [expected]


def test_the_views_work_under_another_name(built: Any) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built.deployment.published}' as p (read_only)")
        assert connection.execute("select count(*) from p.marts.headline_targets").fetchall()[0][0] == 3


def test_polars_reads_it_in_one_line(built: Any, marts: duckdb.DuckDBPyConnection) -> None:
    expected = marts.execute("from marts.target_progress").fetchall()
    assert sorted(marts.sql("from marts.target_progress").pl().rows()) == sorted(expected)
    folder = built.deployment.published.parent / "parquet" / "target_progress"
    assert len(polars.read_parquet(f"{folder}/*.parquet")) == len(expected)


def test_pandas_reads_it_in_one_line(marts: duckdb.DuckDBPyConnection) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed: the project itself does without it")
    expected = marts.execute("from marts.target_progress").fetchall()
    assert len(marts.sql("from marts.target_progress").df()) == len(expected)
