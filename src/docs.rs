//! The long documents, so that their code runs with the tests.

#[doc = include_str!("../docs/theory.md")]
pub mod theory {}
