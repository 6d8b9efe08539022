"""The campaign as configuration: `campaign.yml`, validated."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.yaml_text import read_yaml


class CampaignError(Exception):
    """campaign.yml can't be used; the message names the file and the key."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DueRule(_Strict):
    """A report is due at `at` on the n-th Chinese working day after the period's last day."""

    working_days_after: int = Field(ge=0)
    at: time
    is_assumed: bool = True


class Target(_Strict):
    target_code: Literal["platforms", "occupations", "registrations"]
    name_zh: str
    unit: str
    value: int = Field(gt=0)


class ProvinceTarget(_Strict):
    target_code: Literal["platforms", "occupations", "registrations"]
    province_code: str = Field(pattern=r"^\d{6}$")
    value: int = Field(gt=0)


class KeyRegionSet(_Strict):
    region_set: str
    name_zh: str
    kind: Literal["prefix", "prefix_or_county", "county"]


class Campaign(_Strict):
    """Days are inclusive at both ends; the calendar of periods may run on after the action's last day."""

    code: str
    name_zh: str
    name_en: str
    first_day: date
    last_day: date
    calendar_last_day: date
    cadence_days: int = Field(gt=0)
    due_rule: DueRule
    study_record_cut_hours: int = Field(gt=0)
    targets: list[Target]
    province_targets: list[ProvinceTarget] = []
    key_region_sets: list[KeyRegionSet]

    @model_validator(mode="after")
    def _days_in_order(self) -> Campaign:
        if not self.first_day <= self.last_day <= self.calendar_last_day:
            raise ValueError("first_day, last_day, calendar_last_day must not fall")
        return self


def load_campaign(path: Path) -> Campaign:
    """Read and validate campaign.yml. Raises CampaignError with one line for each key that is wrong."""
    try:
        return Campaign.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in e['loc']) or '(whole)'}: {e['msg']}" for e in error.errors()]
        raise CampaignError(f"{path.name}: " + "; ".join(lines)) from None
    except (OSError, yaml.YAMLError) as error:
        raise CampaignError(f"{path}: {error}") from None
