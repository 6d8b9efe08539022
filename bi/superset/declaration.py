"""The dashboards as they are written down: datasets.yml and dashboards/*.yml, read and checked.

A dataset is one published mart; a metric is written once, in its dataset, and charts name it. `sum` adds a column up.
`only` shows a column that must never be added up (persons, shares, medians): empty as soon as more than one row meets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

FOLDER = Path(__file__).resolve().parent
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
    """One of `sum`, `only` (column names) or `sql` (an aggregate)."""

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


class Dataset(_Strict):
    """A published mart with labels for its columns and the metrics that charts use."""

    label: str
    columns: dict[str, Column] = {}
    metrics: dict[str, Metric] = {}


class Filter(_Strict):
    """A choice at the dashboard's side, for every chart whose dataset has the column.

    It begins with `value`, or with the first one by `first_by` (a metric; the greatest comes first).
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
    datasets: dict[str, Dataset]
    dashboards: tuple[Dashboard, ...]


def read_declaration(folder: Path = FOLDER) -> Declaration:
    """Read `folder`/datasets.yml and `folder`/dashboards/*.yml. Raises DeclarationError."""
    datasets = {
        name: _checked(Dataset, content, f"datasets.yml, {name}")
        for name, content in _yaml(folder / "datasets.yml").items()
    }
    dashboards = tuple(
        _checked(Dashboard, _yaml(path), path.name) for path in sorted((folder / "dashboards").glob("*.yml"))
    )
    declaration = Declaration(datasets=datasets, dashboards=dashboards)
    wrong = [*_repeated_names(declaration), *_unknown_names(declaration)]
    if wrong:
        raise DeclarationError("; ".join(wrong))
    return declaration


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path.name}: not YAML: {error}") from None


def _checked(model: type[Any], content: Any, where: str) -> Any:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        raise DeclarationError(f"{where}: {place or 'as a whole'}: {found['msg']}") from None


def _repeated_names(declaration: Declaration) -> list[str]:
    wrong = []
    for dashboard in declaration.dashboards:
        names = [chart.name for chart in dashboard.charts]
        wrong += [
            f"{dashboard.slug}: chart {name!r} is there twice" for name in sorted(set(names)) if names.count(name) > 1
        ]
    return wrong


def _unknown_names(declaration: Declaration) -> list[str]:
    wrong = []
    for dashboard in declaration.dashboards:
        choices = {choice.label for choice in dashboard.filters}
        parts: list[Chart | Filter] = [*dashboard.charts, *dashboard.filters]
        for one in parts:
            what = f"{dashboard.slug}: {one.name if isinstance(one, Chart) else one.label}"
            dataset = declaration.datasets.get(one.dataset)
            if dataset is None:
                wrong.append(f"{what}: no dataset {one.dataset!r} in datasets.yml")
                continue
            unknown = sorted(_metrics_of(one) - set(dataset.metrics))
            wrong += [f"{what}: no metric {name!r} in dataset {one.dataset}" for name in unknown]
            ignored = one.ignores if isinstance(one, Chart) else ()
            wrong += [f"{what}: no filter {name!r} to ignore" for name in ignored if name not in choices]
        wrong += [f"{dashboard.slug}: no series {name!r} to colour" for name in _uncoloured(dashboard, declaration)]
    return wrong


def _metrics_of(one: Chart | Filter) -> set[str]:
    if isinstance(one, Filter):
        return {one.first_by} if one.first_by else set()
    return {*one.metrics, *([one.order_by] if one.order_by else [])}


def _uncoloured(dashboard: Dashboard, declaration: Declaration) -> list[str]:
    """Names in `colors` that no chart of the dashboard shows."""
    shown: set[str] = set()
    for chart in dashboard.charts:
        dataset = declaration.datasets.get(chart.dataset, Dataset(label=""))
        shown |= set(chart.metrics)
        if chart.series in dataset.columns:
            shown |= set(dataset.columns[chart.series].words.values())
    return sorted(set(dashboard.colors) - shown)
