"""Superset for real: every dashboard in a headless Chromium, and a publication that shows without a restart.

Only where Superset is installed (`make bi`); `make test-bi` installs it and runs this.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
from support.dashboard_headlines import HEADLINES, ROWS_OF_WHAT_MAY_BE_EMPTY
from support.superset_page import CHROMIUM, Browser, Opened, logged_in

from bi.superset import serve
from bi.superset.reading import read_declaration
from bi.superset.serve import ENVIRONMENT, Superset, superset
from orchestration.sandbox import make_world
from orchestration.sandbox.server import start_server
from orchestration.settings import Settings

pytestmark = [
    pytest.mark.ui,
    pytest.mark.skipif(
        not (ENVIRONMENT / "bin" / "gunicorn").exists(), reason="Superset is not installed: make test-bi"
    ),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]

DASHBOARDS = {dashboard.slug: dashboard for dashboard in read_declaration().dashboards}
REGISTRATIONS = 4_000
# Between the two the report on the last period of the action falls due: who has filed looks different.
FIRST, SECOND = "2020-07-10T09:00:00+08:00", "2020-07-20T09:00:00+08:00"
# Superset's own pixel, which its pages ask for and their policy refuses.
PIXEL = "apachesuperset.gateway.scarf.sh"


class Warehouse:
    """A sample world, what was built from it, and published as it stands at a moment."""

    def __init__(self, folder: Path) -> None:
        self.world, self.directory = folder / "world", folder / "warehouse"
        make_world(self.world, registrations=REGISTRATIONS, messy=True, port=0)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAREHOUSE_")}
        self.environment = kept | {
            "WAREHOUSE_DIR": str(self.directory),
            "WAREHOUSE_SOURCES": str(self.world / "sources.yml"),
            "WAREHOUSE_BI_PORT": str(port),
        }

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    @property
    def published(self) -> Path:
        return self.directory / "published" / "marts.duckdb"

    def run(self, command: str, now: str) -> None:
        ended = subprocess.run(
            [str(Path(sys.executable).with_name("warehouse")), command],
            env=self.environment | {"WAREHOUSE_NOW": now},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def headlines(self, slug: str) -> dict[str, str]:
        """Each headline as its mart has it now, written as the dashboard writes it."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            found = {title: connection.execute(sql).fetchall()[0][0] for title, sql in HEADLINES[slug].items()}
        return {title: f"{value:,.0f}" for title, value in found.items() if value is not None}

    def without_rows(self, slug: str) -> list[str]:
        """The charts that show nothing because their mart has nothing."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            counted = ROWS_OF_WHAT_MAY_BE_EMPTY.get(slug, {})
            return [title for title, sql in counted.items() if connection.execute(sql).fetchall() == [(0,)]]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    made = Warehouse(tmp_path_factory.mktemp("superset"))
    with start_server(made.world, ""):
        made.run("build", FIRST)
    return made


@pytest.fixture(scope="module")
def running(warehouse: Warehouse) -> Iterator[Superset]:
    with superset(warehouse.settings) as started:
        yield started


@pytest.fixture(scope="module")
def browser(running: Superset) -> Iterator[Browser]:
    with logged_in(running.url, running.user, running.password) as opened:
        yield opened


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the dashboards are kept for whoever wants to look at them."""
    return tmp_path_factory.mktemp("pictures")


def open_dashboard(browser: Browser, slug: str) -> Opened:
    return browser.open(slug, len(DASHBOARDS[slug].charts))


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_a_dashboard_shows_every_chart_with_its_marts_numbers(
    slug: str, browser: Browser, warehouse: Warehouse, pictures: Path
) -> None:
    browser.told.clear()
    opened = open_dashboard(browser, slug)
    browser.page.screenshot(path=str(pictures / f"{slug}.png"))
    assert opened.failed == []
    assert opened.empty == warehouse.without_rows(slug)
    assert opened.cut_text == []
    assert opened.numbers == warehouse.headlines(slug)
    assert [text for text in browser.told if PIXEL not in text] == []


def test_nothing_is_asked_of_another_host(browser: Browser) -> None:
    """After every dashboard was open. The pixel's request is refused in the browser: it never leaves it."""
    assert browser.outside == []
    assert {urlsplit(address).hostname for address in browser.refused} <= {PIXEL}


