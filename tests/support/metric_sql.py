"""The SQL that MetricFlow writes for metrics, in this process: `mf` takes seconds to start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import SupportedAdapterTypes
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.sql_plan_renderer import SqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class _Dialect:
    """What MetricFlow must know of a database to write SQL for it; it never runs any here."""

    sql_engine_type: SqlEngine = SupportedAdapterTypes.DUCKDB.sql_engine_type
    sql_plan_renderer: SqlPlanRenderer = SupportedAdapterTypes.DUCKDB.sql_plan_renderer


class Metrics:
    """MetricFlow on the semantic manifest that dbt wrote beside a warehouse."""

    def __init__(self, manifest: Path) -> None:
        read = parse_manifest_from_dbt_generated_manifest(manifest.read_text(encoding="utf-8"))
        self.names = {metric.name for metric in read.metrics}
        self._engine = MetricFlowEngine(SemanticManifestLookup(read), _Dialect())

    def sql(self, metrics: Sequence[str], group_by: Sequence[str] = (), where: Sequence[str] = ()) -> str:
        """A column for each of `group_by`, then one for each of `metrics`."""
        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics), group_by_names=list(group_by), where_constraints=list(where)
        )
        return self._engine.explain(request).sql_statement.sql
