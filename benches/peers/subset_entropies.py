#!/usr/bin/env python3
"""Numpy peer of `cargo run --release --example subset_entropies`: same tables, same results.

Usage: pip install numpy; python benches/peers/subset_entropies.py [TOKENS ..]     (default: 16 18)

The same recursion as the crate's, in whole-array operations. The last axes are decided for all sets
at once: each axis gets a third entry, the sum of its two, so that a table of 2^b becomes one of 3^b
with every marginal in it; after x ln x these are folded back to one number per set. The axes before
are kept or summed out one by one.
"""
import math
import sys
import time

import numpy as np

LAST = 12  # axes decided at once: 3^12 cells, the fastest of 6 .. 14
CELLS = 1 << 22  # of temporary arrays


def random_table(tokens):
    """Full support, by a linear congruential generator (Knuth's MMIX) and its upper 53 bits."""
    state, draws = tokens, np.empty(1 << tokens)
    for cell in range(1 << tokens):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        draws[cell] = ((state >> 11) + 1) / (1 << 53)
    weights = -np.log(draws)
    return weights / weights.sum()


def entropies_of_last(rows, axes):
    """rows: one table of 2^axes per choice of kept tokens. The entropy for each set of the axes."""
    total = np.zeros(1 << axes)
    batch = max(1, CELLS // 3**axes)
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        left, right = len(part), 1 << axes
        for _ in range(axes):
            right //= 2
            halves = part.reshape(left, 2, right)
            part = np.empty((left, 3, right))
            part[:, :2] = halves
            np.add(halves[:, 0], halves[:, 1], out=part[:, 2])
            left *= 3
        part = part.reshape(-1)
        part *= np.log(part)
        part = part.reshape(-1, 3**axes).sum(axis=0)
        left, right = 1, 3**axes
        for _ in range(axes):
            right //= 3
            thirds = part.reshape(left, 3, right)
            part = np.empty((left, 2, right))
            part[:, 0] = thirds[:, 2]
            np.add(thirds[:, 0], thirds[:, 1], out=part[:, 1])
            left *= 2
        total -= part.reshape(-1)
    return total


def mean_entropies(table, tokens):
    """H_0 .. H_n."""
    axes = min(tokens, LAST)
    sizes = np.array([set_.bit_count() for set_ in range(1 << axes)])
    sums = np.zeros(tokens + 1)

    def decide(rows, left, kept):
        if left == axes:
            np.add.at(sums, kept + sizes, entropies_of_last(rows, axes))
            return
        halves = rows.reshape(len(rows), 2, -1)
        decide(halves.reshape(2 * len(rows), -1), left - 1, kept + 1)
        decide(halves[:, 0] + halves[:, 1], left - 1, kept)

    decide(table.reshape(1, -1), tokens, 0)
    return sums / [math.comb(tokens, size) for size in range(tokens + 1)]


def main():
    print(f"{'n':>3}{'curve, s':>12}{'TC':>20}{'DTC':>20}{'f at n/2':>20}")
    for tokens in map(int, sys.argv[1:] or ["16", "18"]):
        table = random_table(tokens)
        seconds = math.inf
        for _ in range(3):
            start = time.perf_counter()
            mean = mean_entropies(table, tokens)
            seconds = min(seconds, time.perf_counter() - start)
        total = tokens * mean[1] - mean[tokens]
        dual = tokens * mean[tokens - 1] - (tokens - 1) * mean[tokens]
        middle = mean[tokens // 2 + 1] - mean[tokens // 2]
        print(f"{tokens:>3}{seconds:>12.6f}{total:>20.15f}{dual:>20.15f}{middle:>20.15f}", flush=True)


if __name__ == "__main__":
    main()
