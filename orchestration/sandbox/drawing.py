"""Everything a world is made of, drawn from one seed. Each part has a stream of its own, so that a change of one part (or
a new scenario) leaves the draws of the others as they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from orchestration.sandbox import catalogue, certificates, courses, identity, learning, payments, people, rosters
from orchestration.sandbox import places as places_module
from orchestration.sandbox import platforms as platforms_module
from orchestration.sandbox import registrations as registrations_module
from orchestration.sandbox.timeline import Timeline, timeline

STRANGERS_SHARE = 0.05  # people on rosters and penalties who never registered


@dataclass(frozen=True)
class Draw:
    """The drawn world. Indices between its parts are positions in their arrays."""

    seed: int
    line: Timeline
    platforms: tuple[platforms_module.PlatformSpec, ...]
    bureaus: tuple[platforms_module.BureauSpec, ...]
    places: places_module.Places
    people: people.People
    courses: courses.Courses
    registrations: registrations_module.Registrations
    employer_uscc: np.ndarray  # one a registration, '' = none
    learning: learning.Learning
    certificates: certificates.Certificates
    reminders: certificates.Reminders
    projects: catalogue.Projects
    institutions: catalogue.Institutions
    penalties: catalogue.Penalties
    rosters: rosters.Rosters
    payments: payments.Payments

    def stream(self, name: str) -> np.random.Generator:
        return stream(self.seed, name)


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one part: seed and name alone decide it."""
    return np.random.default_rng([seed, *name.encode("utf-8")])


def draw(seed: int, registration_count: int, learning_records: int) -> Draw:
    line = timeline()
    specs, bureau_specs = platforms_module.platforms(line.campaign.first_day), platforms_module.bureaus()
    places = places_module.draw_places()
    registered_people = max(1, int(registration_count / registrations_module.REGISTRATIONS_A_PERSON))
    everyone = people.draw_people(stream(seed, "people"), int(registered_people * (1 + STRANGERS_SHARE)), places)
    all_courses = courses.draw_courses(stream(seed, "courses"), specs, line)
    drawn = registrations_module.draw_registrations(
        stream(seed, "registrations"), registration_count, registered_people, everyone, places, all_courses, specs, line
    )
    projects = catalogue.draw_projects(stream(seed, "projects"), bureau_specs, all_courses, line)
    bureau_of = rosters.bureau_of_place(places, bureau_specs)
    drawn, employers, pool = _employ(stream(seed, "employers"), drawn, everyone, projects, bureau_of)
    certified = certificates.draw_certified(stream(seed, "certified"), drawn)
    records = learning.draw_learning(stream(seed, "learning"), learning_records, drawn, certified, specs, line)
    issued = certificates.draw_certificates(stream(seed, "certificates"), drawn, certified, all_courses, line)
    sends = np.array(["reminders" in spec.feeds for spec in specs])
    institutions = catalogue.draw_institutions(stream(seed, "institutions"), bureau_specs, specs, line)
    listed = rosters.draw_rosters(stream(seed, "rosters"), everyone, places, bureau_specs, line)
    return Draw(
        seed=seed,
        line=line,
        platforms=specs,
        bureaus=bureau_specs,
        places=places,
        people=everyone,
        courses=all_courses,
        registrations=drawn,
        employer_uscc=employers,
        learning=records,
        certificates=issued,
        reminders=certificates.draw_reminders(stream(seed, "reminders"), drawn, sends, line),
        projects=projects,
        institutions=institutions,
        penalties=catalogue.draw_penalties(
            stream(seed, "penalties"), bureau_specs, specs, institutions, everyone, line
        ),
        rosters=listed,
        payments=payments.draw_payments(
            stream(seed, "payments"), drawn, issued, listed, projects, everyone, bureau_of, pool, line
        ),
    )


def _employ(
    rng: np.random.Generator,
    drawn: registrations_module.Registrations,
    everyone: people.People,
    projects: catalogue.Projects,
    bureau_of_place: np.ndarray,
) -> tuple[registrations_module.Registrations, np.ndarray, np.ndarray]:
    """Some registrations belong to an enterprise's project of the learner's province, some name an employer only."""
    pool = identity.usccs(rng, 60)
    online = np.flatnonzero(projects.kind == catalogue.ENTERPRISE)
    home_bureau = bureau_of_place[everyone.home[drawn.person]]
    takes_part = (rng.random(len(drawn)) < 0.06) & (home_bureau >= 0)
    first = np.searchsorted(projects.bureau[online], np.maximum(home_bureau, 0))
    project = np.where(takes_part, online[first + rng.integers(0, catalogue.ENTERPRISE_PROJECTS, len(drawn))], -1)
    has_employer = rng.random(len(drawn)) < 0.1
    employer = np.where(has_employer, pool[rng.integers(0, len(pool), len(drawn))], "")
    employer = np.where(project >= 0, projects.enterprise_uscc[np.maximum(project, 0)], employer)
    return replace(drawn, project=project), employer, pool
