"""What known decoders make of a request."""

from ._unmaskcost import names, plan

__all__ = ["names", "plan"]
