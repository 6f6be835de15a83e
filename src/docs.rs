//! The long documents, so that their code runs with the tests.

#[doc = include_str!("../docs/theory.md")]
pub mod theory {}

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
