//! Sampling order against masking order: the error tells them apart.

use unmaskcost::{Schedule, distribution::JointTable, sampler};

/// Uniform on the words of even weight: only the last token revealed is determined.
fn parity(tokens: usize) -> JointTable {
    let counts = (0..1_u32 << tokens).map(|word| u8::from(word.count_ones() % 2 == 0));
    JointTable::from_counts(&vec![2; tokens], counts.collect::<Vec<_>>()).unwrap()
}

/// One fair bit repeated: all tokens after the first are determined.
fn repeated(tokens: usize) -> JointTable {
    let last = (1_u32 << tokens) - 1;
    let counts = (0..=last).map(|word| u8::from(word == 0 || word == last));
    JointTable::from_counts(&vec![2; tokens], counts.collect::<Vec<_>>()).unwrap()
}

fn error(table: &JointTable, sizes: [usize; 2]) -> f64 {
    let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
    let by_curve = table.information_curve().unwrap().sampling_error(&schedule).unwrap();
    let by_sampler = sampler::expected_kl(table, &schedule).unwrap();
    assert!((by_curve.0 - by_sampler.0).abs() < 1e-13);
    by_curve.0
}

#[test]
fn parity_wants_its_single_step_last() {
    for tokens in 3..=6 {
        let table = parity(tokens);
        assert!(error(&table, [tokens - 1, 1]) < 1e-13);
        assert!((error(&table, [1, tokens - 1]) - 2_f64.ln()).abs() < 1e-13);
    }
}

#[test]
fn a_repeated_symbol_wants_its_single_step_first() {
    for tokens in 3..=6 {
        let table = repeated(tokens);
        assert!(error(&table, [1, tokens - 1]) < 1e-13);
        let others = (tokens - 2) as f64 * 2_f64.ln();
        assert!((error(&table, [tokens - 1, 1]) - others).abs() < 1e-13);
    }
}

#[test]
fn mask_sizes_are_reveal_sizes_reversed() {
    let sizes = [1, 4, 2, 7];
    let masked = Schedule::from_mask_sizes(sizes).unwrap();
    assert_eq!(masked.sizes(), [7, 2, 4, 1]);
    let revealed = Schedule::from_reveal_sizes(sizes).unwrap();
    assert_ne!(masked, revealed);
    assert_eq!(masked.tokens(), revealed.tokens());
    assert_eq!(masked.largest_step(), revealed.largest_step());
}

#[test]
fn the_sawtooth_is_the_distance_to_the_end_of_the_step() {
    let schedule = Schedule::from_reveal_sizes([1, 5, 3, 1]).unwrap();
    let mut expected = Vec::new();
    for step in schedule.ranges() {
        expected.extend(step.clone().map(|m| if m == step.start { 0 } else { step.end - m }));
    }
    assert_eq!(schedule.sawtooth().collect::<Vec<_>>(), expected);
    assert_eq!(schedule.revealed_before().collect::<Vec<_>>(), [0, 1, 6, 9]);
}

#[test]
fn schedules_print_their_sizes_and_fold_long_runs() {
    let show = |sizes: &[usize]| Schedule::from_reveal_sizes(sizes).unwrap().to_string();
    assert_eq!(show(&[3, 2, 2, 1]), "(3, 2, 2, 1)");
    assert_eq!(show(&[5, 1, 1, 1, 1, 2]), "(5, 1 x 4, 2)");
    assert_eq!(
        format!("{:>8}|{:<8}|", Schedule::one_step(4).unwrap(), Schedule::one_step(4).unwrap()),
        "     (4)|(4)     |"
    );
}
