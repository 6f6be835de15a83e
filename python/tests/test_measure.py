"""The helpers measure what they say, on a model that is known exactly."""

import pickle

import numpy as np
import pytest

from unmaskcost import Collector, Error, InformationCurve, NestedLosses, Order, OrderBlocks, Schedule, measured, sampler

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


def test_blocks_along_an_order_price_its_schedules_as_runs_do():
    order, steps = Order.spread(LENGTH), Schedule([1, 2, 3])
    documents = [f"d{row // 2}" for row in range(len(SEQUENCES))]
    blocks = measured.measure_blocks(
        permutation_model, SEQUENCES, name="spread", order=order, documents=documents, batch=5, progress=False
    )
    runs = measured.run_schedule(permutation_model, SEQUENCES, steps, name="run", order=order, progress=False)
    assert blocks.mean_loss(steps).value == pytest.approx(runs.mean_loss("run").value)
    assert blocks.losses(steps) == pytest.approx(np.full(12, np.log(6) + 2 * np.log(5) + 3 * np.log(3)))
    cost = blocks.cost(Schedule([3, 3]))
    assert cost.value == pytest.approx(3 * np.log(6) + 3 * np.log(3) - np.log(720)) and cost.standard_error < 1e-12
    assert blocks.sequences == [str(row) for row in range(12)]
    chosen = blocks.choose(2)
    assert chosen.order == "spread" and chosen.verdict in ("certain", "likely", "within noise")
    assert blocks.fewest_steps(0.0).schedule == Schedule.sequential(LENGTH)
    random = measured.measure_blocks(permutation_model, SEQUENCES, name="random", progress=False)
    assert blocks.difference(steps, random, steps).value == pytest.approx(0, abs=1e-12)
    assert len(measured.choose_order([blocks, random], 2)) == 2
    assert "<td>spread</td>" in chosen._repr_html_()


def test_blocks_refuse_arrays_of_other_shapes():
    with pytest.raises(ValueError, match="shape"):
        OrderBlocks("x", [0, 1], np.ones((2, 2)))
    with pytest.raises(Error) as caught:
        OrderBlocks("x", [0, 1], np.ones((2, 3, 4)))
    assert caught.value.kind == "LengthMismatch" and caught.value.expected == 2
    with pytest.raises(Error):
        OrderBlocks("x", [0], np.full((2, 1, 4), np.nan))
    with pytest.raises(Error):
        OrderBlocks("x", [0, 9], np.ones((2, 2, 4)))
    with pytest.raises(Error):
        OrderBlocks("x", [0], np.ones((2, 1, 4)), documents=["one"])


def test_a_comparison_is_a_table():
    runs = measured.DecoderRuns()
    for row in range(30):
        runs.record("<fast>", row, rounds=2, nll_nats=10 + row % 5)
        runs.record("slow", row, rounds=6, nll_nats=9 + row % 5)
    table = runs.compare(level=0.9)
    assert [row["decoder"] for row in table] == ["<fast>", "slow"] and table[-1]["place"] == "hull"
    assert table[0]["loss"] - table[1]["loss"] == pytest.approx(1)
    assert table.fastest_within(0.0) == "slow" and table.fastest_within(1.5) == "<fast>"
    assert "&lt;fast&gt;" in table._repr_html_() and "slow" in repr(table)
    with pytest.raises(IndexError):
        table[2]


def test_rules_are_policies():
    rule = sampler.Rule("blocks of 3, 2 lowest entropies")
    runs = measured.run_decoder(permutation_model, SEQUENCES, rule, name=str(rule), progress=False)
    assert runs.mean_rounds(str(rule)) == 4
    assert runs.mean_loss(str(rule)).value == pytest.approx(2 * np.log(6) + np.log(4) + 2 * np.log(3))
    assert repr(pickle.loads(pickle.dumps(rule))) == "Rule('blocks of 3, 2 lowest entropies')".replace("'", '"')
    with pytest.raises(Error):
        sampler.Rule("low-confidence remasking")
    with pytest.raises(ValueError):
        rule(np.zeros(4), np.ones(4, dtype=bool))


def test_advice_from_losses_per_sequence():
    generator = np.random.default_rng(4)
    level = 4 + generator.normal(0, 1, (60, 1))
    steep = 2 + 2 / (1 + np.arange(16)) + level + generator.normal(0, 0.02, (60, 16))
    nested = NestedLosses(16, np.arange(16), steep, documents=[row // 2 for row in range(60)])
    assert (nested.sequences, nested.documents, nested.tokens) == (60, 30, 16)
    select, evaluate = nested.halves()
    advice = measured.advise(select, evaluate, 4)
    assert advice.adapts and advice.verdict == "certain" and advice.schedule == advice.best
    assert advice.schedule.sizes[0] < 4 and "certain" in repr(advice) and "<td>" in advice._repr_html_()
    line = 3 - np.arange(16) / 16 + level + generator.normal(0, 0.02, (60, 16))
    flat = NestedLosses(16, np.arange(16), line)
    assert measured.advise(*flat.halves(), 4).schedule == Schedule.balanced(16, 4)
    cost = nested.parallelism_cost(Schedule.balanced(16, 4))
    assert cost.standard_error < nested.loss_curve().parallelism_cost(Schedule.balanced(16, 4)).standard_error
    with pytest.raises(Error):
        NestedLosses(16, [0, 1], steep)


@pytest.mark.parametrize("change", [np.exp, lambda p: 2 * p, lambda p: p - 2, lambda p: p * np.nan, lambda p: p[:, :-1]])
def test_what_is_no_log_probability_is_refused(change):
    def model(tokens, masked):
        return change(permutation_model(tokens, masked))

    with np.errstate(invalid="ignore"):
        for measure in (
            lambda: measured.measure(model, SEQUENCES, progress=False),
            lambda: measured.measure_blocks(model, SEQUENCES, name="x", progress=False),
            lambda: measured.run_schedule(model, SEQUENCES, Schedule([3, 3]), name="x", progress=False),
            lambda: measured.run_decoder(model, SEQUENCES, lambda p, m: np.flatnonzero(m)[:2], name="x", progress=False),
        ):
            with pytest.raises(ValueError, match="log_probs"):
                measure()


def test_tokens_that_the_model_does_not_know_are_refused():
    for bad in (-1, SYMBOLS):
        with pytest.raises(ValueError, match="symbols"):
            measured.measure(permutation_model, np.full((1, LENGTH), bad), progress=False)
    with pytest.raises(ValueError, match="at least one token"):
        measured.measure(permutation_model, np.empty((0, LENGTH)), progress=False)
