"""One small messy world, made once for every test that only reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.sandbox import Manifest, make_world
from orchestration.sandbox.drawing import Draw, draw

REGISTRATIONS = 1_500
SEED = 7


@dataclass(frozen=True)
class World:
    """A made world, the drawing it was made from, and its truth."""

    directory: Path
    manifest: Manifest
    drawn: Draw
    truth: dict[str, Any]

    def table(self, name: str) -> list[dict[str, Any]]:
        table = self.truth["tables"][name]
        return [dict(zip([*table["keys"], *table["columns"]], row, strict=True)) for row in table["rows"]]

    @property
    def secrets(self) -> dict[str, str]:
        lines = (self.directory / "sandbox.env").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    manifest = make_world(directory, registrations=REGISTRATIONS, seed=SEED, messy=True, port=0)
    truth = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
    return World(directory, manifest, draw(SEED, REGISTRATIONS, manifest.learning_records), truth)
