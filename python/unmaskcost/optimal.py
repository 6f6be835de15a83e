"""Which schedule to use."""

from ._unmaskcost import fewest_steps, frontier, minimax, schedule, universal

__all__ = ["fewest_steps", "frontier", "minimax", "schedule", "universal"]
