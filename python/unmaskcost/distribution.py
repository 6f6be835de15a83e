"""Distributions whose information curve is exact, and what samples tell of others."""

from ._unmaskcost import HiddenMarkovChain, JointTable, MarkovChain, SampledCurve, Samples

__all__ = ["HiddenMarkovChain", "JointTable", "MarkovChain", "SampledCurve", "Samples"]
