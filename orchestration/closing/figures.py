"""What a period's figures are, as one hash a mart: the counts and sums that `disclosure.yml` names, by their keys.

Shares follow from counts and forecasts from the clock, so neither belongs to it: a hash changes when a figure did.
"""

from __future__ import annotations

from collections import defaultdict

import duckdb

from orchestration.publishing.specification import Mart, Specification, load_specification
from orchestration.publishing.tables import columns_of
from orchestration.sql_text import quoted

PERIOD = "period_start"
# Sums of floating point may differ in their last digits from one build to the next.
_DIGITS = 4
_FLOATING = ("DOUBLE", "FLOAT")

Figures = dict[str, dict[str, str]]


def read_figures(connection: duckdb.DuckDBPyConnection, specification: Specification | None = None) -> Figures:
    """period_start → mart → SHA-256 (hex) of its counts and sums, of every mart by period that has been built."""
    specification = specification or load_specification()
    found: Figures = defaultdict(dict)
    built = columns_of(connection, "marts")
    for name, mart in specification.marts.items():
        types = built.get(name, {})
        columns = [column for column in _columns(mart) if column in types]
        if mart.time != PERIOD or len(columns) <= len(mart.keys):
            continue
        for period_start, digest in connection.execute(_query(name, columns, types)).fetchall():
            found[period_start][name] = digest
    return dict(found)


def changed_marts(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Marts whose figures differ. One that `before` doesn't know was added since and has restated nothing."""
    return sorted(mart for mart, digest in before.items() if now.get(mart) != digest)


def _columns(mart: Mart) -> list[str]:
    return [*mart.keys, *(column for unit in mart.units.values() for column in (*unit.counts, *unit.sums))]


def _query(name: str, columns: list[str], types: dict[str, str]) -> str:
    values = ", ".join(
        f"round({quoted(column)}, {_DIGITS})" if types[column] in _FLOATING else quoted(column) for column in columns
    )
    return (
        f"select {PERIOD}, sha256(string_agg(line, chr(10) order by line)) from ("
        f"select cast({PERIOD} as varchar) as {PERIOD}, cast(row({values}) as varchar) as line "
        f"from marts.{quoted(name)}) group by {PERIOD}"
    )
