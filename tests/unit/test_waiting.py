"""Waiting for a server that was started as a process: it answers, ends, or does neither."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.ports import free_port

from orchestration.waiting import comes_up


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    silent = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, *arguments], stdout=silent, stderr=silent) as process:
        try:
            yield process
        finally:
            process.kill()


def test_one_that_answers_is_up(tmp_path):
    port = free_port()
    with started("-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port)) as process:
        assert comes_up(f"http://127.0.0.1:{port}/", process, 60)


def test_one_that_ends_is_not():
    with started("-c", "") as process:
        assert not comes_up(f"http://127.0.0.1:{free_port()}/", process, 60)


def test_one_that_is_silent_is_waited_for_no_longer_than_said():
    url = f"http://127.0.0.1:{free_port()}/"
    with started("-c", "import time; time.sleep(60)") as process, pytest.raises(TimeoutError, match=f"{url} did not"):
        comes_up(url, process, 1)
