from __future__ import annotations

import re

import numpy as np
from stdnum.cn import ric

from orchestration.sandbox import identity


def test_a_published_example_gets_its_check_digit():
    number = identity.id_numbers(np.array([110105]), np.array([19491231]), np.array([2]))
    assert number.tolist() == ["11010519491231002X"]


def test_every_drawn_number_has_the_check_digit_that_another_implementation_gives(world):
    people = world.drawn.people
    numbers = people.id_number[people.id_type != identity.PASSPORT].tolist()
    assert len(numbers) > 600
    assert [number for number in numbers if ric.calc_check_digit(number) != number[-1]] == []


def test_nobody_shares_a_number(world):
    numbers = world.drawn.people.id_number.tolist()
    assert len(set(numbers)) == len(numbers)


def test_permits_and_passports_occur_and_look_like_it(world):
    people = world.drawn.people
    permits = people.id_number[people.id_type == identity.PERMIT].tolist()
    passports = people.id_number[people.id_type == identity.PASSPORT].tolist()
    assert permits and all(number[:2] in ("81", "82", "83") and len(number) == 18 for number in permits)
    assert passports and all(re.fullmatch(r"[A-Z]\d{7}", number) for number in passports)


def test_a_number_written_otherwise_is_the_same_number():
    numbers = np.array(["11010519491231002X", "110101199003071233"] * 40)
    written = identity.written_otherwise(np.random.default_rng(1), numbers, 1.0).tolist()
    full_width = str.maketrans("０１２３４５６７８９", "0123456789")
    assert [text.translate(full_width).strip().upper() for text in written] == numbers.tolist()
    assert len({text for text in written if text != text.strip()}) == 2
    assert any(text[0] == "１" for text in written)
    assert "11010519491231002x" in written


def test_no_phone_could_be_somebodys():
    phones = identity.phones(np.random.default_rng(1), 500).tolist()
    assert all(re.fullmatch(r"12\d{9}", phone) for phone in phones)
