"""A running Superset seen through a headless Chromium: log in, open a dashboard, and say what is wrong with it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOAD_SECONDS = 90
# Bars and lines grow into place.
ANIMATION_MS = 2000

# A chart's own box, whether it has been drawn, and what it says.
CHARTS = """[...document.querySelectorAll('.dashboard-component-chart-holder')].map(chart => ({
    title: chart.querySelector('[data-test="editable-title"]')?.textContent?.trim() ?? '',
    busy: !!chart.querySelector('[data-test="loading-indicator"], .loading')
        || !chart.querySelector('.slice_container'),
    error: !!chart.querySelector('[role="alert"], .ant-alert, [data-test="error-message"]'),
    text: chart.innerText,
    number: chart.querySelector('.header-line')?.innerText ?? null,
    rows: chart.querySelectorAll('tbody tr').length,
    shapes: chart.querySelectorAll('.slice_container svg path').length,
    painted: [...chart.querySelectorAll('.slice_container canvas')].some(canvas => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let coloured = 0;
        for (let at = 0; at < pixels.length && coloured < 200; at += 16) {
            const [red, green, blue, opaque] = pixels.subarray(at, at + 4);
            if (opaque > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) coloured += 1;
        }
        return coloured >= 200;
    }),
}))"""
# Text that its own box cuts off; tables scroll in a box of their own, which is meant to.
CUT_TEXT = """[...document.querySelectorAll(
        '.dashboard-component-chart-holder [data-test="editable-title"], .header-line, .subtitle-line, th')]
    .filter(text => text.scrollWidth > text.clientWidth + 2 && getComputedStyle(text).display !== 'inline')
    .map(text => text.textContent)"""


@dataclass
class Opened:
    """A dashboard as the browser shows it."""

    charts: list[dict[str, Any]]
    cut_text: list[str]

    @property
    def numbers(self) -> dict[str, str]:
        """Headline → its number as it is written."""
        return {chart["title"]: chart["number"] for chart in self.charts if chart["number"] is not None}

    @property
    def failed(self) -> list[str]:
        return [f"{chart['title']}: {chart['text'][:200]}" for chart in self.charts if chart["error"]]

    @property
    def empty(self) -> list[str]:
        """Charts that draw nothing: no number, no row, no shape, nothing coloured on their canvas."""
        return [
            chart["title"]
            for chart in self.charts
            if not (_is_number(chart["number"]) or chart["rows"] or chart["shapes"] > 30 or chart["painted"])
        ]


def _is_number(text: str | None) -> bool:
    return text is not None and any(character.isdigit() for character in text)


@dataclass
class Browser:
    """One logged-in window. `outside` holds what left for other hosts, `refused` what the page's policy stopped."""

    page: Any
    url: str
    outside: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def log_in(self, user: str, password: str) -> None:
        self.page.goto(f"{self.url}/login/")
        self.page.fill("#username", user)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/superset/welcome/")

    @contextmanager
    def somebody_else(self, user: str, password: str) -> Iterator[Browser]:
        """Another person's window, with nothing of this one's session."""
        page = self.page.context.browser.new_page(viewport=self.page.viewport_size)
        page.set_default_timeout(LOAD_SECONDS * 1000)
        other = Browser(page, self.url)
        try:
            other.log_in(user, password)
            yield other
        finally:
            page.close()

    def open(self, slug: str, charts: int) -> Opened:
        """The dashboard, once all its `charts` are drawn."""
        self.page.goto(f"{self.url}/superset/dashboard/{slug}/")
        deadline = time.monotonic() + LOAD_SECONDS
        seen: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            self.page.wait_for_timeout(500)
            seen = self.page.evaluate(CHARTS)
            if len(seen) == charts and not any(chart["busy"] for chart in seen):
                break
        else:
            busy = [chart["title"] for chart in seen if chart["busy"]]
            text = self.page.evaluate("document.body.innerText")[:500]
            told = f"still busy: {busy}; told: {self.told[-3:]}; the page says: {text!r}"
            raise AssertionError(f"{slug}: {len(seen)} of {charts} charts after {LOAD_SECONDS} s, {told}")
        self.page.wait_for_timeout(ANIMATION_MS)
        return Opened(self.page.evaluate(CHARTS), self.page.evaluate(CUT_TEXT))


@contextmanager
def logged_in(url: str, user: str, password: str, *, width: int = 1440, height: int = 3000) -> Iterator[Browser]:
    """A window so high that every chart of a dashboard is in it: Superset draws only those that are."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(LOAD_SECONDS * 1000)
        browser = Browser(page, url)
        page.on("requestfailed", lambda request: _note_failure(browser, request))
        page.on("requestfinished", lambda request: _note_request(browser, request))
        page.on("console", lambda message: browser.told.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: browser.told.append(str(error)))
        browser.log_in(user, password)
        yield browser
        chromium.close()


def _is_own(browser: Browser, address: str) -> bool:
    return address.startswith((browser.url, "data:", "blob:", "about:"))


def _note_failure(browser: Browser, request: Any) -> None:
    if not _is_own(browser, request.url):
        (browser.refused if request.failure == "csp" else browser.outside).append(request.url)


def _note_request(browser: Browser, request: Any) -> None:
    if not _is_own(browser, request.url):
        browser.outside.append(request.url)
