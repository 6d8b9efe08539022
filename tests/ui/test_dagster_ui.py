"""A data engineer's morning, in a browser: land a platform, see one fail, mend it, see the marts follow.

The tests of this file are one story and run in its order; each leaves screenshots.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.ui

PERIOD = "2020-06-15"
GOOD, REFUSED = "P001", "P003"
FEED = "registrations"


def choose(page: Any, value: str) -> None:
    """Pick one partition in the next empty dimension of the dialog."""
    page.get_by_text("Select a partition or create one").first.click()
    page.keyboard.type(value)
    page.locator("[role=menuitem]:visible, li:visible").filter(has_text=value).first.click()
    # The list stays open over whatever is beside it.
    page.keyboard.press("Escape")
    page.get_by_placeholder("Filter partitions").wait_for(state="hidden")


def materialize_partition(page: Any, dagster: Any, sender: str) -> dict[str, Any]:
    """Land one period of one sender from the asset's page; returns the run when it has ended."""
    before = {run["runId"] for run in dagster.runs()}
    page.goto(f"{dagster.url}/assets/landing/{FEED}", wait_until="domcontentloaded")
    page.locator("button", has_text="Materialize").first.click()
    choose(page, PERIOD)
    choose(page, sender)
    page.locator("button", has_text="Launch 1 run").click()
    return dagster.wait_for_run(
        lambda run: (
            run["runId"] not in before
            and any(tag == {"key": "dagster/partition", "value": f"{PERIOD}|{sender}"} for tag in run["tags"])
        )
    )


def test_a_platforms_partition_lands_and_says_what_came(page, dagster, screenshots):
    run = materialize_partition(page, dagster, GOOD)
    assert run["status"] == "SUCCESS", dagster.tail()
    page.goto(
        f"{dagster.url}/assets/landing/{FEED}?view=partitions&partition={PERIOD}%7C{GOOD}",
        wait_until="domcontentloaded",
    )
    page.get_by_text("1 new batch").wait_for()
    page.get_by_text("quarantined").first.wait_for()
    page.screenshot(path=screenshots / "1_landed.png")
    assert dagster.partitions(FEED) == {"failed": set(), "materialized": {f"{PERIOD}|{GOOD}"}}


def test_a_refused_platform_is_red_and_its_run_says_why(page, dagster, screenshots):
    run = materialize_partition(page, dagster, REFUSED)
    assert run["status"] == "FAILURE"
    page.goto(f"{dagster.url}/runs/{run['runId']}", wait_until="domcontentloaded")
    said = page.get_by_text("401 Unauthorized; the token in PLATFORM_P003_TOKEN was refused").first
    said.wait_for()
    assert "Mend what is named, then materialize the red partitions alone again" in page.content()
    page.screenshot(path=screenshots / "2_refused_run.png")
    assert dagster.partitions(FEED) == {"failed": {f"{PERIOD}|{REFUSED}"}, "materialized": {f"{PERIOD}|{GOOD}"}}
    page.goto(f"{dagster.url}/assets/landing/{FEED}?view=partitions", wait_until="domcontentloaded")
    page.get_by_text("Failed (1)").wait_for()
    page.screenshot(path=screenshots / "3_red_partition.png")


def test_the_marts_follow_although_one_sender_failed(page, dagster, screenshots):
    dagster.follow_landing(on=True)
    run = dagster.wait_for_run(lambda run: run["jobName"] == "build_marts")
    dagster.follow_landing(on=False)
    page.goto(f"{dagster.url}/runs/{run['runId']}", wait_until="domcontentloaded")
    page.get_by_text("marts_follow_landing").first.wait_for()
    page.get_by_text("STEP_SUCCESS").first.wait_for()
    page.screenshot(path=screenshots / "4_marts_followed.png")
    assert run["status"] == "SUCCESS", dagster.tail()
    with duckdb.connect(str(dagster.settings.published_dir / "marts.duckdb"), read_only=True) as connection:
        statuses = connection.execute(
            "select sender_id, status from marts.reporting_timeliness where feed = ? and period_start = ? "
            "and sender_id in (?, ?) order by sender_id",
            [FEED, PERIOD, GOOD, REFUSED],
        ).fetchall()
    assert statuses == [(GOOD, "late"), (REFUSED, "missing")]


def test_the_checks_name_whom_to_chase(page, dagster, screenshots):
    page.goto(
        f"{dagster.url}/assets/marts/reporting_timeliness?view=checks&checkDetail={FEED}_received",
        wait_until="domcontentloaded",
    )
    page.get_by_text("due reports are missing").first.wait_for()
    page.get_by_text("to_chase").first.wait_for()
    page.screenshot(path=screenshots / "5_timeliness.png")


def test_a_mended_platform_turns_green_alone(page, dagster, platforms, screenshots):
    platforms.serve()
    assert materialize_partition(page, dagster, REFUSED)["status"] == "SUCCESS", dagster.tail()
    assert dagster.partitions(FEED) == {
        "failed": set(),
        "materialized": {f"{PERIOD}|{GOOD}", f"{PERIOD}|{REFUSED}"},
    }


def test_the_marts_are_built_from_their_job_page(page, dagster, screenshots):
    before = {run["runId"] for run in dagster.runs()}
    page.goto(f"{dagster.url}/locations/warehouse/jobs/build_marts", wait_until="domcontentloaded")
    page.locator("button", has_text="Materialize all").first.click()
    # Only registrations have landed in this story; Dagster asks whether the other feeds may be missing.
    page.locator("button", has_text="Confirm").click()
    run = dagster.wait_for_run(
        lambda run: (
            run["runId"] not in before
            and run["jobName"] == "build_marts"
            and not any(tag["key"] == "dagster/sensor_name" for tag in run["tags"])
        )
    )
    assert run["status"] == "SUCCESS", dagster.tail()
    page.goto(f"{dagster.url}/assets/published/marts", wait_until="domcontentloaded")
    page.get_by_text("withheld_cells").first.wait_for()
    page.screenshot(path=screenshots / "6_published.png")


def test_the_lineage_reads_as_the_flow(page, dagster, screenshots):
    page.goto(f"{dagster.url}/asset-groups", wait_until="domcontentloaded")
    for group in ("1_senders", "2_landing_platforms", "3_raw", "6_core", "7_marts", "8_published"):
        page.get_by_text(group).first.wait_for()
    page.screenshot(path=screenshots / "7_lineage.png")


def test_nothing_personal_is_in_dagsters_storage(dagster, world):
    """Every byte that Dagster kept: events, logs, what dbt and the pulls printed."""
    personal = set()
    for path in (world / "platforms").rglob("registrations.ndjson"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            personal |= {row.get("id_number"), row.get("phone"), row.get("learner_name")}
    # A name of two characters may well stand in a platform's or a course's name, a damaged number of three in any file.
    wanted = [value.encode() for value in personal if value and len(value) > 2 and len(value.encode()) > 3]
    assert len(wanted) > 100
    kept = b"\n".join(map(_bytes_of, sorted(_files(dagster))))
    assert FEED.encode() in kept
    assert [value for value in wanted if value in kept] == []


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        # SQLite takes the files beside a database away once nobody has it open, and Dagster goes on meanwhile.
        assert path.name.endswith(("-shm", "-wal", "-journal")), path
        return b""


def _files(dagster: Any) -> list[Path]:
    return [path for path in [*dagster.home.rglob("*"), dagster.log] if path.is_file()]
