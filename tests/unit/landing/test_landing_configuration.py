"""Configuration batches: landed when something changed, again when it changed back, never with a comment or secret."""

from __future__ import annotations

import shutil

import pytest
from landing_fakes import at

from orchestration.landing.configuration import land_configuration, landed_configuration
from orchestration.landing.errors import LandingError
from orchestration.landing.verify import verify
from orchestration.settings import PROJECT_ROOT

REGISTRY = """
platforms:   # ask Wang Xiaoming for the token s3cr3t
  - {id: P001, name: 线上平台, connector: rest, base_url: "http://127.0.0.1:1/p001", token_env: PLATFORM_P001_TOKEN}
"""


@pytest.fixture
def deployment(make_settings, tmp_path):
    (tmp_path / "seeds").mkdir(exist_ok=True)
    (tmp_path / "seeds" / "regions.csv").write_text("region_code\n420106\n", encoding="utf-8")
    (tmp_path / "sources.yml").write_text(REGISTRY, encoding="utf-8")
    shutil.copy(PROJECT_ROOT / "campaign.yml", tmp_path / "campaign.yml")
    return lambda now: make_settings(now, WAREHOUSE_CAMPAIGN=str(tmp_path / "campaign.yml"))


def test_it_lands_once_and_again_whenever_something_changed(deployment, tmp_path):
    days = iter(range(1, 30))

    def land():
        return land_configuration(deployment(f"2020-06-{next(days):02d}T09:00:00+08:00"))

    assert land().sequence == 1
    assert land() is None
    seed = tmp_path / "seeds" / "regions.csv"
    before = seed.read_text()
    seed.write_text(before + "420107\n")
    assert land().sequence == 2
    seed.write_text(before)
    assert land().sequence == 3  # back to what it was is a change too: the newest counts
    (tmp_path / "seeds" / "occupations.csv").write_text("occupation_code\n")
    assert land().sequence == 4
    campaign = tmp_path / "campaign.yml"
    campaign.write_text(campaign.read_text().replace("cadence_days: 14", "cadence_days: 7"))
    assert land().sequence == 5
    assert land() is None
    assert verify(deployment("2020-06-30T00:00:00+08:00").landing_dir) == []


def test_what_was_known_at_a_time(deployment, tmp_path):
    settings = deployment("2020-06-01T09:00:00+08:00")
    assert landed_configuration(settings.landing_dir) == {}
    land_configuration(settings)
    (tmp_path / "seeds" / "regions.csv").write_text("region_code\n999999\n")
    land_configuration(deployment("2020-06-15T09:00:00+08:00"))
    early = landed_configuration(settings.landing_dir, at("2020-06-10T00:00:00+08:00"))
    late = landed_configuration(settings.landing_dir)
    assert list(early) == ["sources.yml", "campaign.yml", "seeds/regions.csv"]
    assert early["seeds/regions.csv"] == "region_code\n420106\n"
    assert late["seeds/regions.csv"] == "region_code\n999999\n"
    assert landed_configuration(settings.landing_dir, at("2020-05-01T00:00:00+08:00")) == {}


def test_comments_stay_behind(deployment, tmp_path):
    settings = deployment("2020-06-01T09:00:00+08:00")
    land_configuration(settings)
    content = landed_configuration(settings.landing_dir)["sources.yml"]
    assert "PLATFORM_P001_TOKEN" in content
    assert "线上平台" in content
    assert "s3cr3t" not in content


def test_a_file_that_is_not_there_is_named(deployment, tmp_path):
    (tmp_path / "sources.yml").unlink()
    with pytest.raises(LandingError, match=r"can't read .*sources\.yml: No such file"):
        land_configuration(deployment("2020-06-01T09:00:00+08:00"))
