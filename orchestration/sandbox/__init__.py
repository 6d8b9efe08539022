"""The sandbox: simulated platforms behind a real HTTP server, bureaus with real workbooks, and the truth about both.

Everything in it is drawn from one seed. The ten platforms named in published sources carry their names; their data,
like that of all other senders, is invented. The sandbox knows the contract (`sources.feeds`), the calendar and the
campaign, and nothing of how the warehouse works: its truth is an independent count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from orchestration.sandbox.world import Manifest, make_world

__all__ = ["Manifest", "SandboxError", "make_world"]


def __getattr__(name: str) -> Any:
    """Load what draws worlds when it is first asked for: whoever only names an error need not wait for it."""
    if name in __all__:
        from orchestration.sandbox import world

        return getattr(world, name)
    raise AttributeError(name)
