"""What samples and texts tell, and what they do not."""

import threading

import numpy as np
import pytest

from unmaskcost import Error, HiddenMarkovChain, MarkovChain, Samples, Schedule

CHAIN = MarkovChain([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2], [0.3, 0.1, 0.6]])


def test_shuffled_letters_tell_nothing_about_each_other():
    text = np.random.default_rng(1).permutation(CHAIN.sample(9129, seed=1))
    samples = Samples.windows(text, 3, 10)
    assert len(samples) == 9120 and samples.tokens == 10 and samples.groups == 30
    curve = samples.curve()
    assert 2 <= curve.trusted < 9
    for revealed in range(1, curve.trusted + 1):
        value = curve.information(revealed)
        assert abs(value.value) < 3 * value.standard_error
        assert 0 < curve.coverage(revealed) <= 1
    assert 0.0 in curve.known().bounds(Schedule.balanced(10, 5))
    # What the distribution of the sample shows there is chance.
    assert samples.curve(9).plug_in(9) > 0.3


def test_bounds_from_samples_hold_the_error_of_the_source():
    truth = CHAIN.information_curve(8)
    held = 0
    for run in range(20):
        words = np.array([CHAIN.sample(8, seed=1000 * run + i) for i in range(500)])
        known = Samples(words, 3).curve().known(0.95)
        held += all(
            truth.sampling_error(Schedule.balanced(8, steps)) in known.bounds(Schedule.balanced(8, steps))
            for steps in range(1, 8)
        )
    assert held >= 18


def test_shuffling_takes_the_dependence_out():
    words = np.array([CHAIN.sample(2, seed=i) for i in range(2000)])
    samples = Samples(words, [3, 3])
    (total, trusted), _ = samples.correlations()
    assert trusted and total.value > 5 * total.standard_error
    (control, _), _ = samples.shuffled(seed=1).correlations()
    assert abs(control.value) < 4 * control.standard_error
    assert samples.shuffled(seed=1).correlations()[0][0] == control


def test_repeated_samples_in_groups_do_not_pass_for_more():
    words = np.array([CHAIN.sample(3, seed=i) for i in range(300)])
    once = Samples(words, 3).curve(1).information(1).standard_error
    groups = list(range(300)) * 10
    many = Samples(np.tile(words, (10, 1)), 3, groups=groups).curve(1).information(1).standard_error
    assert many > 0.7 * once


def test_the_order_of_a_source_costs_least():
    text = CHAIN.sample(20_000, seed=2)
    fitted, other = text[:10_000], text[10_000:]
    paid = [-HiddenMarkovChain.fit_order(fitted, 3, order).log_probability(other) for order in range(4)]
    assert int(np.argmin(paid)) == 1
    assert -MarkovChain.fit(fitted, 3).log_probability(other) == pytest.approx(paid[1], rel=1e-12)


def test_hidden_chains_are_fitted_and_predict():
    states = MarkovChain([[0.95, 0.05], [0.05, 0.95]])
    hidden = HiddenMarkovChain(states, [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    assert hidden.alphabet == 3 and hidden.states.alphabet == 2
    texts = [hidden.sample(200, seed=i) for i in range(30)]
    start = HiddenMarkovChain(MarkovChain([[0.7, 0.3], [0.3, 0.7]]), [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    found = start.baum_welch(texts, iterations=50)
    assert np.abs(found.emission - hidden.emission).max() < 0.05
    masked = found.conditional_marginals([0, None, None, 2])
    assert masked.shape == (2, 3) and masked.sum(axis=1) == pytest.approx([1, 1])
    table = hidden.joint_table(4).probabilities
    expected = table[0, :, :, 2].sum(axis=1) / table[0, :, :, 2].sum()
    assert hidden.conditional_marginals([0, None, None, 2])[0] == pytest.approx(expected)
    assert np.log(table[0, 1, 2, 2]) == pytest.approx(hidden.log_probability([0, 1, 2, 2]))


def test_what_the_statistic_raises_comes_through():
    text = CHAIN.sample(500, seed=3)

    def broken(chain):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        MarkovChain.jackknife(text, 3, broken)
    with pytest.raises(TypeError):
        MarkovChain.jackknife(text, 3, lambda chain: "text")
    with pytest.raises(Error) as refused:
        MarkovChain.jackknife(text, 3, lambda chain: float("nan"))
    assert refused.value.kind == "NotFinite"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Samples([[0, 1], [1, 2]], 2),
        lambda: Samples([[0, -1], [1, 0]], 2),
        lambda: Samples([[0.5, 1], [1, 0]], 2),
        lambda: Samples([0, 1, 1], 2),
        lambda: Samples([[0, 1]], 2),
        lambda: Samples([[0, 1], [1, 0]], 2, groups=["a"]),
        lambda: Samples([[0, 1], [1, 0]], -1),
        lambda: Samples(np.array([[0, 2**64 - 1], [1, 0]], dtype=np.uint64), 2),
        lambda: Samples.windows([0, 1], 2, 3),
        lambda: MarkovChain.fit(range(10**12), 2),
        lambda: CHAIN.log_probability(range(10**12)),
        lambda: Samples([[0, 1], [1, 0]], 2, groups=range(10**12)),
        lambda: CHAIN.jackknife([0, 1, 2, 1, 0, 2, 1], 3, lambda chain: range(10**12)),
        lambda: Schedule(range(10**12)),
        lambda: HiddenMarkovChain(CHAIN, np.ones((3, 1, 1))),
        lambda: Samples([[0, 1], [1, 0], [1, 1]], 2).curve(2),
        lambda: Samples([[0, 1], [1, 0], [1, 1]], 2).curve(0).information(1),
    ],
)
def test_samples_that_cannot_be_are_refused(make):
    with pytest.raises((ValueError, OverflowError)):
        make()


def test_groups_are_what_is_equal():
    words = [CHAIN.sample(2, seed=i) for i in range(6)]
    assert Samples(words, 3, groups=[1, "1", 1.0, "a", ("a", 2), None]).groups == 5
    with pytest.raises(TypeError):
        Samples(words, 3, groups=[[]] * 6)


def test_chains_can_be_read():
    assert CHAIN.transition[1] == pytest.approx([0.5, 0.3, 0.2])
    assert CHAIN.initial @ CHAIN.transition == pytest.approx(CHAIN.initial)


def test_long_predictions_do_not_hold_others_up():
    bits = [0, 1, 1, 0, 1, 0, 0, 1] * 50
    chain = HiddenMarkovChain.fit_order(bits, 2, 6)
    done = []
    thread = threading.Thread(target=lambda: done.append(chain.conditional_marginals([None] * 20_000)))
    thread.start()
    ticks = 0
    while thread.is_alive():
        ticks += 1
    thread.join()
    assert ticks > 0 and done[0].shape == (20_000, 2)
