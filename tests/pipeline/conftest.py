"""One small sample world, built once for every test that only reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from deployment import Deployment, Ended, served

from orchestration.sandbox.world import make_world

REGISTRATIONS = 2_000


@dataclass(frozen=True)
class Built:
    """A warehouse after one whole build of `world`."""

    world: Path
    deployment: Deployment
    first: Ended


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    make_world(directory, registrations=REGISTRATIONS, messy=True, port=0)
    return directory


@pytest.fixture(scope="session")
def serving(world: Path) -> Iterator[Path]:
    with served(world):
        yield world


@pytest.fixture(scope="session")
def built(serving: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    deployment = Deployment(tmp_path_factory.mktemp("warehouse"), serving / "sources.yml")
    first = deployment.run("build", "--json")
    assert first.exit_code == 0, first.text
    return Built(serving, deployment, first)
