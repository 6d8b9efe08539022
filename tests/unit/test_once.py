"""What a run of the tests makes once is made once, and again where making it failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.once import once_a_run


def test_the_second_who_asks_gets_what_the_first_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("whole")

    folders = [once_a_run(tmp_path_factory, "for_two", make) for _ in range(2)]
    assert folders == [made[0]] * 2 and len(made) == 1
    assert (folders[0] / "file").read_text() == "whole"


def test_half_of_it_is_nobodys(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError

    with pytest.raises(OSError):
        once_a_run(tmp_path_factory, "failed", fail)
    again = once_a_run(tmp_path_factory, "failed", lambda folder: (folder / "whole").touch())
    assert [path.name for path in again.iterdir()] == ["whole"]
