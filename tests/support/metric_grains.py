"""At which grains charts show a dataset's figures, and how its rows are called in the semantic layer there."""

from __future__ import annotations

from dataclasses import dataclass

PERIOD = {"period_start": "metric_time__period"}
NATION = "province_code = '000000'"
PROVINCES = "province_code <> '000000'"


@dataclass(frozen=True)
class Grain:
    """Rows of a mart (those for which `rows` holds: totals have rows of their own) grouped by `keys`.

    `keys`: SQL on the mart → dimension of the semantic layer. `shown`: the dataset's metrics that it holds for, all
    where it is empty. Where `meets`, several rows of the mart meet in one: what is never added up is empty there.
    """

    keys: dict[str, str]
    rows: str = "true"
    shown: tuple[str, ...] = ()
    meets: bool = False


def _keys(entity: str, *names: str) -> dict[str, str]:
    return {name: f"{entity}__{name}" for name in names}


_COUNTED = (
    "registrations",
    "completed_registrations",
    "study_hours",
    "cumulative_registrations",
    "cumulative_learners",
)
_ALL_PLATFORMS = "platform_id = '_all'"
_OF_SUBSIDIES = {
    "entitlement": ("entitled_amount",),
    "payment": (
        "claimed_amount",
        "approved_amount",
        "paid_amount",
        "wrong_fund_amount",
        "unmatched_amount",
        "claimed_count",
        "rejected_count",
        "paid_persons",
        "median_days",
    ),
    "subsidy_period": ("unpaid_amount", "overdue_claims"),
}
_OF_PLATFORMS = (
    "traceable_share",
    "sign_in_share",
    "study_share",
    "test_share",
    "face_check_pass_share",
    "reminded",
    "returned",
    "rejected_courses",
)
_OF_OCCUPATIONS = ("covered", "uncovered", "taken_up", "new_covered", "courses_open")


def _subsidies() -> list[Grain]:
    grains = []
    for entity, shown in _OF_SUBSIDIES.items():
        scheme, province = _keys(entity, "scheme", "fund"), _keys(entity, "province_code")
        grains += [
            Grain(PERIOD | scheme, NATION, shown),
            Grain(PERIOD | province | scheme, PROVINCES, shown),
            Grain(PERIOD, NATION, shown, meets=True),
            Grain(PERIOD | province, PROVINCES, shown, meets=True),
        ]
    return grains


GRAINS: dict[str, list[Grain]] = {
    "target_progress": [Grain(PERIOD | _keys("target_period", "target_code", "province_code"))],
    "target_forecast": [Grain(PERIOD | _keys("target_forecast", "target_code", "province_code"))],
    "registration_progress": [
        Grain(PERIOD, f"{NATION} and {_ALL_PLATFORMS}", _COUNTED),
        Grain(PERIOD | _keys("registration", "province_code"), f"{PROVINCES} and {_ALL_PLATFORMS}", _COUNTED),
        Grain(
            PERIOD | _keys("registration", "province_code", "platform_id"),
            f"{PROVINCES} and not {_ALL_PLATFORMS}",
            _COUNTED,
        ),
        Grain(PERIOD | _keys("registration_period", "province_code", "platform_id"), shown=("new_learners",)),
    ],
    "registration_daily": [
        Grain({"day": "metric_time__day"}, f"{NATION} and {_ALL_PLATFORMS}", ("registrations", "mean_registrations")),
        Grain(
            {"day": "metric_time__day"} | _keys("registration_day", "province_code", "platform_id"),
            shown=("active_learners",),
        ),
    ],
    "occupation_coverage": [
        Grain(PERIOD, shown=_OF_OCCUPATIONS, meets=True),
        Grain(PERIOD | _keys("occupation_period", "category"), shown=_OF_OCCUPATIONS, meets=True),
        Grain(PERIOD | _keys("occupation_period", "occupation_code"), shown=(*_OF_OCCUPATIONS, "platforms_offering")),
        Grain(PERIOD | _keys("registration", "occupation_code"), shown=("registrations", "learners", "certificates")),
    ],
    "occupation_gap": [Grain(_keys("occupation_gap", "province_code"), meets=True)],
    "key_group_participation": [Grain(PERIOD | _keys("group_period", "province_code", "group_code"))],
    "key_region_support": [Grain(PERIOD | _keys("region_period", "region_set"))],
    "subsidy_progress": _subsidies(),
    "subsidy_entitlement_summary": [
        Grain(PERIOD | _keys("decision_reason", "reason"), NATION, meets=True),
        Grain(PERIOD | _keys("decision_reason", "province_code", "reason"), PROVINCES, meets=True),
    ],
    "enterprise_training": [Grain(_keys("training_project", "project_kind"), meets=True)],
    "supervision_signal_summary": [
        Grain(PERIOD, meets=True),
        Grain(PERIOD | _keys("signal_group", "severity"), meets=True),
        Grain(PERIOD | _keys("signal_group", "rule_id", "subject_kind", "severity")),
    ],
    "platform_supervision": [
        Grain(PERIOD, shown=("registrations", "rejected_courses"), meets=True),
        Grain(PERIOD | _keys("registration", "platform_id"), shown=("registrations",)),
        Grain(PERIOD | _keys("platform_period", "platform_id"), shown=_OF_PLATFORMS),
    ],
    "reporting_timeliness": [
        Grain(PERIOD, meets=True),
        Grain(PERIOD | _keys("due_report", "sender_id", "feed")),
    ],
    "dispatch_table": [Grain(PERIOD | _keys("dispatch_figure", "province_code", "indicator_code"))],
    "dispatch_reconciliation": [
        Grain(PERIOD | _keys("reconciled_figure", "province_code", "status"), meets=True),
        Grain(PERIOD | _keys("reconciled_figure", "province_code", "indicator_code", "measure")),
    ],
    "restatement": [
        Grain(
            PERIOD
            | _keys("restated_figure", "province_code", "indicator_code", "measure")
            | {"cast(dispatch_at as date)": "restated_figure__dispatched_on"}
        )
    ],
    "data_quality": [
        Grain(PERIOD | _keys("refused_row", "reason"), meets=True),
        Grain(PERIOD | _keys("refused_row", "sender_id", "feed", "reason")),
    ],
}
