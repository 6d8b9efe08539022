"""The manifest that dbt is handed is kept as it is: the second process reads it, and gets what the first one made."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from orchestration.settings import Settings
from orchestration.transforming import manifest as module
from orchestration.transforming.manifest import PICKLED, load_manifest
from orchestration.transforming.parsed import parsed_project


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a warehouse whose parsed project is a copy of its own, so that no other test sees what is done to it."""
    settings = Settings.from_environment({**os.environ, "WAREHOUSE_DIR": str(tmp_path / "warehouse")})
    folder = tmp_path / "parsed"
    folder.mkdir()
    content = (parsed_project(settings) / module.PARTIAL_PARSE).read_bytes()
    (folder / module.PARTIAL_PARSE).write_bytes(content)
    monkeypatch.setattr(module, "parsed_project", lambda _: folder)
    return settings


@pytest.fixture
def pickled(tmp_path: Path) -> Path:
    return tmp_path / "parsed" / PICKLED


def made(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> tuple[Manifest, bool]:
    """The manifest, and whether dbt's own reading was made into one again."""
    count = []
    read = Manifest.from_msgpack

    def counted(*arguments, **more) -> Manifest:
        count.append(1)
        return read(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "from_msgpack", counted)
        return load_manifest(settings), bool(count)


def told(manifest: Manifest) -> dict:
    parts = ("nodes", "sources", "macros", "exposures", "metrics", "unit_tests", "semantic_models")
    return {part: {key: node.to_dict() for key, node in getattr(manifest, part).items()} for part in parts}


def test_the_second_process_gets_what_the_first_one_made(settings, pickled, monkeypatch):
    first, is_made = made(monkeypatch, settings)
    assert is_made
    assert pickled.is_file()
    second, is_made_again = made(monkeypatch, settings)
    assert not is_made_again
    assert told(second) == told(first)
    assert second.flat_graph == first.flat_graph
    assert [path.name for path in pickled.parent.iterdir() if path.name.startswith("tmp")] == []


def test_seeds_are_those_of_the_warehouse_whoever_made_it(settings, tmp_path):
    load_manifest(settings)
    other = load_manifest(replace(settings, seeds_dir=tmp_path / "elsewhere"))
    seeds = [node for node in other.nodes.values() if node.resource_type == "seed"]
    assert len(seeds) > 5
    for seed in seeds:
        assert seed.original_file_path == str(tmp_path / "elsewhere" / Path(seed.path).name)
        assert other.flat_graph["nodes"][seed.unique_id]["original_file_path"] == seed.original_file_path


@pytest.mark.parametrize("content", [b"", b"\x80\x05", b"no pickle", b"\x80\x04K\x01.", b"cnowhere\nthing\n."])
def test_one_that_cannot_be_read_is_made_anew(settings, pickled, content, monkeypatch):
    pickled.write_bytes(content)
    assert made(monkeypatch, settings)[1]
    assert not made(monkeypatch, settings)[1]


def test_where_it_cannot_be_kept_dbt_gets_it_all_the_same(settings, pickled, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.pickle, "dump", full)
    assert load_manifest(settings).nodes
    assert sorted(path.name for path in pickled.parent.iterdir()) == [module.PARTIAL_PARSE]
