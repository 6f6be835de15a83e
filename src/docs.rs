//! The long documents, so that their code runs with the tests.

#[doc = include_str!("../docs/theory.md")]
pub mod theory {}

#[doc = include_str!("../docs/guide.md")]
#[doc = "\n## The pictures of this guide\n"]
#[doc = include_str!("../docs/frontier.svg")]
#[doc = include_str!("../docs/decoders.svg")]
#[doc = include_str!("../docs/plan-losses.svg")]
#[doc = include_str!("../docs/plan-costs.svg")]
#[doc = include_str!("../docs/tiny-model.svg")]
#[doc = include_str!("../docs/passes.svg")]
pub mod guide {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
