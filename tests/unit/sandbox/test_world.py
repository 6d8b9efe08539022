from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from orchestration.sandbox import Manifest, SandboxError, make_world
from orchestration.sandbox.reference import occupations, regions
from orchestration.settings import PROJECT_ROOT, Settings


def _fingerprint(directory: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        whole.update(path.relative_to(directory).as_posix().encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _make_elsewhere(directory: Path, seed: int, hash_seed: str) -> Path:
    script = (
        "from pathlib import Path; from orchestration.sandbox import make_world;"
        f"make_world(Path({str(directory)!r}), registrations=60, seed={seed}, port=8701)"
    )
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    return directory


@pytest.fixture(scope="module")
def of_seed_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _make_elsewhere(tmp_path_factory.mktemp("one") / "world", 1, "1")


@pytest.fixture(scope="module")
def of_seed_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _make_elsewhere(tmp_path_factory.mktemp("two") / "world", 2, "1")


def test_a_seed_gives_the_same_bytes_in_every_process_and_another_seed_others(of_seed_one, of_seed_two, tmp_path):
    first = _fingerprint(of_seed_one)
    assert _fingerprint(_make_elsewhere(tmp_path / "again", 1, "2")) == first
    assert _fingerprint(of_seed_two) != first


def test_the_registry_has_the_senders_that_were_asked_for(world):
    registry = yaml.safe_load((world.directory / "sources.yml").read_text(encoding="utf-8"))
    platforms, bureaus = registry["platforms"], registry["bureaus"]
    assert (len(platforms), len(bureaus)) == (54, 32)
    assert Counter(entry["connector"] for entry in platforms) == {"rest": 46, "files": 8}
    with_lrs = [
        e["id"] for e in platforms if isinstance(e["feeds"], dict) and "connector" in e["feeds"]["learning_records"]
    ]
    assert len(with_lrs) == 6 and "P024" in with_lrs
    assert sum(entry["ministry_affiliated"] for entry in platforms) == 6
    assert platforms[0]["name"] == "中国职业培训在线"
    assert all("样例" in entry["name"] for entry in platforms[10:])
    assert {entry["id"] for entry in bureaus} == {code for code, _ in regions().bureaus}
    assert any(entry["selected_to"] for entry in platforms)
    assert any(str(entry["selected_from"]) > "2020-03-23" for entry in platforms)
    assert any(entry["selected_by"] != "ministry" for entry in platforms)
    options = [o for e in [*platforms, *bureaus] if isinstance(e["feeds"], dict) for o in e["feeds"].values()]
    assert any(option.get("due") == "every_period" for option in options)
    assert sum(bool(option.get("snapshot")) for option in options) == 2


def test_the_registry_names_secrets_and_holds_none(world):
    text = (world.directory / "sources.yml").read_text(encoding="utf-8")
    secrets = world.secrets
    assert len(secrets) == 46 + 2 * 6
    assert [name for name in secrets if name not in text] == []
    assert [name for name, value in secrets.items() if value in text and not name.endswith("_USER")] == []


def test_the_project_takes_it_for_a_sandbox(world):
    settings = Settings.from_environment({"WAREHOUSE_SOURCES": str(world.directory / "sources.yml")})
    assert settings.is_sandbox
    assert len(settings.pseudonym_key()) == 32
    assert settings.secret("PLATFORM_P001_TOKEN") == world.secrets["PLATFORM_P001_TOKEN"]


def test_every_place_says_that_the_world_is_a_sample(world):
    for name in ("sources.yml", "sandbox.env", "README.txt", "sandbox.json", "truth.json"):
        assert "invented" in (world.directory / name).read_text(encoding="utf-8"), name


def test_every_sender_delivers(world):
    delivered = {row["sender_id"] for row in world.table("deliveries")}
    assert len(delivered) == 54 + 32


def test_size_is_as_asked_for(world):
    totals = world.truth["totals"]
    assert totals["registrations"] == pytest.approx(1_500, rel=0.03)
    assert totals["learning_records"] == pytest.approx(7_500, rel=0.1)
    assert totals["certificates"] == pytest.approx(1_500 * 28 / 60, rel=0.12)
    assert totals["subsidy_payments"] == pytest.approx(1_500 * 16 / 60, rel=0.5)  # projects don't shrink with the world
    persons = len(set(world.drawn.registrations.person.tolist()))
    assert 1_500 / persons == pytest.approx(2.2, rel=0.02)


def test_the_manifest_is_read_back(world):
    assert Manifest.read(world.directory) == world.manifest
    assert world.manifest.now == "2020-07-10T09:00:00+08:00"
    assert 0 < world.manifest.port < 65_536


def test_a_folder_without_a_world_says_so(tmp_path):
    with pytest.raises(SandboxError, match="no sandbox.json"):
        Manifest.read(tmp_path)


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(SandboxError, match=r"thesis\.docx"):
        make_world(tmp_path, registrations=20, port=0)
    assert (tmp_path / "inbox").is_dir()


def test_an_earlier_world_is_replaced_whole(of_seed_one, of_seed_two, tmp_path):
    replaced = tmp_path / "world"
    shutil.copytree(of_seed_one, replaced)
    make_world(replaced, registrations=60, seed=2, port=8701)
    assert _fingerprint(replaced) == _fingerprint(of_seed_two)
    earlier, later = ({path.relative_to(root) for path in root.rglob("*")} for root in (of_seed_one, of_seed_two))
    assert earlier - later, "nothing of the earlier world was to be taken away"


@pytest.mark.parametrize("wrong", [{"registrations": 0}, {"port": 70_000}, {"seed": -1}])
def test_what_makes_no_world_is_refused(tmp_path, wrong):
    with pytest.raises(SandboxError, match="out of range"):
        make_world(tmp_path, **({"registrations": 20, "port": 0} | wrong))


def test_the_smallest_world_is_one(tmp_path):
    make_world(tmp_path, registrations=1, port=0)
    assert json.loads((tmp_path / "truth.json").read_text())["totals"]["registrations"] <= 1


def test_the_sandboxes_lists_are_those_of_the_seeds():
    """Two readings of the same published lists: neither may have lost or gained a code."""

    def column(name: str, field: str) -> set[str]:
        with (PROJECT_ROOT / "seeds" / name).open(encoding="utf-8-sig", newline="") as stream:
            return {row[field] for row in csv.DictReader(stream)}

    assert set(occupations()[0]) == column("occupations.csv", "occupation_code")
    assert set(regions().code) == column("regions.csv", "region_code")


def test_a_world_with_restatements_tells_where_each_was_put_and_keeps_the_registry_of_then(tmp_path):
    manifest = make_world(tmp_path / "w", registrations=1_200, seed=11, restatements=True, port=8701)
    tables = json.loads((tmp_path / "w" / "truth.json").read_text(encoding="utf-8"))["tables"]
    causes = ["late_arrival", "correction", "cancellation", "verification", "recoding", "roster", "rule"]
    assert sorted(row[2] for row in tables["restatements"]["rows"]) == sorted(causes)
    assert all(row[-1] > 0 for row in tables["restatements"]["rows"])
    assert set(tables["reconciliation_bridge"]["columns"]) > set(causes)

    now, earlier = (
        {entry["id"]: entry for entry in yaml.safe_load((tmp_path / "w" / name).read_text("utf-8"))["platforms"]}
        for name in ("sources.yml", "sources-earlier.yml")
    )
    assert [name for name in now if now[name] != earlier[name]] == ["P001"]
    assert (str(earlier["P001"]["selected_from"]), str(now["P001"]["selected_from"])) == ("2020-05-04", "2020-03-23")
    assert "2020-05-20" < str(manifest.registry_changed_at) < "2020-05-22"


def test_too_few_registrations_to_restate_are_said_to_be_too_few(tmp_path):
    with pytest.raises(SandboxError, match="60 registrations are too few to restate"):
        make_world(tmp_path / "w", registrations=60, restatements=True, port=0)
