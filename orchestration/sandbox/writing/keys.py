"""The made-up secret of a world."""

from __future__ import annotations

import hashlib


def pseudonym_key(seed: int) -> str:
    """Key of the person keys, hex, from the seed alone."""
    return hashlib.sha256(f"sandbox:{seed}:pseudonym".encode()).hexdigest()
