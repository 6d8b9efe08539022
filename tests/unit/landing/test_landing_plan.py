"""What a build pulls: every begun period, again until three days after its end, files always."""

from __future__ import annotations

from datetime import date

import pytest
from landing_fakes import at, bureau, period, platform, registry
from payload_fakes import PERIODS, course, payload

from orchestration.landing.ledger import read_ledger
from orchestration.landing.plan import plan_pulls
from orchestration.landing.pull import PullTask, pull_feed


def planned(everyone, now, landing_dir, **asked) -> list[tuple[str, str, int | None]]:
    tasks = plan_pulls(everyone, list(PERIODS), at(now), read_ledger(landing_dir), **asked)
    return [(task.sender.id, task.feed, task.period.number if task.period else None) for task in tasks]


def test_every_begun_period_of_every_feed(tmp_path):
    everyone = registry(platform("P001", "courses", "registrations"), bureau("420000", "penalties"))
    assert planned(everyone, "2020-04-20T00:00:00+08:00", tmp_path) == [
        ("P001", "courses", 1), ("P001", "courses", 2), ("P001", "courses", 3),
        ("P001", "registrations", 1), ("P001", "registrations", 2), ("P001", "registrations", 3),
        ("420000", "penalties", 1), ("420000", "penalties", 2), ("420000", "penalties", 3),
    ]  # fmt: skip
    assert len(planned(everyone, "2020-04-19T23:59:59+08:00", tmp_path)) == 6


def test_nothing_before_the_first_day(tmp_path):
    everyone = registry(platform(), platform("P002", connector="files"), bureau())
    assert planned(everyone, "2020-03-22T23:59:59+08:00", tmp_path) == []


def test_a_platforms_inbox_is_one_task(tmp_path):
    everyone = registry(platform("P031", "courses", "registrations", connector="files"))
    expected = [("P031", "courses", None), ("P031", "registrations", None)]
    assert planned(everyone, "2020-07-10T09:00:00+08:00", tmp_path) == expected
    assert planned(everyone, "2020-07-10T09:00:00+08:00", tmp_path, periods=[date(2020, 4, 6)]) == expected


def test_senders_and_periods_can_be_asked_for(tmp_path):
    everyone = registry(platform("P001"), platform("P002"), bureau())
    now = "2020-07-10T09:00:00+08:00"
    asked = {"periods": [date(2020, 4, 6), date(2020, 12, 28)], "senders": ["P002", "420000"]}
    assert planned(everyone, now, tmp_path, **asked) == [("P002", "courses", 2), ("420000", "institutions", 2)]


@pytest.mark.parametrize(
    ("pulled_at", "is_whole", "is_due"),
    [
        ("2020-04-03T09:00:00+08:00", False, True),
        ("2020-04-06T00:00:00+08:00", True, True),
        ("2020-04-08T23:59:59+08:00", True, True),
        ("2020-04-09T00:00:00+08:00", True, False),
        ("2020-05-01T00:00:00+08:00", True, False),
    ],
)
def test_a_period_is_pulled_again_until_a_whole_pull_began_three_days_after_its_end(
    make_settings, senders, pulled_at, is_whole, is_due
):
    sender = platform()
    settings = make_settings(pulled_at)
    task = PullTask(sender, "courses", period(1))
    given = payload("courses", [course()], period_start=period(1).start, is_whole=is_whole, began_at=at(pulled_at))
    senders.deliver(task, given)
    assert len(pull_feed(settings, task).entries) == 1
    now = "2020-05-01T09:00:00+08:00"
    first = ("P001", "courses", 1)
    assert (first in planned(registry(sender), now, settings.landing_dir)) is is_due
    assert ("P001", "courses", 2) in planned(registry(sender), now, settings.landing_dir)
    assert first in planned(registry(sender), now, settings.landing_dir, periods=[period(1).start])
    assert first in planned(registry(sender), now, settings.landing_dir, key_id="another")


def test_a_settled_pull_of_one_feed_settles_no_other(make_settings, senders):
    sender = platform("P001", "courses", "reminders")
    settings = make_settings("2020-05-01T00:00:00+08:00")
    task = PullTask(sender, "courses", period(1))
    senders.deliver(task, payload("courses", [course()], period_start=period(1).start, began_at=settings.now()))
    pull_feed(settings, task)
    left = planned(registry(sender), "2020-05-01T00:00:00+08:00", settings.landing_dir)
    assert ("P001", "courses", 1) not in left
    assert ("P001", "reminders", 1) in left


def test_bureau_folders_are_looked_at_again_and_again(make_settings, senders):
    everyone = registry(bureau("420000", "penalties"))
    now = "2020-12-01T00:00:00+08:00"
    assert len(planned(everyone, now, make_settings(now).landing_dir)) == 19
