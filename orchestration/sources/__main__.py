"""Read one sender's feed alone, without landing anything: what came, what can't be read, and no value of any row.

    python -m orchestration.sources P001 registrations --period 2020-03-23

The registry, the campaign and the clock are the deployment's (WAREHOUSE_SOURCES, WAREHOUSE_CAMPAIGN, WAREHOUSE_NOW).
Exit code 0, 1 when something could not be read, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orchestration.calendar import Period, begun, periods
from orchestration.campaign import load_campaign
from orchestration.settings import Settings
from orchestration.sources.connectors import fetch
from orchestration.sources.errors import SourceError
from orchestration.sources.feeds import SenderKind
from orchestration.sources.payload import MALFORMED, Payload
from orchestration.sources.registry.load import load_registry


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.sources", description="Read one sender's feed alone."
    )
    parser.add_argument("sender")
    parser.add_argument("feed")
    parser.add_argument("--period", help="its first day; not given: every period begun")
    chosen = parser.parse_args(arguments)
    settings = settings or Settings.from_environment()
    registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    calendar = periods(load_campaign(settings.campaign_path))
    known = {sender.id: sender for sender in registry.senders}
    if chosen.sender not in known:
        parser.error(f"no sender {chosen.sender!r}; the registry has {', '.join(known)}")
    sender = known[chosen.sender]
    if chosen.feed not in sender.feeds:
        parser.error(f"{sender.id} has no feed {chosen.feed!r}; it has {', '.join(sender.feeds)}")
    source = sender.feeds[chosen.feed]
    wanted: list[Period | None] = [
        each for each in begun(calendar, settings.now()) if chosen.period in (None, each.key)
    ]
    if not wanted:
        parser.error(f"--period {chosen.period}: no period that has begun starts on that day")
    if source.connector == "files" and sender.kind is SenderKind.PLATFORM:
        wanted = [None]  # its rows say their period themselves
    failures = 0
    for period in wanted:
        results = fetch(
            source,
            sender,
            chosen.feed,
            period,
            settings.now(),
            resolve_secret=settings.secret,
            last_period=calendar[-1],
        )
        for result in results:
            failures += isinstance(result, SourceError)
            sys.stdout.write(f"{_line(period, result)}\n")
    return 1 if failures else 0


def _line(period: Period | None, result: Payload | SourceError) -> str:
    when = period.key if period else "all periods"
    if isinstance(result, SourceError):
        return f"{when} {result}"
    malformed = result.table[MALFORMED]
    rows_count, malformed_count = len(malformed), len(malformed) - malformed.null_count
    unknown = ", ".join(f"{each.name} ({each.type}, {each.filled_share:.0%})" for each in result.unknown_columns)
    return (
        f"{when} {result.source_name}: {rows_count} rows, {malformed_count} malformed, {result.bytes_count} bytes; "
        f"columns {', '.join(result.header)}; unknown columns {unknown or 'none'}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
