"""Bounds for the error of a schedule when only part of the curve is known, in nats."""

from ._unmaskcost import (
    KlBounds,
    Known,
    compare,
    confidence_kl_upper,
    confidence_total_variation_upper,
    from_correlations,
    from_dual_total_correlation,
    from_single_token_entropy,
    from_token_information,
    from_total_correlation,
    li_cai_refined_upper,
    li_cai_upper,
    li_cai_worst_schedule_lower,
    universal_upper,
)

__all__ = [
    "KlBounds",
    "Known",
    "compare",
    "confidence_kl_upper",
    "confidence_total_variation_upper",
    "from_correlations",
    "from_dual_total_correlation",
    "from_single_token_entropy",
    "from_token_information",
    "from_total_correlation",
    "li_cai_refined_upper",
    "li_cai_upper",
    "li_cai_worst_schedule_lower",
    "universal_upper",
]