def test_a_query_of_a_chart_writes_nothing(browser: Browser, warehouse: Warehouse) -> None:
    """Superset's own events would be six commits for each, of which a busy disk makes seconds."""
    open_dashboard(browser, "dispatch")
    with closing(sqlite3.connect(f"file:{warehouse.directory / 'bi' / 'superset.db'}?mode=ro", uri=True)) as own:
        assert own.execute("select distinct action from logs").fetchall() == [("log",)]
        assert own.execute("pragma journal_mode").fetchall() == [("wal",)]


def test_the_page_is_chinese(browser: Browser) -> None:
    browser.page.goto(f"{browser.url}/dashboard/list/")
    browser.page.get_by_text("看板", exact=True).first.wait_for()


def test_nobody_sees_anything_without_logging_in(browser: Browser, running: Superset) -> None:
    stranger = browser.page.context.browser.new_context()
    try:
        page = stranger.new_page()
        page.goto(f"{running.url}/superset/dashboard/overview/")
        page.wait_for_url("**/login/**")
        answer = page.request.get(f"{running.url}/api/v1/chart/")
        assert answer.status in (401, 403) or answer.json()["count"] == 0
    finally:
        stranger.close()


def test_an_analyst_reads_and_changes_nothing(browser: Browser, running: Superset, warehouse: Warehouse) -> None:
    """Somebody whom the administrator has let in with the role `Analyst`."""
    administrator = browser.page.request
    token = administrator.get(f"{running.url}/api/v1/security/csrf_token/").json()["result"]
    roles = administrator.get(f"{running.url}/api/v1/security/roles/").json()["result"]
    made = administrator.post(
        f"{running.url}/api/v1/security/users/",
        headers={"X-CSRFToken": token, "Referer": running.url},
        data={
            "username": "analyst",
            "password": "a password for tests",
            "first_name": "An",
            "last_name": "Analyst",
            "email": "analyst@localhost",
            "active": True,
            "roles": [role["id"] for role in roles if role["name"] == "Analyst"],
        },
    )
    assert made.ok, made.text()
    with browser.somebody_else("analyst", "a password for tests") as analyst:
        opened = open_dashboard(analyst, "overview")
        assert (opened.failed, opened.empty) == ([], [])
        assert opened.numbers == warehouse.headlines("overview")
        token = analyst.page.request.get(f"{running.url}/api/v1/security/csrf_token/").json()["result"]
        for thing in ("dashboard", "chart", "dataset", "database"):
            refused = analyst.page.request.delete(
                f"{running.url}/api/v1/{thing}/1", headers={"X-CSRFToken": token, "Referer": running.url}
            )
            assert refused.status in (403, 404), (thing, refused.status, refused.text())
    assert administrator.get(f"{running.url}/api/v1/dashboard/1").ok


def test_a_publication_shows_without_a_restart(browser: Browser, running: Superset, warehouse: Warehouse) -> None:
    before = open_dashboard(browser, "dispatch").numbers
    assert before == warehouse.headlines("dispatch")
    old_file = warehouse.published.resolve()
    for command in ("transform", "publish"):
        warehouse.run(command, SECOND)
    assert warehouse.published.resolve() != old_file
    after = open_dashboard(browser, "dispatch").numbers
    assert after == warehouse.headlines("dispatch")
    assert after != before
    assert running.process.poll() is None


def test_a_second_start_prepares_nothing_and_adds_nothing(
    warehouse: Warehouse, running: Superset, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    running.process.terminate()
    running.process.wait(30)
    with superset(warehouse.settings) as again:
        assert "Preparing" not in capsys.readouterr().out
        # Who was logged in still is: the secret key is kept.
        counted = {
            kind: browser.page.request.get(f"{again.url}/api/v1/{kind}/").json()["count"]
            for kind in ("database", "dataset", "chart", "dashboard")
        }
    charts = sum(len(dashboard.charts) for dashboard in DASHBOARDS.values())
    expected = {"database": 1, "dataset": len(read_declaration().datasets), "chart": charts, "dashboard": 6}
    assert counted == expected


def test_what_left_the_code_leaves_superset(
    warehouse: Warehouse, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_declaration()
    fewer = whole.model_copy(update={"dashboards": whole.dashboards[1:]})
    monkeypatch.setattr(serve, "read_declaration", lambda: fewer)
    with superset(warehouse.settings) as again:
        left = browser.page.request.get(f"{again.url}/api/v1/chart/").json()["count"]
        slugs = {found["slug"] for found in browser.page.request.get(f"{again.url}/api/v1/dashboard/").json()["result"]}
    assert left == sum(len(dashboard.charts) for dashboard in fewer.dashboards)
    assert slugs == set(DASHBOARDS) - {whole.dashboards[0].slug}
