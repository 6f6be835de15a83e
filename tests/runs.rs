//! Decoders run on held-out text: means, paired differences and statements about many decoders at once.

use crate::support;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::measured::{DecoderRuns, FrontierPlace, Run, Verdict};
use unmaskcost::{Error, Nats};

/// One sequence of a made-up experiment: its document, and rounds and loss for each decoder.
type Row = (usize, Vec<(u64, f64)>);

fn runs_of(rows: &[Row]) -> DecoderRuns {
    let mut runs = DecoderRuns::new();
    for (sequence, (document, decoders)) in rows.iter().enumerate() {
        for (decoder, &(rounds, loss)) in decoders.iter().enumerate() {
            let run = Run::new(sequence.to_string(), rounds, Nats(loss));
            let run = run.of_document(document.to_string());
            runs.record(&decoder.to_string(), run).unwrap();
        }
    }
    runs
}

/// A sum of uniform variables with mean zero and variance one, near enough to a normal one.
fn noise(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// Documents of 1 to 5 sequences; what a document, a sequence and a decoder on a document add to the loss.
fn experiment(documents: usize, truth: &[f64], rng: &mut ChaCha8Rng) -> Vec<Row> {
    let mut rows = Vec::new();
    for document in 0..documents {
        let common = 10.0 * noise(rng);
        let of_decoder: Vec<f64> = truth.iter().map(|_| 0.7 * noise(rng)).collect();
        for _ in 0..rng.random_range(1..=5) {
            let shared = 200.0 + common + 3.0 * noise(rng);
            let decoders = truth.iter().zip(&of_decoder).enumerate();
            let decoders = decoders.map(|(place, (&more, &own))| {
                let rounds = 8 * (1 + place as u64) + rng.random_range(0..=4);
                (rounds, shared + more + own + 0.5 * noise(rng))
            });
            rows.push((document, decoders.collect()));
        }
    }
    rows
}

/// The standard deviation of a statistic over draws of the documents with replacement.
fn bootstrap(rows: &[Row], rng: &mut ChaCha8Rng, statistic: impl Fn(&[&Row]) -> f64) -> f64 {
    let documents = rows.iter().map(|row| row.0).max().unwrap() + 1;
    let draws: Vec<f64> = (0..800)
        .map(|_| {
            let drawn = (0..documents).flat_map(|_| {
                let document = rng.random_range(0..documents);
                rows.iter().filter(move |row| row.0 == document)
            });
            statistic(&drawn.collect::<Vec<_>>())
        })
        .collect();
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64).sqrt()
}

fn mean(rows: &[&Row], of: impl Fn(&[(u64, f64)]) -> f64) -> f64 {
    rows.iter().map(|row| of(&row.1)).sum::<f64>() / rows.len() as f64
}

#[test]
fn errors_of_means_and_paired_differences_are_those_of_a_bootstrap_over_documents() {
    let mut rng = support::generator(1);
    let rows = experiment(150, &[0.0, 1.0], &mut rng);
    let runs = runs_of(&rows);
    let all: Vec<&Row> = rows.iter().collect();

    let difference = runs.difference("1", "0").unwrap();
    let paired = |rows: &[&Row]| mean(rows, |decoders| decoders[1].1 - decoders[0].1);
    assert!((difference.value().0 - paired(&all)).abs() < 1e-10);
    let expected = bootstrap(&rows, &mut rng, paired);
    assert!(
        (difference.standard_error().0 / expected - 1.0).abs() < 0.08,
        "{difference} {expected}"
    );

    let means = runs.means("1").unwrap();
    let expected = bootstrap(&rows, &mut rng, |rows| mean(rows, |decoders| decoders[1].1));
    assert!((means.loss.standard_error().0 / expected - 1.0).abs() < 0.08, "{expected}");
    let expected = bootstrap(&rows, &mut rng, |rows| mean(rows, |decoders| decoders[1].0 as f64));
    assert!((means.rounds_error / expected - 1.0).abs() < 0.08, "{expected}");
    // What the sequences share cancels.
    assert!(difference.standard_error().0 < 0.3 * means.loss.standard_error().0);
    assert_eq!((means.sequences, means.documents), (rows.len(), 150));
}

