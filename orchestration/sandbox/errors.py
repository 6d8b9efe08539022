"""What can go wrong with a sandbox."""

from __future__ import annotations


class SandboxError(Exception):
    """The world can't be made or served; the message says why and what to do."""


class FaultError(SandboxError, ValueError):
    """A fault can't be understood; the message repeats it and lists the kinds."""
