"""What a careful colleague says of a schedule."""

from ._unmaskcost import audit

__all__ = ["audit"]