#[test]
fn errors_at_equal_rounds_count_that_the_rounds_are_measured() {
    let mut rng = support::generator(2);
    // The middle one takes 16 to 20 rounds, on average between the others; a steep line between these makes its rounds matter.
    let rows = experiment(150, &[0.0, -10.0, -30.0], &mut rng);
    let runs = runs_of(&rows);
    let statistic = |rows: &[&Row]| {
        let rounds = |d: usize| mean(rows, |decoders| decoders[d].0 as f64);
        let loss = |d: usize| mean(rows, |decoders| decoders[d].1);
        let w = (rounds(2) - rounds(1)) / (rounds(2) - rounds(0));
        loss(1) - w * loss(0) - (1.0 - w) * loss(2)
    };
    let found = runs.difference_at_equal_rounds("1", &["0", "2"]).unwrap();
    assert!((found.value().0 - statistic(&rows.iter().collect::<Vec<_>>())).abs() < 1e-9);
    let expected = bootstrap(&rows, &mut rng, statistic);
    assert!((found.standard_error().0 / expected - 1.0).abs() < 0.08, "{found} {expected}");
    assert_eq!(found, runs.difference_at_equal_rounds("1", &["2", "0"]).unwrap());

    // Beyond the others only fewer rounds are left to compare with; below them nothing is.
    let beyond = runs.difference_at_equal_rounds("2", &["0", "1"]).unwrap();
    let direct = runs.difference("2", "1").unwrap();
    assert!((beyond.value().0 - direct.value().0).abs() < 1e-9);
    let below = runs.difference_at_equal_rounds("0", &["1", "2"]);
    assert!(matches!(below, Err(Error::NotApplicable { .. })), "{below:?}");
    let none: [&str; 0] = [];
    assert!(matches!(runs.difference_at_equal_rounds("0", &none), Err(Error::Empty { .. })));
}

/// How often, over experiments, a statement about all decoders at once fails, and how often the naive one does.
#[test]
fn statements_hold_for_all_decoders_at_once_as_often_as_they_say() {
    let mut rng = support::generator(3);
    // Many as good as the best, so that there is something to be fooled by.
    let truth = [0.55, 0.55, 0.55, 0.0, 0.0, 0.0, 0.0, 0.0];
    let experiments = std::env::var("EXPERIMENTS").map_or(300, |number| number.parse().unwrap());
    let tolerance = 0.5;
    let (mut behind, mut losses, mut beaten) = (0, 0, 0);
    let (mut chosen, mut naive, mut found) = (0, 0, 0);
    for _ in 0..experiments {
        let runs = runs_of(&experiment(40, &truth, &mut rng));
        let compared = runs.compare(0.9).unwrap();
        let true_of = |name: &str| truth[name.parse::<usize>().unwrap()];
        let all = compared.decoders();
        behind += usize::from(all.iter().any(|d| true_of(&d.name) > d.behind_best.0));
        losses += usize::from(all.iter().any(|d| !d.loss.contains(Nats(200.0 + true_of(&d.name)))));
        let beats = |d: &unmaskcost::measured::ComparedDecoder| {
            d.beaten_by.as_deref().is_some_and(|by| true_of(by) >= true_of(&d.name))
        };
        beaten += usize::from(all.iter().any(beats));
        let fastest = compared.fastest_within(Nats(tolerance)).unwrap();
        chosen += usize::from(fastest.is_some_and(|d| true_of(&d.name) > tolerance));
        let wide = compared.fastest_within(Nats(1.5)).unwrap();
        found += usize::from(wide.is_some_and(|d| d.name == "0"));
        // What most people do: the first whose measured loss is near the least measured loss.
        let least = all.iter().map(|d| d.means.loss.value().0).fold(f64::INFINITY, f64::min);
        let first = all.iter().find(|d| d.means.loss.value().0 <= least + tolerance).unwrap();
        naive += usize::from(true_of(&first.name) > tolerance);
    }
    println!("of {experiments}: behind {behind}, losses {losses}, beaten {beaten}");
    println!("chosen {chosen}, naive {naive}, found {found}");
    // One in ten may fail; three standard deviations of that count more.
    let most = 0.1 * experiments as f64 + 3.0 * (0.09 * experiments as f64).sqrt();
    for failed in [behind, losses, beaten, chosen] {
        assert!((failed as f64) < most, "{failed} of {experiments}");
    }
    assert!(naive as f64 > most, "the naive choice is wrong in {naive} only");
    // Not so wide that nothing can fail, or nothing is found.
    assert!(losses > 0 && beaten > 0 && found as f64 > 0.9 * experiments as f64);
}

