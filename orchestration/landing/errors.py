"""What stops landing itself, as opposed to one sender's trouble."""

from __future__ import annotations

import errno
from pathlib import Path

_ADVICE = {
    errno.ENOSPC: "no space left on the device; free some and run again",
    errno.EDQUOT: "the disk quota is used up; free some and run again",
    errno.EFBIG: "the file grew past the size allowed; raise the limit and run again",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied; let the user that runs this read and write there",
    errno.EPERM: "permission denied; let the user that runs this read and write there",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a part of the path is a file, not a folder",
}
# DuckDB reports the operating system's refusal as text only.
_SYSTEM_TEXT = {
    "No space left": errno.ENOSPC,
    "quota": errno.EDQUOT,
    "File too large": errno.EFBIG,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
    "Not a directory": errno.ENOTDIR,
}


class LandingError(Exception):
    """The landing folder can't be written, or its ledger can't be trusted. Nothing half-done was left behind."""


class LedgerDamagedError(LandingError):
    """One sender's ledger holds a line that is no entry; nothing can be appended to it until it is restored."""


def cannot_write(path: Path, error: Exception) -> LandingError:
    """A LandingError in a stranger's words for what the system or DuckDB said about writing `path`."""
    return LandingError(f"can't write {path}: {_said(error)}")


def cannot_read(path: Path, error: OSError) -> LandingError:
    """The same for reading."""
    return LandingError(f"can't read {path}: {_said(error)}")


def _said(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else _errno_in(str(error))
    known = _ADVICE.get(number or 0)
    # Of DuckDB's own errors only the kind: their text may quote a row.
    return known or (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _errno_in(text: str) -> int | None:
    return next((number for words, number in _SYSTEM_TEXT.items() if words in text), None)
