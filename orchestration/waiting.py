"""Waiting for a server that was started as a process."""

from __future__ import annotations

import subprocess
import time

import httpx


def comes_up(url: str, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """True as soon as `url` answers well, false once `process` has ended. Raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        try:
            httpx.get(url, timeout=10).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.5)
            continue
        return True
    raise TimeoutError(f"{url} did not answer within {seconds} s")
