"""Run dbt on this deployment's warehouse.

    raw (warehouse.duckdb) → `dbt build` (seeds, models, tests) → staging, core, marts

dbt runs as a process of its own, since in process it would keep DuckDB's file lock after its end. Run alone:
`warehouse transform`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from orchestration.loading.database import lock_descriptor, set_clock, writer_lock
from orchestration.settings import Settings
from orchestration.transforming.parsed import PROJECT_DIR
from orchestration.transforming.results import TransformReport, read_results
from orchestration.transforming.unsettled import begin_run, end_run

# dbt, in the interpreter that runs this: .venv/bin need not be on PATH
DBT = (sys.executable, "-m", "orchestration.transforming.process")
# In the environment of a build of which only what comes out matters: dbt's tests are a good part of a small one.
WITHOUT_TESTS = {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test test exposure"}
# What we read is JSON; the file is for people.
_FOR_US = ("--log-format", "json", "--log-level", "info", "--log-format-file", "text", "--no-use-colors-file")
# Seconds that dbt gets to close the database after an interrupt, before it is killed.
_GRACE_SECONDS = 10
# Errors that belong to no node; a node's own stand in its result.
_FATAL_EVENTS = frozenset({"MainEncounteredError", "RunResultErrorNoMessage", "GenericExceptionOnRun"})


class TransformError(Exception):
    """dbt could not start, or ended before it had built anything; the message is dbt's own."""


@dataclass(frozen=True)
class NodeEvent:
    """One seed, model or test that dbt has finished: number `index` of `total`."""

    name: str
    status: str
    index: int
    total: int


def target_dir(settings: Settings) -> Path:
    """Where dbt keeps its artifacts for this warehouse: beside it, so that two warehouses never share a manifest."""
    return settings.warehouse_dir / "dbt" / "target"


def transform(
    settings: Settings,
    *,
    full_refresh: bool = False,
    select: str | None = None,
    on_event: Callable[[NodeEvent], None] | None = None,
) -> TransformReport:
    """Set the clock, then seed, build and test every model (or those of `select`, dbt's syntax).

    Holds the writer lock throughout. Failing tests and models are in the report; raises TransformError only where dbt
    could not begin its work (a model that does not parse, a database that does not open).
    """
    arguments = ["build"]
    arguments += ["--full-refresh"] if full_refresh else []
    arguments += ["--select", select] if select else []
    with writer_lock(settings):
        set_clock(settings)
        before = begin_run(target_dir(settings))
        messages = _follow(settings, arguments, on_event)
        report = end_run(target_dir(settings), before)
    if report is None:
        raise TransformError("; ".join(messages) or "dbt ended without a result and without a message")
    # Errors beside the nodes' own (a hook, the adapter) must not pass unseen only because every node is well.
    return report if not report.is_ok else replace(report, messages=tuple(messages))


def last_report(settings: Settings) -> TransformReport | None:
    """What the last transformation of this warehouse did; None if there was none, or it was cut off."""
    return read_results(target_dir(settings))


def run_dbt(settings: Settings, arguments: Sequence[str]) -> int:
    """Run any other dbt command on this warehouse with dbt's own output; returns its exit code."""
    with writer_lock(settings):
        return subprocess.run(
            _command(settings, arguments), env=settings.subprocess_environment(), check=False
        ).returncode


def _follow(settings: Settings, arguments: Sequence[str], on_event: Callable[[NodeEvent], None] | None) -> list[str]:
    """Run dbt to its end, pass on what it finishes, return its error messages."""
    messages = []
    with _dbt(settings, [*_FOR_US, *arguments]) as lines:
        for line in lines:
            event = _parse(line)
            if event is None:
                # dbt's executable itself failed, before its logging began
                messages.append(line.decode("utf-8", "replace").strip())
                continue
            info, data = event.get("info", {}), event.get("data", {})
            # Models and seeds say `total`, tests `num_models`, for the same number.
            total = data.get("total") or data.get("num_models")
            if info.get("name", "").endswith("Result") and total and "index" in data:
                if on_event is not None:
                    node = data.get("node_info", {})
                    name, status = node.get("node_name", ""), node.get("node_status", "")
                    on_event(NodeEvent(name, status, int(data["index"]), int(total)))
            elif info.get("level") == "error" and info.get("name") in _FATAL_EVENTS:
                messages.append(" ".join(info.get("msg", "").split()))
    return [message for message in messages if message]


def start_dbt(
    settings: Settings, command: Sequence[str], environment: dict[str, str], working_dir: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start dbt under `writer_lock`; what it says, errors included, comes from `stdout`.

    `environment` comes on top of the deployment's own, which has neither the senders' secrets nor the key. dbt inherits
    the lock: should its parent be killed, the next run waits for it.
    """
    return subprocess.Popen(
        command,
        env=settings.subprocess_environment() | environment,
        cwd=working_dir,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[lock_descriptor(settings)],
    )


@contextmanager
def _dbt(settings: Settings, arguments: Sequence[str]) -> Iterator[Iterator[bytes]]:
    process = start_dbt(settings, _command(settings, arguments), {})
    try:
        assert process.stdout is not None
        yield process.stdout
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(settings: Settings, arguments: Sequence[str]) -> list[str]:
    directories = [
        *("--project-dir", str(PROJECT_DIR)),
        *("--profiles-dir", str(PROJECT_DIR)),
        *("--target-path", str(target_dir(settings))),
        *("--log-path", str(settings.warehouse_dir / "dbt" / "logs")),
    ]
    # Options of a subcommand must follow it, so the directories go last.
    return [*DBT, *arguments, *directories]


def _parse(line: bytes) -> dict | None:
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None
