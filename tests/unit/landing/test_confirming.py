"""Confirming a held snapshot by its hash: a hash that is none is refused, one that fits nothing is told."""

from __future__ import annotations

from io import StringIO

import pytest
from landing_fakes import bureau, period, registry
from payload_fakes import payload

from orchestration import calendar, pipeline
from orchestration.campaign import load_campaign
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import PullTask
from orchestration.reporting.progress import PlainReporter

ROW = {
    "institution_uscc": "91420100000000001X",
    "name": "机构",
    "kind": "training",
    "valid_from": "2020-01-01",
    "region_code": "420106",
    "updated_at": "2020-03-24 10:00:00",
}


UNKNOWN = "0" * 64


@pytest.fixture
def source(settings):
    settings.sources_path.write_text("platforms: []\nbureaus: []\n", encoding="utf-8")
    return bureau()


@pytest.fixture
def deployment(settings, source):
    campaign = load_campaign(settings.campaign_path)
    return pipeline.Deployment(settings, registry(source), campaign, tuple(calendar.periods(campaign)))


def said_of(deployment, *confirmed: str) -> tuple[pipeline.PullSummary, list[str]]:
    """What a pull came to, and the warnings that it gave."""
    stream = StringIO()
    summary = pipeline.pull_due(deployment, PlainReporter(stream), confirmed=confirmed)
    return summary, [line.strip() for line in stream.getvalue().splitlines() if line.startswith("  !")]


def test_a_hash_that_no_delivery_has_is_told(deployment, source, senders):
    given = payload("institutions", [ROW], period_start=period(1).start, source_name="period=2020-03-23/all.csv")
    senders.deliver(PullTask(source, "institutions", period(1)), given)
    summary, said = said_of(deployment, given.payload_sha256, UNKNOWN)
    assert (summary.troubles, summary.rows_count) == ((), 1)
    assert said == [f"! confirmed {UNKNOWN}: nothing with this hash was delivered"]


@pytest.mark.parametrize("confirmed", [(), (UNKNOWN,)])
def test_a_damaged_ledger_stays_its_senders_trouble(deployment, source, senders, settings, confirmed):
    given = payload("institutions", [ROW], period_start=period(1).start, source_name="period=2020-03-23/all.csv")
    senders.deliver(PullTask(source, "institutions", period(1)), given)
    said_of(deployment)
    with read_ledger(settings.landing_dir).path(source.id).open("ab") as stream:
        stream.write(b"no entry\n")
    summary, said = said_of(deployment, *confirmed)
    assert summary.failed_senders == (source.id,)
    assert [line.partition(":")[0] for line in said if "confirmed" in line] == [
        f"! confirmed {each}" for each in confirmed
    ]


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n"])
def test_what_is_no_hash_is_refused(text):
    with pytest.raises(pipeline.UsageError, match="--confirm '.*': a SHA-256 has 64 digits"):
        pipeline.choose_confirmed([text])


def test_a_hash_may_be_written_in_capitals():
    assert pipeline.choose_confirmed(["A" * 64]) == {"a" * 64}
