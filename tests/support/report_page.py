"""The numbers of a period's report, read out of its HTML by a parser that knows nothing of how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser


@dataclass
class ReportPage(HTMLParser):
    """`tables`: name → rows → cells as read (`…` withheld, `–` none, else the exact number or the text). `marks`:
    chart → the exact numbers of its shapes, in order. `addresses`: whatever the page would fetch."""

    tables: dict[str, list[list[Decimal | str]]] = field(default_factory=dict)
    marks: dict[str, list[Decimal]] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)
    _table: str = ""
    _chart: str = ""
    _cell: list[str] | None = None
    _value: str | None = None

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def read(cls, html: str) -> ReportPage:
        page = cls()
        page.feed(html)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        fetched = given.get("src") or (given.get("href") if tag in ("link", "image", "use") else None)
        if fetched:
            self.addresses.append(fetched)
        if tag == "table":
            self._table = given["data-table"] or ""
            self.tables[self._table] = []
        elif tag == "figure":
            self._chart = given["data-chart"] or ""
            self.marks[self._chart] = []
        elif tag == "tbody":
            self._cell = None
        elif tag == "tr" and self._table:
            self.tables[self._table].append([])
        elif tag == "td":
            self._cell, self._value = [], given.get("data-value")
        elif tag == "rect" and given.get("data-value"):
            self.marks[self._chart].append(Decimal(given["data-value"] or ""))

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self._cell is not None:
            text = "".join(self._cell)
            if self._value is not None:
                self.shown.append((self._value, text))
            self.tables[self._table][-1].append(text if self._value is None else Decimal(self._value))
            self._cell = None
        elif tag == "thead":
            self.tables[self._table].clear()
        elif tag == "table":
            self._table = ""
