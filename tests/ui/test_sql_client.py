"""`make sql` in a terminal: harlequin opens the published copy, and its catalogue holds the marts.

Only where it is installed (`make sql` does so): nothing else needs it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT

BIN = Path(sys.executable).parent
pytestmark = [
    pytest.mark.ui,
    pytest.mark.skipif(not (BIN / "harlequin").exists(), reason="harlequin is not installed: make sql installs it"),
]
F6, DOWN, ENTER, CTRL_J = "\x1b[17~", "\x1b[B", "\r", "\n"
ROWS, COLUMNS = 60, 160
WAIT_SECONDS = 90


class Terminal:
    """A terminal of 160 × 60 characters, and everything that the program in it has written so far."""

    def __init__(self, command: list[str], home: Path) -> None:
        self.written = ""
        self.process, self._screen = pty.fork()
        if self.process == 0:
            environment = os.environ | {"TERM": "xterm-256color", "HOME": str(home)}
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def press(self, *keys: str) -> None:
        for key in keys:
            os.write(self._screen, key.encode())
            # A key's effect must be drawn before the next one means what it should.
            self._read(1)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.written:
            assert time.monotonic() < deadline, f"no {text!r} within {WAIT_SECONDS} s in {self.written[-1500:]!r}"
            self._read(0.5)

    def _read(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._screen], [], [], left)[0]:
                return
            try:
                told = os.read(self._screen, 1 << 16).decode(errors="replace")
            except OSError:
                return
            self.written += re.sub(r"\x1b\[[0-9;?<>=]*[A-Za-z]", "", told)

    def close(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._screen)


def recipe(published: Path) -> list[str]:
    """What `make sql` runs, with this copy in the place of the warehouse's."""
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = [found for found in makefile.splitlines() if found.startswith("\t@$(BIN)/harlequin")]
    return shlex.split(line.strip("\t@").replace("$(BIN)", str(BIN)).replace("$(PUBLISHED)", str(published)))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A symlink to a versioned file, as a publication leaves them."""
    version = tmp_path / "marts-20200710T010000Z-0000.duckdb"
    with duckdb.connect(str(version)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.target_progress as select 515 as actual_value, '目标' as target_name_zh")
    version.chmod(0o444)
    (tmp_path / "marts.duckdb").symlink_to(version.name)
    return tmp_path / "marts.duckdb"


@pytest.fixture
def terminal(published: Path, tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(recipe(published), tmp_path)
    yield opened
    opened.close()


def test_the_catalogue_shows_the_marts(terminal: Terminal) -> None:
    terminal.wait_for("marts-20200710T010000Z")
    terminal.press(F6)
    # What the keys do in the catalogue
    terminal.wait_for("Insert Name")
    terminal.press(DOWN, ENTER)
    terminal.wait_for("main")
    terminal.press(DOWN, DOWN, ENTER)
    terminal.wait_for("target_progress")


def test_a_query_is_answered(terminal: Terminal) -> None:
    terminal.wait_for("marts-20200710T010000Z")
    terminal.press("select actual_value * 2 as twice from marts.target_progress", CTRL_J)
    terminal.wait_for("1030")


def test_nothing_can_be_written(terminal: Terminal) -> None:
    terminal.wait_for("marts-20200710T010000Z")
    terminal.press("drop table marts.target_progress", CTRL_J)
    terminal.wait_for("Cannot execute")
