//! Results that must not change from release to release, to the last bit. Only sums, products and quotients enter
//! them, so every platform gives the same. A change here is *value-breaking* in the changelog.

use unmaskcost::bounds::{Knowledge, sharp::Known};
use unmaskcost::curve::PreparedCurve;
use unmaskcost::optimal::{self, minimax};
use unmaskcost::{InformationCurve, Nats, Schedule};

/// `I_k = k / (k + 8)`.
fn curve() -> InformationCurve {
    let information: Vec<f64> = (0..64).map(|k| f64::from(k) / f64::from(k + 8)).collect();
    InformationCurve::from_information(information).unwrap()
}

#[test]
fn errors_of_equal_and_of_best_steps_keep_their_bits() {
    let many = [1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8];
    let (one, three, eight) = ([64], [9, 18, 37], [3, 3, 4, 6, 8, 10, 13, 17]);
    let values: [(u64, u64, &[usize], u64); 4] = [
        (0x4046_fbd6_9d66_bada, 0x4046_fbd6_9d66_bada, &one, 0x4046_fbd6_9d66_bada),
        (0x4029_b924_3f64_b531, 0x4029_b924_3f64_b532, &three, 0x401f_94b4_0eeb_d5f1),
        (0x400d_aec8_ec5d_0cb3, 0x400d_aec8_ec5d_0cb3, &eight, 0x4001_bcf8_5af6_df0c),
        (0x3ff5_d99d_6a25_79b3, 0x3ff5_d99d_6a25_79b3, &many, 0x3fe2_1de3_3a8d_8b1d),
    ];
    let curve = curve();
    for (equal, prepared, sizes, least) in values {
        let schedule = Schedule::balanced(64, sizes.len()).unwrap();
        assert_eq!(curve.sampling_error(&schedule).unwrap().0.to_bits(), equal);
        assert_eq!(PreparedCurve::of(&curve).cost(&schedule).unwrap().0.to_bits(), prepared);
        let (best, error) = optimal::schedule(&curve, sizes.len()).unwrap();
        assert_eq!((best.sizes(), error.0.to_bits()), (sizes, least));
    }
    assert_eq!(curve.total_correlation().0.to_bits(), 0x4046_fbd6_9d66_bada);
    assert_eq!(curve.dual_total_correlation().0.to_bits(), 0x4025_a47a_45e3_4715);
}

#[test]
fn bounds_and_minimax_schedules_keep_their_bits() {
    let about = Known::about(64);
    let both = about.clone().total_correlation(Nats(12.0)).dual_total_correlation(Nats(30.0));
    let values: [(Known, u64, &[usize], u64); 5] = [
        (
            about.clone().token_information(Nats(48.0)),
            0x4015_0000_0000_002a,
            &[8; 8],
            0x4015_0000_0000_002a,
        ),
        (
            about.clone().total_correlation(Nats(12.0)),
            0x4028_0000_0000_0030,
            &[27, 16, 9, 5, 3, 2, 1, 1],
            0x4014_0000_0000_0028,
        ),
        (
            about.clone().dual_total_correlation(Nats(12.0)),
            0x4055_0000_0000_002a,
            &[1, 2, 3, 4, 6, 10, 15, 23],
            0x4019_6969_6969_699c,
        ),
        (both, 0x4012_6000_0000_0024, &[16, 12, 10, 8, 6, 5, 4, 3], 0x400d_5435_e50d_79cb),
        (
            about.information(16, Nats(0.5)).information(63, Nats(0.75)),
            0x4015_0000_0000_0029,
            &[4, 4, 4, 4, 12, 12, 12, 12],
            0x4011_0000_0000_0042,
        ),
    ];
    let schedule = Schedule::balanced(64, 8).unwrap();
    for (known, upper, sizes, guarantee) in values {
        assert_eq!(known.upper(&schedule).unwrap().0.to_bits(), upper);
        let best = minimax::schedule(&known, 8).unwrap();
        assert_eq!((best.schedule.sizes(), best.guarantee.0.to_bits()), (sizes, guarantee));
    }
}

#[test]
fn universal_schedules_keep_their_sizes() {
    let values: [(&[usize], &str); 3] = [
        (&[2, 6, 16, 40], "5/3"),
        (&[1, 2, 4, 8, 15, 28, 5, 1], "7/8"),
        (&[1, 1, 2, 2, 3, 4, 6, 8, 11, 9, 6, 4, 3, 2, 1, 1], "5/14"),
    ];
    for (sizes, factor) in values {
        let best = minimax::universal(64, sizes.len()).unwrap();
        let found = unmaskcost::bounds::universal::factor(&best).to_string();
        assert_eq!((best.sizes(), found.as_str()), (sizes, factor));
    }
}
