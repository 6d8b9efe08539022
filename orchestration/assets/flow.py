"""Names: groups sort by name in Dagster's UI, so the flow's order is part of the name."""

from __future__ import annotations

from dagster import AssetKey

SENDERS_GROUP = "1_senders"
LANDING_PLATFORMS_GROUP = "2_landing_platforms"
LANDING_BUREAUS_GROUP = "2_landing_bureaus"
LANDING_CONFIGURATION_GROUP = "2_landing_configuration"
RAW_GROUP = "3_raw"
MODEL_GROUPS = {
    "seeds": "3_seeds",
    "staging": "4_staging",
    "intermediate": "5_intermediate",
    "core": "6_core",
    "marts": "7_marts",
}
PUBLISHED_GROUP = "8_published"

PLATFORMS_KEY = AssetKey(["senders", "platforms"])
BUREAUS_KEY = AssetKey(["senders", "bureaus"])
CONFIGURATION_KEY = AssetKey(["landing", "configuration"])
PUBLISHED_KEY = AssetKey(["published", "marts"])
PERIODS_KEY = AssetKey(["published", "reporting_periods"])

OWNERS = ["team:data-engineering"]


def landing_key(feed: str) -> AssetKey:
    return AssetKey(["landing", feed])


def raw_key(table: str) -> AssetKey:
    return AssetKey(["raw", table])


def mart_key(mart: str) -> AssetKey:
    return AssetKey(["marts", mart])
