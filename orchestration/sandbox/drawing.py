"""Everything a world is made of, drawn from one seed.

Each part has a stream of its own, so that a change of one part (or a new scenario) leaves the other draws as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from orchestration.sandbox import identity
from orchestration.sandbox.catalogue import (
    ENTERPRISE,
    ENTERPRISE_PROJECTS,
    Institutions,
    Penalties,
    Projects,
    draw_institutions,
    draw_penalties,
    draw_projects,
)
from orchestration.sandbox.certificates import (
    Certificates,
    Reminders,
    draw_certificates,
    draw_certified,
    draw_reminders,
)
from orchestration.sandbox.courses import Courses, draw_courses
from orchestration.sandbox.fraud.labels import Label
from orchestration.sandbox.learning import Learning, draw_learning
from orchestration.sandbox.payments import Payments, draw_payments
from orchestration.sandbox.people import People, draw_people
from orchestration.sandbox.places import Places, draw_places
from orchestration.sandbox.platforms import BureauSpec, PlatformSpec
from orchestration.sandbox.platforms import bureaus as bureau_specs
from orchestration.sandbox.platforms import platforms as platform_specs
from orchestration.sandbox.registrations import REGISTRATIONS_A_PERSON, Registrations, draw_registrations
from orchestration.sandbox.rosters import Rosters, bureau_of_place, draw_rosters
from orchestration.sandbox.timeline import Timeline, timeline

STRANGERS_SHARE = 0.05  # people on rosters and penalties who never registered


@dataclass(frozen=True)
class Draw:
    """The drawn world. Indices between its parts are positions in their arrays."""

    seed: int
    line: Timeline
    platforms: tuple[PlatformSpec, ...]
    bureaus: tuple[BureauSpec, ...]
    places: Places
    people: People
    courses: Courses
    registrations: Registrations
    employer_uscc: np.ndarray  # one a registration, '' = none
    learning: Learning
    certificates: Certificates
    reminders: Reminders
    projects: Projects
    institutions: Institutions
    penalties: Penalties
    rosters: Rosters
    payments: Payments
    labels: tuple[Label, ...] = ()  # which subject is fraud, and which only looks like it
    more_ways: tuple[str, ...] = ()  # of reporting, beside the usual ones

    def stream(self, name: str) -> np.random.Generator:
        return stream(self.seed, name)


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one part: seed and name alone decide it."""
    return np.random.default_rng([seed, *name.encode("utf-8")])


def draw(seed: int, registration_count: int, learning_records: int) -> Draw:
    """Draw a world of that many registrations and about that many learning records."""

    def part(name: str) -> np.random.Generator:
        return stream(seed, name)

    line = timeline()
    specs, bureaus = platform_specs(line.campaign.first_day), bureau_specs()
    places = draw_places()
    registered_people = max(1, int(registration_count / REGISTRATIONS_A_PERSON))
    people = draw_people(part("people"), int(registered_people * (1 + STRANGERS_SHARE)), places)
    courses = draw_courses(part("courses"), specs, line)
    registrations = draw_registrations(
        part("registrations"), registration_count, registered_people, people, places, courses, specs, line
    )
    institutions = draw_institutions(part("institutions"), bureaus, specs, line)
    projects = draw_projects(part("projects"), bureaus, courses, institutions, line)
    bureau_of = bureau_of_place(places, bureaus)
    registrations, employers, pool = _employ(part("employers"), registrations, people, projects, bureau_of)
    certified = draw_certified(part("certified"), registrations)
    certificates = draw_certificates(part("certificates"), registrations, certified, courses, line)
    rosters = draw_rosters(part("rosters"), people, places, bureaus, line)
    sends_reminders = np.array(["reminders" in spec.feeds for spec in specs])
    return Draw(
        seed=seed,
        line=line,
        platforms=specs,
        bureaus=bureaus,
        places=places,
        people=people,
        courses=courses,
        registrations=registrations,
        employer_uscc=employers,
        learning=draw_learning(part("learning"), learning_records, registrations, certified, certificates, specs, line),
        certificates=certificates,
        reminders=draw_reminders(part("reminders"), registrations, sends_reminders, line),
        projects=projects,
        institutions=institutions,
        penalties=draw_penalties(part("penalties"), bureaus, specs, institutions, people, line),
        rosters=rosters,
        payments=draw_payments(part("payments"), registrations, certificates, rosters, projects, bureau_of, pool, line),
    )


def _employ(
    rng: np.random.Generator,
    drawn: Registrations,
    people: People,
    projects: Projects,
    bureau_of_place: np.ndarray,
) -> tuple[Registrations, np.ndarray, np.ndarray]:
    """Some registrations belong to an enterprise's project of the learner's province, some name an employer only."""
    pool = identity.usccs(rng, 60)
    online = np.flatnonzero(projects.kind == ENTERPRISE)
    home_bureau = bureau_of_place[people.home[drawn.person]]
    takes_part = (rng.random(len(drawn)) < 0.06) & (home_bureau >= 0)
    first = np.searchsorted(projects.bureau[online], np.maximum(home_bureau, 0))
    project = np.where(takes_part, online[first + rng.integers(0, ENTERPRISE_PROJECTS, len(drawn))], -1)
    has_employer = rng.random(len(drawn)) < 0.1
    employer = np.where(has_employer, pool[rng.integers(0, len(pool), len(drawn))], "")
    employer = np.where(project >= 0, projects.enterprise_uscc[np.maximum(project, 0)], employer)
    return replace(drawn, project=project), employer, pool
