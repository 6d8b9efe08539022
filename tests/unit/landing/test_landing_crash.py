"""kill -9 at every step that touches the disk, and a disk that takes no more: run again, it ends the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from landing_fakes import bytes_below

from orchestration.landing.durable import UNFINISHED_SUFFIX
from orchestration.landing.ledger import read_ledger
from orchestration.landing.verify import verify
from orchestration.settings import PROJECT_ROOT

CHILD = Path(__file__).with_name("landing_child.py")


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., tuple[int, str]]]:
    """Run the child once: (folder, step to die at, largest file) -> (exit code or -signal, steps or error)."""
    command = [sys.executable, str(CHILD)]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def once(folder: Path, step: int = 0, largest_file: int | None = None) -> tuple[int, str]:
            print(json.dumps([str(folder), step, largest_file]), file=process.stdin, flush=True)  # noqa: T201
            return tuple(json.loads(process.stdout.readline()))

        yield once
        process.stdin.close()


def landed(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): data for path, data in bytes_below(folder) if not path.name.endswith(".lock")
    }


def test_killed_anywhere_and_run_again_it_ends_the_same(run, tmp_path):
    code, steps = run(tmp_path / "clean")
    assert code == 0
    expected = landed(tmp_path / "clean")
    assert len([name for name in expected if name.endswith(".parquet")]) == 6
    # Every step of the first batches (new folders, a first entry, a quarantine file), and every third of their like.
    half = int(steps) // 2
    for step in [*range(1, half), *range(half, int(steps) + 1, 3)]:
        folder = tmp_path / f"killed-{step}"
        assert run(folder, step) == (-signal.SIGKILL, "")
        assert verify(folder / "landing") == [], step
        assert run(folder)[0] == 0
        assert landed(folder) == expected, step


def test_killed_again_and_again_it_gets_there(run, tmp_path):
    folder, clean = tmp_path / "unlucky", tmp_path / "clean"
    run(clean)
    # Always one step further than the last time, so that each batch is met half-done more than once.
    for step in range(1, 40):
        if run(folder, step)[0] == 0:
            break
    else:
        pytest.fail("no run came to its end")
    assert landed(folder) == landed(clean)


@pytest.mark.parametrize("largest_file", [0, 300, 900, 1500])
def test_a_disk_that_takes_no_more_is_one_clear_error_and_nothing_half_done(run, tmp_path, largest_file):
    """A limit on file size stands in for a full disk: the same writes fail, at the same places."""
    folder, clean = tmp_path / "full", tmp_path / "clean"
    code, said = run(folder, 0, largest_file)
    assert code == 1
    assert said.startswith("LandingError: can't write ")
    assert "the file grew past the size allowed" in said
    assert not [path for path, _ in bytes_below(folder) if path.name.endswith(UNFINISHED_SUFFIX)]
    assert verify(folder / "landing") == []
    assert len(list(read_ledger(folder / "landing").all_entries())) < 4
    assert run(folder)[0] == run(clean)[0] == 0
    assert landed(folder) == landed(clean)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into a read-only folder")
def test_a_read_only_folder_is_one_clear_error(run, tmp_path):
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing").chmod(0o500)
    code, said = run(tmp_path)
    assert code == 1
    assert "permission denied" in said