#[test]
fn places_are_those_of_all_mixtures_of_two() {
    let mut rng = support::generator(4);
    for _ in 0..200 {
        let number = rng.random_range(1..=9);
        // Few values, so that there are ties and points on a line.
        let mut value = || f64::from(rng.random_range(1..=6_u8));
        let points: Vec<(f64, f64)> = (0..number).map(|_| (value(), value())).collect();
        let mut runs = DecoderRuns::new();
        for (name, &(rounds, loss)) in points.iter().enumerate() {
            for sequence in ["a", "b"] {
                let run = Run::new(sequence, rounds as u64, Nats(loss));
                runs.record(&name.to_string(), run).unwrap();
            }
        }
        for decoder in runs.compare(0.9).unwrap().decoders() {
            let own: usize = decoder.name.parse().unwrap();
            let (rounds, loss) = points[own];
            let mixtures = || {
                let pairs = points.iter().flat_map(|a| points.iter().map(move |b| (a, b)));
                pairs.flat_map(|(a, b)| {
                    let at = |w: f64| (w * a.0 + (1.0 - w) * b.0, w * a.1 + (1.0 - w) * b.1);
                    let w = (rounds - b.0) / (a.0 - b.0);
                    [at(0.0), at(1.0)].into_iter().chain((0.0..=1.0).contains(&w).then(|| at(w)))
                })
            };
            let better = |p: (f64, f64)| p.0 <= rounds + 1e-9 && p.1 < loss - 1e-9;
            let no_worse = |&(other, p): &(usize, &(f64, f64))| {
                let equal = *p == (rounds, loss);
                p.0 <= rounds && p.1 <= loss && (!equal || other < own)
            };
            let dominated = points.iter().enumerate().any(|p| no_worse(&p));
            match decoder.place {
                FrontierPlace::Dominated => assert!(dominated, "{points:?} {own}"),
                FrontierPlace::Hull => assert!(!dominated && !mixtures().any(better)),
                // On the line between two others counts as not on the hull.
                FrontierPlace::Frontier => assert!(!dominated, "{points:?} {own}"),
            }
            if !dominated && mixtures().any(better) {
                assert_eq!(decoder.place, FrontierPlace::Frontier);
            }
        }
    }
}

#[test]
fn several_draws_of_one_sequence_count_as_their_mean() {
    let (mut drawn, mut meant) = (DecoderRuns::new(), DecoderRuns::new());
    for (sequence, losses) in [("a", [4.0, 6.0, 11.0]), ("b", [1.0, 2.0, 3.0])] {
        for (draw, loss) in (0..).zip(losses) {
            let run = Run::new(sequence, 2 + draw, Nats(loss)).with_draw(draw);
            drawn.record("random", run.with_budget(Nats(loss / 2.0))).unwrap();
        }
        let mean = losses.iter().sum::<f64>() / 3.0;
        meant
            .record("random", Run::new(sequence, 3, Nats(mean)).with_budget(Nats(mean / 2.0)))
            .unwrap();
    }
    assert_eq!(drawn.means("random").unwrap(), meant.means("random").unwrap());
}

