"""The sandbox: simulated platforms behind a real HTTP server, bureaus with real workbooks, and the truth about both.

Everything in it is drawn from one seed. The ten platforms named in published sources carry their names; their data,
like that of all other senders, is invented. The sandbox knows the contract (`sources.feeds`), the calendar and the
campaign, and nothing of how the warehouse works: its truth is an independent count.
"""

from orchestration.sandbox.errors import SandboxError
from orchestration.sandbox.world import Manifest, make_world

__all__ = ["Manifest", "SandboxError", "make_world"]
