"""Where the scenes are set: platforms, courses, homes and days that suit them, and what learners usually leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from orchestration.sandbox import learning, payments
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.fraud.injection import Injection
from orchestration.sandbox.timeline import DAY, HOUR

MINUTE = 60
LOOKALIKES = 20  # honest cases to each fraud, at least
BUSY_PLATFORMS = 10  # those on which single persons are staged
HOME_PROVINCES = ("13", "37", "41", "51", "61")  # without subsidy rules of their own among those published
ODD_SHARE = 0.04  # honest cases that no rule can tell from fraud
CLASS_HOUR = 45 * MINUTE


class Stage:
    """A world's places for scenes, and the injection that they are played into."""

    def __init__(self, world: Draw, rng: np.random.Generator) -> None:
        self.world = world
        self.rng = rng
        self.injection = Injection(world, rng)
        self._courses: dict[int, list[int]] = defaultdict(list)
        # A course delivered after the scene would leave it without an occupation
        early = world.courses.published_at < (world.line.first_day + 20) * DAY
        for course in np.flatnonzero((world.courses.occupation >= 0) & early).tolist():
            self._courses[int(world.courses.platform[course])].append(course)
        steady = [platform for platform in self._steady_platforms() if self._courses[platform]]
        rest = [p for p in steady if world.platforms[p].connector == world.platforms[p].learning_connector == "rest"]
        clean = [p for p in rest if p not in self._penalised_platforms()]
        self.busy = clean[:BUSY_PLATFORMS]
        self.quiet = [p for p in steady if p not in self.busy]
        self.homes = [
            place
            for place, code in enumerate(world.places.code.tolist())
            if code[:2] in HOME_PROVINCES and world.places.province[place][:2] == code[:2]
        ]

    def frauds(self) -> int:
        """How many frauds of a scheme this seed has."""
        return int(self.rng.integers(2, 5))

    def honest(self, frauds: int) -> int:
        return frauds * LOOKALIKES + int(self.rng.integers(0, 6))

    def is_odd(self) -> bool:
        return bool(self.rng.random() < ODD_SHARE)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def whole(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, things: Sequence[Any]) -> Any:
        return things[int(self.rng.integers(0, len(things)))]

    def day(self) -> int:
        """A day of registration that leaves six weeks of the action for what follows."""
        line = self.world.line
        return self.whole(line.first_day + 4, line.last_day - 45)

    def home(self) -> int:
        return int(self.pick(self.homes))

    def someone(self, **traits: Any) -> int:
        return self.injection.person(self.home(), **traits)

    def platforms(self, count: int) -> list[int]:
        return [int(p) for p in self.rng.permutation(self.busy)[:count]]

    def course(self, platform: int | None = None, *, hours: tuple[int, int] = (1, 40)) -> int:
        """A course on an occupation, of so many class hours, on a busy platform (or a given one)."""
        tenths = self.world.courses.class_hours_tenths
        platforms = [platform] if platform is not None else self.platforms(len(self.busy))
        for candidate in platforms:
            fitting = [c for c in self._courses[candidate] if hours[0] * 10 <= tenths[c] <= hours[1] * 10]
            if fitting:
                return int(self.pick(fitting))
        return int(self.pick(self._courses[platforms[0]]))

    def courses_of(self, platform: int) -> list[int]:
        return self._courses[platform]

    def occupation(self, course: int) -> int:
        return int(self.world.courses.occupation[course])

    def class_seconds(self, course: int) -> int:
        return int(self.world.courses.class_hours_tenths[course]) * CLASS_HOUR // 10

    def enrol(self, person: int | None = None, course: int | None = None, day: int | None = None, **more: Any) -> int:
        """Somebody registers in the morning."""
        at = (self.day() if day is None else day) * DAY + 8 * HOUR + self.whole(0, 3 * HOUR)
        chosen = self.course() if course is None else course
        return self.injection.registration(self.someone() if person is None else person, chosen, at, **more)

    def study(self, registration: int, day: int, seconds: int) -> int:
        """That much study in evenings from `day` on, in uneven pieces; returns the last day of it."""
        left, at = int(seconds), day * DAY + 18 * HOUR + self.whole(0, HOUR)
        ends = day * DAY + 22 * HOUR
        while left > 0:
            length = min(left, self.whole(20 * MINUTE, 55 * MINUTE))
            if at + length > ends:
                day += 1
                at, ends = day * DAY + 18 * HOUR + self.whole(0, HOUR), day * DAY + 22 * HOUR
            self.injection.record(registration, learning.STUDY, at, length)
            at += length + self.whole(2 * MINUTE, 15 * MINUTE)
            left -= length
        return day

    def attend(self, registration: int, *, share: float = 1.05) -> int:
        """Sign-in, study of a share of the course's hours, a test passed; returns the day after the last of it."""
        _, _, course, at, _, _ = self.injection.registered(registration)
        day = at // DAY + 1
        self.injection.record(registration, learning.SIGN_IN, day * DAY + 17 * HOUR + self.whole(0, HOUR))
        last = self.study(registration, day, int(self.class_seconds(course) * share) + 1)
        test = (last + 1) * DAY + 9 * HOUR + self.whole(0, 3 * HOUR)
        self.injection.record(registration, learning.TEST, test, 40 * MINUTE, score=self.whole(62, 98))
        return last + 2

    def certify(self, registration: int, day: int, **more: Any) -> int:
        return self.injection.certificate(registration, day * DAY + 9 * HOUR + self.whole(0, 8 * HOUR), **more)

    def claim(self, registration: int, certificate: int, day: int, amount_fen: int = 30_000, **more: Any) -> int:
        """A training subsidy claimed for a certificate."""
        person = self.injection.registered(registration)[1]
        return self.injection.claim(person, day, amount_fen, certificate=certificate, **more)

    def fate(self) -> int:
        """What became of a fraud's claim."""
        return int(self.pick([payments.PAID, payments.PAID, payments.RECOVERED, payments.REJECTED]))

    def _steady_platforms(self) -> list[int]:
        first = self.world.line.campaign.first_day
        return [
            number
            for number, spec in enumerate(self.world.platforms)
            if spec.selected_from == first and spec.selected_to is None
        ]

    def _penalised_platforms(self) -> set[int]:
        """A penalty on a platform, or on the institution that runs it, ends what is due for its courses."""
        names = {spec.id: number for number, spec in enumerate(self.world.platforms)}
        runs = dict(zip(self.world.institutions.uscc.tolist(), self.world.institutions.platform.tolist(), strict=True))
        subjects = self.world.penalties.subject_id.tolist()
        return {names[subject] if subject in names else int(runs.get(subject, -1)) for subject in subjects}