#[test]
fn only_shared_sequences_are_compared() {
    let mut runs = DecoderRuns::new();
    for sequence in 0..10 {
        let run = |loss| Run::new(sequence.to_string(), 4, Nats(f64::from(sequence) + loss));
        runs.record("all", run(1.0)).unwrap();
        if sequence % 2 == 0 {
            runs.record("even", run(3.0)).unwrap();
        }
    }
    assert_eq!(runs.difference("even", "all").unwrap().value(), Nats(2.0));
    assert_eq!(runs.means("all").unwrap().sequences, 10);
    let compared = runs.compare(0.9).unwrap();
    assert_eq!(compared.sequences_left_out(), 5);
    assert_eq!(compared.decoders()[0].means.sequences, 5);
    assert_eq!(compared.decoders()[1].beaten_by.as_deref(), Some("all"));
}

#[test]
fn equal_decoders_do_not_beat_each_other() {
    let mut runs = DecoderRuns::new();
    for sequence in 0..9 {
        for name in ["one", "other"] {
            let run = Run::new(sequence.to_string(), 4, Nats(f64::from(sequence)));
            runs.record(name, run).unwrap();
        }
    }
    let difference = runs.difference("one", "other").unwrap();
    assert_eq!((difference.value(), difference.standard_error()), (Nats(0.0), Nats(0.0)));
    assert_eq!(Verdict::of(difference).unwrap(), Verdict::Noise);
    let compared = runs.compare(0.9).unwrap();
    assert!(
        compared.decoders().iter().all(|d| d.beaten_by.is_none() && d.behind_best == Nats(0.0))
    );
    assert_eq!(compared.frontier().count(), 1);
}

#[test]
fn runs_that_cannot_be_are_refused_and_change_nothing() {
    let mut runs = DecoderRuns::new();
    runs.record("d", Run::new("a", 4, Nats(2.0)).of_document("x")).unwrap();
    let before = runs.clone();
    let run = |loss: f64| Run::new("a", 4, Nats(loss)).of_document("x");
    let twice = runs.record("d", run(1.0));
    let twice = twice.unwrap_err();
    assert!(matches!(twice, Error::Sequence { .. }), "{twice:?}");
    assert!(twice.to_string().contains("twice by decoder"), "{twice}");
    for (run, refused) in [
        (run(f64::NAN), "NotFinite"),
        (run(f64::INFINITY), "NotFinite"),
        (run(-1.0), "Negative"),
        (run(1.0).with_budget(Nats(-0.5)), "Negative"),
        (run(1.0).with_budget(Nats(f64::NAN)), "NotFinite"),
        (Run::new("a", 0, Nats(1.0)).of_document("x"), "OutOfRange"),
        (Run::new("a", 4, Nats(1.0)), "Sequence"),
        (Run::new("a", 4, Nats(1.0)).of_document("y"), "Sequence"),
    ] {
        let error = runs.record("e", run).unwrap_err();
        assert!(format!("{error:?}").starts_with(refused), "{error:?}");
        assert_eq!(runs, before);
    }
    assert!(matches!(runs.means("d"), Err(Error::TooFew { found: 1, .. })));
    assert!(matches!(runs.compare(0.9), Err(Error::TooFew { found: 1, .. })));
    let unknown = runs.means("e").unwrap_err();
    assert!(unknown.to_string().contains("\"e\"") && unknown.to_string().contains("d"));
    runs.record("d", Run::new("b", 4, Nats(2.0)).of_document("z")).unwrap();
    for level in [0.0, 1.0, f64::NAN] {
        assert!(matches!(runs.compare(level), Err(Error::OutOfRange { .. })));
    }
    let compared = runs.compare(0.9).unwrap();
    for tolerance in [-1.0, f64::NAN] {
        assert!(compared.fastest_within(Nats(tolerance)).is_err());
    }
}

