"""`make docs`: the catalogue is one file that a browser shows whole, without asking anybody for anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deployment import Deployment

pytestmark = pytest.mark.pipeline
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
MODEL = "#!/model/model.hundred_day."
EXPOSURE = "#!/exposure/exposure.hundred_day."


@pytest.fixture(scope="module")
def catalogue(few_built: Deployment) -> Path:
    command = [sys.executable, "-m", "orchestration.transforming", "docs", "generate", "--static"]
    made = subprocess.run(command, env=few_built.environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return few_built.directory / "dbt" / "target" / "static_index.html"


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")
def test_a_browser_shows_marts_and_dashboards(catalogue: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        asked, errors = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{catalogue.as_uri()}{MODEL}target_progress")
        page.get_by_text("One row per period × target × province").first.wait_for(timeout=60_000)
        # A column with its type and meaning, and what the mart is made of.
        assert page.get_by_text("achieved_share", exact=True).first.is_visible()
        page.goto(f"{catalogue.as_uri()}{EXPOSURE}overview")
        page.get_by_text("总览 Overview").first.wait_for(timeout=60_000)
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
