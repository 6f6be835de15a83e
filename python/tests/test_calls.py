"""Every call of tests/calls.json, which a test of the Rust library writes, gives the same here."""

import json
import pathlib

import numpy as np
import pytest

from unmaskcost import (
    Collector,
    HiddenMarkovChain,
    InformationCurve,
    JointTable,
    Known,
    MarkovChain,
    Order,
    OrderBlocks,
    Samples,
    Schedule,
    bounds,
    decoders,
    measured,
    optimal,
    sampler,
)

CALLS = json.loads((pathlib.Path(__file__).parents[2] / "tests" / "calls.json").read_text())


def curve(a):
    return InformationCurve.from_conditional_entropies(a["entropies"])


def ends(interval):
    return [interval.lower, interval.upper]


def planned(pair):
    schedule, error = pair
    return [schedule.sizes.tolist(), error]


def parts(estimate):
    return [estimate.value, estimate.standard_error]


def known_bounds(a):
    known = Known(16, information={3: 0.25, 9: (0.5, 0.75)}, total_correlation=8.0)
    return ends(known.bounds(Schedule(a["sizes"])))


def parallelism_cost(a):
    collector = Collector(a["tokens"])
    counts, losses = zip(*a["evaluations"])
    collector.record(np.array(counts), np.array(losses))
    return parts(collector.losses().parallelism_cost(Schedule(a["sizes"])))


def sampled_curve(a):
    samples = Samples.windows(a["text"], a["alphabet"], a["window"], blocks=a["blocks"])
    found = samples.curve(2)
    return [[parts(found.information(k)) for k in range(3)], found.trusted]


PYTHON = {
    "sampling_error": lambda a: curve(a).sampling_error(Schedule(a["sizes"])),
    "li_cai_refined_upper": lambda a: bounds.li_cai_refined_upper(curve(a), Schedule(a["sizes"])),
    "optimal_schedule": lambda a: planned(optimal.schedule(curve(a), a["steps"])),
    "frontier": lambda a: optimal.frontier(curve(a), len(a["entropies"])).tolist(),
    "fewest_steps": lambda a: planned(optimal.fewest_steps(curve(a), a["tolerance"])),
    "from_token_information": lambda a: ends(bounds.from_token_information(a["first"], Schedule(a["sizes"]))),
    "from_total_correlation": lambda a: ends(bounds.from_total_correlation(a["first"], Schedule(a["sizes"]))),
    "from_dual_total_correlation": lambda a: ends(
        bounds.from_dual_total_correlation(a["first"], Schedule(a["sizes"]))
    ),
    "from_correlations": lambda a: ends(bounds.from_correlations(a["first"], a["second"], Schedule(a["sizes"]))),
    "li_cai_upper": lambda a: bounds.li_cai_upper(a["first"], Schedule(a["sizes"])),
    "known_bounds": known_bounds,
    "expected_kl": lambda a: sampler.expected_kl(
        JointTable.from_counts(np.reshape(a["counts"], a["shape"])), Schedule(a["sizes"])
    ),
    "markov_curve": lambda a: MarkovChain(a["rows"]).information_curve(a["tokens"]).information.tolist(),
    "order_error": lambda a: MarkovChain(a["rows"]).order_error(Order(a["positions"]), Schedule(a["sizes"])),
    "sampled_curve": sampled_curve,
    "sampled_correlations": lambda a: [
        parts(found) for found, _ in Samples(a["words"], 3, groups=a["groups"]).correlations()
    ],
    "jackknife": lambda a: [
        parts(found)
        for found in MarkovChain.jackknife(
            a["text"],
            3,
            lambda chain: [
                chain.information_curve(8).sampling_error(Schedule(a["sizes"])),
                chain.entropy_rate(),
            ],
            smoothing=0.25,
            blocks=10,
        )
    ],
    "order_two": lambda a: HiddenMarkovChain.fit_order(a["fitted"], 3, 2).log_probability(a["other"]),
    "baum_welch": lambda a: HiddenMarkovChain(
        MarkovChain([[0.8, 0.2], [0.3, 0.7]]), [[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]]
    )
    .baum_welch(a["sequences"], iterations=5)
    .conditional_marginals([1, None, None, 2])
    .tolist(),
    "spread": lambda a: Order.spread(a["tokens"]).positions.tolist(),
    "plan": lambda a: decoders.plan(a["decoder"], a["tokens"], a["steps"])[1],
    "universal": lambda a: planned(optimal.universal(a["tokens"], a["steps"])),
    "measurement_counts": lambda a: measured.measurement_counts(a["tokens"], a["points"]).tolist(),
    "parallelism_cost": parallelism_cost,
    "order_cost": lambda a: parts(
        OrderBlocks("spread", a["counts"], np.array(a["losses"])).cost(Schedule(a["sizes"]))
    ),
}


def flat(value):
    return [x for item in value for x in flat(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["call"])
def test_python_gives_what_rust_gives(call):
    found = PYTHON[call["call"]](call["arguments"])
    assert flat(found) == pytest.approx(flat(call["result"]), rel=1e-12, abs=1e-12)


def test_every_kind_of_call_is_made():
    assert {call["call"] for call in CALLS} == set(PYTHON)
