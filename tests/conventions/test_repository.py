"""What a stranger who clones the repository relies on."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import pytest
import typer
from project_files import ROOT, name_of, project_files

from orchestration.cli import app
from orchestration.sources.feeds import FEEDS

THIS_FILE = "tests/conventions/test_repository.py"
READMES = ("README.md", "README.zh-CN.md")
TEXT = (".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".txt", ".cfg", ".sh", ".csv", "")


def _lines_matching(pattern: str, *suffixes: str) -> list[str]:
    sought = re.compile(pattern)
    found = []
    for path in project_files(*(suffixes or TEXT)):
        if name_of(path) == THIS_FILE or (path.suffix == "" and path.name not in {"Makefile", "run", ".sqlfluff"}):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if sought.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:120]}")
    return found


def test_no_package_registry_is_named():
    """Whoever installs has an index of their own configured."""
    assert _lines_matching(r"pypi\.org|pythonhosted|index-url|registry\.npmjs|--find-links|deb\.debian\.org") == []


def test_no_path_of_one_machine_is_written_down():
    assert _lines_matching(r"(?<![\w.{$])/(?:work|root|home|Users|tmp)/\w") == []


@pytest.mark.parametrize("name", READMES)
def test_every_setting_is_in_the_readme(name):
    settings = set(
        re.findall(r"WAREHOUSE_[A-Z_]+", (ROOT / "orchestration" / "settings.py").read_text(encoding="utf-8"))
    )
    # WAREHOUSE_DATABASE is derived, for dbt's profile only.
    settings -= {"WAREHOUSE_DATABASE"}
    readme = (ROOT / name).read_text(encoding="utf-8")
    assert len(settings) >= 9
    assert {setting for setting in settings if f"`{setting}`" not in readme} == set()


def test_both_readmes_say_the_same():
    """Their prose can't be compared by a machine; their commands, options, settings, links and pictures can."""
    told = re.compile(r"`([^`\n]+)`|\]\(((?:docs|benchmarks)/[^)]+)\)")
    english, chinese = (
        sorted(code or link for code, link in told.findall((ROOT / name).read_text(encoding="utf-8")))
        for name in READMES
    )
    assert english == [text.replace(" 命令 ", " COMMAND ") for text in chinese]


@pytest.mark.parametrize("readme_name", READMES)
def test_every_command_is_in_the_readme(readme_name):
    readme = (ROOT / readme_name).read_text(encoding="utf-8")
    command = typer.main.get_command(app)
    names = {name for name in command.commands if not hasattr(command.commands[name], "commands")}
    names |= {name for group in command.commands.values() if hasattr(group, "commands") for name in group.commands}
    assert {"build", "replay", "demo"} <= names
    assert {name for name in names if not re.search(rf"`(?:warehouse [a-z ]*)?{name}\b", readme)} == set()


def test_every_installed_package_is_pinned():
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert version, f"constraints.txt: {line!r} pins nothing"
            pinned[_canonical(name)] = version
    # What makes the environment, and the project itself.
    not_ours = {"pip", "setuptools", "wheel", "hundred-day-warehouse"}
    installed = {_canonical(found.metadata["Name"]): found.version for found in distributions()}
    strays = {
        name: version for name, version in installed.items() if name not in not_ours and pinned.get(name) != version
    }
    assert strays == {}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def golden_folders() -> list:
    return sorted(path for path in (ROOT / "tests" / "golden").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", golden_folders(), ids=lambda folder: folder.name)
def test_a_golden_folder_has_what_is_given_and_what_is_expected(folder):
    for part in ("given", "expected"):
        assert any(path.is_file() for path in (folder / part).rglob("*")), f"{name_of(folder)}/{part} is empty"


def test_expectations_are_written_by_hand():
    """No switch writes them: an expectation that follows the code proves nothing."""
    switch = (
        r"(?i)(regenerate|regen|update|rewrite|accept)[-_]?(golden|expected|snapshots?)|--force-regen|snapshot-update"
    )
    assert _lines_matching(switch, ".py", ".toml", ".sh", "") == []
    writes = re.compile(r"write_text|write_bytes|write_csv|write_parquet|open\([^)]*['\"][wa]b?['\"]")
    guilty = [
        name_of(path)
        for path in project_files(".py", under="tests")
        if any("golden" in line and writes.search(line) for line in path.read_text(encoding="utf-8").splitlines())
    ]
    assert guilty == []


def test_no_unfinished_work_is_left_lying():
    assert _lines_matching(r"\b(TODO|FIXME|XXX)\b", ".py", ".sql", ".yml", ".sh", ".toml") == []


def test_every_feed_has_its_staging():
    staged = {path.stem for path in project_files(".sql", under="dbt_project/models/staging")}
    assert {feed for feed in FEEDS if f"stg_{feed}" not in staged} == set()
