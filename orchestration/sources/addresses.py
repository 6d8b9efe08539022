"""Clients' addresses on their way in: each is replaced by a keyed pseudonym that tells only the same from another.

client_ip_key = first 16 bytes of HMAC-SHA-256(key, utf8("client_ip:{address, lower-case}")), as a UUID
"""

from __future__ import annotations

import duckdb

from orchestration.sources.pseudonyms import Pseudonymiser


def create_addresses(
    connection: duckdb.DuckDBPyConnection, target: str, distinct_addresses: str, pseudonymiser: Pseudonymiser
) -> None:
    """Make table `target` (client_ip as given, client_ip_key UUID) of `distinct_addresses`, SQL of rows (client_ip)."""
    message = "'client_ip:' || lower(client_ip) AS message"
    asked = connection.sql(f"SELECT client_ip, {message} FROM ({distinct_addresses})").to_arrow_table()
    keyed = pseudonymiser.with_keys(asked.drop_columns("message"), asked["message"], "client_ip_key")
    connection.register("keyed_addresses", keyed)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS FROM keyed_addresses")
    connection.unregister("keyed_addresses")
