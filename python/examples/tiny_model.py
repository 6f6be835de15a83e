# %% [markdown]
# A tiny masked model, from training to a checked prediction. Runs headless: `python python/examples/tiny_model.py`.
# %%
"""Trains a small masked model on a text with NumPy, measures it, predicts costs, and checks them directly."""

import io
import pathlib
import sys

import numpy as np

from unmaskcost import DecoderRuns, NestedLosses, Order, Schedule, measured

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
counts = np.arange(LENGTH)
losses = NestedLosses(LENGTH, counts, measured.measure(log_probs, held_out, progress=False))

# %% Plan: sizes are chosen on one half of the windows, and judged on the other.
select, evaluate = losses.halves()
advised = {steps: measured.advise(select, evaluate, steps) for steps in (2, 4, 8)}
for steps, advice in advised.items():
    print(f"{steps} steps: use {advice.schedule}; choosing saves {advice.saved:.3f}: {advice.verdict}")

# %% Predict, and check by running the schedules themselves on the same windows; spread positions beside them.
runs = DecoderRuns()
orders = {"random": "random", "spread": Order.spread(LENGTH)}
plans = {steps: Schedule.balanced(LENGTH, steps) for steps in (2, 4, 8, LENGTH)}
for name, order in orders.items():
    for steps, schedule in plans.items():
        measured.run_schedule(
            log_probs, held_out, schedule, name=f"{name} {steps}", order=order, seed=7000, runs=runs, progress=False
        )
print("nats a sequence of 16 letters, beyond random letters one at a time; equal sizes")
print("steps  predicted, random   direct, random    direct, spread")
rows = []
for steps in (2, 4, 8):
    direct = [runs.difference(f"{name} {steps}", f"random {LENGTH}") for name in orders]
    rows.append((steps, losses.parallelism_cost(plans[steps]), *direct))
    shown = [f"{e.value:.3f} ± {e.standard_error:.3f}" for e in rows[-1][1:]]
    print(f"{steps:5}  {shown[0]:18}  {shown[1]:16}  {shown[2]}")

# %% The picture, if it is asked for: `tiny_model.py 600 picture.svg`.
if len(sys.argv) > 2:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    for place, label in enumerate(("random, predicted", "random, run", "spread, run"), start=1):
        values = [row[place].value for row in rows]
        errors = [2 * row[place].standard_error for row in rows]
        axes.errorbar([row[0] for row in rows], values, yerr=errors, fmt="o-", capsize=3, label=label)
    axes.set(xlabel="forward passes", ylabel="nats beyond one letter a step", xscale="log", xticks=[2, 4, 8])
    axes.set_xticklabels(["2", "4", "8"])
    axes.legend()
    plt.rcParams["svg.hashsalt"] = "unmaskcost"
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    pathlib.Path(sys.argv[2]).write_text(text[text.index("<svg") :])  # so that it can stand inside a page
