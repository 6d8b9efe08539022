"""Every arrow points one way, with no list of exceptions."""

from __future__ import annotations

import re

import pytest
from project_files import ROOT, imported_modules, name_of, project_files

# bi/ stands beside orchestration/: it reads the published copy as any reader does, has an environment of its own, and
# nothing of the flow knows of it.
TOP_LEVEL_FOLDERS = {
    ".ci", "benchmarks", "bi", "dbt_project", "docs", "orchestration", "seeds", "tests", "warehouse",
}  # fmt: skip
TOP_LEVEL_FILES = {"Makefile", "README.md", "README.zh-CN.md", "campaign.yml", "constraints.txt", "pyproject.toml"}
# A layer of dbt_project/models → the layers its models may read.
MAY_READ = {
    "staging": {"source", "staging", "config"},
    "intermediate": {"staging", "intermediate", "seed", "config"},
    "core": {"staging", "intermediate", "core", "seed", "config"},
    "marts": {"core", "marts"},
}

# A room of orchestration/sources → the other rooms that it may know: whoever asks a server knows how rows are read, and
# nobody who reads or checks rows knows where they came from.
MAY_KNOW = {
    "servers": {"readers"},
    "readers": set(),
    "checking": {"persons"},
    "persons": set(),
}


def _inside(path, package: str) -> bool:
    return name_of(path).startswith(f"orchestration/{package}/")


def test_the_top_level_is_the_one_that_was_agreed():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    folders -= {"logs", "dist", "build"} | {
        name for name in folders if name.endswith(".egg-info") or name == "__pycache__"
    }
    assert folders == {name for name in TOP_LEVEL_FOLDERS if not name.startswith(".")}
    assert (ROOT / ".ci" / "run").is_file()
    assert {name for name in TOP_LEVEL_FILES if not (ROOT / name).is_file()} == set()


def test_sources_landing_and_sandbox_import_no_dagster():
    pure = ("sources", "landing", "loading", "transforming", "publishing", "closing", "sandbox", "reporting")
    guilty = {
        name_of(path): sorted(module for module in imported_modules(path) if module.split(".")[0].startswith("dagster"))
        for path in project_files(".py", under="orchestration")
        if any(_inside(path, package) for package in pure)
    }
    assert {name: modules for name, modules in guilty.items() if modules} == {}


def test_the_flow_knows_nothing_of_business_intelligence():
    guilty = [
        name_of(path)
        for path in project_files(".py", under="orchestration")
        if any(module.split(".")[0] == "bi" for module in imported_modules(path))
    ]
    assert guilty == []


def test_the_environment_is_read_in_settings_alone():
    reads = re.compile(r"\bos\.environ\b|\bgetenv\b|\benviron\b\s*\[")
    guilty = [
        name_of(path)
        for path in [*project_files(".py", under="orchestration"), *project_files(".py", under="bi")]
        if reads.search(path.read_text(encoding="utf-8")) and name_of(path) != "orchestration/settings.py"
    ]
    assert guilty == []


def test_the_command_line_and_dagster_are_assembled_on_top_not_below():
    """Nothing that does the work may know who calls it."""
    above = ("orchestration.cli", "orchestration.commands", "orchestration.definitions", "orchestration.assets")
    below = ("sources", "landing", "loading", "transforming", "publishing", "closing", "sandbox", "reporting")
    guilty = {
        name_of(path): sorted(module for module in imported_modules(path) if module.startswith(above))
        for path in project_files(".py", under="orchestration")
        if any(_inside(path, package) for package in below)
    }
    assert {name: modules for name, modules in guilty.items() if modules} == {}


@pytest.mark.parametrize("room", sorted(MAY_KNOW))
def test_a_room_of_sources_knows_only_the_rooms_below_it(room):
    paths = [path for path in project_files(".py", under="orchestration") if _inside(path, f"sources/{room}")]
    assert len(paths) > 1
    known = {
        module.split(".")[2]
        for path in paths
        for module in imported_modules(path)
        if module.startswith("orchestration.sources.") and module.split(".")[2] in (*MAY_KNOW, "connectors", "files")
    }
    assert known - {room} == MAY_KNOW[room]


@pytest.mark.parametrize("layer", sorted(MAY_READ))
def test_a_layer_of_models_reads_only_what_it_may(layer, manifest):
    wrong = []
    read_something = False
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["fqn"][1] != layer:
            continue
        for parent in node["depends_on"]["nodes"]:
            kind = _layer_of(parent, manifest)
            read_something = True
            if kind not in MAY_READ[layer]:
                wrong.append(f"{node['name']} reads {parent} ({kind})")
    assert read_something, f"no model under models/{layer} reads anything: is the folder still called so?"
    assert wrong == []


def _layer_of(unique_id: str, manifest: dict) -> str:
    kind = unique_id.split(".")[0]
    if kind == "model":
        return manifest["nodes"][unique_id]["fqn"][1]
    if kind == "source" and manifest["sources"][unique_id]["name"].startswith(("config_", "control")):
        # Configuration and the clock: not a sender's data, so there is no staging of it.
        return "config"
    return kind


def test_marts_name_no_relation_behind_dbts_back(manifest):
    """A schema written out in SQL would escape the test above."""
    direct = re.compile(r"\b(?:from|join)\s+(?:raw|staging|intermediate|core|seeds|marts)\.\w+", re.IGNORECASE)
    guilty = {
        node["original_file_path"]: direct.findall(node["raw_code"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and direct.search(_without_comments(node["raw_code"]))
    }
    assert guilty == {}


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|\{#.*?#\}|/\*.*?\*/", " ", sql, flags=re.DOTALL)
