"""The sampler itself, on small tables, by enumeration; rules that choose positions."""

from ._unmaskcost import Rule, expected_kl, reverse_kl

__all__ = ["Rule", "expected_kl", "reverse_kl"]
