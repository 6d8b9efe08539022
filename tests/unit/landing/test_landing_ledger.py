"""The ledger: a chain that shows every change, survives a kill at any byte, and takes writers one at a time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from orchestration.landing.durable import append_line
from orchestration.landing.errors import LandingError, LedgerDamagedError
from orchestration.landing.ledger import NO_ENTRY_SHA256, LedgerEntry, read_ledger
from orchestration.landing.verify import verify
from orchestration.settings import PROJECT_ROOT


def entry(content: str = "x", folder: Path | None = None, sender_id: str = "P001", sequence: int = 0) -> LedgerEntry:
    """An entry whose landed file, when `folder` is given, really is there."""
    file = f"courses/sender={sender_id}/{sender_id}-courses-{sequence:06d}.parquet"
    if folder is not None:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content)
    return LedgerEntry(
        sequence=0,
        kind="batch",
        batch_id=f"{sender_id}-courses-{sequence:06d}",
        sender_id=sender_id,
        feed="courses",
        period_start="2020-03-23",
        payload_sha256=hashlib.sha256(content.encode()).hexdigest(),
        landed_file=file,
        landed_file_sha256=hashlib.sha256(content.encode()).hexdigest(),
        rows_count=1,
        quarantined_rows_count=0,
        received_at="2020-07-10T09:00:00+08:00",
        began_at="2020-07-10T09:00:00+08:00",
        is_whole=True,
        source_name="v1/courses",
        bytes_count=1,
        key_id="k",
    )


def write(folder: Path, count: int, sender_id: str = "P001") -> Path:
    """A ledger of `count` entries with their files; its path."""
    ledger = read_ledger(folder)
    for _ in range(count):
        with ledger.appending(sender_id) as appender:
            number = appender.next_sequence
            appender.append(entry(f"{sender_id} {number}", folder, sender_id, number))
    return ledger.path(sender_id)


def test_each_entry_holds_the_hash_of_the_line_before(tmp_path):
    lines = write(tmp_path, 3).read_bytes().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3]
    hashes = [NO_ENTRY_SHA256, *(hashlib.sha256(line).hexdigest() for line in lines)]
    assert [json.loads(line)["previous_sha256"] for line in lines] == hashes[:-1]
    head = read_ledger(tmp_path).head("P001")
    assert (head.sequence, head.sha256) == (3, hashes[-1])


def test_no_ledger_is_an_empty_one(tmp_path):
    ledger = read_ledger(tmp_path / "none")
    assert ledger.sender_ids() == []
    assert ledger.entries("P001") == []
    assert ledger.head("P001").sequence == 0
    assert verify(tmp_path / "none") == []


def test_every_cut_of_the_last_append_is_passed_over_and_written_over(tmp_path):
    path = write(tmp_path / "whole", 3)
    whole = path.read_bytes()
    last_line = whole.rindex(b"\n", 0, -1) + 1
    expected = None
    for end in range(last_line, len(whole)):
        folder = tmp_path / str(end)
        (folder / "_ledger").mkdir(parents=True)
        (folder / "_ledger" / "P001.jsonl").write_bytes(whole[:end])
        ledger = read_ledger(folder)
        assert [e.sequence for e in ledger.entries("P001")] == [1, 2]
        with ledger.appending("P001") as appender:
            appender.append(entry("another", sequence=3))
        data = ledger.path("P001").read_bytes()
        assert data.startswith(whole[:last_line])
        assert [e.sequence for e in read_ledger(folder).entries("P001")] == [1, 2, 3]
        expected = expected or data
        assert data == expected


def test_what_a_kill_leaves_is_no_finding(tmp_path):
    path = write(tmp_path, 2)
    with path.open("ab") as stream:
        stream.write(b'{"sequence":3,"kind":"ba\0\0')
    (tmp_path / "courses/sender=P001/P001-courses-000003.parquet").write_text("written, not entered")
    (tmp_path / "courses/sender=P001/.P001-courses-000003.parquet.unfinished").write_text("half")
    assert verify(tmp_path, {"P001": (2, read_ledger(tmp_path).head("P001").sha256)}) == []


def test_a_whole_line_that_is_no_entry_is_damage_and_nothing_is_appended(tmp_path):
    path = write(tmp_path, 2)
    before = path.read_bytes() + b"{}\n"
    path.write_bytes(before)
    ledger = read_ledger(tmp_path)
    with pytest.raises(LedgerDamagedError, match=r"P001\.jsonl: line 3 is no ledger entry"), ledger.appending("P001"):
        pass
    assert path.read_bytes() == before


def test_a_reader_sees_what_another_appended_since(tmp_path):
    reader = read_ledger(tmp_path)
    write(tmp_path, 1)
    assert len(reader.entries("P001")) == 1
    write(tmp_path, 2)
    assert [e.sequence for e in reader.entries("P001")] == [1, 2, 3]


@pytest.mark.parametrize("sender_id", ["../P001", "a/b", "", ".hidden", "_other"])
def test_a_senders_id_cannot_leave_the_folder(tmp_path, sender_id):
    with pytest.raises(LandingError, match="can't be a sender's id"):
        read_ledger(tmp_path).entries(sender_id)


def test_writers_in_many_processes_append_one_after_the_other(tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from test_landing_ledger import write\n"
        "write(Path(sys.argv[1]), 15)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)]
    processes = [subprocess.Popen(command, cwd=PROJECT_ROOT) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert [e.sequence for e in read_ledger(tmp_path).entries("P001")] == list(range(1, 61))
    assert verify(tmp_path) == []


def test_an_append_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = write(tmp_path, 2)
    before = path.read_bytes()

    def full(descriptor, data, offset):
        import errno
        import os

        os.lseek(descriptor, 0, os.SEEK_END)
        os.write(descriptor, bytes(data[:10]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("orchestration.landing.durable.os.pwrite", full)
    with pytest.raises(LandingError, match=r"can't write .*P001\.jsonl: no space left on the device; free some"):
        append_line(path, b"{}", len(before))
    assert path.read_bytes() == before


# --- verify ---------------------------------------------------------------------------------------------------------


def found(folder: Path, anchors=None) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.sequence) for finding in verify(folder, anchors)]


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_an_untouched_landing_has_no_finding(tmp_path):
    for sender_id in ("P001", "420000"):
        write(tmp_path, 4, sender_id)
    anchors = {s: (h.sequence, h.sha256) for s in ("P001", "420000") for h in [read_ledger(tmp_path).head(s)]}
    assert found(tmp_path, anchors) == []


def edited(line: bytes, **changes) -> bytes:
    return msgspec.json.encode(json.loads(line) | changes) + b"\n"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_entry_that_was_changed_is_named(tmp_path, number):
    path = write(tmp_path, 4)
    lines = lines_of(path)
    lines[number - 1] = edited(lines[number - 1], rows_count=999)
    path.write_bytes(b"".join(lines))
    assert found(tmp_path) == [("differs", number)]


def test_the_last_entry_changed_shows_against_an_anchor(tmp_path):
    path = write(tmp_path, 3)
    head = read_ledger(tmp_path).head("P001")
    lines = lines_of(path)
    lines[-1] = edited(lines[-1], rows_count=999)
    path.write_bytes(b"".join(lines))
    assert found(tmp_path) == []
    assert found(tmp_path, {"P001": (head.sequence, head.sha256)}) == [("differs", 3)]


@pytest.mark.parametrize(("removed", "finding"), [(0, 1), (1, 2), (2, 3)])
def test_an_entry_gone_from_the_middle_is_named(tmp_path, removed, finding):
    path = write(tmp_path, 4)
    lines = lines_of(path)
    del lines[removed]
    path.write_bytes(b"".join(lines))
    assert ("missing", finding) in found(tmp_path)
    assert "differs" not in {kind for kind, _ in found(tmp_path)}


def test_entries_in_another_order_are_named(tmp_path):
    path = write(tmp_path, 4)
    lines = lines_of(path)
    lines[1], lines[2] = lines[2], lines[1]
    path.write_bytes(b"".join(lines))
    assert found(tmp_path) == [("reordered", 3), ("reordered", 2)]


def test_a_tail_cut_off_shows_against_an_anchor(tmp_path):
    path = write(tmp_path, 4)
    head = read_ledger(tmp_path).head("P001")
    path.write_bytes(b"".join(lines_of(path)[:2]))
    assert ("cut_off", 3) in found(tmp_path, {"P001": (head.sequence, head.sha256)})
    path.unlink()
    assert ("cut_off", 1) in found(tmp_path, {"P001": (head.sequence, head.sha256)})


def test_a_chain_forged_to_its_end_shows_against_an_anchor(tmp_path):
    path = write(tmp_path, 3)
    head = read_ledger(tmp_path).head("P001")
    forged, previous = [], NO_ENTRY_SHA256
    for line in lines_of(path):
        forged.append(edited(line, bytes_count=7, previous_sha256=previous))
        previous = hashlib.sha256(forged[-1].rstrip(b"\n")).hexdigest()
    path.write_bytes(b"".join(forged))
    assert found(tmp_path) == []
    assert found(tmp_path, {"P001": (head.sequence, head.sha256)}) == [("differs", 3)]


def test_a_line_that_is_no_entry_is_a_finding_and_the_rest_is_looked_at(tmp_path):
    path = write(tmp_path, 3)
    lines = lines_of(path)
    lines[1] = b"gone\n"
    path.write_bytes(b"".join(lines))
    assert found(tmp_path) == [("differs", None), ("missing", 2), ("unlisted", 2)]


@pytest.mark.parametrize(
    ("harm", "kind"),
    [(lambda path: path.write_text("other"), "differs"), (lambda path: path.unlink(), "missing")],
)  # fmt: skip
def test_a_landed_file_that_is_not_what_it_was_is_named(tmp_path, harm: Callable[[Path], None], kind):
    write(tmp_path, 3)
    harm(tmp_path / "courses/sender=P001/P001-courses-000002.parquet")
    assert found(tmp_path) == [(kind, 2)]
    (finding,) = verify(tmp_path)
    assert "P001-courses-000002" in str(finding)


def test_a_file_that_no_entry_names_is_a_finding(tmp_path):
    write(tmp_path, 3)
    (tmp_path / "courses/sender=P001/P001-courses-000099.parquet").write_text("slipped in")
    assert found(tmp_path) == [("unlisted", 99)]


def test_an_erasure_moves_the_hash_that_counts(tmp_path):
    write(tmp_path, 2)
    file = tmp_path / "courses/sender=P001/P001-courses-000001.parquet"
    file.write_text("rewritten")
    with read_ledger(tmp_path).appending("P001") as appender:
        old = appender.entries[0]
        new = hashlib.sha256(b"rewritten").hexdigest()
        changes = {"kind": "erasure", "landed_file_sha256": new, "erased_file_sha256": old.landed_file_sha256}
        appender.append(msgspec.structs.replace(old, **changes))
    assert found(tmp_path) == []
    file.write_text("and again")
    assert found(tmp_path) == [("differs", 3)]


@examples(max_examples=60, deadline=None)
@given(data=st.data(), count=st.integers(2, 6))
def test_no_change_of_any_byte_before_the_last_entry_goes_unseen(data, count):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder, count)
        whole = bytearray(path.read_bytes())
        position = data.draw(st.integers(0, whole.rindex(b"\n", 0, len(whole) - 1)))
        whole[position] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(whole))
        assert verify(folder) != []
