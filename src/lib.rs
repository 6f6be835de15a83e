//! What parallel unmasking costs a masked diffusion language model.
//!
//! Such a model writes many tokens at once and pays for it: tokens revealed in one step are drawn
//! independently of each other. This crate says how much that costs, in KL divergence, for any
//! unmasking schedule, exactly or between bounds, and finds the schedule that costs least.
//!
//! ```
//! use unmaskcost::{InformationCurve, Schedule, bounds};
//!
//! // A uniform permutation of 8 symbols: the entropy of a token given k others is ln(8 - k).
//! let entropies: Vec<f64> = (0..8).map(|k| f64::from(8 - k).ln()).collect();
//! let curve = InformationCurve::from_conditional_entropies(entropies)?;
//!
//! let schedule = Schedule::from_reveal_sizes([3, 2, 2, 1])?;
//! let exact = curve.sampling_error(&schedule)?;
//! let sharp = bounds::sharp::from_token_information(curve.token_information(), &schedule)?;
//! assert!(sharp.contains(exact));
//! assert!(sharp.upper <= bounds::li_cai::upper(curve.token_information(), &schedule)?);
//! # Ok::<(), unmaskcost::Error>(())
//! ```
//!
//! # The picture
//! The data is a nonnegative measure (the increments of its [`InformationCurve`]), the sampler is a
//! sawtooth (its [`Schedule`]), the error is their product.
//!
//! ```text
//! distribution ──► curve ──┐
//!                          ├──► exact error      curve x schedule
//!           schedule ──────┤
//!                          ├──► bounds           part of a curve x schedule
//!                          └──► optimal          curve (or part of it) ──► schedule
//! sampler: the real thing on small distributions, built without the curve, to check all of it
//! ```
//!
//! The primary type is [`InformationCurve`]; [`Schedule`] is what it is applied to. Everything is in
//! nats unless the type says [`Bits`]. Most types are generic over the float, `f64` by default.
//!
//! | room | holds |
//! | --- | --- |
//! | [`schedule`] | what a sampler does: sizes, orders, random sizes, blocks, noise schedules |
//! | [`decoders`] | what known decoders make of a request |
//! | [`curve`] | what the data is like: information curves, also along an order |
//! | [`bounds`] | what can be said from part of a curve: one file per paper, and [`bounds::sharp`] |
//! | [`optimal`] | which schedule to use: best, fewest steps, frontier, minimax, budgets, families (cosine, square-root law, ..) |
//! | [`distribution`] | distributions whose curve is exact, and estimates for the others |
//! | [`sampler`] | the sampler itself on small tables, and adaptive policies |
//! | [`measured`] | everything that starts from measured numbers: losses, decoder runs, losses along an order |
//! | [`audit`] | what can be said of one given schedule |
//!
//! Arguments come in one order: what it is about, then tokens, then block length or steps. A constructor takes a list
//! as `impl AsRef<[T]>`: an array, a slice or a `Vec`. Where a result has two parts of different meaning it is a struct;
//! [`optimal::schedule`] and [`optimal::fewest_steps`] return pairs.
//!
//! Features: `simd`, on by default, for the widest vectors that the machine has; off by default: `csv` to
//! read measured numbers, `serde` for versioned JSON (module `interchange`), `rayon` for all cores, `rand`
//! for sampling.
//!
//! # What is not covered
//! The exact error and all bounds in [`bounds`] are for *random* reveal order: in each step a
//! uniformly random set of masked tokens is revealed. Except for [`bounds::confidence`] they say nothing of decoders that choose
//! positions by confidence; [`sampler::policy`] has their exact cost on small tables, and estimates
//! for longer sequences.
//!
//! # Documents
//! [`docs::guide`]: I have this, what do I call? [`docs::theory`]: every formula with its source and a
//! short proof. [`docs::performance`]: what was measured, and how.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
pub mod bounds;
pub mod curve;
pub mod decoders;
pub mod distribution;
pub mod docs;
mod error;
mod estimate;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub mod interchange;
pub mod measured;
mod numeric;
pub mod optimal;
pub mod sampler;
pub mod schedule;
mod units;

pub use bounds::KlBounds;
pub use curve::InformationCurve;
pub use error::{Error, Result};
pub use estimate::{ConfidenceInterval, Estimate};
pub use numeric::scalar::Scalar;
pub use schedule::{Order, Schedule};
pub use units::{Bits, Nats, TrainingError};
