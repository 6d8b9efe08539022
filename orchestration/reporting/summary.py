"""The answers of `warehouse build` and of its steps, for a person: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from orchestration.loading.load import LoadReport
from orchestration.publishing.building import PublishReport
from orchestration.publishing.files import LINK_NAME
from orchestration.reporting.standing import NATION, RefusedRows, SenderTimeliness, Standing, TargetStanding
from orchestration.transforming.results import TransformReport

if TYPE_CHECKING:
    from orchestration.pipeline import BuildReport, PullSummary
    from orchestration.reporting.verification import Verification

# Long lists are cut for a person; `--json` has them whole.
LISTED = 12


def render_build(console: Console, report: BuildReport) -> None:
    """The summary of a build, the 515 line last but for what failed."""
    render_pull(console, report.pull)
    render_load(console, report.load)
    render_transform(console, report.transform)
    if report.standing is not None:
        render_standing(console, report.standing)
    if report.publication is None:
        _trouble(console, "withheld", "the publication: the transformation had errors; readers keep the last good copy")
    else:
        render_publication(console, report.publication)


def render_pull(console: Console, report: PullSummary) -> None:
    render_line(
        console,
        "pulled",
        f"{report.tasks_count:,} feeds asked, {report.batches_count:,} new batches, {report.rows_count:,} rows, "
        f"{report.quarantined_rows_count:,} quarantined",
    )
    if not report.troubles:
        return
    senders = report.failed_senders
    _trouble(console, "failed", f"{_count(len(senders), 'sender')}: {', '.join(senders)}; all others went on")
    _list(console, [str(trouble) for trouble in report.troubles])


def render_load(console: Console, report: LoadReport) -> None:
    rows = sum(report.rows_by_feed.values())
    loaded = "nothing new"
    if report.batches_count:
        loaded = f"{report.batches_count:,} batches, {rows:,} rows"
    elif report.entries_count:
        # Pulls that brought what was known, erasures
        loaded = f"no new batch; {_count(report.entries_count, 'line')} of the ledgers"
    render_line(console, "loaded", loaded)
    for problem in report.problems:
        _trouble(console, "waits", problem)


def render_transform(console: Console, report: TransformReport) -> None:
    warned = f", {len(report.tests_warned)} with warnings" if report.tests_warned else ""
    render_line(console, "built", f"{report.models_built} seeds and models, {report.tests_passed} tests passed{warned}")
    _list(console, [f"warning: {outcome}" for outcome in report.tests_warned])
    if report.failures:
        _trouble(console, "failed", _count(len(report.failures), "model"))
        _list(console, [str(failure) for failure in report.failures])
    if report.tests_failed:
        _trouble(console, "failed", _count(len(report.tests_failed), "test"))
        _list(console, [str(outcome) for outcome in report.tests_failed])
    if report.skipped:
        _trouble(console, "skipped", f"{len(report.skipped)} that depend on what failed")
    for message in report.messages:
        _trouble(console, "dbt", message)


def render_publication(console: Console, report: PublishReport) -> None:
    render_line(console, "published", f"{report.path.with_name(LINK_NAME)} (now {report.path.name})")


def render_verification(console: Console, report: Verification) -> None:
    render_line(
        console,
        "verified",
        f"{_count(report.senders_count, 'ledger')}, {report.batches_count:,} batches; "
        f"of {report.anchored_count} the end is known from the warehouse or a publication",
    )
    if not report.findings:
        # Also said of a folder that a backup was restored to: an empty one must not look like a whole one.
        whole, empty = "everything is as it was landed", "nothing has landed here; is WAREHOUSE_DIR right?"
        render_line(console, "result", whole if report.senders_count else empty)
        return
    _trouble(console, "found", _count(len(report.findings), "difference"))
    _list(console, [str(finding) for finding in report.findings], listed=len(report.findings))


def render_standing(console: Console, standing: Standing) -> None:
    """The 515 line, who is late, what is refused."""
    render_line(console, "515", target_line(standing.targets))
    render_late(console, standing.late)
    render_refused(console, standing.refused)
    render_orphaned(console, standing.orphaned_rows_by_feed)


def target_line(targets: Iterable[TargetStanding]) -> str:
    """`platforms 52/50 reached 2020-03-23 · … · 60 % of the action gone`, of the whole country."""
    national = [target for target in targets if target.province_code == NATION]
    if not national:
        return "no target has a value yet"
    parts = [
        f"{target.target_code} {target.actual_value:,}/{target.target_value:,} {_achieved(target)}"
        for target in national
    ]
    first = national[0]
    return " · ".join(parts) + f" · as at {first.as_at}, {first.expected_share:.0%} of the action gone"


def _achieved(target: TargetStanding) -> str:
    if target.is_achieved and target.reached_on is not None:
        return f"(reached {target.reached_on})"
    return "(-)" if target.achieved_share is None else f"({target.achieved_share:.1%})"


def render_late(console: Console, late: Sequence[SenderTimeliness]) -> None:
    if not late:
        render_line(console, "late", "nobody")
        return
    missing = sum(sender.missing_count for sender in late)
    filed_late = sum(sender.late_count for sender in late)
    render_line(
        console,
        "late",
        f"{_count(len(late), 'sender')}: {_count(missing, 'filing')} missing, {_count(filed_late, 'filing')} came late",
    )
    _list(console, [_late_line(sender) for sender in late])


def _late_line(sender: SenderTimeliness) -> str:
    parts = []
    if sender.missing_count:
        shown = ", ".join(sender.missing[:3]) + (", ..." if len(sender.missing) > 3 else "")
        parts.append(f"{sender.missing_count} missing ({shown})")
    if sender.late_count:
        parts.append(f"{sender.late_count} late")
    return f"{sender.sender_id}: {', '.join(parts)}; up to {_count(sender.worst_days_late, 'day')}"


def render_refused(console: Console, refused: Sequence[RefusedRows]) -> None:
    if not refused:
        render_line(console, "quarantine", "empty")
    else:
        total = sum(row.rows_count for row in refused)
        # One row can be refused for several reasons, so there are more of these than quarantined rows.
        shown_by = "`warehouse quarantine list` shows each"
        render_line(console, "quarantine", f"{_count(total, 'refusal')}, each reason of a row counted; {shown_by}")
        by_reason = groupby(sorted(refused, key=lambda row: row.reason), key=lambda row: row.reason)
        _list(console, [_reason_line(reason, list(rows)) for reason, rows in by_reason])


def render_orphaned(console: Console, rows_by_feed: Mapping[str, int]) -> None:
    if not rows_by_feed:
        return
    total = sum(rows_by_feed.values())
    feeds = ", ".join(f"{feed} {rows:,}" for feed, rows in rows_by_feed.items())
    render_line(console, "orphaned", f"{_count(total, 'row')} whose other side has not come ({feeds})")


def _reason_line(reason: str, rows: Sequence[RefusedRows]) -> str:
    worst = sorted(rows, key=lambda row: -row.rows_count)[:3]
    where = ", ".join(f"{row.sender_id} {row.feed} {row.rows_count:,}" for row in worst)
    return f"{reason}: {sum(row.rows_count for row in rows):,} (most: {where})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def render_line(console: Console, label: str, text: str) -> None:
    console.print(f"[bold]{label:<11}[/bold]{escape(text)}")


def _trouble(console: Console, label: str, text: str) -> None:
    console.print(f"[bold red]{label:<11}[/bold red]{escape(text)}")


def _list(console: Console, lines: Sequence[str], *, listed: int = LISTED) -> None:
    for line in lines[:listed]:
        console.print(f"           {escape(line)}")
    if len(lines) > listed:
        console.print(f"           ... and {len(lines) - listed} more (--json lists all)")
