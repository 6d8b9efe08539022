"""Keyed pseudonyms: HMAC-SHA-256 of whole columns of text, by DataFusion, whose SHA-256 takes bytes and yields bytes.

    SHA-256(outer block || SHA-256(inner block || message)), the two blocks being the key as RFC 2104 pads it

The blocks go in as columns beside the messages, never as literals: a plan, a log or an error of the engine may show its
literals. docs/decisions/pseudonyms-by-datafusions-sha256.md says what else could make them.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_HMAC_BLOCK_BYTES = 64
_PSEUDONYM_BYTES = 16
# As many as the engine takes at once; fewer rows in a batch would cost calls, more would be cut again.
_HASHED_AT_ONCE = 8_192
_MESSAGE, _INNER, _OUTER = "_message", "_inner_block", "_outer_block"


@dataclass(frozen=True)
class Pseudonymiser:
    """HMAC-SHA-256 with one key. `repr` shows no key."""

    inner_block: bytes
    outer_block: bytes
    key_id: str

    def __repr__(self) -> str:
        return f"Pseudonymiser(key_id={self.key_id!r})"

    @classmethod
    def of(cls, key: bytes) -> Pseudonymiser:
        """For a key of at most 64 bytes as it is, of a longer one its SHA-256, as RFC 2104 says.

        `key_id` names the key in the ledger without giving it away: 16 hex digits of its own HMAC over a fixed text.
        """
        block = hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK_BYTES else key
        block = block.ljust(_HMAC_BLOCK_BYTES, b"\0")
        return cls(
            inner_block=bytes(byte ^ 0x36 for byte in block),
            outer_block=bytes(byte ^ 0x5C for byte in block),
            key_id=hmac.new(key, b"key_id", hashlib.sha256).hexdigest()[:16],
        )

    def keys(self, messages: pa.LargeStringArray) -> pa.UuidArray:
        """Of each message, hashed as UTF-8, the first 128 bits of its HMAC, in order. No message is null."""
        assert not messages.null_count
        if not len(messages):
            return pa.array([], pa.uuid())
        # Loaded where it is used: a tenth of a second that a process without persons need not spend.
        from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, col, functions

        # In one piece, so that the order stays. What is hashed is personal: nothing of it may be spilled.
        context = SessionContext(
            SessionConfig().with_target_partitions(1), RuntimeEnvBuilder().with_disk_manager_disabled()
        )
        inner = functions.sha256(functions.concat(col(_INNER), col(_MESSAGE).cast(pa.binary())))
        digest = functions.sha256(functions.concat(col(_OUTER), inner))
        hashed = context.create_dataframe([self._batches(messages)]).select(digest.alias(_MESSAGE)).to_arrow_table()
        return pc.binary_slice(hashed[_MESSAGE], 0, _PSEUDONYM_BYTES).cast(pa.uuid()).combine_chunks()

    def _batches(self, messages: pa.LargeStringArray) -> list[pa.RecordBatch]:
        """The messages with the key's two blocks beside each, in the sizes that the engine works with."""
        most = min(len(messages), _HASHED_AT_ONCE)
        inner, outer = (pa.repeat(block, most) for block in (self.inner_block, self.outer_block))
        pieces = (messages[start : start + _HASHED_AT_ONCE] for start in range(0, len(messages), _HASHED_AT_ONCE))
        return [
            pa.record_batch([piece, inner[: len(piece)], outer[: len(piece)]], [_MESSAGE, _INNER, _OUTER])
            for piece in pieces
        ]
