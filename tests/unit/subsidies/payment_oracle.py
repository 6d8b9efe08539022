"""What stands behind a payment; from the rules' wording alone."""

from __future__ import annotations

from subsidy_oracle import Row, World, tie


def matches(world: World) -> dict[tuple, tuple]:
    """(sender, payment) → registration, project, is_matched."""
    projects = {(one["province_code"], one["project_id"]) for one in world["dim_training_project"]}
    found = {}
    for payment in world["fct_subsidy_payment"]:
        project = registration = None
        if payment["scheme"].startswith("project_"):
            project = payment["project_id"] if (payment["sender_id"], payment["project_id"]) in projects else None
        else:
            registration = _registration(world, payment)
        key = registration and registration["registration_sk"]
        found[payment["sender_id"], payment["payment_id"]] = key, project, bool(registration or project)
    return found


def _registration(world: World, payment: Row) -> Row | None:
    own = [one for one in world["fct_registration"] if one["person_key"] == payment["person_key"]]
    if payment["scheme"] == "living_allowance":
        # The wording asks for any; of several the first is taken
        claimable = [one for one in own if one["is_counted"] and one["registered_on"] <= payment["claimed_on"]]
        return min(claimable, key=tie, default=None)
    numbered = [one for one in world["fct_certificate"] if one["certificate_no"] == payment["certificate_no"]]
    behind = {one["registration_sk"] for one in numbered}
    return min(
        (one for one in own if one["registration_sk"] in behind), key=lambda one: one["platform_id"], default=None
    )
