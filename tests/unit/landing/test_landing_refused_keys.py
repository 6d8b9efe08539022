"""Refused rows keep the key that they name: a pseudonym where it is a person's, and gone once that person is erased."""

from __future__ import annotations

import duckdb
import pytest
from landing_fakes import bureau, bytes_below, killed_while_rewriting, period, platform
from payload_fakes import MAN, WOMAN, course, payload, penalty, report, roster
from test_contract_identity import expected_key

from orchestration.landing.erasure import erase_person
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import PullTask, pull_feed
from orchestration.landing.verify import verify
from orchestration.loading.load import load
from orchestration.reporting.refusals import read_refusals

ROSTERS = PullTask(bureau("420000", "eligibility_rosters"), "eligibility_rosters", period(1))
PERSON, OTHER = expected_key("resident_id", WOMAN), expected_key("resident_id", MAN)
KEY_OF_PERSON = f"{PERSON}\x1fKG06A\x1f2020-01-01"
KEY_OF_OTHER = f"{OTHER}\x1fKG06A\x1f2020-01-01"


def land(settings, senders, task, rows, **more):
    senders.deliver(task, payload(task.feed, rows, period_start=period(1).start, **more))
    (entry,) = pull_feed(settings, task).entries
    return entry


def keys_of(settings, entry) -> dict[int, str | None]:
    """position -> record_key of the refused rows."""
    with duckdb.connect(":memory:") as connection:
        path = str(settings.landing_dir / entry.quarantine_file)
        found = connection.execute("SELECT position, record_key FROM read_parquet(?) ORDER BY ALL", [path]).fetchall()
    by_position = dict(found)
    assert len(set(found)) == len(by_position), "one row, one key, whatever the number of its reasons"
    return by_position


@pytest.fixture
def conflicting(settings, senders):
    """A roster that has one person right, and of each of two twice the same with another end."""
    ends = ("2020-06-30", "2020-07-31")
    rows = [roster(id_number=number, valid_to=end) for number in (WOMAN, MAN) for end in ends]
    return land(settings, senders, ROSTERS, [*rows, roster(group_code="KG07")])


def test_rows_that_contradict_each_other_keep_their_key(settings, conflicting):
    assert keys_of(settings, conflicting) == {1: KEY_OF_PERSON, 2: KEY_OF_PERSON, 3: KEY_OF_OTHER, 4: KEY_OF_OTHER}


def test_the_key_is_that_of_the_landed_row(settings, senders, conflicting):
    land(settings, senders, ROSTERS, [roster(), roster(id_number=MAN)])
    load(settings)
    with duckdb.connect(str(settings.database_path), read_only=True) as connection:
        landed, refused = (
            {key for (key,) in connection.execute(query).fetchall()}
            for query in (
                "select concat_ws(chr(31), cast(person_key as varchar), group_code, cast(valid_from as varchar)) "
                "from raw.eligibility_rosters where _ledger_sequence = 2",
                "select record_key from raw.quarantine",
            )
        )
    assert landed == refused == {KEY_OF_PERSON, KEY_OF_OTHER}


def test_a_bad_cell_elsewhere_leaves_the_key_and_one_in_the_key_does_not(settings, senders):
    refused = [
        roster(valid_to="soon"),
        roster(valid_from="soon"),
        roster(group_code="KG99X"),
        roster(id_number="420106199001010029"),
        roster(id_type="library_card"),
        roster(updated_at=None),
        roster(),
    ]
    # Columns that nobody could read would be another format.
    enough = [roster(valid_from=f"2020-02-0{day}", valid_to="2020-12-31") for day in range(1, 9)]
    entry = land(settings, senders, ROSTERS, [*refused, *enough], malformed={7: "cut off"})
    assert keys_of(settings, entry) == {
        1: KEY_OF_PERSON,
        2: None,
        3: None,
        4: None,
        5: None,
        6: KEY_OF_PERSON,
        7: None,
    }


def test_a_key_of_numbers_is_as_landed(settings, senders):
    task = PullTask(bureau("420000", "dispatch_reports"), "dispatch_reports", period(1))
    entry = land(settings, senders, task, [report(version="01", cumulative="many"), report(version="2")])
    assert keys_of(settings, entry) == {1: "2020-03-23\x1f1\x1flearners"}


def test_what_looks_like_a_number_of_somebody_is_no_key_in_a_row_whose_cells_may_have_slipped(settings, senders):
    task = PullTask(platform("P001", "courses"), "courses", period(1))
    rows = [
        course(course_id=WOMAN, grade="9"),
        course(course_id="13800138000", class_hours="0"),
        # Nothing is wrong with these but that there are two of them: each alone would have landed under its number.
        course(course_id="100000000000000001"),
        course(course_id="100000000000000001", title="电工进阶"),
        course(course_id="C 1", grade="9"),
    ]
    entry = land(settings, senders, task, rows)
    assert keys_of(settings, entry) == {
        1: None,
        2: None,
        3: "100000000000000001",
        4: "100000000000000001",
        5: "C 1",
    }


def test_nothing_personal_reaches_the_disk_with_the_keys(settings, senders, conflicting):
    task = PullTask(bureau("420000", "penalties"), "penalties", period(1))
    penalties = land(settings, senders, task, [penalty(decided_on="x"), penalty(penalty_id="N2")])
    assert keys_of(settings, penalties)[1] == "N1"
    with duckdb.connect(":memory:") as connection:
        files = [str(path) for path in (settings.landing_dir / "_quarantine").rglob("*.parquet")]
        texts = [str(connection.execute("FROM read_parquet(?)", [path]).fetchall()) for path in files]
    texts += [data.decode("utf-8", "replace") for _, data in bytes_below(settings.landing_dir)]
    for personal in (WOMAN, MAN):
        assert not any(personal in text for text in texts)


