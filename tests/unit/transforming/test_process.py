"""What dbt's logs keep when dbt runs in the project's own process."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import add_logger_to_manager, cleanup_event_logger, get_event_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.logger import LineFormat, LoggerConfig
from dbt_common.events.types import Note

from orchestration.transforming.process import spare_lines


@pytest.fixture
def scrubbed() -> Iterator[list[str]]:
    """Every line that a log was given to make, kept or not; the logs are gone with the test."""
    lines: list[str] = []
    cleanup_event_logger()
    yield lines
    cleanup_event_logger()


def _log(name: str, level: EventLevel, made: list[str]) -> StringIO:
    kept = StringIO()

    def scrubber(line: str) -> str:
        made.append(f"{name}: {line}")
        return line

    add_logger_to_manager(
        LoggerConfig(name=name, level=level, line_format=LineFormat.PlainText, scrubber=scrubber, output_stream=kept)
    )
    return kept


def test_a_log_makes_no_line_that_it_would_drop(scrubbed: list[str]) -> None:
    console, file = _log("console", EventLevel.INFO, scrubbed), _log("file", EventLevel.DEBUG, scrubbed)
    get_event_manager().callbacks = [spare_lines]
    for text, level in (("one", EventLevel.INFO), ("two", EventLevel.DEBUG), ("three", EventLevel.WARN)):
        fire_event(Note(msg=text), level)
    assert [line for line in scrubbed if line.startswith("console")] == ["console: one", "console: three"]
    assert [text for text in ("one", "two", "three") if text in console.getvalue()] == ["one", "three"]
    assert [text for text in ("one", "two", "three") if text in file.getvalue()] == ["one", "two", "three"]


def test_a_filter_of_dbts_own_still_holds(scrubbed: list[str]) -> None:
    console = _log("console", EventLevel.INFO, scrubbed)
    (log,) = get_event_manager().loggers
    log.filter = lambda message: "secret" not in message.info.msg
    get_event_manager().callbacks = [spare_lines]
    for text in ("said", "secret", "said again"):
        fire_event(Note(msg=text), EventLevel.INFO)
    assert ["secret" in console.getvalue(), "said again" in console.getvalue()] == [False, True]
