#!/usr/bin/env python3
"""Writes laws.json: curves of large laws to 25 significant digits, computed with mpmath at 80.

Needs: pip install mpmath. Everything is in nats. Parameters are dyadic, so that a float holds
them exactly. Curves are obtained from the definition: means of conditional entropies, with
exact binomial coefficients, and differences of these; never from the formulas of the crate.
"""
import json
from itertools import product
from math import comb, factorial

from mpmath import exp, gamma, log, mp, mpf, nstr

mp.dps = 80


def entropy(ps):
    return -sum(p * log(p) for p in ps if p > 0)


def markov(initial, rows, n, prefix=0):
    """f_k as the mean over positions, and over the nearest revealed position on each side.

    With a prefix, of the n tokens after it: its last token is always revealed."""
    q = len(rows)
    rows = [[mpf(p) for p in row] for row in rows]
    laws = [[mpf(p) for p in initial]]
    for _ in range(prefix + n - 1):
        laws.append([sum(laws[-1][x] * rows[x][y] for x in range(q)) for y in range(q)])
    power = [[[mpf(int(x == y)) for y in range(q)] for x in range(q)]]
    for _ in range(n):
        power.append([[sum(row[z] * rows[z][y] for z in range(q)) for y in range(q)] for row in power[-1]])

    def given(i, left, right):
        """H(X_i | X_left, X_right); None for a side without revealed positions."""
        i, left, right = (None if x is None else prefix + x for x in (i, left, right))
        if left is None and prefix > 0:
            left = prefix - 1
        a = [laws[i]] if left is None else [
            [laws[left][x] * p for p in power[i - left][x]] for x in range(q)]
        total = mpf(0)
        for weights in a:
            b = [weights] if right is None else [
                [weights[y] * power[right - i][y][z] for y in range(q)] for z in range(q)]
            for cell in b:
                mass = sum(cell)
                if mass > 0:
                    total += mass * entropy([w / mass for w in cell])
        return total

    f = [mpf(0)] * n
    for i in range(n):
        sides = [(left, right) for left in [None, *range(i)] for right in [None, *range(i + 1, n)]]
        for left, right in sides:
            h = given(i, left, right)
            shown = (left is not None) + (right is not None)
            free = n - 1 - (i if left is None else i - left) - (n - 1 - i if right is None else right - i)
            for k in range(shown, shown + free + 1):
                f[k] += h * comb(free, k - shown) / mpf(comb(n - 1, k))
    return [x / n for x in f]


def stationary_two(rows):
    a, b = mpf(rows[0][1]), mpf(rows[1][0])
    return [b / (a + b), a / (a + b)]


def exchangeable(n, word):
    """word(k, j): probability of one word of k bits with j ones."""
    h = []
    for k in range(n + 1):
        terms = [(comb(k, j), word(k, j)) for j in range(k + 1)]
        h.append(-sum(c * p * log(p) for c, p in terms if p > 0))
    return [h[k + 1] - h[k] for k in range(n)]


def bits_mixture(n, parts):
    return exchangeable(n, lambda k, j: sum(w * p**j * (1 - p) ** (k - j) for w, p in parts))


def polya(n, a, b):
    beta = lambda x, y: gamma(x) * gamma(y) / gamma(x + y)
    return exchangeable(n, lambda k, j: beta(a + j, b + k - j) / beta(a, b))


def of_count_law(n, weights):
    """weights[j]: weight of one word of n bits with j ones."""
    total = sum(comb(n, j) * w for j, w in enumerate(weights))
    return exchangeable(n, lambda k, j: sum(
        comb(n - k, i) * weights[j + i] for i in range(n - k + 1)) / total)


def categorical(n, weights, laws):
    q = len(laws[0])
    h = []
    for k in range(n + 1):
        value = mpf(0)
        for counts in product(range(k + 1), repeat=q - 1):
            last = k - sum(counts)
            if last < 0:
                continue
            counts = (*counts, last)
            words = factorial(k)
            for c in counts:
                words //= factorial(c)
            p = mpf(0)
            for weight, law in zip(weights, laws):
                term = weight
                for c, x in zip(counts, law):
                    term *= x**c
                p += term
            if p > 0:
                value -= words * p * log(p)
        h.append(value)
    return [h[k + 1] - h[k] for k in range(n)]


