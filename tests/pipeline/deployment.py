"""A deployment of its own for a test, driven as a person would: by the `warehouse` command, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import duckdb
from typer.testing import CliRunner

from orchestration.cli import app

WAREHOUSE = str(Path(sys.executable).with_name("warehouse"))
# The clock of the sample world: period 8 is running, the report on period 7 was due days ago.
NOW = "2020-07-10T09:00:00+08:00"


@dataclass(frozen=True)
class Ended:
    """A command that has ended. `answer` is its JSON, when it was asked for."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def answer(self) -> Any:
        return json.loads(self.stdout)

    @property
    def text(self) -> str:
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Deployment:
    """One warehouse directory and the registry that it pulls from."""

    directory: Path
    sources: Path
    now: str = NOW
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        # No setting of whoever runs the tests may reach the deployment.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAREHOUSE_")}
        own = {"WAREHOUSE_DIR": self.directory, "WAREHOUSE_SOURCES": self.sources, "WAREHOUSE_NOW": self.now}
        return kept | {name: str(value) for name, value in own.items()} | self.more

    @property
    def database(self) -> Path:
        return self.directory / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.directory / "published" / "marts.duckdb"

    def run(self, *arguments: str, stdin: str | None = None) -> Ended:
        done = subprocess.run(
            [WAREHOUSE, *arguments], env=self.environment, capture_output=True, text=True, check=False, input=stdin
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run_here(self, *arguments: str, stdin: str | None = None) -> Ended:
        """As `run`, but in this process: for what is refused at once, where a start of Python takes longer than all
        else."""
        environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("WAREHOUSE_")}
        done = CliRunner().invoke(app, arguments, input=stdin, env=environment | self.environment)
        return Ended(done.exit_code, done.stdout, done.stderr)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [WAREHOUSE, *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            **options,
        )

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def ledger_lines(self) -> dict[str, list[dict[str, Any]]]:
        """Every whole line of every sender's ledger."""
        folder = self.directory / "landing" / "_ledger"
        return {
            path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            for path in sorted(folder.glob("*.jsonl"))
        }


@dataclass(frozen=True)
class Built:
    """A warehouse after one whole build of `world`."""

    world: Path
    deployment: Deployment
    first: Ended


@contextmanager
def served(world: Path, *, faults: str | None = None) -> Iterator[None]:
    """The world's platforms, over HTTP, as long as the block lasts."""
    port = json.loads((world / "sandbox.json").read_text(encoding="utf-8"))["port"]
    arguments = ["sandbox", "serve", "--dir", str(world), *(["--faults", faults] if faults else [])]
    with (world / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([WAREHOUSE, *arguments], stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/", process)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(address: str, process: subprocess.Popen[Any], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "the sandbox server ended before it answered"
        try:
            with closing(urlopen(address, timeout=1)):
                return
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")
