"""Verifying: is every batch still what it was when it came, and is every entry still there and in its place?

    landing/_ledger/*.jsonl → each line against the next one's hash of it → each landed file against its newest hash

A chain shows changes in its middle by itself. That its end is gone, or its last entry another one, only shows against
an anchor: the head that the warehouse or a publication has seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from orchestration.landing.batches import sequence_in
from orchestration.landing.durable import UNFINISHED_SUFFIX, sha256_of
from orchestration.landing.ledger import (
    LEDGER_FOLDER,
    NO_ENTRY_SHA256,
    LedgerEntry,
    decode_entry,
    entry_sha256,
    read_ledger,
)

Anchors = Mapping[str, tuple[int, str]]


@dataclass(frozen=True)
class Finding:
    """One thing that isn't as it was. `batch_id` and `sequence` are None where the entry itself is unknown.

    kind: `differs` (an entry or file was changed), `missing` (an entry or file is gone from the middle), `reordered`,
    `cut_off` (the ledger ends before an anchor), `unlisted` (a landed file that no entry names).
    """

    sender_id: str
    sequence: int | None
    batch_id: str | None
    kind: Literal["differs", "missing", "reordered", "cut_off", "unlisted"]
    message: str

    def __str__(self) -> str:
        return f"{self.sender_id} {self.batch_id or '(no batch)'}: {self.kind}: {self.message}"


@dataclass(frozen=True)
class _Line:
    number: int
    entry: LedgerEntry
    sha256: str


def verify(landing_dir: Path, anchors: Anchors | None = None) -> list[Finding]:
    """Everything that differs, by sender. `anchors`: sender -> (sequence, entry hash) of a head seen before.

    Raises OSError when a file can't be read.
    """
    anchors = anchors or {}
    ledger = read_ledger(landing_dir)
    findings: list[Finding] = []
    listed: set[str] = set()
    next_sequences: dict[str, int] = {}
    for sender_id in sorted({*ledger.sender_ids(), *anchors}):
        path = ledger.path(sender_id)
        lines, unread = _lines(sender_id, path)
        findings += unread
        findings += _verify_chain(sender_id, lines)
        if sender_id in anchors:
            findings += _verify_anchor(sender_id, lines, *anchors[sender_id])
        findings += _verify_files(landing_dir, lines)
        listed |= {file for line in lines for file in (line.entry.landed_file, line.entry.quarantine_file) if file}
        next_sequences[sender_id] = max((line.entry.sequence for line in lines), default=0) + 1
    return findings + _unlisted(landing_dir, listed, next_sequences)


def _lines(sender_id: str, path: Path) -> tuple[list[_Line], list[Finding]]:
    # What stands behind the last line feed is an append that a kill interrupted: no entry yet, and no damage.
    data = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    lines, unread = [], []
    for number, line in enumerate(data, start=1):
        try:
            lines.append(_Line(number, decode_entry(line), entry_sha256(line)))
        except (msgspec.DecodeError, UnicodeDecodeError):
            unread.append(Finding(sender_id, None, None, "differs", f"line {number} of {path.name} is no ledger entry"))
    return lines, unread


def _verify_chain(sender_id: str, lines: list[_Line]) -> list[Finding]:
    findings: list[Finding] = []
    in_order = sorted(lines, key=lambda line: line.entry.sequence)
    for line, expected in zip(lines, in_order, strict=True):
        if line.entry.sequence != expected.entry.sequence:
            message = f"line {line.number} holds entry {line.entry.sequence} where {expected.entry.sequence} belongs"
            findings.append(_finding(line, "reordered", message))
    for sequence, times in Counter(line.entry.sequence for line in lines).items():
        if times > 1:
            findings.append(Finding(sender_id, sequence, None, "differs", f"entry {sequence} is there {times} times"))
    before: _Line | None = None
    for line in in_order:
        expected_sequence = before.entry.sequence + 1 if before else 1
        if line.entry.sequence > expected_sequence:
            gone = _range(expected_sequence, line.entry.sequence - 1)
            findings.append(Finding(sender_id, expected_sequence, None, "missing", f"{gone} between its neighbours"))
        elif before is None and line.entry.previous_sha256 != NO_ENTRY_SHA256:
            findings.append(_finding(line, "differs", "the first entry names an entry before it"))
        elif before and line.entry.sequence == expected_sequence and line.entry.previous_sha256 != before.sha256:
            message = f"entry {before.entry.sequence} is not the one that entry {line.entry.sequence} was appended to"
            findings.append(_finding(before, "differs", message))
        before = line
    return findings


def _verify_anchor(sender_id: str, lines: list[_Line], sequence: int, sha256: str) -> list[Finding]:
    last = max((line.entry.sequence for line in lines), default=0)
    if last < sequence:
        gone = _range(last + 1, sequence)
        return [Finding(sender_id, last + 1, None, "cut_off", f"{gone} at the end; {sequence} was loaded or published")]
    if any(line.entry.sequence == sequence and line.sha256 != sha256 for line in lines):
        line = next(line for line in lines if line.entry.sequence == sequence)
        return [_finding(line, "differs", f"entry {sequence} is not the one that was loaded or published")]
    return []


def _verify_files(landing_dir: Path, lines: list[_Line]) -> list[Finding]:
    newest: dict[str, tuple[_Line, str]] = {}
    for line in sorted(lines, key=lambda line: line.entry.sequence):
        entry = line.entry
        if entry.kind != "pull":
            newest[entry.landed_file] = (line, entry.landed_file_sha256)
            if entry.quarantine_file and entry.quarantine_file_sha256:
                newest[entry.quarantine_file] = (line, entry.quarantine_file_sha256)
    findings = []
    for file, (line, sha256) in newest.items():
        path = landing_dir / file
        if not path.is_file():
            findings.append(_finding(line, "missing", f"the file {file} is gone"))
        elif sha256_of(path) != sha256:
            findings.append(_finding(line, "differs", f"the file {file} has changed since"))
    return findings


def _unlisted(landing_dir: Path, listed: set[str], next_sequences: Mapping[str, int]) -> list[Finding]:
    """Landed files without an entry. One of the next sequence is what a kill leaves; the next landing replaces it."""
    findings = []
    for path in sorted(landing_dir.glob("**/sender=*/*.parquet")):
        file = path.relative_to(landing_dir).as_posix()
        sender_id = path.parent.name.removeprefix("sender=")
        is_left_by_a_kill = sequence_in(path.name) == next_sequences.get(sender_id, 1)
        if file not in listed and not is_left_by_a_kill and not path.name.endswith(UNFINISHED_SUFFIX):
            message = f"no entry of {LEDGER_FOLDER}/{sender_id}.jsonl names the file {file}"
            findings.append(Finding(sender_id, sequence_in(path.name), path.stem, "unlisted", message))
    return findings


def _finding(line: _Line, kind: Literal["differs", "missing", "reordered"], message: str) -> Finding:
    return Finding(line.entry.sender_id, line.entry.sequence, line.entry.batch_id, kind, message)


def _range(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
