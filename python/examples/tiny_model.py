# %% [markdown]
# A tiny masked model, from training to a checked prediction. Runs headless: `python python/examples/tiny_model.py`.
# %%
"""Trains a small masked model on a text with NumPy, measures it, predicts costs, and checks them directly."""

import pathlib
import sys

import numpy as np

from unmaskcost import Collector, DecoderRuns, Order, Schedule, measured

LENGTH, SYMBOLS, HIDDEN = 16, 27, 192
STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
generator = np.random.default_rng(1)

# %% The text: letters and one symbol for everything else, in windows of 16.
text = (pathlib.Path(__file__).parents[2] / "LICENSE-APACHE").read_text().lower()
symbols = np.array([ord(c) - ord("a") if "a" <= c <= "z" else 26 for c in text])
symbols = symbols[~((symbols == 26) & (np.roll(symbols, 1) == 26))]  # runs of other symbols count once
cut = len(symbols) * 7 // 10


def windows(part, number):
    starts = generator.integers(0, len(part) - LENGTH, number)
    return part[starts[:, None] + np.arange(LENGTH)]


# %% The model: one hidden layer over all tokens, masked ones as a symbol of their own.
weights = {
    "in": generator.normal(0, 0.05, (LENGTH * (SYMBOLS + 1), HIDDEN)),
    "hidden": generator.normal(0, 0.05, (HIDDEN, HIDDEN)),
    "out": generator.normal(0, 0.05, (HIDDEN, LENGTH * SYMBOLS)),
}
moments = {name: [np.zeros_like(w), np.zeros_like(w)] for name, w in weights.items()}


def forward(tokens, masked):
    shown = np.where(masked, SYMBOLS, tokens)
    inputs = np.eye(SYMBOLS + 1)[shown].reshape(len(tokens), -1)
    first = np.maximum(inputs @ weights["in"], 0)
    second = np.maximum(first @ weights["hidden"], 0)
    scores = (second @ weights["out"]).reshape(len(tokens), LENGTH, SYMBOLS)
    scores -= scores.max(axis=-1, keepdims=True)
    return inputs, first, second, scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def log_probs(tokens, masked):
    return forward(tokens, masked)[3]


for step in range(1, STEPS + 1):
    tokens = windows(symbols[:cut], 128)
    known = generator.integers(0, LENGTH, (128, 1))
    masked = generator.random((128, LENGTH)).argsort(axis=1).argsort(axis=1) >= known
    inputs, first, second, predicted = forward(tokens, masked)
    slope = (np.exp(predicted) - np.eye(SYMBOLS)[tokens]) * masked[..., None] / masked.sum(1)[:, None, None] / 128
    slope = slope.reshape(128, -1)
    back = (slope @ weights["out"].T) * (second > 0)
    front = (back @ weights["hidden"].T) * (first > 0)
    slopes = {"out": second.T @ slope, "hidden": first.T @ back, "in": inputs.T @ front}
    for name, g in slopes.items():  # Adam
        m, v = moments[name]
        m += 0.1 * (g - m)
        v += 0.01 * (g * g - v)
        weights[name] -= 2e-3 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)

# %% Measure: each held-out window at every count, along a random order of its own.
held_out = windows(symbols[cut:], 400)
losses = measured.measure(log_probs, held_out, progress=False)
collector = Collector(LENGTH)
for row in losses:
    collector.record(np.arange(LENGTH), row)
costs = collector.losses()

# %% Predict, and check by running the schedule itself on the same windows.
print("nats a sequence of 16 letters, beyond one letter a step")
print("steps  predicted, random   direct, random    direct, spread")
runs = DecoderRuns()
orders = {"random": "random", "spread": Order.spread(LENGTH)}
for steps in (2, 4, 8, LENGTH):
    for name, order in orders.items():
        schedule = Schedule.balanced(LENGTH, steps)
        measured.run_schedule(
            log_probs, held_out, schedule, name=f"{name} {steps}", order=order, seed=7000, runs=runs, progress=False
        )
for steps in (2, 4, 8):
    predicted = costs.parallelism_cost(Schedule.balanced(LENGTH, steps))
    direct = [runs.difference(f"{name} {steps}", f"{name} {LENGTH}") for name in orders]
    shown = [f"{e.value:.3f} ± {e.standard_error:.3f}" for e in (predicted, *direct)]
    print(f"{steps:5}  {shown[0]:18}  {shown[1]:16}  {shown[2]}")
