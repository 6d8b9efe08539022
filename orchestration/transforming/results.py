"""What a dbt run did, read from its `run_results.json`: the same numbers for the terminal, `--json` and the checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUN_RESULTS = "run_results.json"
_TEST_KINDS = frozenset({"test", "unit_test"})


@dataclass(frozen=True)
class TestOutcome:
    """A dbt test that did not pass. `rows_count` is how many rows broke it; None where the test could not run."""

    __test__ = False  # not a test class, whatever pytest makes of the name

    name: str
    rows_count: int | None
    message: str

    def __str__(self) -> str:
        rows = "could not run" if self.rows_count is None else f"{self.rows_count} row{'s' * (self.rows_count != 1)}"
        return f"{self.name}: {rows}" + (f" ({self.message})" if self.rows_count is None and self.message else "")


@dataclass(frozen=True)
class NodeFailure:
    """A seed or model that dbt could not build, with the database's own message."""

    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


@dataclass(frozen=True)
class TransformReport:
    """One dbt build. `skipped` names what was left out because something above it failed."""

    models_built: int = 0
    tests_passed: int = 0
    tests_warned: tuple[TestOutcome, ...] = ()
    tests_failed: tuple[TestOutcome, ...] = ()
    failures: tuple[NodeFailure, ...] = ()
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0
    messages: tuple[str, ...] = field(default=())

    @property
    def is_ok(self) -> bool:
        """True when every model was built and no test of severity `error` failed; warnings do not count."""
        return not (self.tests_failed or self.failures or self.skipped or self.messages)


def read_results(target_dir: Path) -> TransformReport | None:
    """The report of the last dbt run in `target_dir`, or None when there was none (or it died before its end)."""
    content = read_artifact(target_dir)
    return None if content is None else report_of(content)


def read_artifact(target_dir: Path) -> dict[str, Any] | None:
    """`run_results.json` as dbt wrote it; None where there is none."""
    path = target_dir / RUN_RESULTS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def report_of(artifact: Mapping[str, Any]) -> TransformReport:
    """The same as a report."""
    return summarise(artifact["results"], seconds=float(artifact.get("elapsed_time") or 0.0))


def summarise(results: Iterable[Mapping[str, Any]], *, seconds: float = 0.0) -> TransformReport:
    """Sort dbt's per-node results (the objects of `run_results.json`) into a report."""
    built = passed = 0
    warned, failed, failures, skipped = [], [], [], []
    for result in results:
        kind, _, name = result["unique_id"].split(".")[:3]
        if kind == "exposure":
            # A dashboard, that dbt passes by in its lineage: nothing is run for it.
            continue
        if kind == "unit_test":
            # unit_test.<project>.<model>.<name>: the model alone would name several tests alike
            name = ".".join(result["unique_id"].split(".")[2:])
        status, message = result["status"], _one_line(result.get("message"))
        is_test = kind in _TEST_KINDS
        if status == "skipped":
            skipped.append(name)
        elif status == "pass":
            passed += 1
        elif status == "warn":
            warned.append(TestOutcome(name, result.get("failures"), message))
        elif status == "success":
            built += not is_test
            passed += is_test
        elif is_test:
            rows = result.get("failures") if status == "fail" else None
            failed.append(TestOutcome(name, rows, message))
        else:
            failures.append(NodeFailure(name, message))
    return TransformReport(built, passed, tuple(warned), tuple(failed), tuple(failures), tuple(skipped), seconds)


def first_error(report: TransformReport) -> str:
    """The first thing that went wrong and how many others did, in a few words; empty for a report without errors."""
    errors = [*map(str, report.failures), *map(str, report.tests_failed), *report.messages, *report.skipped]
    return "" if not errors else errors[0] + (f", and {len(errors) - 1} more" if len(errors) > 1 else "")


def _one_line(message: object) -> str:
    return " ".join(str(message or "").split())
