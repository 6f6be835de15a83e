//! The sizes that the decoders' own code gave when it was run with a dummy model: every row of
//! `sizes.tsv` comes out equal.
//!
//! Recorded with torch 2.15, jax 0.10.2 and diffusers 0.42.1 on x86 with AVX-512. A row holds decoder, tokens, block
//! length, steps, and sizes as `size x passes`, one list per block after `|`; `left_masked` where the original
//! ends with masks.

use std::collections::BTreeMap;

use unmaskcost::Error;
use unmaskcost::decoders::Decoder;
use unmaskcost::schedule::{BlockLength, Passes};

const SIZES: &str = include_str!("sizes.tsv");

struct Row {
    decoder: &'static str,
    tokens: usize,
    block_length: usize,
    steps: usize,
    blocks: Vec<Vec<usize>>,
    left_masked: bool,
}

impl Row {
    fn parse(line: &'static str) -> Self {
        let fields: Vec<&'static str> = line.split('\t').collect();
        let number = |text: &str| text.parse().unwrap();
        let run = |run: &str| {
            let (size, passes) = run.split_once('x').unwrap();
            vec![number(size); number(passes)]
        };
        let block = |list: &str| list.split(',').flat_map(run).collect();
        Self {
            decoder: fields[0],
            tokens: number(fields[1]),
            block_length: number(fields[2]),
            steps: number(fields[3]),
            blocks: fields[4].split('|').map(block).collect(),
            left_masked: !fields[5].is_empty(),
        }
    }

    /// What this crate makes of the request.
    fn plans(&self) -> Result<Vec<Passes>, Error> {
        let (name, in_blocks) = match self.decoder {
            "Dream blocks" => ("Dream", true),
            name => (name, self.block_length < self.tokens),
        };
        let decoder: Decoder = name.parse().unwrap();
        if in_blocks {
            decoder.plan_blocks(self.tokens, BlockLength(self.block_length), self.steps)
        } else {
            decoder.plan(self.tokens, self.steps).map(|plan| vec![plan])
        }
    }
}

#[test]
fn every_decoder_gives_the_sizes_of_its_original() {
    let mut different: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut rows = 0;
    for row in SIZES.lines().skip(1).map(Row::parse) {
        rows += 1;
        let as_recorded = match row.plans() {
            Ok(plans) => plans.iter().map(Passes::sizes).map(Vec::from_iter).eq(row.blocks),
            Err(Error::NotApplicable { .. }) => row.left_masked,
            Err(_) => false,
        };
        if !as_recorded {
            let request = format!("{}/{}/{}", row.tokens, row.block_length, row.steps);
            different.entry(row.decoder).or_default().push(request);
        }
    }
    assert_eq!(rows, 2775);
    assert!(different.is_empty(), "{different:#?}");
}
