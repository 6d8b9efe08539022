"""A landing folder in a temporary directory, and senders without a network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract"))

from landing_fakes import Senders  # noqa: E402
from payload_fakes import KEY, NOW  # noqa: E402

from orchestration.landing import pull as pull_module  # noqa: E402
from orchestration.settings import PROJECT_ROOT, Settings  # noqa: E402


@pytest.fixture
def senders(monkeypatch) -> Senders:
    fake = Senders()
    monkeypatch.setattr(pull_module, "fetch", fake.fetch)
    return fake


@pytest.fixture
def make_settings(tmp_path) -> Callable[..., Settings]:
    def make(now: str = NOW.isoformat(), key: bytes = KEY, **more: str) -> Settings:
        (tmp_path / "seeds").mkdir(exist_ok=True)
        environment = {
            "WAREHOUSE_DIR": str(tmp_path / "warehouse"),
            "WAREHOUSE_SOURCES": str(tmp_path / "sources.yml"),
            "WAREHOUSE_CAMPAIGN": str(PROJECT_ROOT / "campaign.yml"),
            "WAREHOUSE_SEEDS": str(tmp_path / "seeds"),
            "WAREHOUSE_PSEUDONYM_KEY": key.hex(),
            "WAREHOUSE_MEMORY_LIMIT": "512MiB",
            "WAREHOUSE_NOW": now,
        }
        return Settings.from_environment(environment | more)

    return make


@pytest.fixture
def settings(make_settings) -> Settings:
    return make_settings()
