//! The Python face of `unmaskcost`. Nothing is computed here: each function hands its arguments to the
//! library and its result back.

use pyo3::prelude::*;

mod advice;
mod arrays;
mod audit;
mod bounds;
mod curve;
mod decoders;
mod distribution;
mod errors;
mod hidden;
mod html;
mod json;
mod long;
mod measured;
mod optimal;
mod order_blocks;
mod runs;
mod sampler;
mod samples;
mod schedule;
mod values;

#[pymodule]
mod _unmaskcost {
    #[pymodule_export]
    use crate::advice::{Advice, NestedLosses, advise};
    #[pymodule_export]
    use crate::audit::audit;
    #[pymodule_export]
    use crate::bounds::{
        Known, compare, confidence_kl_upper, confidence_total_variation_upper, from_correlations,
        from_dual_total_correlation, from_single_token_entropy, from_token_information,
        from_total_correlation, li_cai_refined_upper, li_cai_upper, li_cai_worst_schedule_lower,
        universal_upper,
    };
    #[pymodule_export]
    use crate::curve::InformationCurve;
    #[pymodule_export]
    use crate::decoders::{names, plan};
    #[pymodule_export]
    use crate::distribution::{JointTable, MarkovChain};
    #[pymodule_export]
    use crate::errors::Error;
    #[pymodule_export]
    use crate::hidden::HiddenMarkovChain;
    #[pymodule_export]
    use crate::measured::{Collector, Losses, measurement_counts};
    #[pymodule_export]
    use crate::optimal::{fewest_steps, frontier, minimax, optimal_schedule, universal};
    #[pymodule_export]
    use crate::order_blocks::{OrderBlocks, OrderChoice, choose_order};
    #[pymodule_export]
    use crate::runs::{DecoderComparison, DecoderRuns};
    #[pymodule_export]
    use crate::sampler::{Rule, expected_kl, reverse_kl};
    #[pymodule_export]
    use crate::samples::{SampledCurve, Samples};
    #[pymodule_export]
    use crate::schedule::{Order, Schedule, from_step_map};
    #[pymodule_export]
    use crate::values::{Estimate, KlBounds};
}
