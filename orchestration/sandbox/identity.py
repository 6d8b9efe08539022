"""Invented identity documents that are formally valid (GB 11643 check digit), and the ways senders write them."""

from __future__ import annotations

import numpy as np

RESIDENT, PERMIT, PASSPORT = 0, 1, 2
ID_TYPES = ("resident_id", "residence_permit", "passport")
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK = np.frombuffer(b"10X98765432", dtype=np.uint8)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文辉玲国庆春梅海燕晓东雪志鹏婷宇浩欣怡"


def id_numbers(areas: np.ndarray, birthdays: np.ndarray, sequences: np.ndarray) -> np.ndarray:
    """18-character numbers from six-digit areas, birthdays as whole numbers YYYYMMDD and sequences 0-999."""
    body = np.zeros((len(areas), 17), dtype=np.int64)
    for column, (values, power) in enumerate(
        [(areas, p) for p in range(5, -1, -1)]
        + [(birthdays, p) for p in range(7, -1, -1)]
        + [(sequences, p) for p in (2, 1, 0)]
    ):
        body[:, column] = values // 10**power % 10
    text = np.empty((len(areas), 18), dtype=np.uint8)
    text[:, :17] = body + ord("0")
    text[:, 17] = _CHECK[body @ _WEIGHTS % 11]
    return text.view("S18").ravel().astype("U18")


def names(rng: np.random.Generator, count: int) -> np.ndarray:
    """Names of three characters, so that none is a piece of a title or a place by chance."""
    surnames, given = np.array(list(SURNAMES)), np.array(list(GIVEN))
    first = np.char.add(surnames[rng.integers(0, len(surnames), count)], given[rng.integers(0, len(given), count)])
    return np.char.add(first, given[rng.integers(0, len(given), count)])


def phones(rng: np.random.Generator, count: int) -> np.ndarray:
    """Eleven digits that begin with 12: no operator has that prefix, so that nobody's phone is hit."""
    return (12_000_000_000 + rng.integers(0, 10**9, count)).astype("U11")


def usccs(rng: np.random.Generator, count: int) -> np.ndarray:
    """18-character codes of bodies that don't exist."""
    alphabet = np.array(list(_USCC))
    tail = alphabet[rng.integers(0, len(alphabet), (count, 10))]
    head = np.array(["91" + f"{n:06d}" for n in rng.integers(110000, 659999, count)])
    return np.array([h + "".join(t) for h, t in zip(head, tail, strict=True)]) if count else np.array([], dtype="U18")


_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def written_otherwise(rng: np.random.Generator, numbers: np.ndarray, share: float) -> np.ndarray:
    """The same numbers, some of them full-width, with blanks around them or with a small x: still the same person."""
    written = numbers.astype(object)
    for position in np.flatnonzero(rng.random(len(numbers)) < share):
        number = str(numbers[position])
        written[position] = (number.translate(_FULL_WIDTH), f" {number} ", number.lower())[int(rng.integers(0, 3))]
    return written
