"""What can be said of a given schedule."""

from ._unmaskcost import audit

__all__ = ["audit"]
