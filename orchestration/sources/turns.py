"""Turns at the processor: many senders are waited for at a time, and as many payloads worked on as there are cores.

More of them push one another out of the processor's caches: eight files read and checked at once on two cores took a
quarter more time, a quarter more of the processor and half as much memory again as two at a time.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

# To be held while rows are worked on, never while anybody is waited for.
Turn = AbstractContextManager[object]
NO_TURN: Turn = nullcontext()
