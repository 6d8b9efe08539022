"""A PostgreSQL server of a test's own, on a free port of 127.0.0.1, gone when the test is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.ports import free_port


def programs() -> Path | None:
    """Where initdb and pg_ctl are: on the PATH, or where Debian puts them; None where PostgreSQL isn't installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Its address as a URI. `folder` is empty and the server's own."""
    bin_dir = programs()
    assert bin_dir is not None
    data, log = folder / "data", folder / "log"
    owner = None
    if os.getuid() == 0:
        # The server refuses to run as root.
        owner = "postgres"
        shutil.chown(folder, owner)
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=owner, group=owner)

    run(str(bin_dir / "initdb"), "--pgdata", str(data), "--auth", "trust", "--username", "postgres", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = [str(bin_dir / "pg_ctl"), "--pgdata", str(data), "--wait"]
    run(*control, "--log", str(log), "--options", options, "start")
    try:
        yield f"postgresql://postgres:hidden@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "--mode", "immediate", "stop")
