"""Money asked for twice, too often, too much, for nothing, from the wrong purse, too early, or off the catalogue."""

from __future__ import annotations

from collections import defaultdict

from orchestration.sandbox import identity, payments
from orchestration.sandbox.fraud.stage import MINUTE, Stage
from orchestration.sandbox.timeline import DAY
from orchestration.sources.feeds import GROUP_CODES

# What the national rule among those published pays; claims must lie at it to look like fraud or not
FEN_A_CLASS_HOUR, CAP_FEN, LEAST_CLASS_HOURS = 2_000, 80_000, 10
ALLOWANCE_GROUP = GROUP_CODES.index("KG07")
HALF_A_YEAR = 180


def _certified(stage: Stage, person: int, course: int, day: int) -> tuple[int, int]:
    registration = stage.enrol(person, course, day)
    return registration, stage.certify(registration, day + stage.whole(8, 14))


def repeat_claim(stage: Stage) -> None:
    """同一人多次领取. Look-alikes: the next grade, a refused claim made anew; and a clerk's slip that was noticed."""
    rule, frauds = "repeat_claim", stage.frauds()
    twins = _courses_of_one_trade(stage)
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        person, day = stage.someone(), stage.day()
        first, same, other_grade = stage.pick(twins)
        one, its = _certified(stage, person, first, day)
        elsewhere = stage.injection.bureau_of(stage.home())
        late = day + 20
        if is_fraud:
            two, of_two = _certified(stage, person, same, day + 2)
            stage.claim(one, its, late)
            stage.claim(two, of_two, late + stage.whole(1, 12), bureau=elsewhere, end=stage.fate())
            scheme = "claimed twice"
        elif stage.is_odd():
            stage.claim(one, its, late)
            stage.claim(one, its, late + 1, end=payments.REJECTED)
            scheme = "clerk's slip"
        elif number % 2:
            two, of_two = _certified(stage, person, other_grade, day + 2)
            stage.claim(one, its, late)
            stage.claim(two, of_two, late + stage.whole(1, 12))
            scheme = "next grade"
        else:
            stage.claim(one, its, late, end=payments.REJECTED, decided_after=2)
            stage.claim(one, its, late + stage.whole(2, 8))
            scheme = "refused, then made anew"
        stage.injection.label(rule, scheme, "person", person, is_fraud=is_fraud)


def _courses_of_one_trade(stage: Stage) -> list[tuple[int, int, int]]:
    """Two courses of one trade and grade on two platforms, and one of the trade at another grade."""
    courses = stage.world.courses
    by_trade: dict[int, list[int]] = defaultdict(list)
    for platform in (*stage.busy, *stage.quiet):
        for course in stage.courses_of(platform):
            by_trade[stage.occupation(course)].append(course)
    found = []
    for of_trade in by_trade.values():
        for first in of_trade:
            same = [c for c in of_trade if c != first and courses.grade[c] == courses.grade[first]]
            other = [c for c in of_trade if courses.grade[c] != courses.grade[first]]
            if same and other:
                found.append((first, stage.pick(same), stage.pick(other)))
    return found


def over_claim(stage: Stage) -> None:
    """More claims than a year allows. Look-alikes: just as many as it allows, and one refused before them."""
    rule, frauds = "over_claim", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        person, day = stage.someone(), stage.day()
        count = stage.whole(4, 7) if is_fraud else 3
        if not is_fraud and number % 2:
            one, its = _certified(stage, person, stage.course(), day)
            stage.claim(one, its, day + 18, end=payments.REJECTED, decided_after=1)
        for _ in range(count):
            one, its = _certified(stage, person, stage.course(), day)
            stage.claim(one, its, day + 20 + stage.whole(0, 12))
        scheme = "more than the year allows" if is_fraud else "as many as allowed"
        stage.injection.label(rule, scheme, "person", person, is_fraud=is_fraud)


def _in_catalogue(stage: Stage, person: int, course: int, valid_from: int) -> None:
    bureau = stage.injection.bureau_of(stage.injection.home_of(person))
    platform = int(stage.world.courses.platform[course])
    stage.injection.listed(bureau, platform, stage.occupation(course), valid_from)


