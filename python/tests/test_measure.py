"""The helpers measure what they say, on a model that is known exactly."""

import numpy as np
import pytest

from unmaskcost import Collector, InformationCurve, Order, Schedule, measured

LENGTH, SYMBOLS = 6, 6


def permutation_model(tokens, masked):
    """The exact predictor of a uniformly random permutation."""
    out = np.full((*tokens.shape, SYMBOLS), -np.inf)
    for row in range(len(tokens)):
        used = set(tokens[row][~masked[row]].tolist())
        left = [s for s in range(SYMBOLS) if s not in used]
        out[row][:, left] = -np.log(len(left)) if left else -np.inf
    return out


SEQUENCES = np.array([np.random.default_rng(seed).permutation(LENGTH) for seed in range(12)])


def test_measured_losses_are_the_curve():
    losses = measured.measure(permutation_model, SEQUENCES, progress=False, batch=5)
    assert losses.shape == (12, LENGTH)
    assert np.allclose(losses, np.log(np.arange(LENGTH, 0, -1)))
    again = measured.measure(permutation_model, SEQUENCES, progress=False, counts=[0, 5], order=Order.spread(LENGTH))
    assert np.allclose(again, np.log([6, 1]))
    collector = Collector(LENGTH)
    for row in losses:
        collector.record(np.arange(LENGTH), row)
    steps = Schedule.balanced(LENGTH, 2)
    exact = InformationCurve.from_conditional_entropies(np.log(np.arange(LENGTH, 0, -1))).sampling_error(steps)
    assert collector.losses().parallelism_cost(steps).value == pytest.approx(exact)


def test_decoders_are_run_teacher_forced():
    runs = measured.run_decoder(
        permutation_model, SEQUENCES, lambda p, masked: np.flatnonzero(masked)[:2], name="pairs", progress=False
    )
    expected = 2 * np.log([6, 4, 2]).sum()
    assert runs.mean_loss("pairs").value == pytest.approx(expected)
    assert runs.mean_rounds("pairs") == 3
    with pytest.raises(ValueError, match="must pick masked"):
        measured.run_decoder(permutation_model, SEQUENCES, lambda p, masked: [], name="idle", progress=False)


def test_schedules_are_run_in_batches_as_one_by_one():
    steps, order = Schedule([1, 2, 3]), Order.spread(LENGTH)
    runs = measured.run_schedule(permutation_model, SEQUENCES, steps, name="batched", order=order, batch=5, progress=False)
    place = {known: r for known, r in zip(steps.revealed_before().tolist(), order.rounds(steps))}
    measured.run_decoder(
        permutation_model, SEQUENCES, lambda p, masked: place[LENGTH - masked.sum()], name="single", runs=runs, progress=False
    )
    assert runs.difference("batched", "single").value == pytest.approx(0, abs=1e-12)
    assert runs.mean_loss("batched").value == pytest.approx(np.log(6) + 2 * np.log(5) + 3 * np.log(3))


def test_pictures_are_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    runs = measured.run_decoder(
        permutation_model, SEQUENCES, lambda p, masked: np.flatnonzero(masked)[:3], name="threes", progress=False
    )
    assert measured.plot_frontier(runs).get_xlabel() == "forward passes"
