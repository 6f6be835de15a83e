//! All promises in one program: it is built and linked once. `cargo test --test promises sharp::` runs one file.
//! Seeds are fixed. `TEST_SEED=7 TEST_TIMES=20 cargo test` draws new cases, twenty times as many.

#[path = "accuracy.rs"]
mod accuracy;
#[path = "across_languages.rs"]
mod across_languages;
#[path = "audit.rs"]
mod audit;
#[path = "blocks.rs"]
mod blocks;
#[path = "clusters.rs"]
mod clusters;
#[path = "codes.rs"]
mod codes;
#[path = "confidence.rs"]
mod confidence;
#[cfg(feature = "csv")]
#[path = "csv.rs"]
mod csv;
#[path = "decoders/main.rs"]
mod decoders;
#[path = "display.rs"]
mod display;
#[path = "entropies.rs"]
mod entropies;
#[cfg(feature = "rand")]
#[path = "estimator.rs"]
mod estimator;
#[path = "exact.rs"]
mod exact;
#[path = "few_samples.rs"]
mod few_samples;
#[cfg(feature = "rand")]
#[path = "fits.rs"]
mod fits;
#[path = "gaps.rs"]
mod gaps;
#[path = "growth.rs"]
mod growth;
#[cfg(feature = "rand")]
#[path = "hidden_chains.rs"]
mod hidden_chains;
#[cfg(feature = "serde")]
#[path = "interchange.rs"]
mod interchange;
#[path = "isotonic.rs"]
mod isotonic;
#[path = "laws.rs"]
mod laws;
#[path = "limits.rs"]
mod limits;
#[cfg(feature = "csv")]
#[path = "loss_files.rs"]
mod loss_files;
#[path = "losses.rs"]
mod losses;
#[path = "markov_chain.rs"]
mod markov_chain;
#[path = "minimax.rs"]
mod minimax;
#[path = "nested.rs"]
mod nested;
#[cfg(feature = "rand")]
#[path = "on_models.rs"]
mod on_models;
#[path = "optimality.rs"]
mod optimality;
#[cfg(feature = "rand")]
#[path = "order_blocks.rs"]
mod order_blocks;
#[path = "order_curve.rs"]
mod order_curve;
#[path = "order_sizes.rs"]
mod order_sizes;
#[path = "orders.rs"]
mod orders;
#[path = "orientation.rs"]
mod orientation;
#[path = "policies.rs"]
mod policies;
#[path = "posterior.rs"]
mod posterior;
#[path = "prepared.rs"]
mod prepared;
#[path = "published.rs"]
mod published;
#[path = "random_sizes.rs"]
mod random_sizes;
#[path = "reference.rs"]
mod reference;
#[path = "rejects.rs"]
mod rejects;
#[path = "rounding.rs"]
mod rounding;
#[path = "rules.rs"]
mod rules;
#[path = "runs.rs"]
mod runs;
#[cfg(feature = "rand")]
#[path = "samples.rs"]
mod samples;
#[path = "sandwich.rs"]
mod sandwich;
#[path = "sharp.rs"]
mod sharp;
#[path = "universal.rs"]
mod universal;

mod support;
#[path = "value_stability.rs"]
mod value_stability;
#[path = "values.rs"]
mod values;

#[test]
fn every_file_of_tests_is_part_of_this_program() {
    let list = include_str!("promises.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".rs") && name != "promises.rs" {
            assert!(list.contains(&format!("#[path = \"{name}\"]")), "{name} is not run");
        }
    }
}
