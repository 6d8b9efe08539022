"""The sample platforms' server as a process of its own, for as long as a block lasts (`make demo`, `make ui`)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from orchestration.sandbox.errors import SandboxError
from orchestration.settings import SANDBOX_MANIFEST, Settings

_START_SECONDS = 60
_STOP_SECONDS = 10


@contextmanager
def serving(settings: Settings, directory: Path) -> Iterator[str]:
    """Serve the world in `directory`; yields the address. A server that already answers there is used and left running.

    Raises SandboxError when it does not come up.
    """
    manifest = json.loads((directory / SANDBOX_MANIFEST).read_text(encoding="utf-8"))
    address = f"http://127.0.0.1:{manifest['port']}"
    if _answers(address):
        yield address
        return
    log_path = directory / "server.log"
    command = [sys.executable, "-m", "orchestration.cli", "sandbox", "serve", "--dir", str(directory)]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, env=dict(settings.environment), stdout=log, stderr=log)
    try:
        _wait(address, process, log_path)
        yield address
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        process.kill()
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log_path: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if _answers(address):
            return
        if process.poll() is not None:
            last = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise SandboxError(f"the sample platforms' server ended at once: {' '.join(last)} (all of it: {log_path})")
        time.sleep(0.1)
    raise SandboxError(f"the sample platforms' server does not answer at {address}; see {log_path}")


def _answers(address: str) -> bool:
    try:
        httpx.get(address, timeout=1)
    except httpx.HTTPError:
        return False
    return True
