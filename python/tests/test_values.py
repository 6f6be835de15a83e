"""Python says what Rust says: reference values, errors, pickles, arrays, threads."""

import copy
import json
import pathlib
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmaskcost import (
    Collector,
    DecoderRuns,
    Error,
    Estimate,
    InformationCurve,
    JointTable,
    KlBounds,
    Known,
    Losses,
    MarkovChain,
    Order,
    Schedule,
    audit,
    bounds,
    decoders,
    from_step_map,
    optimal,
    sampler,
)

PERMUTATION = np.log(np.arange(16, 0, -1))


def permutation(dtype=np.float64):
    return InformationCurve.from_conditional_entropies(PERMUTATION.astype(dtype))


def test_published_optima():
    assert optimal.schedule(permutation(), 4)[0] == Schedule([6, 5, 3, 2])


def test_errors_are_value_errors_with_evidence():
    with pytest.raises(ValueError) as caught:
        Schedule([2, 0, 1])
    error = caught.value
    assert isinstance(error, Error) and error.kind == "EmptyStep" and error.step == 1
    assert error.evidence == {"step": 1}
    with pytest.raises(Error) as caught:
        InformationCurve.from_information([0.0, float("nan")])
    assert caught.value.kind == "NotFinite" and np.isnan(caught.value.value)
    with pytest.raises(Error):
        Schedule.balanced(4, 9)
    with pytest.raises((ValueError, OverflowError, TypeError)):
        Schedule([-1, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_of_either_float_and_any_layout(dtype):
    curve = permutation(dtype)
    spaced = np.repeat(PERMUTATION.astype(dtype), 2)[::2]
    assert not spaced.flags.c_contiguous or spaced.size == 16
    steps = Schedule.balanced(16, 4)
    exact = InformationCurve.from_conditional_entropies(list(PERMUTATION)).sampling_error(steps)
    assert curve.sampling_error(steps) == pytest.approx(exact, rel=1e-5)
    assert InformationCurve.from_conditional_entropies(spaced) == curve
    with pytest.raises((TypeError, ValueError)):
        InformationCurve.from_information(np.zeros((2, 2)))


@pytest.mark.parametrize(
    "value",
    [
        Schedule([3, 1]),
        Order.spread(8),
        permutation(),
        KlBounds(1.0, 2.0),
        Estimate(1.0, 0.5),
        Estimate(1.0, 0.5, 3.0),
        Losses(4, [0, 3], [2.0, 1.0], [0.1, 0.1], [20, 20]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_pickle_copy_hash_and_compare(value):
    again = pickle.loads(pickle.dumps(value))
    assert again == value and not again != value and hash(again) == hash(value)
    assert copy.deepcopy(value) == value
    if hasattr(value, "to_json"):
        assert type(value).from_json(value.to_json()) == value
        assert json.loads(value.to_json())["version"] == 1
    assert type(value).__name__ in repr(value)


def test_collectors_pickle_and_merge_in_any_grouping():
    generator = np.random.default_rng(1)
    counts, losses = generator.integers(0, 8, 400), generator.gamma(2.0, 1.0, 400)
    whole = Collector(8)
    whole.record(counts, losses)
    parts = []
    for part in np.array_split(np.arange(400), 7):
        collector = Collector(8)
        collector.record(counts[part], losses[part])
        parts.append(pickle.loads(pickle.dumps(collector)))
    merged = parts[0]
    for other in parts[1:]:
        merged.merge(other)
    for k in range(8):
        one, other = whole.losses().loss(k), merged.losses().loss(k)
        assert one.value == pytest.approx(other.value, rel=1e-12)
        assert one.standard_error == pytest.approx(other.standard_error, rel=1e-12)
        assert one.value == pytest.approx(losses[counts == k].mean(), rel=1e-12)
    with pytest.raises(Error):
        merged.record([0, 1], [1.0])
    before = merged.to_json()
    with pytest.raises(Error):
        merged.record([0, 99], [1.0, 1.0])
    assert merged.to_json() == before


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_schedules_and_curves_follow_the_formula(sizes, source):
    schedule = Schedule(sizes)
    length = sum(sizes)
    increments = np.array([0.0] + [source.random() for _ in range(length - 1)])
    information = np.cumsum(increments)
    curve = InformationCurve.from_information(information)
    by_hand = 0.0
    for start, size in zip(schedule.revealed_before(), sizes):
        by_hand += (information[start : start + size] - information[start]).sum()
    assert curve.sampling_error(schedule) == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    many = curve.sampling_errors([schedule, Schedule.sequential(length)])
    assert many[0] == pytest.approx(curve.sampling_error(schedule), rel=1e-14, abs=1e-300) and many[1] == 0.0


def test_bounds_sandwich_the_enumerated_sampler():
    generator = np.random.default_rng(3)
    table = JointTable.from_counts(generator.integers(1, 50, (2, 3, 2, 2)))
    curve = table.information_curve()
    for steps in (1, 2, 3):
        schedule = Schedule.balanced(4, steps)
        exact = sampler.expected_kl(table, schedule)
        assert curve.sampling_error(schedule) == pytest.approx(exact, abs=1e-12)
        assert exact in bounds.from_token_information(curve.token_information * (1 + 1e-9), schedule)
        known = Known(4, total_correlation=curve.total_correlation, dual_total_correlation=curve.dual_total_correlation)
        interval = known.bounds(schedule)
        assert interval.lower - 1e-9 <= exact <= interval.upper + 1e-9
        assert exact <= bounds.li_cai_upper(curve.token_information, schedule) + 1e-12


CASES = json.loads((pathlib.Path(__file__).parents[2] / "tests" / "cases.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_reference_values_to_thirty_digits(case):
    curve = InformationCurve.from_conditional_entropies([float(x) for x in case["conditional_entropies"]])
    assert curve.total_correlation == pytest.approx(float(case["total_correlation"]), rel=1e-12, abs=1e-14)
    for row in case["errors"]:
        error = curve.sampling_error(Schedule(row["reveal_sizes"]))
        assert error == pytest.approx(float(row["sampling_error"]), rel=1e-12, abs=1e-14)
    if "weights" in case and np.prod(case["shape"]) == len(case["weights"]):
        table = JointTable.from_counts(np.reshape(case["weights"], case["shape"]))
        assert np.allclose(table.information_curve().information, curve.information, atol=1e-13)
    if len(case.get("optimal_errors", [])) == curve.tokens:
        found = optimal.frontier(curve, curve.tokens)
        assert np.allclose(found, [float(x) for x in case["optimal_errors"]], atol=1e-13)


def test_interrupts_come_through(tmp_path):
    script = """
import signal, threading, time, os
import numpy as np
from unmaskcost import JointTable
table = JointTable.from_counts(np.random.default_rng(0).random((2,) * 22))
try:
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    table.information_curve()
    print("finished", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""
    # Not in this folder: with -c, Python would take the sources there for the installed package.
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.stdout.strip() in ("interrupted", "finished"), done.stderr
    assert done.stdout.strip() == "interrupted"


def test_decoders_and_audit_speak():
    schedule, passes = decoders.plan("LLaDA", 10, 4)
    assert schedule == Schedule([3, 3, 2, 2]) and passes == [3, 3, 2, 2]
    assert "Dream" in decoders.names()
    assert "4" in audit.audit(Schedule.balanced(16, 4), permutation())
    order, steps = from_step_map([1, 1, 3, 2, 2, 1, 3, 3])
    assert steps == Schedule([3, 2, 3]) and order.positions[:3].tolist() == [0, 1, 5]


def test_runs_are_compared_in_pairs():
    runs = DecoderRuns()
    generator = np.random.default_rng(5)
    base = generator.normal(100, 10, 50)
    for row, loss in enumerate(base):
        runs.record("slow", row, rounds=64, nll_nats=loss)
        runs.record("fast", row, rounds=8, nll_nats=loss + 1 + 0.1 * generator.normal())
    difference = runs.difference("fast", "slow")
    assert difference.value == pytest.approx(1, abs=0.1) and difference.standard_error < 0.05
    assert runs.fastest_within(2.0) == "fast"


def test_threads_share_a_curve():
    chain = MarkovChain([[0.9, 0.1], [0.2, 0.8]])
    curve, results = chain.information_curve(512), []

    def run():
        results.append(optimal.schedule(curve, 16))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == results[0] for result in results)


def test_losses_come_from_the_columns_of_a_table():
    columns = {"revealed": [0, 2, 3], "loss_nats": [2.0, 1.5, 1.0], "samples": [9, 9, 9]}
    columns["standard_error_nats"] = np.full(3, 0.1, dtype=np.float32)
    losses = Losses.from_columns(columns, 4)
    assert losses.revealed.tolist() == [0, 2, 3] and losses.loss(2).standard_error == pytest.approx(0.1)
    assert "<td>1.5000</td>" in losses._repr_html_()
    assert Losses.from_columns({"revealed": [0, 3], "loss_nats": [2.0, 1.0]}, 4).loss(3).standard_error == 0
    with pytest.raises(KeyError):
        Losses.from_columns({"revealed": [0]}, 4)


def test_estimates_are_printed_with_so_many_decimals():
    assert f"{Estimate(2.0, 0.5):.2f}" == "2.00 ± 0.50 nats" and f"{Estimate(2.0, 0.5)}" == "2 ± 0.5 nats"
    with pytest.raises(ValueError):
        format(Estimate(2.0, 0.5), "x")


def test_guarantees_hold_for_every_distribution():
    known = Known(16, total_correlation=3.0)
    schedule, guarantee, least = optimal.minimax(known, 4)
    assert guarantee == pytest.approx(known.bounds(schedule).upper) and least <= guarantee
    assert guarantee <= known.bounds(Schedule.balanced(16, 4)).upper
    schedule, factor = optimal.universal(16, 4)
    assert bounds.universal_upper(3.0, schedule) == pytest.approx(3.0 * factor)
    assert bounds.confidence_kl_upper(np.array([1.0, 1.0], dtype=np.float32), 100) == pytest.approx(0, abs=1e-5)
    assert bounds.confidence_total_variation_upper([0.9, 0.8]) == pytest.approx(0.3)
    with pytest.raises(Error):
        bounds.confidence_kl_upper([1.5], 10)


def test_the_reverse_divergence_is_zero_one_token_at_a_time():
    table = JointTable.from_counts([[3, 1], [1, 3]])
    assert sampler.reverse_kl(table, Schedule([1, 1])) == pytest.approx(0, abs=1e-12)
    p, q = np.array([[3, 1], [1, 3]]) / 8, np.full((2, 2), 0.25)
    assert sampler.reverse_kl(table, Schedule([2])) == pytest.approx((q * np.log(q / p)).sum())
