"""The SQL that a chart of a bundle asks for, worked out from what Superset is given, without Superset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.yaml_text import read_yaml


@dataclass(frozen=True)
class ChartQuery:
    """What one query of a chart asks of one dataset: its rows' columns, its metrics, its conditions."""

    table: str
    dimensions: dict[str, str]
    metrics: dict[str, str]
    conditions: tuple[str, ...]
    order_by: str | None

    @property
    def filtered(self) -> str:
        where = " and ".join(f"({condition})" for condition in self.conditions) or "true"
        return f"from marts.{self.table} where {where}"

    @property
    def sql(self) -> str:
        wanted = [f'{sql} as "{name}"' for name, sql in (self.dimensions | self.metrics).items()]
        order = f" order by {self.order_by}" if self.order_by else ""
        return f"select {', '.join(wanted)} {self.filtered} {self.grouping}{order}"

    @property
    def grouping(self) -> str:
        return f"group by {', '.join(self.dimensions.values())}" if self.dimensions else ""


class Bundle:
    """A bundle's files, looked up by what they refer to."""

    def __init__(self, files: dict[str, str]) -> None:
        read = {path: read_yaml(text) for path, text in files.items()}
        self.datasets = {file["uuid"]: file for path, file in read.items() if path.startswith("datasets/")}
        self.charts = {file["uuid"]: file for path, file in read.items() if path.startswith("charts/")}
        self.dashboards = {file["slug"]: file for path, file in read.items() if path.startswith("dashboards/")}

    def charts_of(self, slug: str) -> list[tuple[dict[str, Any], int]]:
        """Each chart that the dashboard's layout holds, with the number by which filters name it."""
        boxes = [
            box
            for box in self.dashboards[slug]["position"].values()
            if isinstance(box, dict) and box["type"] == "CHART"
        ]
        return [(self.charts[box["meta"]["uuid"]], box["meta"]["chartId"]) for box in boxes]

    def queries(self, slug: str, title: str, connection: duckdb.DuckDBPyConnection) -> list[ChartQuery]:
        """The chart's queries with the dashboard's filters as they stand when it is opened."""
        chart, number = next(found for found in self.charts_of(slug) if found[0]["slice_name"] == title)
        dataset, params = self.datasets[chart["dataset_uuid"]], chart["params"]
        expressions = _expressions(dataset)
        conditions = [found["sqlExpression"] for found in params["adhoc_filters"]]
        for choice in self.dashboards[slug]["metadata"]["native_filter_configuration"]:
            column = choice["targets"][0]["column"]["name"]
            if number not in choice["scope"]["excluded"] and column in expressions:
                conditions.append(f"{expressions[column]} = '{self._chosen(choice, connection)}'")
        metrics = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
        order = params.get("timeseries_limit_metric")
        return [
            ChartQuery(
                dataset["table_name"],
                {name: expressions[name] for name in _dimensions(params)},
                {name: metrics[name] for name in names},
                tuple(conditions),
                metrics[order] if order else None,
            )
            for names in _metric_sets(params)
        ]

    def _chosen(self, choice: dict[str, Any], connection: duckdb.DuckDBPyConnection) -> str:
        target = choice["targets"][0]
        dataset = self.datasets[target["datasetUuid"]]
        value = choice["defaultDataMask"].get("filterState", {}).get("value")
        if value:
            return str(value[0])
        assert choice["controlValues"]["defaultToFirstItem"] and choice["requiredFirst"]
        metric = next(m["expression"] for m in dataset["metrics"] if m["metric_name"] == choice["sortMetric"])
        column = _expressions(dataset)[target["column"]["name"]]
        direction = "asc" if choice["controlValues"]["sortAscending"] else "desc"
        rows = connection.execute(
            f"select {column} from marts.{dataset['table_name']} group by 1 order by {metric} {direction} nulls last"
        ).fetchall()
        return str(rows[0][0])


def _expressions(dataset: dict[str, Any]) -> dict[str, str]:
    return {column["column_name"]: column["expression"] or column["column_name"] for column in dataset["columns"]}


def _dimensions(params: dict[str, Any]) -> list[str]:
    by_kind = {
        "big_number_total": lambda: [],
        "echarts_timeseries_bar": lambda: [params["x_axis"], *params["groupby"]],
        "echarts_timeseries_line": lambda: [params["x_axis"], *params["groupby"]],
        "mixed_timeseries": lambda: [params["x_axis"]],
        "table": lambda: params["groupby"],
        "country_map": lambda: [params["entity"]],
    }
    return list(by_kind[params["viz_type"]]())


def _metric_sets(params: dict[str, Any]) -> list[list[str]]:
    if params["viz_type"] == "mixed_timeseries":
        assert params["adhoc_filters"] == params["adhoc_filters_b"]
        return [params["metrics"], params["metrics_b"]]
    return [params["metrics"] if "metrics" in params else [params["metric"]]]
