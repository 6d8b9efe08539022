"""Keyed pseudonyms against Python's own hmac: any text, any key, any number of rows; the key shows nowhere."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payload_fakes import KEY

from orchestration.sources.persons.addresses import address_keys
from orchestration.sources.persons.pseudonyms import Pseudonymiser

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200)


def keys_of(texts: list[str], key: bytes) -> list[UUID]:
    return Pseudonymiser.of(key).keys(pa.array(texts, pa.large_string())).to_pylist()


def expected(texts: list[str], key: bytes) -> list[UUID]:
    return [UUID(bytes=hmac.digest(key, text.encode(), hashlib.sha256)[:16]) for text in texts]


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=5), st.binary(min_size=32, max_size=130))
def test_any_texts_under_any_key_are_as_pythons_hmac_has_them(texts, key):
    assert keys_of(texts, key) == expected(texts, key)


@pytest.mark.parametrize("rows", [8_191, 8_192, 8_193, 20_000])
def test_rows_keep_their_order_and_their_neighbours_however_many(rows):
    texts = [f"resident_id:{number}" for number in range(rows)]
    assert keys_of(texts, KEY) == expected(texts, KEY)


def test_a_slice_of_a_column_is_hashed_as_that_slice():
    texts = pa.array([str(number) for number in range(100)], pa.large_string())
    assert Pseudonymiser.of(KEY).keys(texts[37:42]).to_pylist() == expected(["37", "38", "39", "40", "41"], KEY)


def test_an_address_is_the_same_in_either_case_and_none_stays_none():
    given = pa.array(["2001:DB8::1", None, "10.0.0.1", "2001:db8::1", "10.0.0.1"])
    keys = address_keys(given, Pseudonymiser.of(KEY)).to_pylist()
    first, second = expected(["client_ip:2001:db8::1", "client_ip:10.0.0.1"], KEY)
    assert keys == [first, None, second, first, second]
    assert address_keys(pa.array([None, None], pa.string()), Pseudonymiser.of(KEY)).to_pylist() == [None, None]


def test_not_even_a_log_of_everything_shows_the_key_or_what_is_hashed(caplog, capfd):
    with caplog.at_level(logging.NOTSET):
        keys_of(["resident_id:of-somebody"], KEY)
    out, err = capfd.readouterr()
    shown = caplog.text + out + err
    block = KEY.ljust(64, b"\0")
    for pad in (0x36, 0x5C):
        padded = bytes(byte ^ pad for byte in block)
        # In hexadecimal, or as a list of numbers.
        assert padded[:4].hex() not in shown.lower()
        assert not re.search(r",\s*".join(map(str, padded[:4])), shown)
    assert "of-somebody" not in shown


def test_the_pseudonymiser_shows_no_key():
    keyed = Pseudonymiser.of(KEY)
    assert KEY.hex() not in repr(keyed)
    assert "5c" not in repr(keyed).replace(keyed.key_id, "")
    assert re.fullmatch(r"[0-9a-f]{16}", keyed.key_id)
    assert keyed.key_id not in KEY.hex()
    assert Pseudonymiser.of(b"k" * 32).key_id != keyed.key_id
