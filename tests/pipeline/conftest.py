"""One small sample world, fraud and broken rows in it, built once for every test that only reads it.

Beside it a database made by hand, of which every test has its own copy.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployment import Built, Deployment, served
from publishing_world import make_settings, make_warehouse
from small_registry import write_registry
from support.once import once_a_run
from support.ports import free_port

from orchestration.sandbox.world import make_world
from orchestration.settings import Settings

REGISTRATIONS = 2_000
# Stands in the world's files until a copy gets one that is free
PORT_OF_NOBODY = 1
# One of each way to deliver: REST, xAPI beside it, a platform's files, bureaus' workbooks and csv.
FEW_SENDERS = ("P001", "P024", "P031", "110000", "420000")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn once for all processes; each has a copy, which it serves at a port of its own."""

    def draw(folder: Path) -> None:
        make_world(folder, registrations=REGISTRATIONS, messy=True, port=PORT_OF_NOBODY, fraud=True)

    directory = tmp_path_factory.mktemp("world") / "world"
    shutil.copytree(once_a_run(tmp_path_factory, "world", draw), directory)
    port = free_port()
    for name, place in (("sandbox.json", '"port": {}'), ("sources.yml", "http://127.0.0.1:{}/")):
        text = (directory / name).read_text(encoding="utf-8")
        assert place.format(PORT_OF_NOBODY) in text, name
        changed = text.replace(place.format(PORT_OF_NOBODY), place.format(port))
        (directory / name).write_text(changed, encoding="utf-8")
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


@pytest.fixture(scope="session")
def made_by_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = make_settings(tmp_path_factory.mktemp("made_by_hand") / "warehouse")
    make_warehouse(settings)
    return settings.warehouse_dir


@pytest.fixture
def settings(made_by_hand: Path, tmp_path: Path) -> Settings:
    """A warehouse of which nothing is published yet (publishing_world.py)."""
    shutil.copytree(made_by_hand, tmp_path / "warehouse")
    return make_settings(tmp_path / "warehouse")
