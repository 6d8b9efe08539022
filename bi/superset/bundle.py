"""The declaration and the published copy's columns → a bundle in Superset's import format.

    datasets.yml + dashboards/*.yml + marts.duckdb → {path in the bundle: YAML}

Identifiers follow from names, so that a second import changes what is there and adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import duckdb
import yaml

from bi.superset.charts import parameters_of, viz_type_of
from bi.superset.declaration import Chart, Dashboard, Dataset, Declaration, DeclarationError, Filter

DATABASE = "published"
SCHEMA = "marts"
VERSION = "1.0.0"
_NAMESPACE = UUID("6d2f4f0e-3c1b-5b7e-9f44-5f1f2c9d5150")
# Nothing is loaded from outside and no other file is opened, whatever SQL somebody writes in SQL Lab; nor does it take
# the memory that a build beside it needs.
CONNECTION = {
    "read_only": True,
    "config": {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": "2GiB",
        # Each query opens the copy anew, a dashboard a dozen at once: starting threads would take longer than a query.
        "threads": 1,
    },
}


@dataclass(frozen=True)
class PublishedColumn:
    """A column of a published mart, its type and what dbt says it means."""

    name: str
    kind: str
    comment: str


def uuid_of(*names: str) -> str:
    return str(uuid5(_NAMESPACE, "/".join(names)))


def write_bundle(declaration: Declaration, published: Path) -> dict[str, str]:
    """Path → YAML of every file of the bundle. Raises DeclarationError when a column isn't in the published copy."""
    columns = published_columns(published, list(declaration.datasets))
    _check_columns(declaration, columns)
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": VERSION, "type": "assets"},
        f"databases/{DATABASE}.yaml": _database(published),
    }
    for name, dataset in declaration.datasets.items():
        files[f"datasets/{DATABASE}/{name}.yaml"] = _dataset(name, dataset, columns[name], declaration.definitions)
    for dashboard in declaration.dashboards:
        for number, chart in enumerate(dashboard.charts, start=1):
            files[f"charts/{dashboard.slug}_{number:02}.yaml"] = _chart(dashboard, chart, declaration)
        files[f"dashboards/{dashboard.slug}.yaml"] = _dashboard(dashboard)
    return {path: yaml.safe_dump(content, allow_unicode=True, sort_keys=False) for path, content in files.items()}


def published_columns(published: Path, tables: list[str]) -> dict[str, list[PublishedColumn]]:
    """The columns of each table, in their order. Raises DeclarationError naming tables that are not published."""
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
            "where schema_name = ? order by table_name, column_index",
            [SCHEMA],
        ).fetchall()
    found: dict[str, list[PublishedColumn]] = {}
    for table, *column in rows:
        found.setdefault(table, []).append(PublishedColumn(*column))
    missing = [table for table in tables if table not in found]
    if missing:
        raise DeclarationError(f"datasets.yml: not in the published copy: {', '.join(missing)}")
    return {table: found[table] for table in tables}


def _check_columns(declaration: Declaration, columns: dict[str, list[PublishedColumn]]) -> None:
    wrong = []
    for name, dataset in declaration.datasets.items():
        there = {column.name for column in columns[name]}
        for column, declared in dataset.columns.items():
            if declared.sql is None and column not in there:
                wrong.append(f"datasets.yml, {name}: column {column!r} is not in the published mart")
            if declared.sql is not None and column in there:
                wrong.append(f"datasets.yml, {name}: computed column {column!r} hides the mart's own")
    for dashboard in declaration.dashboards:
        for chart in dashboard.charts:
            shown = {*chart.by, *([chart.series] if chart.series else [])}
            without = sorted(shown - set(declaration.datasets[chart.dataset].columns))
            wrong += [
                f"{dashboard.slug}: {chart.name}: column {column!r} has no label in {chart.dataset}"
                for column in without
            ]
        for choice in dashboard.filters:
            if choice.column not in declaration.datasets[choice.dataset].columns:
                wrong.append(f"{dashboard.slug}: {choice.label}: no column {choice.column!r} in {choice.dataset}")
    if wrong:
        raise DeclarationError("; ".join(wrong))


def _database(published: Path) -> dict[str, Any]:
    return {
        "database_name": DATABASE,
        # The symlink: each connection opens the version that it points to then.
        "sqlalchemy_uri": f"duckdb:///{published.absolute()}",
        "uuid": uuid_of("database"),
        "cache_timeout": -1,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"engine_params": {"connect_args": CONNECTION}, "allows_virtual_table_explore": True},
        "is_managed_externally": True,
        "version": VERSION,
    }


