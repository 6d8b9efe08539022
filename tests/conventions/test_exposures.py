"""Each dashboard stands in dbt's lineage, and depends there on the marts that it reads: no fewer, no more."""

from __future__ import annotations

import pytest

from bi.superset.declaration import Dashboard
from bi.superset.reading import read_declaration

DASHBOARDS = {dashboard.slug: dashboard for dashboard in read_declaration().dashboards}


def exposures(manifest: dict) -> dict[str, dict]:
    return {exposure["url"].rstrip("/").rsplit("/", 1)[1]: exposure for exposure in manifest["exposures"].values()}


def marts_of(dashboard: Dashboard) -> set[str]:
    return {chart.dataset for chart in dashboard.charts} | {choice.dataset for choice in dashboard.filters}


def test_every_dashboard_is_an_exposure_and_every_exposure_a_dashboard(manifest: dict) -> None:
    assert len(DASHBOARDS) == 6
    assert set(exposures(manifest)) == set(DASHBOARDS)


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_an_exposure_says_what_the_dashboard_says(slug: str, manifest: dict) -> None:
    exposure, dashboard = exposures(manifest)[slug], DASHBOARDS[slug]
    assert exposure["type"] == "dashboard"
    assert (exposure["label"], exposure["description"]) == (dashboard.title, dashboard.description)
    nodes = [manifest["nodes"][parent] for parent in exposure["depends_on"]["nodes"]]
    assert {node["name"] for node in nodes} == marts_of(dashboard)
    assert {node["schema"] for node in nodes} == {"marts"}
