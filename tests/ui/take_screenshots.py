"""The pictures in README: the report on the last whole period of the action, on a desk and on a phone; two dashboards;
Dagster's graph of assets and its grid of partitions.

    published/marts.duckdb → the report (a temporary file), Superset → headless Chromium → docs/images/*.png
    landing/ → Dagster (a temporary home) ↗

Run alone: `make screenshots`, after `make demo`; the dashboards' are left as they are where Superset is not installed.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from playwright.sync_api import Page, sync_playwright
from support.dagster_pictures import dagster_pages
from support.superset_page import logged_in

from bi.superset.reading import read_declaration
from bi.superset.serve import ENVIRONMENT, superset
from orchestration.reporting.period_report import write_period_report
from orchestration.reporting.status import published_database
from orchestration.settings import PROJECT_ROOT, Settings

IMAGES = PROJECT_ROOT / "docs" / "images"
DRAWN_MS = 5000
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@dataclass(frozen=True)
class Picture:
    """A window of `width` × `height` pixels on the report, with `anchor` at its top."""

    name: str
    anchor: str
    width: int
    height: int


# Dashboard → the name of its picture and how much of its height is in it.
DASHBOARDS = {"overview": ("bi-overview.png", 1380), "groups-and-regions": ("bi-groups.png", 800)}
PICTURES = (
    Picture("report.png", "", 1000, 880),
    Picture("report-phone.png", "groups", 390, 780),
)
# Page of Dagster → the name of its picture, a text that stands on it once it is drawn, and its height
DAGSTER = {
    "asset-groups": ("dagster-assets.png", "8_published", 900),
    "assets/landing/registrations?view=partitions&partition=2020-06-15%7CP001": ("dagster-partitions.png", "P002", 640),
}


def main() -> int:
    if CHROMIUM is None:
        sys.stderr.write("no pictures: chromium is not installed (apt-get install chromium fonts-noto-cjk)\n")
        return 1
    settings = Settings.from_environment()
    database = published_database(settings)
    if not database.exists():
        sys.stderr.write(f"no pictures: nothing is published at {database}; run `make demo`\n")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = write_period_report(settings, _last_whole_period(database), Path(folder) / "report.html")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        for picture in PICTURES:
            _take(browser.new_page(viewport={"width": picture.width, "height": picture.height}), picture, report.path)
            sys.stdout.write(f"{IMAGES / picture.name}\n")
        browser.close()
    _take_dagster(settings)
    if ENVIRONMENT.exists():
        _take_dashboards(settings)
    else:
        sys.stdout.write("the dashboards' pictures are left as they are: `make bi` installs Superset\n")
    return 0


def _take_dashboards(settings: Settings) -> None:
    declared = {dashboard.slug: dashboard for dashboard in read_declaration().dashboards}
    with superset(settings) as running, logged_in(running.url, running.user, running.password) as browser:
        for slug, (name, height) in DASHBOARDS.items():
            browser.open(slug, len(declared[slug].charts))
            browser.page.screenshot(path=str(IMAGES / name), clip={"x": 0, "y": 0, "width": 1440, "height": height})
            sys.stdout.write(f"{IMAGES / name}\n")


def _take_dagster(settings: Settings) -> None:
    from orchestration.definitions import build_definitions

    with dagster_pages(settings, build_definitions(settings)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for address, (name, text, height) in DAGSTER.items():
            page = browser.new_page(viewport={"width": 1440, "height": height})
            page.set_default_timeout(180_000)
            page.goto(f"{url}/{address}", wait_until="domcontentloaded")
            page.get_by_text(text).first.wait_for()
            # The graph finds its places, the grid its colours.
            page.wait_for_timeout(DRAWN_MS)
            page.screenshot(path=str(IMAGES / name))
            sys.stdout.write(f"{IMAGES / name}\n")
        browser.close()


def _last_whole_period(database: Path) -> str:
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(
            "select max(period_start)::varchar from marts.dim_period where is_in_action and is_complete"
        ).fetchall()[0]
    return str(row[0])


def _take(page: Page, picture: Picture, report: Path) -> None:
    page.goto(report.as_uri() + (f"#{picture.anchor}" if picture.anchor else ""))
    page.screenshot(path=str(IMAGES / picture.name))


if __name__ == "__main__":
    sys.exit(main())
