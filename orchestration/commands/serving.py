"""The sample platforms, served for as long as a block lasts; a server that already does it is used and left running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from orchestration.sandbox import Manifest
from orchestration.sandbox.server import HOST, start_server


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Yields the address. Raises SandboxError when no server comes up."""
    address = f"http://{HOST}:{Manifest.read(directory).port}"
    if _is_served(address, directory):
        yield address
    else:
        with start_server(directory) as started:
            yield started


def _is_served(address: str, directory: Path) -> bool:
    try:
        answer = httpx.get(f"{address}/health", timeout=2)
        return answer.json().get("directory") == str(directory.resolve())
    except (httpx.HTTPError, ValueError):
        return False
