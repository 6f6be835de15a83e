"""What parallel unmasking costs a masked diffusion language model.

Everything is in nats unless a name says otherwise. See the guide of the Rust library for the terms.

Examples
--------
>>> from unmaskcost import MarkovChain, Order, Schedule, optimal
>>> chain = MarkovChain([[0.9, 0.1], [0.1, 0.9]])
>>> curve = chain.information_curve(64)
>>> round(curve.sampling_error(Schedule.balanced(64, 8)), 3)   # random positions
1.94
>>> round(chain.order_error(Order.spread(64), Schedule.balanced(64, 8)), 4)   # spread positions
0.099
"""

from . import audit, bounds, decoders, distribution, measured, optimal, sampler
from ._unmaskcost import (
    Advice,
    Collector,
    DecoderComparison,
    DecoderRuns,
    Error,
    Estimate,
    HiddenMarkovChain,
    InformationCurve,
    JointTable,
    KlBounds,
    Known,
    Losses,
    MarkovChain,
    NestedLosses,
    Order,
    OrderBlocks,
    OrderChoice,
    SampledCurve,
    Samples,
    Schedule,
    from_step_map,
)

__version__ = "0.1.0"

__all__ = [
    "Advice",
    "Collector",
    "DecoderComparison",
    "DecoderRuns",
    "Error",
    "Estimate",
    "HiddenMarkovChain",
    "InformationCurve",
    "JointTable",
    "KlBounds",
    "Known",
    "Losses",
    "MarkovChain",
    "NestedLosses",
    "Order",
    "OrderBlocks",
    "OrderChoice",
    "SampledCurve",
    "Samples",
    "Schedule",
    "audit",
    "bounds",
    "decoders",
    "distribution",
    "from_step_map",
    "measured",
    "optimal",
    "sampler",
]
