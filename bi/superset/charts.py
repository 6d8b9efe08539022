"""A declared chart → the parameters that Superset's own chart editor would save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bi.superset.declaration import Chart, Dataset

CATEGORICAL, SEQUENTIAL = "warehouse", "warehouse_blues"
DAYS_OF_MEAN = 7
_PLAIN_TIME = {"time_grain_sqla": None, "time_range": "No filter"}


def viz_type_of(chart: Chart) -> str:
    return {
        "number": "big_number_total",
        "bars": "echarts_timeseries_bar",
        "lines": "echarts_timeseries_line",
        "days": "mixed_timeseries",
        "table": "table",
        "map": "country_map",
    }[chart.kind]


def parameters_of(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    """The `params` of a chart, less its dataset's id, which Superset fills in on import."""
    builders: dict[str, Callable[[Chart, Dataset], dict[str, Any]]] = {
        "number": _number,
        "bars": _bars,
        "lines": _lines,
        "days": _days,
        "table": _table,
        "map": _map,
    }
    shared = {"viz_type": viz_type_of(chart), "adhoc_filters": _conditions(chart.where), "row_limit": chart.limit}
    return shared | _PLAIN_TIME | builders[chart.kind](chart, dataset) | chart.more


def _conditions(where: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "clause": "WHERE",
            "expressionType": "SQL",
            "sqlExpression": condition,
            "filterOptionName": f"where_{number}",
        }
        for number, condition in enumerate(where)
    ]


def _format(chart: Chart, dataset: Dataset) -> str:
    return chart.format or dataset.metrics[chart.metrics[0]].format


def _number(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    return {
        "metric": chart.metrics[0],
        "subtitle": chart.subtitle,
        "y_axis_format": _format(chart, dataset),
        "header_font_size": 0.5,
        "subtitle_font_size": 0.2,
    }


def _axes(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    """What bars and lines share: an axis of categories or periods."""
    ordered = chart.order_by is not None
    many = len(chart.metrics) > 1 or chart.series is not None
    return {
        "x_axis": chart.by[0],
        "xAxisForceCategorical": True,
        "metrics": list(chart.metrics),
        "groupby": [chart.series] if chart.series else [],
        "x_axis_sort": (chart.order_by if ordered and not chart.series else None) or chart.by[0],
        "x_axis_sort_asc": chart.horizontal or not ordered,
        "x_axis_sort_series": "sum" if ordered and chart.series else "name",
        "x_axis_sort_series_ascending": chart.horizontal or not ordered,
        "timeseries_limit_metric": chart.order_by,
        "order_desc": True,
        "color_scheme": CATEGORICAL,
        "show_legend": many,
        "legendType": "plain",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "y_axis_format": _format(chart, dataset),
        "truncateXAxis": False,
        "truncateYAxis": False,
        # Every category has its name, not every second one.
        "xAxisLabelInterval": "0",
        "xAxisLabelRotation": 0 if chart.horizontal else 45,
        "sort_series_type": None,
        "tooltipTimeFormat": "%Y-%m-%d",
    }


def _bars(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    return _axes(chart, dataset) | {
        "orientation": "horizontal" if chart.horizontal else "vertical",
        "stack": "Stack" if chart.stacked else None,
        "show_value": chart.values,
        "only_total": True,
    }


def _lines(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    return _axes(chart, dataset) | {"seriesType": "line", "markerEnabled": True, "markerSize": 6}


def _days(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    """The first metric as bars day by day, the second as the mean of the last seven days, a line."""
    return {
        "x_axis": chart.by[0],
        "time_grain_sqla": "P1D",
        "metrics": [chart.metrics[0]],
        "groupby": [],
        "metrics_b": [chart.metrics[1]],
        "groupby_b": [],
        "adhoc_filters_b": _conditions(chart.where),
        "row_limit_b": chart.limit,
        "rolling_type_b": "mean",
        "rolling_periods_b": DAYS_OF_MEAN,
        "min_periods_b": 1,
        "seriesType": "bar",
        "seriesTypeB": "line",
        "opacity": 0.35,
        "yAxisIndex": 0,
        "yAxisIndexB": 0,
        "color_scheme": CATEGORICAL,
        "show_legend": True,
        "legendOrientation": "top",
        "rich_tooltip": True,
        "y_axis_format": _format(chart, dataset),
        "x_axis_time_format": "%m-%d",
        "tooltipTimeFormat": "%Y-%m-%d",
        "truncateYAxis": False,
    }


def _table(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    return {
        "query_mode": "aggregate",
        "groupby": list(chart.by),
        "metrics": list(chart.metrics),
        "all_columns": [],
        "percent_metrics": [],
        "timeseries_limit_metric": chart.order_by,
        "order_desc": not chart.ascending,
        "show_cell_bars": False,
        "color_pn": False,
        "include_search": False,
        "server_pagination": False,
        "page_length": 0,
        "table_timestamp_format": "%Y-%m-%d",
        "column_config": {
            name: {"d3NumberFormat": dataset.metrics[name].format, "d3SmallNumberFormat": dataset.metrics[name].format}
            for name in chart.metrics
        },
    }


def _map(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    return {
        "select_country": "china",
        "entity": chart.by[0],
        "metric": chart.metrics[0],
        "linear_color_scheme": SEQUENTIAL,
        "number_format": _format(chart, dataset),
    }
