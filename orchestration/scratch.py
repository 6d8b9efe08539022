"""A folder beside the warehouse to build something else in: on the same disk, gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from orchestration.loading.database import LoadingError
from orchestration.settings import Settings


@contextmanager
def scratch_folder(settings: Settings, name: str) -> Iterator[Path]:
    """An empty folder in the warehouse's own, one of a `name` at a time; what a kill left of an earlier one goes.

    Raises LoadingError where none can be made.
    """
    with ExitStack() as stack:
        try:
            settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(settings.warehouse_dir / f".{name}.lock"))
            for left in settings.warehouse_dir.glob(f".{name}-*"):
                shutil.rmtree(left, ignore_errors=True)
            directory = TemporaryDirectory(dir=settings.warehouse_dir, prefix=f".{name}-")
        except OSError as error:
            raise LoadingError(
                f"{error.filename or settings.warehouse_dir}: can't be written ({error.strerror}); {name} works in a "
                "folder there"
            ) from None
        yield Path(stack.enter_context(directory))
