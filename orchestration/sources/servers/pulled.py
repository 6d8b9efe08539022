"""What a pull from a server came to, as one payload: the rows of every page, whatever protocol they came by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from orchestration.calendar import Period
from orchestration.sources.payload import Payload
from orchestration.sources.readers.rows import Rows, sha256_of_rows
from orchestration.sources.registry.senders import FeedSource, Sender
from orchestration.sources.servers.window import Window


def pulled_payload(
    source: FeedSource,
    sender: Sender,
    period: Period,
    window: Window,
    now: datetime,
    *,
    source_name: str,
    delivered: Sequence[msgspec.Raw],
    found: Rows,
) -> Payload:
    """`delivered`: each row as the server wrote it, in its order; `found`: the same as columns."""
    return Payload(
        sender_id=sender.id,
        feed=source.feed,
        period_start=period.start,
        source_name=source_name,
        payload_sha256=sha256_of_rows(delivered),
        bytes_count=sum(map(len, delivered)),
        window_from=window.opens_at,
        window_to=window.closes_at,
        began_at=now,
        is_whole=window.is_whole,
        header=found.header,
        delivered_header=found.delivered_header,
        non_personal=found.non_personal,
        unknown_columns=found.unknown_columns,
        table=found.table,
    )
