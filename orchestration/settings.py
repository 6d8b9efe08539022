"""The settings of a deployment, and the only place where the environment is read.

Every variable is listed in the README. Each has a default that makes the sandbox work; outside the sandbox a missing
pseudonym key is an error, because a key made up on the spot would break every person key landed before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psutil

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
# Files that `warehouse sandbox make` writes beside the registry; their presence is what makes a registry a sandbox's.
SANDBOX_MANIFEST = "sandbox.json"
SANDBOX_SECRETS = "sandbox.env"
SANDBOX_KEY = "pseudonym.key"
MINIMUM_KEY_BYTES = 32
DEFAULT_BI_PORT = 8088
_MEMORY = re.compile(r"\s*\d+(\.\d+)?\s*([kmgt](i?b)?|%)\s*", re.IGNORECASE)


class SettingsError(Exception):
    """A setting is missing or can't be used; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """Where things lie, which clock counts, and how much of the machine may be used."""

    warehouse_dir: Path
    sources_path: Path
    campaign_path: Path
    seeds_dir: Path
    threads: int
    memory_limit: str
    fixed_now: datetime | None = None
    bi_port: int = DEFAULT_BI_PORT
    bi_password: str | None = field(default=None, repr=False)
    # May hold a token
    alerts: str = field(default="log", repr=False)
    smtp: str = "localhost:25"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environment` (default: the process's). Raises SettingsError."""
        env = dict(os.environ if environment is None else environment)
        warehouse_dir = Path(env.get("WAREHOUSE_DIR") or PROJECT_ROOT / "warehouse").resolve()
        return cls(
            warehouse_dir=warehouse_dir,
            sources_path=Path(env.get("WAREHOUSE_SOURCES") or warehouse_dir / "sandbox" / "sources.yml").resolve(),
            campaign_path=Path(env.get("WAREHOUSE_CAMPAIGN") or PROJECT_ROOT / "campaign.yml").resolve(),
            seeds_dir=_seeds_dir(env.get("WAREHOUSE_SEEDS")),
            threads=_threads(env.get("WAREHOUSE_THREADS")),
            memory_limit=_memory_limit(env.get("WAREHOUSE_MEMORY_LIMIT")),
            fixed_now=_parse_now(env.get("WAREHOUSE_NOW")),
            bi_port=_port(env.get("WAREHOUSE_BI_PORT")),
            bi_password=env.get("WAREHOUSE_BI_PASSWORD") or None,
            alerts=_alerts(env.get("WAREHOUSE_ALERTS")),
            smtp=_smtp(env.get("WAREHOUSE_SMTP")),
            environment=env,
        )

    @property
    def landing_dir(self) -> Path:
        return self.warehouse_dir / "landing"

    @property
    def database_path(self) -> Path:
        return self.warehouse_dir / "warehouse.duckdb"

    @property
    def published_dir(self) -> Path:
        return self.warehouse_dir / "published"

    @property
    def is_sandbox(self) -> bool:
        return (self.sources_path.parent / SANDBOX_MANIFEST).is_file()

    def now(self) -> datetime:
        """The clock, with offset, in Asia/Shanghai: WAREHOUSE_NOW when it is set, else the real one."""
        return self.fixed_now or datetime.now(tz=SHANGHAI)

    def secret(self, variable: str) -> str | None:
        """The value of a secret's variable: the environment's, else the sandbox's own file's; None if in neither."""
        value = self.environment.get(variable)
        if value:
            return value
        return _sandbox_secrets(self.sources_path.parent / SANDBOX_SECRETS).get(variable)

    def pseudonym_key(self) -> bytes:
        """The deployment's key for pseudonyms, at least 32 bytes. Raises SettingsError when none is configured."""
        text = self.environment.get("WAREHOUSE_PSEUDONYM_KEY")
        variable = "WAREHOUSE_PSEUDONYM_KEY"
        if not text and (path := self.environment.get("WAREHOUSE_PSEUDONYM_KEY_FILE")):
            variable = "WAREHOUSE_PSEUDONYM_KEY_FILE"
            try:
                text = Path(path).read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"{variable}: the file can't be read ({type(error).__name__})") from None
        if not text and self.is_sandbox:
            variable = SANDBOX_KEY
            text = (self.sources_path.parent / SANDBOX_KEY).read_text(encoding="ascii")
        if not text:
            raise SettingsError(
                "WAREHOUSE_PSEUDONYM_KEY: not set, and neither is WAREHOUSE_PSEUDONYM_KEY_FILE; "
                "outside the sandbox a deployment needs its own key (hex, at least 32 bytes)"
            )
        try:
            key = bytes.fromhex(text.strip())
        except ValueError:
            raise SettingsError(f"{variable}: not hexadecimal") from None
        if len(key) < MINIMUM_KEY_BYTES:
            raise SettingsError(f"{variable}: {len(key)} bytes, at least {MINIMUM_KEY_BYTES} are needed")
        return key

    def subprocess_environment(self) -> dict[str, str]:
        """The environment for dbt: the process's, less every secret, plus this deployment's paths."""
        secret_names = {"WAREHOUSE_PSEUDONYM_KEY", "WAREHOUSE_PSEUDONYM_KEY_FILE", "WAREHOUSE_ALERTS"}
        kept = {
            name: value
            for name, value in self.environment.items()
            if name not in secret_names and not name.endswith(("_TOKEN", "_PASSWORD", "_SECRET", "_DSN"))
        }
        return kept | {
            "WAREHOUSE_DIR": str(self.warehouse_dir),
            "WAREHOUSE_SOURCES": str(self.sources_path),
            "WAREHOUSE_CAMPAIGN": str(self.campaign_path),
            "WAREHOUSE_SEEDS": str(self.seeds_dir),
            "WAREHOUSE_DATABASE": str(self.database_path),
            "WAREHOUSE_THREADS": str(self.threads),
            "WAREHOUSE_MEMORY_LIMIT": self.memory_limit,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            # At dbt's own default, debug, a sixth of a small build goes into its log.
            "DBT_LOG_LEVEL_FILE": self.environment.get("DBT_LOG_LEVEL_FILE", "info"),
            # Unit tests hold literal rows: they say nothing of this warehouse's data, and `make test` runs them.
            # An exposure is nothing to build, yet dbt would count it among what it has done.
            "DBT_EXCLUDE_RESOURCE_TYPES": self.environment.get("DBT_EXCLUDE_RESOURCE_TYPES", "unit_test exposure"),
            "DO_NOT_TRACK": "1",
        }


def set_where_unset(variable: str, value: str) -> None:
    """For a library that asks the environment of this process and nothing else."""
    os.environ.setdefault(variable, value)


def _parse_now(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"WAREHOUSE_NOW: {text!r} is not ISO 8601") from None
    if moment.tzinfo is None:
        raise SettingsError(f"WAREHOUSE_NOW: {text!r} has no offset; write 2020-07-10T09:00:00+08:00")
    return moment.astimezone(SHANGHAI)


def _port(text: str | None) -> int:
    if not text:
        return DEFAULT_BI_PORT
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise SettingsError(f"WAREHOUSE_BI_PORT: {text!r} is not a port from 1 to 65535")
    return int(text)


def _alerts(text: str | None) -> str:
    """`log`, a webhook's URL, or mailto:. A wrong value isn't repeated: it may hold a token."""
    text = text or "log"
    parts = urlsplit(text)
    is_webhook = parts.scheme in ("http", "https") and bool(parts.hostname)
    is_mail = parts.scheme == "mailto" and all("@" in one for one in parts.path.split(","))
    if text != "log" and not is_webhook and not is_mail:
        raise SettingsError(
            "WAREHOUSE_ALERTS: neither log nor the https:// address of a webhook nor mailto:someone@example.cn"
        )
    return text


def _smtp(text: str | None) -> str:
    host, _, port = (text or "localhost:25").partition(":")
    if not host or not (port or "25").isdigit():
        raise SettingsError(f"WAREHOUSE_SMTP: {text!r} is not host:port")
    return f"{host}:{port or 25}"


def _threads(text: str | None) -> int:
    if not text:
        return os.cpu_count() or 1
    if not text.isdigit() or int(text) < 1:
        raise SettingsError(f"WAREHOUSE_THREADS: {text!r} is not a positive whole number")
    return int(text)


def _seeds_dir(text: str | None) -> Path:
    path = Path(text or PROJECT_ROOT / "seeds").resolve()
    if text and not path.is_dir():
        raise SettingsError(f"WAREHOUSE_SEEDS: {path} is no folder")
    return path


def _memory_limit(text: str | None) -> str:
    """As DuckDB takes it; by default 70 % of the machine's."""
    if not text:
        return f"{int(psutil.virtual_memory().total * 0.7 / 2**20)}MiB"
    if not _MEMORY.fullmatch(text):
        raise SettingsError(f"WAREHOUSE_MEMORY_LIMIT: {text!r} is no amount of memory; write 4GB, 512MiB or 70%")
    return text


def _sandbox_secrets(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
