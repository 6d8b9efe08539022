"""Pulling and landing: what lands, what doesn't a second time, and what one sender's trouble does to the others."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import date

import duckdb
import pytest
from landing_fakes import bureau, bytes_below, period, platform, registry
from payload_fakes import MAN, WOMAN, course, payload, registration

from orchestration.landing import pull as pull_module
from orchestration.landing import taking
from orchestration.landing.errors import LandingError
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import PullTask, Trouble, condense, pull, pull_feed
from orchestration.sources.errors import PermanentSourceError, TransientSourceError
from orchestration.sources.payload import UnknownColumn

P1 = date(2020, 3, 23)


def task_of(sender, feed="courses", number: int | None = 1) -> PullTask:
    return PullTask(sender, feed, period(number) if number else None)


def rows_of(settings, entry) -> list[dict]:
    with duckdb.connect(":memory:") as connection:
        result = connection.execute("FROM read_parquet(?)", [str(settings.landing_dir / entry.landed_file)])
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def quarantine_of(settings, entry) -> list[dict]:
    with duckdb.connect(":memory:") as connection:
        result = connection.execute("FROM read_parquet(?)", [str(settings.landing_dir / entry.quarantine_file)])
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def snapshot_of(folder) -> dict[str, bytes]:
    return {str(path): data for path, data in bytes_below(folder) if not path.name.endswith(".lock")}


def test_a_batch_lands_with_its_entry(settings, senders):
    task = task_of(platform())
    given = payload("courses", [course(), course(course_id="C2", grade="9")], period_start=P1)
    senders.deliver(task, given)
    outcome = pull_feed(settings, task)
    (entry,) = outcome.entries
    assert outcome.troubles == []
    assert (outcome.rows_count, outcome.quarantined_rows_count, outcome.bytes_count) == (1, 1, given.bytes_count)
    assert entry.batch_id == "P001-courses-000001"
    assert entry.landed_file == "courses/sender=P001/P001-courses-000001.parquet"
    assert entry.periods["2020-03-23"].rows == 1
    assert entry.periods["2020-03-23"].quarantined == 1
    assert entry.received_at == "2020-07-10T09:00:00+08:00"
    assert entry.payload_sha256 == given.payload_sha256
    assert [row["course_id"] for row in rows_of(settings, entry)] == ["C1"]
    (line,) = (settings.landing_dir / "_ledger" / "P001.jsonl").read_text().splitlines()
    assert json.loads(line)["periods"] == {"2020-03-23": {"rows": 1, "quarantined": 1}}


def test_quarantine_says_where_and_why_and_nothing_that_identifies(settings, senders):
    task = task_of(platform("P001", "registrations"), "registrations")
    changes = {"id_number": WOMAN[:-1] + "9", "status": "gone", "region_code": "13800138000"}
    bad = registration(registration_id="R2", **changes) | {"备注": "王小明的母亲"}
    senders.deliver(task, payload("registrations", [registration() | {"备注": ""}, bad], period_start=P1))
    (entry,) = pull_feed(settings, task).entries
    found = quarantine_of(settings, entry)
    assert [(row["position"], row["field"], row["reason"]) for row in found] == [
        (2, "status", "unknown_enum"),
        (2, "id_number", "identity_invalid"),
    ]
    assert {row["batch_id"] for row in found} == {entry.batch_id}
    assert {row["period_start"] for row in found} == {P1}
    masked = json.loads(found[0]["row_masked"])
    assert masked["id_number"] == 18
    assert masked["learner_name"] == 3
    assert masked["phone"] == 11
    assert masked["备注"] == 6
    assert masked["region_code"] == 11  # a phone in the wrong field is a phone all the same
    assert masked["status"] == "gone"
    assert masked["registered_at"] == "2020-03-25T08:30:00+08:00"


@pytest.mark.parametrize(
    "number",
    [
        WOMAN,
        f"{WOMAN[:6]} {WOMAN[6:14]} {WOMAN[14:]}",
        "１３８００１３８０００",
        "138\u30000013\u30008000",
        f"王小明/{WOMAN}",
    ],
)
def test_a_number_in_the_wrong_field_is_masked_however_it_is_written(settings, senders, number):
    task = task_of(platform("P001", "registrations"), "registrations")
    senders.deliver(task, payload("registrations", [registration(status=number)], period_start=P1))
    (entry,) = pull_feed(settings, task).entries
    (row,) = quarantine_of(settings, entry)
    assert (row["reason"], json.loads(row["row_masked"])["status"]) == ("unknown_enum", len(number))


def test_an_object_in_the_place_of_a_text_is_refused_and_masked(settings, senders):
    task = task_of(platform("P001", "registrations"), "registrations")
    given = '{"id": "J1", "head": "王小明"}'
    senders.deliver(task, payload("registrations", [registration(project_id=given)], period_start=P1))
    (entry,) = pull_feed(settings, task).entries
    (row,) = quarantine_of(settings, entry)
    assert (row["field"], row["reason"]) == ("project_id", "bad_type")
    assert json.loads(row["row_masked"])["project_id"] == len(given)


def test_nothing_personal_reaches_the_disk(settings, senders):
    task = task_of(platform("P001", "registrations", "learning_records"), "registrations")
    names = ("王小明", "张伟丽")
    phones = ("13800138000", "13912345678")
    rows = [
        registration(learner_name=names[0], phone=phones[0]),
        registration(registration_id="R2", id_number=MAN, learner_name=names[1], phone=phones[1], status="gone"),
        registration(registration_id="R3", id_number="420106199001010029", learner_name=names[0]),
    ]
    rows = [row | {"mother": names[1], "mothers_phone": phones[1]} for row in rows]
    unknown = (UnknownColumn("mother", "text", 1.0), UnknownColumn("mothers_phone", "integer", 1.0))
    senders.deliver(task, payload("registrations", rows, period_start=P1, unknown_columns=unknown))
    (entry,) = pull_feed(settings, task).entries
    assert entry.quarantined_rows_count == 2
    assert [(column.name, column.type) for column in entry.unknown_columns] == [
        ("mother", "text"),
        ("mothers_phone", "integer"),
    ]
    # Parquet compresses: look at the values as well as at the bytes.
    texts = [str(rows_of(settings, entry)), str(quarantine_of(settings, entry))]
    texts += [data.decode("utf-8", "replace") for _, data in bytes_below(settings.warehouse_dir)]
    for personal in (WOMAN, MAN, *names, *phones, "420106199001010029"):
        assert not any(personal in text for text in texts)


class TestAgain:
    @pytest.mark.parametrize("number", [1, 8])
    def test_the_same_pull_twice_changes_nothing(self, settings, senders, number):
        task = task_of(platform(), number=number)
        whole = number == 1
        senders.deliver(task, payload("courses", [course()], period_start=period(number).start, is_whole=whole))
        assert len(pull_feed(settings, task).entries) == 1
        before = snapshot_of(settings.landing_dir)
        assert pull_feed(settings, task).entries == []
        assert snapshot_of(settings.landing_dir) == before

    def test_the_same_content_in_another_period_is_another_batch_by_rest(self, settings, senders):
        sender = platform()
        for number in (1, 2):
            senders.deliver(task_of(sender, number=number), payload("courses", [], period_start=period(number).start))
            (entry,) = pull_feed(settings, task_of(sender, number=number)).entries
            assert (entry.kind, entry.rows_count) == ("batch", 0)

    def test_the_same_file_in_another_folder_is_the_same_batch(self, settings, senders):
        sender = platform(connector="files")
        task = task_of(sender, number=None)
        senders.deliver(task, payload("courses", [course()], source_name="a.csv"))
        assert len(pull_feed(settings, task).entries) == 1
        senders.deliver(task, payload("courses", [course()], source_name="renamed.csv"))
        assert pull_feed(settings, task).entries == []

    def test_changed_content_is_a_new_batch_and_the_old_one_stays(self, settings, senders):
        task = task_of(platform())
        senders.deliver(task, payload("courses", [course()], period_start=P1))
        (first,) = pull_feed(settings, task).entries
        kept = (settings.landing_dir / first.landed_file).read_bytes()
        senders.deliver(task, payload("courses", [course(title="新")], period_start=P1))
        (second,) = pull_feed(settings, task).entries
        assert second.sequence == 2
        assert (settings.landing_dir / first.landed_file).read_bytes() == kept

    def test_another_key_lands_everything_again(self, make_settings, senders):
        task = task_of(platform())
        senders.deliver(task, payload("courses", [course()], period_start=P1))
        (first,) = pull_feed(make_settings(), task).entries
        (second,) = pull_feed(make_settings(key=b"k" * 32), task).entries
        assert first.payload_sha256 == second.payload_sha256
        assert first.key_id != second.key_id


class TestWhatAPullTells:
    def deliver(self, senders, task, now, rows=1, is_whole=True):
        given = [course(course_id=f"C{n}") for n in range(rows)]
        item = payload("courses", given, period_start=P1, is_whole=is_whole, began_at=now)
        senders.deliver(task, item)

    def pulled(self, make_settings, senders, task, now, **about):
        settings = make_settings(now)
        self.deliver(senders, task, settings.now(), **about)
        return [entry.kind for entry in pull_feed(settings, task).entries]

    def test_the_first_whole_and_the_first_settled_pull_are_noted_and_no_other(self, make_settings, senders):
        task = task_of(platform())
        assert self.pulled(make_settings, senders, task, "2020-04-01T09:00:00+08:00", is_whole=False) == ["batch"]
        assert self.pulled(make_settings, senders, task, "2020-04-02T09:00:00+08:00", is_whole=False) == []
        assert self.pulled(make_settings, senders, task, "2020-04-06T00:00:00+08:00") == ["pull"]
        assert self.pulled(make_settings, senders, task, "2020-04-07T09:00:00+08:00") == []
        assert self.pulled(make_settings, senders, task, "2020-04-08T23:59:59+08:00") == []
        assert self.pulled(make_settings, senders, task, "2020-04-09T00:00:00+08:00") == ["pull"]
        assert self.pulled(make_settings, senders, task, "2020-04-20T09:00:00+08:00") == []
        entries = read_ledger(make_settings().landing_dir).entries("P001")
        assert [entry.sequence for entry in entries] == [1, 2, 3]
        assert {entry.batch_id for entry in entries} == {"P001-courses-000001"}

    def test_no_row_in_a_running_period_lands_nothing_but_a_whole_empty_one_does(self, make_settings, senders):
        task = task_of(platform())
        assert self.pulled(make_settings, senders, task, "2020-04-01T09:00:00+08:00", rows=0, is_whole=False) == []
        assert read_ledger(make_settings().landing_dir).sender_ids() == []
        assert self.pulled(make_settings, senders, task, "2020-04-06T09:00:00+08:00", rows=0) == ["batch"]
        (entry,) = read_ledger(make_settings().landing_dir).entries("P001")
        assert entry.rows_count == 0
        assert entry.periods["2020-03-23"].rows == 0
        assert (make_settings().landing_dir / entry.landed_file).is_file()

    def test_rows_that_vanish_from_a_running_period_are_a_batch(self, make_settings, senders):
        task = task_of(platform())
        assert self.pulled(make_settings, senders, task, "2020-04-01T09:00:00+08:00", is_whole=False) == ["batch"]
        assert self.pulled(make_settings, senders, task, "2020-04-02T09:00:00+08:00", rows=0, is_whole=False) == [
            "batch"
        ]


class TestPlatformFiles:
    def test_rows_are_counted_in_their_own_periods(self, settings, senders):
        task = task_of(platform(connector="files"), number=None)
        rows = [
            course(),
            course(course_id="C2", updated_at="2020-04-07 10:00:00"),
            course(course_id="C3", updated_at="?"),
        ]
        senders.deliver(task, payload("courses", rows))
        (entry,) = pull_feed(settings, task).entries
        assert entry.period_start is None
        counts = {start: (count.rows, count.quarantined) for start, count in entry.periods.items()}
        assert counts == {"2020-03-23": (1, 0), "2020-04-06": (1, 0), "2020-06-29": (0, 1)}
        assert [row["_period_start"] for row in rows_of(settings, entry)] == [P1, date(2020, 4, 6)]

    @pytest.mark.parametrize(
        ("now", "start"),
        [
            ("2020-03-25T09:00:00+08:00", "2020-03-23"),
            ("2020-04-05T23:59:59+08:00", "2020-03-23"),
            ("2020-04-20T00:00:00+08:00", "2020-04-06"),
            ("2020-07-10T09:00:00+08:00", "2020-06-15"),
            ("2021-02-01T09:00:00+08:00", "2020-12-28"),
        ],
    )
    def test_a_file_without_rows_counts_in_the_latest_period_that_ended(self, make_settings, senders, now, start):
        task = task_of(platform(connector="files"), number=None)
        senders.deliver(task, payload("courses", [], header=tuple(course())))
        (entry,) = pull_feed(make_settings(now), task).entries
        assert {key: count.rows for key, count in entry.periods.items()} == {start: 0}


class TestSnapshots:
    def institutions(self, count: int):
        rows = [
            {
                "institution_uscc": f"91420100MA4K{n:05d}X",
                "name": "校",
                "kind": "training",
                "valid_from": "2020-01-01",
                "region_code": "420106",
                "updated_at": "2020-03-24 10:00:00",
            }
            for n in range(count)
        ]
        return payload("institutions", rows, period_start=P1, source_name="period=2020-03-23/all.csv")

    def test_a_snapshot_that_shrinks_is_held_until_confirmed(self, settings, senders):
        task = PullTask(bureau(snapshot=True), "institutions", period(1))
        senders.deliver(task, self.institutions(10))
        assert len(pull_feed(settings, task).entries) == 1
        shrunk = self.institutions(7)
        senders.deliver(task, shrunk)
        for _ in range(2):
            outcome = pull_feed(settings, task)
            (trouble,) = outcome.troubles
            assert outcome.entries == []
            assert str(trouble).startswith("420000 institutions 2020-03-23 period=2020-03-23/all.csv: held: ")
            assert f"--confirm {shrunk.payload_sha256}" in trouble.message
        (entry,) = pull_feed(settings, task, confirmed=[shrunk.payload_sha256]).entries
        assert entry.rows_count == 7

    def test_four_fifths_are_enough(self, settings, senders):
        task = PullTask(bureau(snapshot=True), "institutions", period(1))
        for count in (10, 8):
            senders.deliver(task, self.institutions(count))
            assert len(pull_feed(settings, task).entries) == 1

    def test_a_feed_that_is_no_snapshot_may_shrink(self, settings, senders):
        task = PullTask(bureau(), "institutions", period(1))
        for count in (10, 1):
            senders.deliver(task, self.institutions(count))
            assert len(pull_feed(settings, task).entries) == 1


class TestTrouble:
    def test_one_bad_file_does_not_stop_the_next(self, settings, senders):
        task = task_of(platform(connector="files"), number=None)
        headless = course()
        del headless["title"]
        senders.deliver(
            task,
            PermanentSourceError("P001", "courses", "a.csv", "is not UTF-8", row=7),
            payload("courses", [headless], source_name="b.csv"),
            payload("courses", [course()], source_name="c.csv"),
        )
        outcome = pull_feed(settings, task)
        assert [entry.source_name for entry in outcome.entries] == ["c.csv"]
        assert [(trouble.source_name, trouble.field) for trouble in outcome.troubles] == [
            ("a.csv", None),
            ("b.csv", "title"),
        ]
        assert str(outcome.troubles[0]) == "P001 courses a.csv row 7: is not UTF-8"

    def test_a_defect_is_reported_by_place_and_not_by_its_text(self, settings, senders):
        task = task_of(platform())
        senders.deliver(task, payload("courses", [course()], period_start=P1), ValueError(f"bad value {WOMAN}"))
        outcome = pull_feed(settings, task)
        assert len(outcome.entries) == 1
        assert WOMAN not in str(outcome.troubles)
        assert "internal error ValueError at pull.py:" in str(outcome.troubles[0])

    def test_a_failing_sender_stops_no_other(self, settings, senders):
        good, bad = platform("P001"), platform("P002")
        tasks = [task_of(sender, number=number) for sender in (bad, good) for number in (1, 2, 3, 4)]
        for task in tasks:
            start = task.period.start
            is_good = task.sender is good
            error = TransientSourceError(task.sender.id, "courses", "v1/courses", "can't be reached")
            senders.deliver(task, payload("courses", [course()], period_start=start) if is_good else error)
        outcomes = pull(settings, registry(good, bad), tasks)
        assert [outcome.task for outcome in outcomes] == tasks
        assert [len(outcome.entries) for outcome in outcomes] == [0] * 4 + [1] * 4
        assert all(outcome.troubles for outcome in outcomes[:4])
        # After two pulls without an answer the server is left alone, and that is said.
        assert sum(sender_id == "P002" for sender_id, _, _ in senders.asked) == 2
        assert [trouble.is_consequence for outcome in outcomes[:4] for trouble in outcome.troubles] == [
            False,
            False,
            True,
            True,
        ]

    def test_pulls_not_tried_are_told_in_one_line(self):
        cause = Trouble("P002", "courses", "2020-03-23", "v1/courses", None, "can't be reached", is_transient=True)
        other = replace(cause, sender_id="P003")
        skipped = [
            replace(cause, feed=feed, message="not tried, since the pulls before it failed", is_consequence=True)
            for feed in ("courses", "registrations", "reminders")
        ]
        first, second, third = condense([cause, *skipped, other])
        assert (first, third) == (cause, other)
        assert second.message == "not tried, since the pulls before it failed (3 pulls, of which this is the first)"
        assert second.feed == "courses"

    def test_an_answer_in_between_keeps_a_server_trusted(self, settings, senders):
        sender = platform()
        tasks = [task_of(sender, number=number) for number in range(1, 7)]
        for number, task in enumerate(tasks):
            error = TransientSourceError("P001", "courses", "v1/courses", "503")
            good = payload("courses", [course()], period_start=task.period.start)
            senders.deliver(task, good if number % 2 else error)
        pull(settings, registry(sender), tasks)
        assert len(senders.asked) == 6

    def test_a_damaged_ledger_is_its_senders_trouble_alone(self, settings, senders):
        tasks = [task_of(platform(sender_id)) for sender_id in ("P001", "P002")]
        for task in tasks:
            senders.deliver(task, payload("courses", [course()], period_start=P1, sender_id=task.sender.id))
        (settings.landing_dir / "_ledger").mkdir(parents=True)
        (settings.landing_dir / "_ledger" / "P001.jsonl").write_bytes(b"not an entry\n")
        first, second = pull(settings, registry(*(task.sender for task in tasks)), tasks)
        assert "P001.jsonl: line 1 is no ledger entry" in first.troubles[0].message
        assert len(second.entries) == 1


class TestMany:
    def test_progress_is_told_in_the_calling_thread_once_a_task(self, settings, senders):
        tasks = [task_of(platform(f"P{n:03d}"), number=number) for n in range(6) for number in (1, 2)]
        for task in tasks:
            given = payload("courses", [course()], period_start=task.period.start, sender_id=task.sender.id)
            senders.deliver(task, given)
        told = []
        outcomes = pull(
            settings, registry(*{t.sender.id: t.sender for t in tasks}.values()), tasks,
            lambda done: told.append((done.task, threading.current_thread())), workers=4,
        )  # fmt: skip
        assert sorted(task.sender.id for task, _ in told) == sorted(task.sender.id for task in tasks)
        assert {thread for _, thread in told} == {threading.current_thread()}
        assert all(len(outcome.entries) == 1 for outcome in outcomes)

    def test_a_second_run_lands_nothing(self, settings, senders):
        tasks = [task_of(platform(f"P{n:03d}"), number=number) for n in range(4) for number in (1, 2)]
        for task in tasks:
            given = payload("courses", [course()], period_start=task.period.start, sender_id=task.sender.id)
            senders.deliver(task, given)
        everyone = registry(*{task.sender.id: task.sender for task in tasks}.values())
        pull(settings, everyone, tasks)
        before = snapshot_of(settings.landing_dir)
        assert [entry for outcome in pull(settings, everyone, tasks) for entry in outcome.entries] == []
        assert snapshot_of(settings.landing_dir) == before

    def test_an_interrupt_in_the_callback_ends_the_run(self, settings, senders):
        tasks = [task_of(platform(f"P{n:03d}"), number=1) for n in range(30)]
        for task in tasks:
            senders.deliver(task, payload("courses", [course()], period_start=P1, sender_id=task.sender.id))

        def interrupt(done):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            pull(settings, registry(*(task.sender for task in tasks)), tasks, interrupt, workers=2)
        assert len(senders.asked) < len(tasks)

    def test_a_landing_folder_that_cannot_be_written_stops_everything_with_one_error(self, settings, senders):
        tasks = [task_of(platform(f"P{n:03d}")) for n in range(20)]
        for task in tasks:
            senders.deliver(task, payload("courses", [course()], period_start=P1, sender_id=task.sender.id))
        settings.warehouse_dir.mkdir(parents=True)
        settings.landing_dir.write_text("a file where the folder should be")
        with pytest.raises(LandingError, match="landing.*: a part of the path is a file, not a folder"):
            pull(settings, registry(*(task.sender for task in tasks)), tasks, workers=2)
        assert len(senders.asked) < len(tasks)


def test_all_senders_are_waited_for_but_only_so_many_worked_on(make_settings, senders, monkeypatch):
    settings = make_settings(WAREHOUSE_THREADS="2")
    known = [platform(f"P{number:03d}") for number in range(1, 7)]
    all_are_asked = threading.Barrier(len(known), timeout=30)
    lock, at_once, most = threading.Lock(), [0], [0]
    check = taking.check

    def waiting(source, sender, *rest, turn, **more):
        all_are_asked.wait()
        yield payload("courses", [course()], sender_id=sender.id, period_start=P1)

    def checking(*arguments):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.05)
        try:
            return check(*arguments)
        finally:
            with lock:
                at_once[0] -= 1

    monkeypatch.setattr(pull_module, "fetch", waiting)
    monkeypatch.setattr(taking, "check", checking)
    outcomes = pull(settings, registry(*known), [task_of(each) for each in known])
    assert [outcome.rows_count for outcome in outcomes] == [1] * len(known)
    assert most == [2]
