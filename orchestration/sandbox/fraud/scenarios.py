"""All schemes, each from a stream of its own, played into one world."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.fraud import on_certificates, on_claims, on_people, on_study
from orchestration.sandbox.fraud.stage import Stage

SCENARIOS: tuple[Callable[[Stage], None], ...] = (
    on_study.study_over_day_limit,
    on_study.concurrent_sessions,
    on_study.machine_paced_study,
    on_certificates.certificate_before_hours,
    on_certificates.certificate_without_trace,
    on_study.shared_device,
    on_certificates.mass_certification,
    on_certificates.score_changed_after_issue,
    on_claims.repeat_claim,
    on_claims.over_claim,
    on_claims.claimed_over_entitled,
    on_claims.payment_unmatched,
    on_claims.wrong_fund,
    on_claims.training_before_eligibility,
    on_people.working_age,
    on_study.face_check_failing,
    on_certificates.idle_platform,
    on_people.roster_reuse,
    on_claims.off_catalogue,
)


def add_fraud(world: Draw) -> Draw:
    """The world with every scheme and its look-alikes in it, and the labels that tell them apart."""
    stage = Stage(world, world.stream("fraud"))
    for scenario in SCENARIOS:
        scenario(stage)
    return stage.injection.finished()
