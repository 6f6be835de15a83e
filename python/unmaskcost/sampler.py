"""The sampler itself, on small tables, by enumeration."""

from ._unmaskcost import expected_kl

__all__ = ["expected_kl"]
