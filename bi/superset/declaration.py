"""The dashboards as they are written down: what datasets.yml and dashboards/*.yml may say.

A dataset is one published mart; a metric is written once, in its dataset, and charts name it. `sum` adds a column up.
`only` shows a column that must never be added up (persons, shares, medians): empty as soon as more than one row meets.
`metric` names its definition in the semantic layer. What is sorted by and no figure (a date, a place in a list) stands
under `orders`, and no chart can show it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

GRID_COLUMNS = 12


class DeclarationError(Exception):
    """A dashboard can't be made from what is written; the message names file, chart and field."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """A column's label. A column with `expression`, or with `words` for the codes in `of`, is added to the mart's own.

    A code without a word shows as itself.
    """

    label: str
    expression: str | None = None
    of: str | None = None
    words: dict[str, str] = {}

    @model_validator(mode="after")
    def _is_computed_in_one_way(self) -> Column:
        if (self.of is None) != (not self.words) or (self.of and self.expression):
            raise ValueError("either expression, or of and words together, or none")
        return self

    @property
    def sql(self) -> str | None:
        if not self.words:
            return self.expression
        cases = " ".join(f"WHEN '{code}' THEN '{word}'" for code, word in self.words.items())
        return f"CASE {self.of} {cases} ELSE {self.of} END"


class Metric(_Strict):
    """One of `sum`, `only` (column names) or `sql` (an aggregate); `metric` is the semantic layer's name for it."""

    metric: str
    label: str
    sum: str | None = None
    only: str | None = None
    sql: str | None = None
    format: str = ",d"

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Metric:
        if [self.sum, self.only, self.sql].count(None) != 2:
            raise ValueError("exactly one of sum, only, sql")
        return self

    @property
    def expression(self) -> str:
        if self.sum:
            return f"SUM({self.sum})"
        if self.only:
            return f"CASE WHEN COUNT(*) = 1 THEN MAX({self.only}) END"
        return str(self.sql)


class Order(_Strict):
    """An aggregate to sort rows or a filter's choices by."""

    label: str
    sql: str


class Dataset(_Strict):
    """A published mart with labels for its columns, the metrics that charts show and what else they are sorted by."""

    label: str
    columns: dict[str, Column] = {}
    metrics: dict[str, Metric] = {}
    orders: dict[str, Order] = {}

    @model_validator(mode="after")
    def _names_each_once(self) -> Dataset:
        twice = sorted(set(self.metrics) & set(self.orders))
        if twice:
            raise ValueError(f"both metric and order: {', '.join(twice)}")
        return self


class Filter(_Strict):
    """A choice at the dashboard's side, for every chart whose dataset has the column.

    It begins with `value`, or with the first one by `first_by` (an order; the greatest comes first).
    """

    label: str
    dataset: str
    column: str
    value: str | None = None
    first_by: str | None = None


class Chart(_Strict):
    """One chart. `by` is its axis or its rows, `series` its colours; all conditions of `where` (SQL) hold."""

    name: str
    kind: Literal["number", "bars", "lines", "days", "table", "map"]
    dataset: str
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    series: str | None = None
    where: tuple[str, ...] = ()
    width: int
    note: str = ""
    subtitle: str = ""
    order_by: str | None = None
    ascending: bool = False
    limit: int = 1000
    stacked: bool = False
    horizontal: bool = False
    values: bool = False
    format: str | None = None
    ignores: tuple[str, ...] = ()
    more: dict[str, Any] = {}


class Row(_Strict):
    """Charts side by side, `height` in Superset's units of eight pixels."""

    title: str = ""
    height: int
    charts: tuple[Chart, ...]

    @model_validator(mode="after")
    def _fits_the_grid(self) -> Row:
        if sum(chart.width for chart in self.charts) != GRID_COLUMNS:
            raise ValueError(f"the widths of {[chart.name for chart in self.charts]} must add up to {GRID_COLUMNS}")
        return self


class Dashboard(_Strict):
    slug: str
    title: str
    description: str
    filters: tuple[Filter, ...] = ()
    # Metric, or word of a series → colour, where the order of the palette would say the wrong thing
    colors: dict[str, str] = {}
    rows: tuple[Row, ...]

    @property
    def charts(self) -> list[Chart]:
        return [chart for row in self.rows for chart in row.charts]


class Declaration(_Strict):
    """`definitions`: metric of the semantic layer → what it means."""

    datasets: dict[str, Dataset]
    dashboards: tuple[Dashboard, ...]
    definitions: dict[str, str]
