"""What people open stands in dbt's lineage, and depends there on the marts that it reads: no fewer, no more."""

from __future__ import annotations

import re

import pytest
from project_files import ROOT

from bi.superset.declaration import Dashboard
from bi.superset.reading import read_declaration

DASHBOARDS = {dashboard.slug: dashboard for dashboard in read_declaration().dashboards}
REPORTING = ROOT / "orchestration" / "reporting"
# What is written by a command → the modules with its queries.
FILES = {
    "period_report": sorted((REPORTING / "period_report").glob("*.py")),
    "dispatch_workbook": sorted(REPORTING.glob("dispatch_workbook*.py")),
}


def dashboards(manifest: dict) -> dict[str, dict]:
    """Slug → exposure."""
    found = [exposure for exposure in manifest["exposures"].values() if exposure["type"] == "dashboard"]
    return {exposure["url"].rstrip("/").rsplit("/", 1)[1]: exposure for exposure in found}


def parents_of(exposure: dict, manifest: dict) -> list[dict]:
    return [manifest["nodes"][parent] for parent in exposure["depends_on"]["nodes"]]


def marts_of(dashboard: Dashboard) -> set[str]:
    return {chart.dataset for chart in dashboard.charts} | {choice.dataset for choice in dashboard.filters}


def test_what_people_open_is_an_exposure_and_every_exposure_is_opened(manifest: dict) -> None:
    assert len(DASHBOARDS) == 6
    assert set(dashboards(manifest)) == set(DASHBOARDS)
    named = {exposure["name"] for exposure in manifest["exposures"].values() if exposure["type"] != "dashboard"}
    assert named == set(FILES)


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_an_exposure_says_what_the_dashboard_says(slug: str, manifest: dict) -> None:
    exposure, dashboard = dashboards(manifest)[slug], DASHBOARDS[slug]
    assert (exposure["label"], exposure["description"]) == (dashboard.title, dashboard.description)
    nodes = parents_of(exposure, manifest)
    assert {node["name"] for node in nodes} == marts_of(dashboard)
    assert {node["schema"] for node in nodes} == {"marts"}


@pytest.mark.parametrize("name", FILES)
def test_a_report_depends_on_the_marts_of_its_queries(name: str, manifest: dict) -> None:
    (exposure,) = [found for found in manifest["exposures"].values() if found["name"] == name]
    asked = {
        mart
        for path in FILES[name]
        for mart in re.findall(r"\b(?:from|join) marts\.(\w+)", path.read_text(encoding="utf-8"))
    }
    marts = {node["name"] for node in manifest["nodes"].values() if node.get("schema") == "marts"}
    assert {node["name"] for node in parents_of(exposure, manifest)} == asked & marts
