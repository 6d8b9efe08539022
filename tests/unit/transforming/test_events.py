"""What dbt's logs keep, and what is done for lines that none keeps."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.logger import LineFormat, LoggerConfig
from dbt_common.events.types import Note

from orchestration.transforming.events import WantedEvents

SAID = (("one", EventLevel.INFO), ("two", EventLevel.DEBUG), ("three", EventLevel.WARN))


@pytest.fixture
def wanted() -> Iterator[WantedEvents]:
    """In the place of dbt's own, for one test."""
    own, events = get_event_manager(), WantedEvents()
    ctx_set_event_manager(events)
    yield events
    events.flush()
    ctx_set_event_manager(own)


class Log:
    """A log of one level: the lines it was given to make, and those it kept."""

    def __init__(self, events: WantedEvents, level: EventLevel) -> None:
        self.made: list[str] = []
        self._kept = StringIO()
        events.add_logger(
            LoggerConfig(
                name=f"log {level.value} {id(self)}",
                level=level,
                line_format=LineFormat.PlainText,
                scrubber=self._note,
                filter=lambda message: "secret" not in message.info.msg,
                output_stream=self._kept,
            )
        )

    def _note(self, line: str) -> str:
        self.made.append(line)
        return line

    @property
    def kept(self) -> list[str]:
        return [line.split()[-1] for line in self._kept.getvalue().splitlines()]


def _say(*said: tuple[str, EventLevel]) -> None:
    for text, level in said:
        fire_event(Note(msg=text), level)


def test_a_log_makes_no_line_that_it_would_drop(wanted: WantedEvents) -> None:
    console, file = Log(wanted, EventLevel.INFO), Log(wanted, EventLevel.DEBUG)
    _say(*SAID)
    assert console.made == console.kept == ["one", "three"]
    assert file.made == file.kept == ["one", "two", "three"]


def test_where_no_log_keeps_details_no_message_is_made_of_them(wanted: WantedEvents) -> None:
    console, heard = Log(wanted, EventLevel.INFO), []

    def hear(message: EventMsg) -> None:
        heard.append(message.info.msg)

    wanted.add_callback(hear)
    _say(*SAID)
    assert console.kept == heard == ["one", "three"]


def test_a_filter_of_dbts_own_still_holds(wanted: WantedEvents) -> None:
    console = Log(wanted, EventLevel.INFO)
    _say(("said", EventLevel.INFO), ("secret", EventLevel.INFO), ("again", EventLevel.INFO))
    assert console.kept == ["said", "again"]
