"""Clients' addresses on their way in: each is replaced by a keyed pseudonym that tells only the same from another.

client_ip_key = first 16 bytes of HMAC-SHA-256(key, utf8("client_ip:{address, lower-case}")), as a UUID
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.persons.pseudonyms import Pseudonymiser
from orchestration.sources.texts import as_texts


def address_keys(addresses: pa.Array | pa.ChunkedArray, pseudonymiser: Pseudonymiser) -> pa.UuidArray:
    """The client_ip_key of each address, null of a null. Many rows share an address: each is hashed once."""
    encoded = as_texts(addresses).dictionary_encode()
    prefix, separator = pa.scalar("client_ip", pa.large_string()), pa.scalar(":", pa.large_string())
    messages = pc.binary_join_element_wise(prefix, pc.utf8_lower(encoded.dictionary), separator)
    return pseudonymiser.keys(messages).take(encoded.indices)
