"""How a long step shows that it goes on: bars on a terminal, plain lines otherwise. Always on standard error, so that
standard output holds the answer alone (`--json` in particular)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

# A plain log gets a line when a step begins and ends, and in between at most one this often.
PLAIN_SECONDS = 10.0


class Step(Protocol):
    """One running step."""

    def advance(self, note: str = "") -> None:
        """One more unit is done; `note` says which."""

    def of(self, total: int) -> None:
        """How many units there are, once that is known."""

    def say(self, line: str) -> None:
        """A line that must stay readable: a trouble, a warning."""


class Reporter(Protocol):
    """Where the steps of a build report to."""

    def step(self, title: str, total: int | None = None) -> AbstractContextManager[Step]:
        """A step that runs as long as the block; `total` units of work, None where that is not known yet."""


class TerminalReporter:
    """Rich progress bars."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        columns = (
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(f"{title:<10}", total=total, note="")
            yield _TerminalStep(progress, task)
            progress.update(task, note="")
            if progress.tasks[0].total is None:
                progress.update(task, total=1, completed=1)


class _TerminalStep:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, note: str = "") -> None:
        self._progress.update(self._task, advance=1, note=escape(note))

    def of(self, total: int) -> None:
        self._progress.update(self._task, total=total)

    def say(self, line: str) -> None:
        self._progress.console.print(escape(line), highlight=False)


class PlainReporter:
    """Lines: for pipes, files and continuous integration."""

    def __init__(self, stream: TextIO, *, every_seconds: float = PLAIN_SECONDS) -> None:
        self._stream, self._every = stream, every_seconds

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        step = _PlainStep(self._stream, title, total, self._every)
        began = time.monotonic()
        step.say(f"{title} ..." if total is None else f"{title} ... 0/{total}")
        yield step
        step.say(f"{title} done{step.count()}, {time.monotonic() - began:.1f} s")


class _PlainStep:
    def __init__(self, stream: TextIO, title: str, total: int | None, every: float) -> None:
        self._stream, self._title, self._total, self._every = stream, title, total, every
        self._done = 0
        self._said_at = time.monotonic()

    def advance(self, note: str = "") -> None:
        self._done += 1
        if time.monotonic() - self._said_at >= self._every:
            self.say(f"{self._title}{self.count()} {note}".rstrip())

    def of(self, total: int) -> None:
        self._total = total

    def say(self, line: str) -> None:
        self._said_at = time.monotonic()
        print(line, file=self._stream, flush=True)  # noqa: T201 - this is the terminal's own module

    def count(self) -> str:
        if not self._done:
            return ""
        return f" {self._done}" if self._total is None else f" {self._done}/{self._total}"


class SilentReporter:
    """Nothing: for callers that show progress in their own way."""

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        yield _SilentStep()


class _SilentStep:
    def advance(self, note: str = "") -> None: ...

    def of(self, total: int) -> None: ...

    def say(self, line: str) -> None: ...


def reporter_for(stream: TextIO | None = None) -> Reporter:
    """Bars when `stream` (default: standard error) is a terminal, else lines."""
    stream = stream or sys.stderr
    return TerminalReporter(Console(file=stream)) if stream.isatty() else PlainReporter(stream)
