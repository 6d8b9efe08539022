"""One command in a process of its own: wall seconds, CPU seconds and the largest memory, its children included."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transforming.dbt import WITHOUT_TESTS


@dataclass(frozen=True)
class Measurement:
    """`peak_mib`: the largest resident set of the process or of any child that it waited for."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


class MeasurementError(Exception):
    """The measured command failed; the message ends with what it said."""


def run(settings: Settings, module: str, *arguments: str, with_tests: bool = False) -> Measurement:
    """Run `python -m module arguments` to its end, dbt `with_tests` or without. Raises MeasurementError."""
    environment = dict(settings.environment) | {"PYTHONPATH": str(PROJECT_ROOT)}
    if not with_tests:
        # The hand-written SQL has none.
        environment |= WITHOUT_TESTS
    command = [sys.executable, "-m", module, *arguments]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MeasurementError(f"{module} {' '.join(arguments)} ended with {process.returncode}: {said[-2000:]}")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(measurements: Sequence[Measurement]) -> Measurement:
    """Median wall and CPU seconds, largest memory."""
    return Measurement(
        statistics.median(m.wall_seconds for m in measurements),
        statistics.median(m.cpu_seconds for m in measurements),
        max(m.peak_mib for m in measurements),
    )