def claimed_over_entitled(stage: Stage) -> None:
    """Claimed beyond what is due. Look-alikes: claims up to the last fen; and hours that fell short unnoticed."""
    rule, frauds = "claimed_over_entitled", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        person = stage.someone()
        course = stage.course(hours=(LEAST_CLASS_HOURS, 16))
        registration = stage.enrol(person, course)
        _in_catalogue(stage, person, course, stage.world.line.first_day - HALF_A_YEAR)
        falls_short = not is_fraud and stage.is_odd()
        ready = stage.attend(registration, share=0.85 if falls_short else stage.between(1.0, 1.2))
        certificate = stage.certify(registration, ready)
        due = min(int(stage.world.courses.class_hours_tenths[course]) * FEN_A_CLASS_HOUR // 10, CAP_FEN)
        asked = int(due * stage.between(1.5, 6)) if is_fraud else stage.pick([due, int(due * stage.between(0.6, 1))])
        end = stage.fate() if is_fraud else payments.PAID
        claim = stage.claim(registration, certificate, ready + stage.whole(2, 8), asked, end=end)
        scheme = "claimed beyond what is due" if is_fraud else "hours fell short" if falls_short else "all that is due"
        stage.injection.label(rule, scheme, "payment", claim, is_fraud=is_fraud)


def payment_unmatched(stage: Stage) -> None:
    """Certificates that don't exist, or are others'. Look-alikes: told weeks after the money; paid to the employer."""
    rule, frauds = "payment_unmatched", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        registration = stage.enrol()
        person = stage.injection.registered(registration)[1]
        day = stage.injection.registered(registration)[3] // DAY
        told = (day + stage.whole(12, 40)) * DAY
        certificate = stage.certify(registration, day + 10, told=told)
        if is_fraud:
            forged = f"ZS2020{9_000_000 + stage.whole(0, 999_999)}"
            if number % 2:
                claim = stage.injection.claim(stage.someone(), day + 14, 60_000, certificate=certificate)
                scheme = "another's certificate"
            else:
                claim = stage.injection.claim(person, day + 14, 60_000, certificate_no=forged)
                scheme = "forged certificate"
        elif stage.is_odd():
            employer = str(identity.usccs(stage.rng, 1)[0])
            claim = stage.claim(registration, certificate, day + 14, payee_uscc=employer)
            scheme = "paid to the employer"
        else:
            claim = stage.claim(registration, certificate, day + 14)
            scheme = "certificate told late"
        stage.injection.label(rule, scheme, "payment", claim, is_fraud=is_fraud)


def wrong_fund(stage: Stage) -> None:
    """Training from the fund for jobs. Look-alikes: allowances from the same fund, training from its own."""
    rule, frauds = "wrong_fund", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        registration = stage.enrol()
        person = stage.injection.registered(registration)[1]
        day = stage.injection.registered(registration)[3] // DAY
        certificate = stage.certify(registration, day + 10)
        if is_fraud or number % 2:
            claim = stage.claim(registration, certificate, day + 14, is_wrong_fund=is_fraud)
            scheme = "fund of another purpose" if is_fraud else "training from its own fund"
        else:
            claim = stage.injection.claim(person, day + 14, 10_000, scheme=payments.ALLOWANCE)
            scheme = "allowance from the same fund"
        stage.injection.label(rule, scheme, "payment", claim, is_fraud=is_fraud)


def training_before_eligibility(stage: Stage) -> None:
    """培训早于资格. Look-alikes: eligible from the last day of study on; and a roster issued anew from a later day."""
    rule, frauds = "training_before_eligibility", stage.frauds()
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        registration = stage.enrol()
        person = stage.injection.registered(registration)[1]
        first = stage.injection.registered(registration)[3] // DAY + 1
        last = stage.study(registration, first, stage.whole(5, 14) * 150 * MINUTE)
        issued_anew = not is_fraud and stage.is_odd()
        if is_fraud or issued_anew:
            begins = last + stage.whole(1, 6)
        else:
            begins = stage.pick([last, stage.whole(first, last), first - stage.whole(1, 200)])
        stage.injection.roster(person, GROUP_CODES[ALLOWANCE_GROUP], begins)
        claim = stage.injection.claim(person, last + stage.whole(7, 12), 20_000, scheme=payments.ALLOWANCE)
        scheme = "eligible only afterwards" if is_fraud else "roster issued anew" if issued_anew else "eligible in time"
        stage.injection.label(rule, scheme, "payment", claim, is_fraud=is_fraud)


def off_catalogue(stage: Stage) -> None:
    """未备案工种/等级申领. Look-alikes: listed for any grade, listed that week; and listed too late, with leave."""
    rule, frauds = "off_catalogue", stage.frauds()
    listed = set(zip(stage.world.institutions.bureau.tolist(), stage.world.institutions.platform.tolist(), strict=True))
    # The frauds keep to pairs of bureau and platform that nobody lists, neither the drawn world nor another scene
    unlisted = [
        (home, platform)
        for home in stage.homes
        for platform in stage.quiet
        if (stage.injection.bureau_of(home), platform) not in listed
    ]
    for number in range(frauds + stage.honest(frauds)):
        is_fraud = number < frauds
        day = stage.day()
        home, platform = stage.pick(unlisted) if is_fraud else (stage.home(), stage.pick(stage.busy))
        person = stage.injection.person(home)
        course = int(stage.pick(stage.courses_of(platform)))
        registration = stage.enrol(person, course, day)
        certificate = stage.certify(registration, day + 12)
        late = not is_fraud and stage.is_odd()
        if late:
            # its trade is in no catalogue of the bureau on the day of the certificate
            _in_catalogue(stage, person, course, day + 13)
        elif not is_fraud:
            _in_catalogue(stage, person, course, day - stage.whole(0, HALF_A_YEAR))
        claim = stage.claim(registration, certificate, day + 16, end=stage.fate() if is_fraud else payments.PAID)
        scheme = "not in the catalogue" if is_fraud else "listed too late" if late else "listed in time"
        stage.injection.label(rule, scheme, "payment", claim, is_fraud=is_fraud)
