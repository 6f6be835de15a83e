#!/usr/bin/env python3
"""The table of examples/subset_entropies.rs, the same curve, in numpy.

Usage: python subset_entropies.py TOKENS [REPEATS]       (needs: pip install numpy)

Tokens are kept or summed out one by one, the last first, so that long contiguous rows are added; 3^n
cells in all, with one vectorised logarithm each.
"""
import math
import sys
import time

import numpy as np

tokens = int(sys.argv[1])
repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3


def random_table():
    state, weights = tokens, []
    for _ in range(1 << tokens):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        weights.append(-math.log(((state >> 11) + 1) / 2**53))
    weights = np.array(weights)
    return weights / weights.sum()


def sums_by_size(table):
    sums = np.zeros(tokens + 1)

    def below(cells, undecided, kept):
        if undecided == 0:
            sums[kept] -= np.dot(cells, np.log(np.maximum(cells, 1e-300)))
            return
        rows = cells.reshape(1 << (undecided - 1), 2, 1 << kept)
        below((rows[:, 0] + rows[:, 1]).reshape(-1), undecided - 1, kept)
        below(cells, undecided - 1, kept + 1)

    below(table, tokens, 0)
    return sums


table = random_table()
best = math.inf
for _ in range(repeats):
    start = time.perf_counter()
    sums = sums_by_size(table)
    best = min(best, time.perf_counter() - start)
mean = sums / [math.comb(tokens, k) for k in range(tokens + 1)]
total = tokens * mean[1] - mean[tokens]
dual = tokens * mean[tokens - 1] - (tokens - 1) * mean[tokens]
middle = mean[tokens // 2 + 1] - mean[tokens // 2]
print(f"{tokens:>3}{best:>12.6f} s   TC {total:.15f}   DTC {dual:.15f}   f at n/2 {middle:.15f}")
