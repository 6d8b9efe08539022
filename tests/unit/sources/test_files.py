"""Inboxes: which files are taken, in what order, and what one bad file does to the others."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry as fsspec_registry
from reading import NOW, SECRETS, period, rows, sender, source

from orchestration.sources import files
from orchestration.sources.connectors import fetch
from orchestration.sources.errors import PermanentSourceError, SourceError, TransientSourceError
from orchestration.sources.payload import Payload
from orchestration.sources.readers.formats import read_file

HEADER = "reminder_id,registration_id,sent_at,channel,updated_at"
ROW = "{},R-1,2020-04-08 09:00:00,sms,2020-04-08 09:00:00"
PENALTIES = "penalty_id,subject_kind,subject_id,reason,decided_on,region_code,updated_at"


def csv_of(*ids: str) -> bytes:
    return "\n".join([HEADER, *map(ROW.format, ids), ""]).encode()


def put(inbox: Path, name: str, data: bytes) -> None:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def take(
    inbox: Path | str, sender_id: str = "P031", number: int | None = None, already: Callable = lambda sha: False, **keys
) -> list[Payload | SourceError]:
    feed = "penalties" if sender_id.isdigit() else "reminders"
    return list(
        fetch(
            source(feed, "files", inbox=str(inbox), **keys),
            sender(sender_id),
            feed,
            period(number) if number else None,
            NOW,
            resolve_secret=SECRETS.get,
            already_taken=already,
            last_period=period(3),
        )
    )


def ids(payload: Payload | SourceError) -> list[str]:
    assert isinstance(payload, Payload), payload
    return [row["reminder_id"] for row in rows(payload)]


def test_files_come_in_byte_order_of_their_paths(tmp_path):
    for name in ("b.csv", "a/z.csv", "B.csv", "a.csv", "中.csv", "é.csv"):
        put(tmp_path, f"reminders/{name}", csv_of(name))
    assert [payload.source_name for payload in take(tmp_path)] == [
        "reminders/B.csv", "reminders/a.csv", "reminders/a/z.csv", "reminders/b.csv",
        "reminders/é.csv", "reminders/中.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("42010619900101002x.csv", "***.csv"),
        ("王_420106199001010028_13800138000/甲420106900101002.csv", "王_***_***/甲***.csv"),
        ("20200408093000_420000_1.csv", "20200408093000_420000_1.csv"),
    ],
)
def test_a_persons_number_in_a_files_name_is_not_repeated(tmp_path, name, shown):
    put(tmp_path, f"reminders/{name}", csv_of("a"))
    put(tmp_path, f"reminders/b/{name}", b"x,y\n")
    taken, refused = take(tmp_path)
    if isinstance(taken, SourceError):
        taken, refused = refused, taken
    assert ids(taken) == ["a"]
    assert [taken.source_name, refused.source_name] == [f"reminders/{shown}", f"reminders/b/{shown}"]
    assert name not in str(refused) or name == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("课程.csv".encode("gb18030"), "课程.csv"),
        ("课程/提醒.csv".encode("gb18030"), "课程/提醒.csv"),
        (b"\xff\xfe.csv", "\\xff\\xfe.csv"),
        (b"a\nb.csv", "a?b.csv"),
    ],
)
def test_a_files_name_may_be_any_bytes(tmp_path, name, shown):
    put(tmp_path, f"reminders/{os.fsdecode(name)}", csv_of("a"))
    put(tmp_path, f"reminders/中/{os.fsdecode(name)}", b"x,y\n")
    results = take(tmp_path)
    assert sorted(result.source_name for result in results) == sorted((f"reminders/{shown}", f"reminders/中/{shown}"))
    assert all(result.source_name.isprintable() for result in results)
    assert [ids(result) for result in results if isinstance(result, Payload)] == [["a"]]


def test_a_url_is_as_good_as_a_folder(tmp_path):
    put(tmp_path, "reminders/a.csv", csv_of("a"))
    (payload,) = take(f"file://{tmp_path}")
    assert ids(payload) == ["a"]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv", bytes),
        ("a.CSV", bytes),
        ("a.csv.gz", gzip.compress),
        ("a.csv.gz", lambda data: gzip.compress(data[:70]) + gzip.compress(data[70:])),
        ("a.csv.zst", zstandard.compress),
        ("a.csv.zst", lambda data: zstandard.compress(data[:70]) + zstandard.compress(data[70:])),
        ("a.tsv", lambda data: data.replace(b",", b"\t")),
        ("a.tsv.gz", lambda data: gzip.compress(data.replace(b",", b"\t"))),
    ],
)
def test_each_packing_gives_the_same_rows(tmp_path, name, pack):
    packed = pack(csv_of("a", "b"))
    put(tmp_path, f"reminders/{name}", packed)
    (payload,) = take(tmp_path)
    assert ids(payload) == ["a", "b"]
    assert payload.payload_sha256 == hashlib.sha256(packed).hexdigest()
    assert (payload.period_start, payload.is_whole) == (None, True)


def test_half_written_and_hidden_files_are_left_alone(tmp_path):
    for name in ("a.csv.part", "a.csv.tmp", "a.csv.TMP", ".a.csv", ".sync/a.csv", "~$a.xlsx"):
        put(tmp_path, f"reminders/{name}", b"half")
    assert take(tmp_path) == []


def test_a_content_is_taken_once_however_it_is_called(tmp_path):
    put(tmp_path, "reminders/a.csv", csv_of("a"))
    put(tmp_path, "reminders/b.csv", csv_of("a"))
    (payload,) = take(tmp_path)
    assert payload.source_name == "reminders/a.csv"
    assert take(tmp_path, already=lambda sha256: sha256 == payload.payload_sha256) == []


def test_a_content_that_one_name_kept_from_being_read_is_read_under_the_next(tmp_path):
    put(tmp_path, "reminders/a.bak", csv_of("a"))
    put(tmp_path, "reminders/a.csv", csv_of("a"))
    error, payload = take(tmp_path)
    assert isinstance(error, PermanentSourceError)
    assert ids(payload) == ["a"]


def test_a_defect_of_a_reader_costs_its_file_only_and_quotes_nothing(tmp_path, monkeypatch):
    def read(name, data, source):
        if name == "reminders/a.csv":
            raise KeyError("13800138000")
        return read_file(name, data, source)

    monkeypatch.setattr(files, "read_file", read)
    put(tmp_path, "reminders/a.csv", csv_of("a"))
    put(tmp_path, "reminders/b.csv", csv_of("b"))
    error, payload = take(tmp_path)
    assert str(error).startswith("P031 reminders reminders/a.csv: internal error KeyError at files.py:")
    assert "13800138000" not in str(error)
    assert ids(payload) == ["b"]


def test_one_bad_file_does_not_stop_the_next(tmp_path):
    put(tmp_path, "reminders/a.csv.gz", b"no gzip")
    put(tmp_path, "reminders/b.pdf", b"%PDF")
    put(tmp_path, "reminders/c.csv.zst", zstandard.compress(csv_of("a") * 50)[:-20])
    put(tmp_path, "reminders/d.csv.gz", gzip.compress(csv_of("a"))[:-12])
    put(tmp_path, "reminders/e.parquet", b"PAR1")
    put(tmp_path, "reminders/f.xlsx", b"PK")
    put(tmp_path, "reminders/g.csv", b"")
    put(tmp_path, "reminders/h.csv", csv_of("h"))
    *errors, last = take(tmp_path)
    assert [str(error).split(": ")[:2] for error in errors] == [
        ["P031 reminders reminders/a.csv.gz", "not a gzip file, or damaged"],
        [
            "P031 reminders reminders/b.pdf",
            "not a kind of file that is read; read are .csv, .tsv, .ndjson, .jsonl (each with .gz or .zst too), "
            ".parquet, .xlsx",
        ],
        ["P031 reminders reminders/c.csv.zst", "the zstd stream ends early; is the file cut off?"],
        ["P031 reminders reminders/d.csv.gz", "the gzip stream ends early; is the file cut off?"],
        ["P031 reminders reminders/e.parquet", "not a Parquet file, or cut off (ArrowInvalid)"],
        [
            "P031 reminders reminders/f.xlsx",
            "not a workbook that can be read",
        ],
        ["P031 reminders reminders/g.csv", "the file is empty"],
    ]
    assert all(isinstance(error, PermanentSourceError) for error in errors)
    assert ids(last) == ["h"]


def test_a_feed_without_a_folder_has_nothing_yet_but_a_missing_inbox_is_an_error(tmp_path):
    assert take(tmp_path) == []
    (error,) = take(tmp_path / "gone")
    assert str(error) == "P031 reminders reminders/: the inbox of the registry isn't there: no such folder"


def penalties(identity: str) -> bytes:
    row = f"{identity},platform,P001,reason,2020-04-01,420000,2020-04-01 00:00:00"
    return f"{PENALTIES}\n{row}\n".encode()


def test_a_bureaus_files_are_those_of_the_periods_folder(tmp_path):
    put(tmp_path, "penalties/period=2020-03-23/a.csv", penalties("1"))
    put(tmp_path, "penalties/period=2020-04-06/deep/b.csv", penalties("2"))
    (first,) = take(tmp_path, "420000", 1)
    (second,) = take(tmp_path, "420000", 2)
    assert (first.source_name, first.period_start.isoformat()) == ("penalties/period=2020-03-23/a.csv", "2020-03-23")
    assert (second.source_name, second.period_start.isoformat()) == (
        "penalties/period=2020-04-06/deep/b.csv",
        "2020-04-06",
    )


def test_a_misplaced_file_is_named_exactly_once_over_all_periods_and_the_rest_goes_on(tmp_path):
    put(tmp_path, "penalties/period=2020-04-06/good.csv", penalties("0"))
    misplaced = {
        "penalties/loose.csv": "lies in no period's folder; it belongs in penalties/period=YYYY-MM-DD/",
        "penalties/2020-04-06/x.csv": "lies in no period's folder; it belongs in penalties/period=YYYY-MM-DD/",
        "penalties/period=soon/x.csv": "period=soon is no period's first day (not a date)",
        "penalties/period=2020-03-01/x.csv": "period=2020-03-01 is no period's first day: outside the calendar",
        "penalties/period=2020-04-10/x.csv": (
            "period=2020-04-10 is no period's first day; the period of that day begins on 2020-04-06"
        ),
        "penalties/period=20200406/x.csv": (
            "period=20200406 is no period's first day; the period of that day begins on 2020-04-06"
        ),
        "penalties/period=2021-06-01/x.csv": "period=2021-06-01 is no period's first day: outside the calendar",
    }
    for number, name in enumerate(misplaced):
        put(tmp_path, name, penalties(str(number)))
    found = [result for number in (1, 2, 3) for result in take(tmp_path, "420000", number)]
    payloads = [result for result in found if isinstance(result, Payload)]
    errors = {result.source_name: result.message for result in found if isinstance(result, SourceError)}
    assert [payload.source_name for payload in payloads] == ["penalties/period=2020-04-06/good.csv"]
    assert errors == misplaced
    assert len(found) == len(misplaced) + 1


def test_a_folder_of_a_wrong_year_is_named_as_soon_as_anything_is_pulled(tmp_path):
    put(tmp_path, "penalties/period=2021-04-06/x.csv", penalties("0"))
    (error,) = take(tmp_path, "420000", 1)
    assert str(error).endswith("period=2021-04-06 is no period's first day: outside the calendar")


def test_an_unreadable_file_is_one_error(tmp_path, monkeypatch):
    put(tmp_path, "reminders/a.csv", csv_of("a"))
    put(tmp_path, "reminders/b.csv", csv_of("b"))

    def refuse(self, path, **_):
        if path.endswith("a.csv"):
            raise PermissionError(path)
        return Path(path).read_bytes()

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.cat_file", refuse)
    error, payload = take(tmp_path)
    assert str(error) == "P031 reminders reminders/a.csv: no permission to read"
    assert ids(payload) == ["b"]


class Remote(MemoryFileSystem):
    """A server's folders, as fsspec has them over SFTP: one connection a process, which may break."""

    protocol = ("sftp",)
    store: dict = {}
    pseudo_dirs = ["", "/inbox"]

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.removeprefix("sftp://").removeprefix("s3://").strip("/")

    def __init__(self, **options):
        super().__init__(**options)
        self.is_broken = False

    def info(self, path, **options):
        if self.is_broken:
            raise OSError("Socket is closed")
        return super().info(path, **options)