#[test]
fn single_precision_agrees() {
    let mut rng = support::generator(5);
    let rows = experiment(30, &[0.0, 2.0], &mut rng);
    let mut single = DecoderRuns::<f32>::new();
    for (sequence, (document, decoders)) in rows.iter().enumerate() {
        for (decoder, &(rounds, loss)) in decoders.iter().enumerate() {
            let run = Run::new(sequence.to_string(), rounds, Nats(loss as f32));
            single.record(&decoder.to_string(), run.of_document(document.to_string())).unwrap();
        }
    }
    let double = runs_of(&rows).difference("1", "0").unwrap();
    let single = single.difference("1", "0").unwrap();
    assert!((f64::from(single.value().0) - double.value().0).abs() < 1e-4);
    assert!((f64::from(single.standard_error().0) - double.standard_error().0).abs() < 1e-4);
}

#[cfg(feature = "csv")]
mod from_csv {
    use super::*;

    const HEADER: &str = "decoder,sequence,document,draw,rounds,nll_nats,budget_nats";

    #[test]
    fn columns_come_in_any_order_and_both_units() {
        let text = "# measured\n\nbudget_bits, nll_bits ,rounds,note,sequence,decoder\n2,8,4.0,x,1,\"a, b\"\n,4,4,y,2,\"a, b\"\n";
        let read = DecoderRuns::<f64>::from_csv(text).unwrap();
        let mut expected = DecoderRuns::new();
        let bits = |bits: f64| unmaskcost::Bits(bits).nats();
        let first = Run::new("1", 4, bits(8.0)).with_budget(bits(2.0));
        expected.record("a, b", first).unwrap();
        expected.record("a, b", Run::new("2", 4, bits(4.0))).unwrap();
        assert_eq!(read, expected);
        // One run without budget, and the mean is not known.
        assert_eq!(read.means("a, b").unwrap().budget, None);
    }

    #[test]
    fn refusals_name_the_line_and_the_fault() {
        let refused = |text: &str| DecoderRuns::<f64>::from_csv(text).unwrap_err().to_string();
        let on_line_3 = |row: &str| refused(&format!("{HEADER}\na,1,x,0,4,2.0,1.0\n{row}\n"));
        for (error, expected) in [
            (refused("decoder,sequence,rounds\n"), "line 1: no column nll_nats or nll_bits"),
            (
                refused("decoder,sequence,steps,nll_nats\n"),
                "line 1: unknown column \"steps\": write rounds",
            ),
            (
                refused("decoder,sequence,rounds,loss\n"),
                "line 1: unknown column \"loss\": write nll_nats",
            ),
            (
                refused("decoder,sequence,rounds,perplexity\n"),
                "the sum over the tokens of the sequence",
            ),
            (
                refused("decoder,id,rounds,nll_nats\n"),
                "line 1: unknown column \"id\": write sequence",
            ),
            (refused(&format!("{HEADER}\n")), "the list of runs is empty"),
            (
                on_line_3("a,1,x,0,4,2.0,1.0"),
                "line 3: sequence \"1\" was run twice by decoder \"a\"",
            ),
            (on_line_3("b,1,y,0,4,2.0,1.0"), "line 3: sequence \"1\" is of document \"x\""),
            (on_line_3("b,1,,0,4,2.0,1.0"), "line 3: document is \"\"; a name is needed"),
            (on_line_3(",1,x,0,4,2.0,1.0"), "line 3: decoder is \"\"; a name is needed"),
            (on_line_3("b,,x,0,4,2.0,1.0"), "line 3: sequence is \"\"; a name is needed"),
            (
                on_line_3("b,1,x,0,4.5,2.0,1.0"),
                "line 3: rounds is \"4.5\"; a whole number is needed",
            ),
            (on_line_3("b,1,x,0,0,2.0,1.0"), "line 3: number of rounds is 0"),
            (on_line_3("b,1,x,0,4,inf,1.0"), "line 3: loss of a sequence is inf"),
            (on_line_3("b,1,x,0,4,-2,1.0"), "line 3: loss of a sequence is -2"),
            (on_line_3("b,1,x,0,4,2.0,nan"), "line 3: budget of a sequence is NaN"),
            (on_line_3("b,1,x,0,4,\"2,5\",1.0"), "a number with a decimal point is needed"),
            (on_line_3("b,1,x,0,4,2.0"), "line 3: 6 fields"),
        ] {
            assert!(error.contains(expected), "{error}\n{expected}");
        }
    }