def side_by_side(parts):
    n = sum(len(part) for part in parts)
    f = []
    for k in range(n):
        value = mpf(0)
        for part in parts:
            b = len(part)
            for j in range(max(0, k - (n - b)), min(k, b - 1) + 1):
                value += b * part[j] * comb(b - 1, j) * comb(n - b, k - j) / mpf(comb(n - 1, k))
        f.append(value / n)
    return f


def main():
    cases = []

    def add(name, f, **parameters):
        cases.append({
            "name": name, "tokens": len(f), **parameters,
            "conditional_entropies": [nstr(x, 25) for x in f],
            "increments": [nstr(a - b, 25) for a, b in zip(f, f[1:])],
        })

    for name, rows in [
        ("markov quick", [[0.875, 0.125], [0.25, 0.75]]),
        ("markov slow", [[1 - 2**-9, 2**-9], [2**-8, 1 - 2**-8]]),
        ("markov nearly independent", [[0.5 + 2**-20, 0.5 - 2**-20], [0.5 - 2**-20, 0.5 + 2**-20]]),
        ("markov alternating", [[0.0625, 0.9375], [0.9375, 0.0625]]),
    ]:
        add(name, markov(stationary_two(rows), rows, 40), rows=rows)
    rows = [[0.5, 0.5, 0.0], [0.0, 0.75, 0.25], [0.625, 0.125, 0.25]]
    initial = [0.0, 0.25, 0.75]
    add("markov from another law", markov(initial, rows, 28), rows=rows, initial=initial)
    rows, initial = [[0.5 + 2**-27, 0.5 - 2**-27], [0.5 - 2**-27, 0.5 + 2**-27]], [1.0, 0.0]
    add("markov nearly independent, first token given", markov(initial, rows, 12), rows=rows, initial=initial)
    # Multiples of 2^-52, so that rows add up to one: all depends on the last bits.
    whole = 2**52
    law = lambda parts: [x / whole for x in parts]
    rows = [law([0, 0, x, whole - x]) for x in (1558654437241376, 1558654437399845)]
    rows += [law([x, whole - x, 0, 0]) for x in (273614538418410, 273614538397525)]
    add("markov taking turns, given a prefix", markov([0.25] * 4, rows, 10, 2), rows=rows, initial=[0.25] * 4, prefix=2)
    rows = [law(row) for row in [[whole - 199, 199, 0], [0, whole - 10312, 10312], [9489158, 0, whole - 9489158]]]
    initial = [0.5, 0.25, 0.25]
    add("markov nearly certain, given a prefix", markov(initial, rows, 10, 1), rows=rows, initial=initial, prefix=1)

    half = mpf(1) / 2
    add("noisy repeated bit", bits_mixture(48, [(half, mpf("0.125")), (half, mpf("0.875"))]), flip=0.125)
    add("nearly unrelated bits", bits_mixture(32, [(half, half - mpf(2) ** -20), (half, half + mpf(2) ** -20)]),
        flip=0.5 - 2**-20)
    add("polya urn", polya(48, mpf("0.5"), mpf(2)), ones=0.5, zeros=2.0)
    n = 40
    spins = [exp(mpf("1.25") * (2 * j - n) ** 2 / (2 * n) + mpf("0.0625") * (2 * j - n)) for j in range(n + 1)]
    add("curie-weiss", of_count_law(n, spins), inverse_temperature=1.25, field=0.0625)
    add("fixed weight", of_count_law(30, [mpf(int(j == 11)) for j in range(31)]), weight=11)
    laws = [[0.75, 0.125, 0.125], [0.125, 0.75, 0.125], [0.125, 0.125, 0.75]]
    third = mpf(1) / 3
    add("noisy repeated symbol", categorical(14, [third] * 3, [[mpf(p) for p in law] for law in laws]), noise=0.25)
    laws = [[0.5, 0.25, 0.25, 0.0], [0.0, 0.125, 0.5, 0.375]]
    add("two components", categorical(9, [mpf("0.25"), mpf("0.75")], [[mpf(p) for p in law] for law in laws]),
        weights=[0.25, 0.75], laws=laws)
    parts = [polya(9, mpf("0.5"), mpf(2)), polya(24, mpf("0.5"), mpf(2)), polya(9, mpf(1), mpf(1)), [log(mpf(3))]]
    add("side by side", side_by_side(parts))

    with open("laws.json", "w") as out:
        json.dump({"units": "nats", "digits": 25, "cases": cases}, out, indent=1)
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
