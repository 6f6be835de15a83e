"""Distributions whose information curve is exact."""

from ._unmaskcost import JointTable, MarkovChain

__all__ = ["JointTable", "MarkovChain"]
