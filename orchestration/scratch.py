"""A folder beside the warehouse to build something else in: on the same disk, gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from orchestration.settings import Settings


@contextmanager
def scratch_folder(settings: Settings, name: str) -> Iterator[Path]:
    """An empty folder in the warehouse's own, one of a `name` at a time; what a kill left of an earlier one goes."""
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.warehouse_dir / f".{name}.lock"):
        for left in settings.warehouse_dir.glob(f".{name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(dir=settings.warehouse_dir, prefix=f".{name}-") as directory:
            yield Path(directory)
