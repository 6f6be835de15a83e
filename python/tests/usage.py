"""Checked by `mypy --strict`, not run: what users write has types."""

import numpy as np

from unmaskcost import (
    Collector,
    Estimate,
    HiddenMarkovChain,
    InformationCurve,
    Known,
    Losses,
    MarkovChain,
    NestedLosses,
    Order,
    Samples,
    Schedule,
    bounds,
    measured,
    optimal,
    sampler,
)

curve = InformationCurve.from_conditional_entropies(np.log(np.arange(8, 0, -1)))
schedule, error = optimal.schedule(curve, 3)
total: float = curve.sampling_error(Schedule.balanced(8, 3)) - error
interval = bounds.from_total_correlation(curve.total_correlation, schedule)
width: float = interval.width
known = Known(8, information={3: 0.5, 5: (0.6, 0.7)}, single_token_entropy=2.0)
collector = Collector(8)
collector.record([0, 1], [2.0, 1.5])
losses: Losses = collector.losses(least_samples=2)
cost: float = losses.parallelism_cost(schedule).value
rounds = Order.spread(8).rounds(schedule)
counts = measured.measurement_counts(128, 33)
select, evaluate = NestedLosses(8, counts, np.ones((20, 17)), documents=list(range(20))).halves()
advice = measured.advise(select, evaluate, 4)
saved: float = advice.saved.value
blocks = measured.measure_blocks(lambda tokens, masked: tokens, np.ones((2, 8)), name="spread", order=Order.spread(8))
used: Schedule = blocks.choose(4).schedule
rule: measured.Policy = sampler.Rule("confidence 0.9")

text = MarkovChain([[0.9, 0.1], [0.3, 0.7]]).sample(1000, seed=1)
sampled: Known = Samples.windows(text, 2, 8).curve().known(0.9)
found: list[Estimate] = MarkovChain.jackknife(text, 2, lambda chain: chain.entropy_rate())
paid: float = -HiddenMarkovChain.fit_order(text[:500], 2, 2).log_probability(text[500:]) / 500
