"""Why Superset can't be started is told in words, before anything of it is touched."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import duckdb
import pytest

from bi.superset import serve
from bi.superset.serve import SupersetError, superset
from orchestration.settings import Settings, SettingsError


def settings_in(folder: Path, **more: str) -> Settings:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAREHOUSE_")}
    return Settings.from_environment(kept | {"WAREHOUSE_DIR": str(folder)} | more)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published" / "marts.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
    return path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment whose Superset ends at once with an error."""
    folder = tmp_path / "environment"
    (folder / "bin").mkdir(parents=True)
    for name in ("gunicorn", "python"):
        program = folder / "bin" / name
        program.write_text("#!/bin/sh\necho 'the reason' >&2\nexit 3\n", encoding="ascii")
        program.chmod(0o755)
    return folder


def start(settings: Settings, environment: Path) -> None:
    with superset(settings, environment=environment):
        pytest.fail("Superset was started")


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_nothing_published(tmp_path: Path, environment: Path) -> None:
    with pytest.raises(SupersetError, match="nothing is published at .*make demo"):
        start(settings_in(tmp_path), environment)


def test_not_installed(tmp_path: Path, published: Path) -> None:
    with pytest.raises(SupersetError, match="not installed in .*make bi installs it"):
        start(settings_in(tmp_path), tmp_path / "nowhere")


def test_the_port_is_taken(tmp_path: Path, published: Path, environment: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SupersetError, match=rf"WAREHOUSE_BI_PORT: something listens on 127\.0\.0\.1:{port}"):
            start(settings_in(tmp_path, WAREHOUSE_BI_PORT=str(port)), environment)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none(port: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"WAREHOUSE_BI_PORT: '{port}' is not a port"):
        settings_in(tmp_path, WAREHOUSE_BI_PORT=port)


def test_a_publication_without_a_mart_that_a_dashboard_shows(
    tmp_path: Path, published: Path, environment: Path
) -> None:
    with pytest.raises(SupersetError, match="bi/superset: datasets.yml: not in the published copy: target_progress"):
        start(settings_in(tmp_path, WAREHOUSE_BI_PORT=free_port()), environment)


@pytest.fixture
def without_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "write_bundle", lambda *_: {})


@pytest.mark.usefixtures("published", "without_bundle")
def test_a_failed_preparation_names_the_log_and_is_tried_again(tmp_path: Path, environment: Path) -> None:
    for _ in range(2):
        with pytest.raises(SupersetError, match=r"could not be prepared; the end of .*superset\.log says why"):
            start(settings_in(tmp_path, WAREHOUSE_BI_PORT=free_port()), environment)
    assert (tmp_path / "bi" / "superset.log").read_text(encoding="utf-8") == "the reason\n" * 2
    assert not (tmp_path / "bi" / "prepared").exists()


@pytest.mark.usefixtures("published", "without_bundle")
def test_a_server_that_ends_at_once_names_the_log(tmp_path: Path, environment: Path) -> None:
    (environment / "bin" / "python").write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
    with pytest.raises(SupersetError, match=r"ended before it answered; the end of .*superset\.log says why"):
        start(settings_in(tmp_path, WAREHOUSE_BI_PORT=free_port()), environment)


@pytest.mark.usefixtures("published", "without_bundle")
def test_secrets_are_the_owners_alone_and_stay(tmp_path: Path, environment: Path) -> None:
    kept = []
    for _ in range(2):
        with pytest.raises(SupersetError):
            start(settings_in(tmp_path, WAREHOUSE_BI_PORT=free_port()), environment)
        kept.append([(tmp_path / "bi" / name).read_text(encoding="ascii") for name in ("secret.key", "admin.password")])
    assert kept[0] == kept[1]
    assert all(len(secret) >= 16 for secret in kept[0])
    for name in ("secret.key", "admin.password"):
        assert (tmp_path / "bi" / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("published", "without_bundle")
def test_the_administrators_password_can_be_set_and_is_not_kept(tmp_path: Path, environment: Path) -> None:
    (environment / "bin" / "python").write_text("#!/bin/sh\ncat > given.json\nenv > given.env\n", encoding="ascii")
    with pytest.raises(SupersetError):
        start(settings_in(tmp_path, WAREHOUSE_BI_PORT=free_port(), WAREHOUSE_BI_PASSWORD="of my own"), environment)
    assert '"password": "of my own"' in (tmp_path / "bi" / "given.json").read_text(encoding="utf-8")
    assert "of my own" not in (tmp_path / "bi" / "given.env").read_text(encoding="utf-8")
    assert not (tmp_path / "bi" / "admin.password").exists()
