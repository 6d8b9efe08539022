"""The page: sections in order, style sheet and all inside one HTML text that fetches nothing."""

from __future__ import annotations

from html import escape
from importlib.resources import files

import duckdb

from orchestration.reporting.period_report import changes, filings, money, progress, support
from orchestration.reporting.period_report.head import Head
from orchestration.reporting.period_report.markup import label, note

SECTIONS = (
    progress.overview,
    progress.daily,
    progress.provinces,
    support.occupations,
    support.groups,
    support.regions,
    money.subsidies,
    money.supervision,
    filings.timeliness,
    filings.reconciliation,
    changes.bridge,
    changes.restatements,
)
MENU = (
    ("targets", "总览"),
    ("daily", "每日进度"),
    ("provinces", "各省"),
    ("occupations", "职业覆盖"),
    ("groups", "重点群体"),
    ("regions", "重点地区"),
    ("subsidies", "补贴"),
    ("supervision", "监管线索"),
    ("timeliness", "报送时效"),
    ("reconciliation", "对账"),
    ("bridge", "差异分解"),
    ("restatements", "重述"),
)
SAMPLES = (
    "样例数据：本报告的平台、厅局、人员与数字均为虚构。",
    "Samples: every platform, bureau, person and number here is invented.",
)


def render_page(connection: duckdb.DuckDBPyConnection, head: Head, *, is_sample: bool) -> str:
    """The whole page of the publication that `connection` reads."""
    css = files("orchestration.reporting.period_report").joinpath("report.css").read_text(encoding="utf-8")
    title = f"{head.campaign} 第 {head.number} 期报告"
    menu = "".join(f'<li><a href="#{anchor}">{name}</a></li>' for anchor, name in MENU)
    body = "".join(draw(connection, head) for draw in SECTIONS)
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{css}</style></head><body>"
        f"<header>{top(head, title, is_sample=is_sample)}<nav><ul>{menu}</ul></nav></header>"
        f"<main>{body}</main><footer>{_foot(head)}</footer></body></html>\n"
    )


def top(head: Head, title: str, *, is_sample: bool) -> str:
    """What stands above the sections: whose numbers they are, up to which day, and how they are written."""
    ended = (
        note(
            f"行动已于 {head.as_at} 结束：平台、课程、职业、报名的数字截至该日。",
            f"The action ended on {head.as_at}: platforms, courses, occupations and registrations go up to that day.",
        )
        if head.as_at < head.known_to
        else ""
    )
    running = "" if head.is_complete else note("报告期尚未结束，数字截至上述日期。", "The period is still running.")
    sample = f'<p class="sample">{label(*SAMPLES)}</p>' if is_sample else ""
    return (
        f"<h1>{escape(title)}</h1>"
        + note(
            f"{head.period} 至 {head.period_end}，数据截至 {head.known_to}。",
            f"Report on period {head.number}; numbers as at {head.known_to}.",
        )
        + ended
        + running
        + note(
            "“…”：未公布（1 至 4 的小数及可由其推算的数）；“–”：无此数。",
            "“…” is withheld (a count of 1 to 4, or what would give one away); “–” is no value.",
        )
        + sample
    )


def _foot(head: Head) -> str:
    published = head.publication
    return note(
        f"发布版本 {published['version']}，发布于 {published['published_at']}，数据收到截至 {published['known_at']}。",
        "The published version that this report was read from; quote it with its numbers.",
    ) + note("人次计报名，人计学员（每行内去重）。", "人次 are registrations, 人 are persons, distinct within a row.")
