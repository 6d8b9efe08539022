"""Writes that survive a kill or a power cut: the file, then its name, are on disk before anyone is told.

Everything that landing writes goes through here, so a reader sees a whole file or none.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from orchestration.landing.errors import cannot_write

# Half-written files carry this ending; a kill may leave one behind, and the next writer of that folder removes it.
UNFINISHED_SUFFIX = ".unfinished"


def make_folder(folder: Path) -> None:
    """Create `folder` with its parents. Raises LandingError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None


def unfinished(path: Path) -> Path:
    """Where the content of `path` is written until it is whole."""
    return path.with_name(f".{path.name}{UNFINISHED_SUFFIX}")


def finish(written: Path, path: Path) -> None:
    """Give the whole file `written` its final name `path`, durably. Raises LandingError and removes `written`."""
    try:
        _sync(written, os.O_RDWR)
        written.replace(path)
        _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        written.unlink(missing_ok=True)
        raise cannot_write(path, error) from None


def append_line(path: Path, line: bytes, at: int) -> None:
    """Write `line` and a line feed at byte `at` of `path`, cutting off whatever a kill left behind it, durably.

    Raises LandingError; the file then ends at `at` again.
    """
    data = memoryview(line + b"\n")
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(descriptor, at)
            try:
                written = 0
                while written < len(data):
                    written += os.pwrite(descriptor, data[written:], at + written)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, at)
                raise
        finally:
            os.close(descriptor)
        if is_new:
            _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        raise cannot_write(path, error) from None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
