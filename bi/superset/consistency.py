"""What in a declaration doesn't fit together: names that are there twice, or that nothing has."""

from __future__ import annotations

from bi.superset.declaration import Chart, Dashboard, Dataset, Declaration, Filter


def inconsistencies(declaration: Declaration) -> list[str]:
    """What is wrong, each with file or dashboard, chart and name; empty where everything fits."""
    return [*_undefined_metrics(declaration), *_repeated_names(declaration), *_unknown_names(declaration)]


def _repeated_names(declaration: Declaration) -> list[str]:
    wrong = []
    for dashboard in declaration.dashboards:
        names = [chart.name for chart in dashboard.charts]
        wrong += [
            f"{dashboard.slug}: chart {name!r} is there twice" for name in sorted(set(names)) if names.count(name) > 1
        ]
    return wrong


def _undefined_metrics(declaration: Declaration) -> list[str]:
    return [
        f"datasets.yml, {name}: {shown}: the semantic layer has no metric {metric.metric!r}"
        for name, dataset in declaration.datasets.items()
        for shown, metric in dataset.metrics.items()
        if metric.metric not in declaration.definitions
    ]


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
            wrong += [f"{what}: {fault} in dataset {one.dataset}" for fault in _missing_names(one, dataset)]
            ignored = one.ignores if isinstance(one, Chart) else ()
            wrong += [f"{what}: no filter {name!r} to ignore" for name in ignored if name not in choices]
        wrong += [f"{dashboard.slug}: no series {name!r} to colour" for name in _uncoloured(dashboard, declaration)]
    return wrong


def _missing_names(one: Chart | Filter, dataset: Dataset) -> list[str]:
    """A chart shows metrics; sorted is by orders too."""
    shown = set(one.metrics) if isinstance(one, Chart) else set()
    by = one.order_by if isinstance(one, Chart) else one.first_by
    missing = [f"no metric {name!r}" for name in sorted(shown - set(dataset.metrics))]
    if by and by not in dataset.metrics and by not in dataset.orders:
        missing.append(f"no metric or order {by!r}")
    return missing


def _uncoloured(dashboard: Dashboard, declaration: Declaration) -> list[str]:
    """Names in `colors` that no chart of the dashboard shows."""
    shown: set[str] = set()
    for chart in dashboard.charts:
        dataset = declaration.datasets.get(chart.dataset, Dataset(label=""))
        shown |= set(chart.metrics)
        if chart.series in dataset.columns:
            shown |= set(dataset.columns[chart.series].words.values())
    return sorted(set(dashboard.colors) - shown)
