"""Dagster's webserver and daemon on a small sandbox world, and a headless Chromium to work with them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.dagster_server import Dagster, running_dagster

from orchestration.sandbox import make_world
from orchestration.sandbox.server import start_server

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@dataclass
class Platforms:
    """The sandbox's server, which can be started again with other faults."""

    world: Path
    stack: ExitStack = field(default_factory=ExitStack)

    def serve(self, faults: str = "") -> None:
        self.stack.close()
        self.stack.enter_context(start_server(self.world, faults))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium (and fonts-noto-cjk to read the screenshots)")
    folder = tmp_path_factory.mktemp("ui") / "world"
    make_world(folder, registrations=500, learning_records=1000, port=0)
    return folder


@pytest.fixture(scope="session")
def platforms(world: Path) -> Iterator[Platforms]:
    served = Platforms(world)
    with served.stack:
        served.serve("unauthorized:P003")
        yield served


@pytest.fixture(scope="session")
def dagster(world: Path, platforms: Platforms) -> Iterator[Dagster]:
    environment = {
        **os.environ,
        "WAREHOUSE_DIR": str(world.parent / "warehouse"),
        "WAREHOUSE_SOURCES": str(world / "sources.yml"),
        "WAREHOUSE_NOW": "2020-07-10T09:00:00+08:00",
        "WAREHOUSE_THREADS": "2",
        "WAREHOUSE_MEMORY_LIMIT": "2GiB",
    }
    with running_dagster(environment, world.parent / "dagster.log") as started:
        started.follow_landing(on=False)
        yield started


@pytest.fixture(scope="session")
def browser(dagster: Dagster) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1500, "height": 1300})
    opened.set_default_timeout(90_000)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages are kept for whoever wants to look at them."""
    return tmp_path_factory.mktemp("screenshots")