class TestErasure:
    def test_the_persons_keys_go_and_the_rows_stay(self, settings, conflicting):
        outcome = erase_person(settings, PERSON)
        assert [entry.quarantine_file for entry in outcome.entries] == [None, conflicting.quarantine_file]
        assert outcome.rows_count == 1
        assert keys_of(settings, conflicting) == {1: None, 2: None, 3: KEY_OF_OTHER, 4: KEY_OF_OTHER}
        assert verify(settings.landing_dir) == []
        assert all(str(PERSON) not in text for text in self._everything(settings))
        again = erase_person(settings, PERSON)
        assert (again.entries, again.rows_count) == ((), 0)

    def test_the_entry_has_the_hashes_of_the_file_that_it_names(self, settings, conflicting):
        of_landed, of_refused = erase_person(settings, PERSON).entries
        assert (of_refused.kind, of_refused.batch_id) == ("erasure", conflicting.batch_id)
        assert of_refused.erased_file_sha256 == conflicting.quarantine_file_sha256
        assert of_refused.quarantine_file_sha256 != conflicting.quarantine_file_sha256
        assert of_refused.landed_file_sha256 == of_landed.landed_file_sha256 != conflicting.landed_file_sha256

    def test_the_rows_left_are_counted_on_from_erasure_to_erasure(self, settings, senders):
        land(settings, senders, ROSTERS, [roster(), roster(id_number=MAN), roster(id_number=MAN, group_code="KG07")])
        counts = [entry.rows_count for key in (PERSON, OTHER) for entry in erase_person(settings, key).entries]
        assert counts == [2, 0]

    def test_a_changed_quarantine_file_is_noticed_after_an_erasure_too(self, settings, conflicting):
        erase_person(settings, PERSON)
        path = settings.landing_dir / conflicting.quarantine_file
        path.write_bytes(path.read_bytes() + b"x")
        assert [(found.kind, found.batch_id) for found in verify(settings.landing_dir)] == [
            ("differs", conflicting.batch_id)
        ]

    def test_the_warehouse_forgets_the_key_as_well(self, settings, conflicting):
        query = "select record_key, count(*) from raw.quarantine group by all order by all"
        load(settings)
        with duckdb.connect(str(settings.database_path), read_only=True) as connection:
            assert connection.execute(query).fetchall() == sorted([(KEY_OF_PERSON, 2), (KEY_OF_OTHER, 2)])
        erase_person(settings, PERSON)
        load(settings)
        with duckdb.connect(str(settings.database_path), read_only=True) as connection:
            assert connection.execute(query).fetchall() == [(KEY_OF_OTHER, 2), (None, 2)]
            assert connection.execute("select count(*) from raw.eligibility_rosters").fetchall() == [(0,)]

    @pytest.mark.parametrize("steps_before_the_kill", range(5, 10))
    def test_a_kill_in_between_is_finished_by_the_next(self, settings, conflicting, monkeypatch, steps_before_the_kill):
        killed_while_rewriting(monkeypatch, steps_before_the_kill, lambda: erase_person(settings, PERSON))
        erase_person(settings, PERSON)
        assert keys_of(settings, conflicting) == {1: None, 2: None, 3: KEY_OF_OTHER, 4: KEY_OF_OTHER}
        assert verify(settings.landing_dir) == []
        assert not list(settings.landing_dir.rglob("*.erased"))

    @staticmethod
    def _everything(settings) -> list[str]:
        with duckdb.connect(":memory:") as connection:
            files = [str(path) for path in settings.landing_dir.rglob("*.parquet")]
            return [str(connection.execute("FROM read_parquet(?)", [path]).fetchall()) for path in files]


class TestBeforeKeysWereKept:
    """A quarantine file as it was written then: erasing, listing, loading go on, and nothing is asked for again."""

    @pytest.fixture
    def older(self, settings, conflicting):
        path = settings.landing_dir / conflicting.quarantine_file
        with duckdb.connect(":memory:") as connection:
            query = f"SELECT * EXCLUDE (record_key) FROM read_parquet('{path}')"
            connection.execute(f"CREATE TABLE refused AS {query}")
            connection.execute(f"COPY refused TO '{path}' (FORMAT parquet)")
        return conflicting

    def test_it_is_loaded_beside_newer_ones(self, settings, senders, older):
        land(settings, senders, ROSTERS, [roster(valid_to="x")])
        assert load(settings).quarantined_rows_count == 5
        with duckdb.connect(str(settings.database_path), read_only=True) as connection:
            query = "select batch_id, count(*), count(record_key) from raw.quarantine group by all order by all"
            assert connection.execute(query).fetchall() == [
                (older.batch_id, 4, 0),
                ("420000-eligibility_rosters-000002", 1, 1),
            ]

    @pytest.mark.parametrize("newer_first", [False, True])
    def test_it_is_listed_beside_newer_ones(self, settings, senders, older, newer_first):
        sender = bureau("110000" if newer_first else "990000", "eligibility_rosters")
        task = PullTask(sender, "eligibility_rosters", period(1))
        rows = [roster(valid_to="x")]
        land(settings, senders, task, rows, sender_id=sender.id)
        assert read_refusals(settings).total_count == 5

    def test_nothing_in_it_is_erased_and_the_rest_is(self, settings, older):
        (entry,) = erase_person(settings, PERSON).entries
        assert entry.quarantine_file is None

    def test_the_payload_is_known(self, settings, older):
        assert pull_feed(settings, ROSTERS).entries == []
        assert len(read_ledger(settings.landing_dir).entries("420000")) == 1
