"""The indicators of the biweekly table as the truth has them at a moment: per province and period, and to date."""

from __future__ import annotations

import numpy as np

from orchestration.sandbox import payments
from orchestration.sandbox.timeline import DAY, NEVER
from orchestration.sandbox.truth.progress import distinct, sums
from orchestration.sandbox.truth.state import State, open_courses, owners, paid_on, platform_selected
from orchestration.sources.feeds import GROUP_CODES

# indicator -> (this period, cumulative), each an array (provinces, periods) of whole numbers; amounts in fen
Indicators = dict[str, tuple[np.ndarray, np.ndarray]]
MONEY = ("training_subsidy_amount_cny", "living_allowance_amount_cny", "prepaid_amount_cny")


def indicators(state: State, provinces: list[str]) -> Indicators:
    """Every recorded indicator of each province in `provinces` (those with a bureau)."""
    found: Indicators = {}
    row_of = rows_of(state, provinces)
    shape = (len(provinces), len(state.world.line.periods))
    counted = state.counted
    counted = counted[row_of[counted] >= 0]
    _add_registrations(found, "registrations", "learners", state, counted, row_of, shape)
    completed = counted[state.completed_period[counted] >= 0]
    found["completed"] = _flow(sums(row_of[completed], state.completed_period[completed], *shape))
    certificates = state.unrevoked_certificates()
    holder = state.world.certificates.registration[certificates]
    issued = state.world.line.period_index(state.world.certificates.issued_at[certificates] // DAY)
    fits = state.is_counted[holder] & (row_of[holder] >= 0)
    found["certificates"] = _flow(sums(row_of[holder[fits]], issued[fits], *shape))
    declared, confirmed = state.masks(state.declared), state.masks(state.confirmed)
    for code in GROUP_CODES:
        of_group = counted[(declared[code] | confirmed[code])[counted]]
        _add_registrations(found, f"registrations_{code}", f"learners_{code}", state, of_group, row_of, shape)
    _add_payments(found, state, shape)
    penalties = state.world.penalties
    told = np.flatnonzero(penalties.updated_at < state.now)
    found["penalties"] = _flow(
        sums(penalties.bureau[told], state.world.line.period_index(penalties.decided_on[told]), *shape)
    )
    _add_stocks(found, state, provinces, shape)
    return found


def rows_of(state: State, provinces: list[str]) -> np.ndarray:
    """Over registrations: the index of its province, -1 where it has no bureau."""
    place = {code: number for number, code in enumerate(provinces)}
    of_place = np.array([place.get(code, -1) for code in state.world.places.province.tolist()])
    return of_place[state.place]


def _flow(this_period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return this_period, this_period.cumsum(axis=1)


def _add_registrations(
    found: Indicators,
    registrations: str,
    learners: str,
    state: State,
    rows: np.ndarray,
    row_of: np.ndarray,
    shape: tuple[int, int],
) -> None:
    person, period = state.world.registrations.person[rows], state.period[rows]
    found[registrations] = _flow(sums(row_of[rows], period, *shape))
    found[learners] = _persons(row_of[rows], period, person, shape)


def _persons(
    rows: np.ndarray, period: np.ndarray, person: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct persons in each period, and from the first period to each."""
    if not len(rows):
        return np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    pairs = distinct(rows, period, person)
    order = np.lexsort((pairs[1], pairs[2], pairs[0]))
    r, p, who = (column[order] for column in pairs)
    is_first = np.r_[True, (r[1:] != r[:-1]) | (who[1:] != who[:-1])]
    return sums(r, p, *shape), sums(r[is_first], p[is_first], *shape).cumsum(axis=1)


def _add_payments(found: Indicators, state: State, shape: tuple[int, int]) -> None:
    drawn, line = state.world.payments, state.world.line
    day = paid_on(state)
    for scheme, name in ((payments.TRAINING, "training_subsidy"), (payments.ALLOWANCE, "living_allowance")):
        hit = np.flatnonzero((day != NEVER) & (drawn.scheme == scheme))
        period = line.period_index(day[hit])
        known = hit[drawn.person[hit] >= 0]
        found[f"{name}_persons"] = _persons(
            drawn.bureau[known], line.period_index(day[known]), drawn.person[known], shape
        )
        found[f"{name}_amount_cny"] = _flow(sums(drawn.bureau[hit], period, *shape, weight=drawn.amount_fen[hit]))
    hit = np.flatnonzero((day != NEVER) & (drawn.scheme == payments.PREPAYMENT))
    period = line.period_index(day[hit])
    found["prepaid_projects"] = _persons(drawn.bureau[hit], period, drawn.project[hit], shape)
    found["prepaid_amount_cny"] = _flow(sums(drawn.bureau[hit], period, *shape, weight=drawn.amount_fen[hit]))


def _add_stocks(found: Indicators, state: State, provinces: list[str], shape: tuple[int, int]) -> None:
    """Platforms that a province selected, their open courses and occupations covered; this period is the change."""
    world = state.world
    stocks = {
        name: np.zeros(shape, dtype=np.int64) for name in ("platforms_selected", "courses_open", "occupations_covered")
    }
    owner = owners(world, provinces, state.registry_at)
    everyone = np.arange(len(world.platforms))
    for number, as_at in enumerate(world.line.as_at.tolist()):
        days = np.full(len(everyone), as_at)
        selected = platform_selected(world, everyone, days, state.registry_at) & (owner >= 0)
        np.add.at(stocks["platforms_selected"][:, number], owner[selected], 1)
        offered = np.flatnonzero(open_courses(state, as_at) & selected[world.courses.platform])
        np.add.at(stocks["courses_open"][:, number], owner[world.courses.platform[offered]], 1)
        taught = offered[world.courses.occupation[offered] >= 0]
        if len(taught):
            pairs = distinct(owner[world.courses.platform[taught]], world.courses.occupation[taught])
            np.add.at(stocks["occupations_covered"][:, number], pairs[0], 1)
    for name, stock in stocks.items():
        found[name] = (np.diff(stock, axis=1, prepend=0), stock)