class Bucket(Remote):
    """The same over S3, whose paths begin with the bucket."""

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path).strip("/")

    def info(self, path, **options):
        return Remote().info(f"/{path}", **options)


@pytest.fixture
def remote(monkeypatch):
    monkeypatch.setattr(Remote, "store", {})
    monkeypatch.setattr(Remote, "pseudo_dirs", ["", "/inbox"])
    monkeypatch.setitem(fsspec_registry, "sftp", Remote)
    monkeypatch.setitem(fsspec_registry, "s3", Bucket)
    yield Remote()
    Remote.clear_instance_cache()


class TestRemoteInbox:
    INBOX = "sftp://inbox"

    def test_a_broken_connection_is_told_and_the_next_look_has_a_new_one(self, remote):
        remote.pipe("/inbox/reminders/a.csv", csv_of("a"))
        assert [ids(each) for each in take(self.INBOX)] == [["a"]]
        remote.is_broken = True
        (error,) = take(self.INBOX)
        assert isinstance(error, TransientSourceError)
        assert str(error) == "P031 reminders reminders/: the inbox can't be read (OSError)"
        assert [ids(each) for each in take(self.INBOX)] == [["a"]]

    def test_an_inbox_that_is_not_there_is_an_error_and_one_without_the_feed_is_empty(self, remote):
        assert take(self.INBOX) == []
        (error,) = take("sftp://elsewhere")
        assert str(error) == "P031 reminders reminders/: the inbox of the registry isn't there: no such folder"

    def test_in_a_bucket_an_inbox_is_there_once_something_lies_in_it(self, remote):
        assert take("s3://inbox/P031") == []
        (error,) = take("s3://elsewhere/P031")
        assert str(error) == "P031 reminders reminders/: the inbox of the registry isn't there: no such bucket"

    def test_the_mark_of_a_buckets_folder_is_no_file(self, remote):
        remote.pipe("/inbox/reminders/a.csv", csv_of("a"))
        remote.store["/inbox/reminders/"] = remote.store["/inbox/reminders/a.csv"]
        assert [ids(each) for each in take(self.INBOX)] == [["a"]]
