"""`make bi`: Superset on the published copy, at 127.0.0.1, with the dashboards of this folder.

    published/marts.duckdb → bundle → Superset's own database (warehouse/bi/, made once) → gunicorn

Runs in the project's environment and starts Superset's, which `make bi` has installed. What Superset keeps lies in
`bi/` of the warehouse's directory: its database, its secret key, the administrator's password, its log.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bi.superset.bundle import write_bundle
from bi.superset.declaration import DeclarationError
from bi.superset.reading import FOLDER, read_declaration
from orchestration.reporting.status import published_database
from orchestration.settings import PROJECT_ROOT, Settings, SettingsError
from orchestration.waiting import comes_up

ENVIRONMENT = PROJECT_ROOT / ".venv-bi"
HOST = "127.0.0.1"
USER = "admin"
START_SECONDS = 180


class SupersetError(Exception):
    """Superset can't be started; the message says what is missing or wrong."""


@dataclass(frozen=True)
class Superset:
    """A running Superset: where it answers, and who may log in."""

    url: str
    user: str
    password: str
    process: subprocess.Popen[bytes]


@contextmanager
def superset(settings: Settings, *, environment: Path = ENVIRONMENT) -> Iterator[Superset]:
    """Prepare Superset where something changed, start it, and stop it in the end.

    Raises SupersetError when nothing is published, the environment is missing, the port is taken, a dashboard is
    declared wrongly, or Superset doesn't start; the message says where its log is.
    """
    published = published_database(settings)
    if not published.exists():
        raise SupersetError(f"nothing is published at {published} yet: make demo")
    if not (environment / "bin" / "gunicorn").exists():
        raise SupersetError(f"Superset is not installed in {environment}: make bi installs it")
    _check_port(settings.bi_port)
    try:
        bundle = write_bundle(read_declaration(), published)
    except DeclarationError as error:
        raise SupersetError(f"bi/superset: {error}") from None
    home = settings.warehouse_dir / "bi"
    home.mkdir(parents=True, exist_ok=True)
    log = home / "superset.log"
    password = settings.bi_password or _kept(home / "admin.password", 12)
    variables = _variables(settings, home)
    _prepare(environment, home, log, variables, {"user": USER, "password": password, "bundle": bundle})
    command = [
        *(str(environment / "bin" / "gunicorn"), "--workers", "1", "--worker-class", "gthread", "--threads", "8"),
        *("--timeout", "120", "--bind", f"{HOST}:{settings.bi_port}", "superset.app:create_app()"),
    ]
    url = f"http://{HOST}:{settings.bi_port}"
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=variables, cwd=home, stdout=output, stderr=output)
    try:
        _wait_until_up(url, process, log)
        yield Superset(url, USER, password, process)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _variables(settings: Settings, home: Path) -> dict[str, str]:
    return settings.subprocess_environment() | {
        "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
        "SUPERSET_HOME": str(home),
        "SUPERSET_SECRET_KEY": _kept(home / "secret.key", 32),
        "FLASK_APP": "superset.app:create_app()",
        "PYTHONUNBUFFERED": "1",
    }


def _kept(path: Path, size: int) -> str:
    """A secret made up the first time and kept in a file that is the owner's alone."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(size), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _prepare(environment: Path, home: Path, log: Path, variables: dict[str, str], what: dict[str, Any]) -> None:
    """Bring Superset's database up to date, unless it is what was done last."""
    asked = json.dumps(what, ensure_ascii=False)
    pins = (FOLDER / "constraints.txt").read_text(encoding="utf-8")
    wanted = hashlib.sha256(f"{pins}{variables['SUPERSET_SECRET_KEY']}{asked}".encode()).hexdigest()
    done = home / "prepared"
    if (home / "superset.db").exists() and done.exists() and done.read_text(encoding="ascii") == wanted:
        return
    sys.stdout.write("Preparing Superset: its database and the dashboards (the first time takes a minute or two) ...\n")
    sys.stdout.flush()
    with log.open("ab") as output:
        ended = subprocess.run(
            [str(environment / "bin" / "python"), str(FOLDER / "prepare.py")],
            input=asked.encode(),
            env=variables,
            cwd=home,
            stdout=output,
            stderr=output,
            check=False,
        )
    if ended.returncode != 0:
        raise SupersetError(f"Superset could not be prepared; the end of {log} says why")
    done.write_text(wanted, encoding="ascii")


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise SupersetError(f"WAREHOUSE_BI_PORT: something listens on {HOST}:{port} already") from None


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        is_up = comes_up(f"{url}/health", process, START_SECONDS)
    except TimeoutError:
        raise SupersetError(f"Superset did not answer within {START_SECONDS} s; see {log}") from None
    if not is_up:
        raise SupersetError(f"Superset ended before it answered; the end of {log} says why")


def main() -> int:
    settings = Settings.from_environment()
    with superset(settings) as running:
        sys.stdout.write(f"\nSuperset   {running.url}/dashboard/list/\n")
        if settings.bi_password:
            sys.stdout.write(f"log in as  {running.user}, with the password in WAREHOUSE_BI_PASSWORD\n")
        else:
            sys.stdout.write(f"log in as  {running.user}, password {running.password}\n")
        sys.stdout.write("It reads the published copy: a new publication shows with the next reload. Ctrl-C ends it.\n")
        sys.stdout.flush()
        # Ctrl-C reaches both processes: Superset ends in its own time, and is waited for.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: running.process.terminate())
        code = running.process.wait()
    return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SupersetError, SettingsError) as error:
        sys.exit(str(error))