def _dataset(
    name: str, dataset: Dataset, columns: list[PublishedColumn], definitions: dict[str, str]
) -> dict[str, Any]:
    labels = {column: declared.label for column, declared in dataset.columns.items()}
    own = [_column(column.name, column.kind, column.comment, labels.get(column.name)) for column in columns]
    computed = [
        _column(column, "VARCHAR", "", declared.label, declared.sql)
        for column, declared in dataset.columns.items()
        if declared.sql is not None
    ]
    return {
        "table_name": name,
        "schema": SCHEMA,
        "main_dttm_col": "day" if "day" in dataset.columns else None,
        "description": dataset.label,
        "uuid": uuid_of("dataset", name),
        "database_uuid": uuid_of("database"),
        "is_managed_externally": True,
        "version": VERSION,
        "filter_select_enabled": True,
        "columns": [*own, *computed],
        "metrics": [
            *(
                {
                    "metric_name": metric,
                    "verbose_name": declared.label,
                    "expression": declared.expression,
                    "d3format": declared.format,
                    "description": definitions[declared.metric],
                }
                for metric, declared in dataset.metrics.items()
            ),
            # Superset sorts by metrics alone.
            *(
                {"metric_name": order, "verbose_name": declared.label, "expression": declared.sql}
                for order, declared in dataset.orders.items()
            ),
        ],
    }


def _column(name: str, kind: str, comment: str, label: str | None, expression: str | None = None) -> dict[str, Any]:
    return {
        "column_name": name,
        "verbose_name": label,
        "type": kind,
        "is_dttm": kind.startswith(("DATE", "TIMESTAMP")),
        "is_active": True,
        "groupby": True,
        "filterable": True,
        "expression": expression,
        "description": comment or None,
    }


def _chart(dashboard: Dashboard, chart: Chart, declaration: Declaration) -> dict[str, Any]:
    return {
        "slice_name": chart.name,
        "description": chart.note or None,
        "viz_type": viz_type_of(chart),
        "params": parameters_of(chart, declaration.datasets[chart.dataset]),
        "uuid": uuid_of("chart", dashboard.slug, chart.name),
        "dataset_uuid": uuid_of("dataset", chart.dataset),
        "is_managed_externally": True,
        "version": VERSION,
    }


def _dashboard(dashboard: Dashboard) -> dict[str, Any]:
    numbers = {chart.name: number for number, chart in enumerate(dashboard.charts, start=1)}
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "slug": dashboard.slug,
        "uuid": uuid_of("dashboard", dashboard.slug),
        "published": True,
        "position": _layout(dashboard, numbers),
        "metadata": {
            # None for the whole dashboard: it would colour the map's provinces one by one. Charts have their own.
            "color_scheme": "",
            "label_colors": dict(dashboard.colors),
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
            "native_filter_configuration": [_filter(dashboard, choice, numbers) for choice in dashboard.filters],
        },
        "is_managed_externally": True,
        "version": VERSION,
    }


def _layout(dashboard: Dashboard, numbers: dict[str, int]) -> dict[str, Any]:
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}},
        "GRID_ID": {
            "type": "GRID",
            "id": "GRID_ID",
            "parents": ["ROOT_ID"],
            "children": [f"ROW-{number}" for number in range(1, len(dashboard.rows) + 1)],
        },
    }
    for place, row in enumerate(dashboard.rows, start=1):
        own = f"ROW-{place}"
        position[own] = {
            "type": "ROW",
            "id": own,
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{numbers[chart.name]}" for chart in row.charts],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for chart in row.charts:
            key = f"CHART-{numbers[chart.name]}"
            position[key] = {
                "type": "CHART",
                "id": key,
                "parents": ["ROOT_ID", "GRID_ID", own],
                "children": [],
                "meta": {
                    "chartId": numbers[chart.name],
                    "uuid": uuid_of("chart", dashboard.slug, chart.name),
                    "sliceName": chart.name,
                    "width": chart.width,
                    "height": row.height,
                },
            }
    return position


def _filter(dashboard: Dashboard, choice: Filter, numbers: dict[str, int]) -> dict[str, Any]:
    excluded = [numbers[chart.name] for chart in dashboard.charts if choice.label in chart.ignores]
    begins_with = {}
    if choice.value is not None:
        begins_with = {
            "extraFormData": {"filters": [{"col": choice.column, "op": "IN", "val": [choice.value]}]},
            "filterState": {"value": [choice.value], "label": choice.value},
        }
    return {
        "id": f"NATIVE_FILTER-{uuid_of('filter', dashboard.slug, choice.label)}",
        "name": choice.label,
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"datasetUuid": uuid_of("dataset", choice.dataset), "column": {"name": choice.column}}],
        "defaultDataMask": begins_with,
        "controlValues": {
            "enableEmptyFilter": True,
            "defaultToFirstItem": choice.value is None,
            "multiSelect": False,
            "searchAllOptions": False,
            "inverseSelection": False,
            "sortAscending": choice.first_by is None,
        },
        "sortMetric": choice.first_by,
        # Charts wait for the first value instead of asking once without it.
        "requiredFirst": choice.value is None,
        "adhoc_filters": [],
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
        "description": "",
    }
