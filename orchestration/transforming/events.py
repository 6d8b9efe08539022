"""dbt's events, less those that no log keeps.

By itself dbt makes a message of every event and, of every message, a line for each of its logs, and only then asks
whether the log's level lets it pass: for a small build a third of its time goes into details that nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbt_common.events.base_types import BaseEvent, EventLevel, EventMsg
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig


class WantedEvents(EventManager):
    """An event manager in which a detail (level `debug`) is passed over by each log that would drop it, and at once
    where all would. Set it with `ctx_set_event_manager`, before dbt sets up its logs."""

    def add_logger(self, config: LoggerConfig) -> None:
        super().add_logger(config)
        if config.level is not EventLevel.DEBUG:
            self.loggers[-1].filter = _WithoutDetails(config.filter)

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        # The callback that dbt itself adds is about warnings.
        if (level or e.level_tag()) is EventLevel.DEBUG and not any(
            log.level is EventLevel.DEBUG for log in self.loggers
        ):
            return
        super().fire_event(e, level, node, force_warn_or_error_handling)


@dataclass(frozen=True)
class _WithoutDetails:
    """A log's own filter, and no details."""

    own: Callable[[EventMsg], bool]

    def __call__(self, message: EventMsg) -> bool:
        return message.info.level != EventLevel.DEBUG and self.own(message)
