"""The lines that a build ends with."""

from __future__ import annotations

import io

from rich.console import Console

from orchestration.loading.load import LoadReport
from orchestration.pipeline import BuildReport, PullSummary
from orchestration.reporting.summary import render_build
from orchestration.transforming.results import TestOutcome, TransformReport


def test_each_line_of_a_failed_build_keeps_its_label_apart_from_its_text():
    written = io.StringIO()
    failed = TransformReport(tests_failed=(TestOutcome("primary_key_of_a_mart", 2, ""),), skipped=("a_mart",))
    render_build(Console(file=written, width=200), BuildReport(PullSummary(), LoadReport(), failed, None, None))
    lines = written.getvalue().splitlines()
    assert lines[-1].startswith("withheld   the publication: ")
    assert [line[10] for line in lines] == [" "] * len(lines)
