"""One small sample world, fraud and broken rows in it, built once for every test that only reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deployment import Built, Deployment, served
from small_registry import write_registry

from orchestration.sandbox.world import make_world

REGISTRATIONS = 2_000
# One of each way to deliver: REST, xAPI beside it, a platform's files, bureaus' workbooks and csv.
FEW_SENDERS = ("P001", "P024", "P031", "110000", "420000")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    make_world(directory, registrations=REGISTRATIONS, messy=True, port=0, fraud=True)
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


@pytest.fixture(scope="session")
def few_sources(serving: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of five senders, for tests that build several times."""
    return write_registry(serving, tmp_path_factory.mktemp("few"), FEW_SENDERS)


@pytest.fixture(scope="session")
def few_built(few_sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A warehouse of the five senders, built once without a disturbance. Copy it before changing it."""
    deployment = Deployment(tmp_path_factory.mktemp("few_built"), few_sources)
    ended = deployment.run("build")
    assert ended.exit_code == 0, ended.text
    return deployment
