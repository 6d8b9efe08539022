"""Confirming a held snapshot by its hash: a hash that is none is refused, one that fits nothing is told."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from landing_fakes import bureau, period, registry
from payload_fakes import payload

from orchestration import calendar, pipeline
from orchestration.campaign import load_campaign
from orchestration.landing.pull import PullTask

ROW = {
    "institution_uscc": "91420100000000001X",
    "name": "机构",
    "kind": "training",
    "valid_from": "2020-01-01",
    "region_code": "420106",
    "updated_at": "2020-03-24 10:00:00",
}


class Said:
    """A reporter that keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def step(self, title: str, total: int | None = None):
        yield self

    def advance(self, note: str) -> None:
        pass

    def say(self, line: str) -> None:
        self.lines.append(line.strip())


def test_a_hash_that_no_delivery_has_is_told(settings, senders):
    settings.sources_path.write_text("platforms: []\nbureaus: []\n", encoding="utf-8")
    campaign = load_campaign(settings.campaign_path)
    source = bureau()
    deployment = pipeline.Deployment(settings, registry(source), campaign, tuple(calendar.periods(campaign)))
    given = payload("institutions", [ROW], period_start=period(1).start, source_name="period=2020-03-23/all.csv")
    senders.deliver(PullTask(source, "institutions", period(1)), given)
    unknown, said = "0" * 64, Said()
    summary = pipeline.pull_due(deployment, said, confirmed=[given.payload_sha256, unknown])
    assert (summary.troubles, summary.rows_count) == ((), 1)
    assert said.lines == [f"! confirmed {unknown}: nothing with this hash was delivered"]


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n"])
def test_what_is_no_hash_is_refused(text):
    with pytest.raises(pipeline.UsageError, match="--confirm '.*': a SHA-256 has 64 digits"):
        pipeline.choose_confirmed([text])


def test_a_hash_may_be_written_in_capitals():
    assert pipeline.choose_confirmed(["A" * 64]) == {"a" * 64}