    /// `measured/runs.csv`: nineteen decoders of a small model of prose by bytes (64 tokens), teacher-forced on the same
    /// 407 held-out sequences. The expected means are those of all 768 sequences of which these are a part, told with
    /// the file; only the differences are known well enough to be compared.
    #[test]
    fn real_decoders_lose_what_was_measured_of_them_directly() {
        let runs = DecoderRuns::<f64>::from_csv(include_str!("measured/runs.csv")).unwrap();
        assert_eq!((runs.decoders().len(), runs.sequences().len()), (19, 407));
        let one = "random positions 64 steps";
        for (decoder, rounds, loss) in [
            ("random positions 8 steps", 8.0, 173.7),
            ("8 lowest entropies", 8.0, 183.5),
            ("left to right 4", 16.0, 199.9),
            ("random positions 16 steps", 16.0, 171.0),
            ("4 lowest entropies", 16.0, 179.1),
            ("random positions 32 steps", 32.0, 169.4),
            ("2 lowest entropies", 32.0, 173.6),
            ("left to right 2", 32.0, 187.1),
            ("entropy budget 4.0", 31.1, 173.8),
            ("lowest entropy one at a time", 64.0, 169.0),
            ("left to right 1", 64.0, 168.6),
        ] {
            let means = runs.means(decoder).unwrap();
            assert!((means.rounds - rounds).abs() < 0.1, "{decoder}: {}", means.rounds);
            assert_eq!((means.sequences, means.documents), (407, 185));
            let more = runs.difference(decoder, one).unwrap();
            // The direct figures are rounded, and have errors of their own.
            let off = more.value().0 - (loss - 168.6);
            assert!(off.abs() < 3.0 * more.standard_error().0 + 0.1, "{decoder}: {more} {loss}");
        }
        // As many passes, and the choice by entropy is worse than random positions.
        for (lowest, random) in [
            ("8 lowest entropies", "random positions 8 steps"),
            ("4 lowest entropies", "random positions 16 steps"),
        ] {
            let more = runs.difference(lowest, random).unwrap();
            assert_eq!(Verdict::of(more).unwrap(), Verdict::Certain);
            assert!(more.value().0 > 5.0);
        }
        let random = [
            "random positions 8 steps",
            "random positions 16 steps",
            "random positions 32 steps",
            one,
        ];
        let more = runs.difference_at_equal_rounds("entropy budget 4.0", &random).unwrap();
        assert!(more.value().0 > 3.0 && Verdict::of(more).unwrap() == Verdict::Certain);

        let compared = runs.compare(0.95).unwrap();
        let fastest = |nats| compared.fastest_within(Nats(nats)).unwrap().map(|d| d.name.as_str());
        assert_eq!(fastest(10.0), Some("random positions 8 steps"));
        assert_eq!(fastest(3.5), Some("random positions 16 steps"));
        assert_eq!(fastest(0.0), None);
        let place = |name: &str| compared.decoders().iter().find(|d| d.name == name).unwrap().place;
        assert_eq!(place("random positions 16 steps"), FrontierPlace::Hull);
        assert_eq!(place("left to right 4"), FrontierPlace::Dominated);
    }
}
