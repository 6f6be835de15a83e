//! Measured losses from CSV text: what is read, and what is refused with the line it stands on.

use crate::support;

use rand::RngExt;
use unmaskcost::measured::{Collector, LossCurve, LossPoint};
use unmaskcost::{Bits, Error, Nats};

fn point(revealed: usize, loss: f64, standard_error: f64, samples: u64) -> LossPoint {
    let (loss, standard_error) = (Nats(loss), Nats(standard_error));
    // One stands for a number that is not known.
    LossPoint { revealed, loss, standard_error, samples: (samples != 1).then_some(samples) }
}

#[test]
fn csv_speaks_counts_ratios_and_both_units() {
    let text = "# measured on Tuesday\n\n mask_ratio , loss_bits,\"standard_error_bits\"\r\n1.0,2,0.5\r\n0.333,\"1\",0.25\r\n";
    let losses = LossCurve::<f64>::from_csv(text, 3).unwrap();
    assert_eq!(losses.points()[0].loss, Bits(2.0).nats());
    assert_eq!(losses.points()[1].revealed, 2);
    assert_eq!(losses.points()[1].standard_error, Bits(0.25).nats());
    let masked = "samples,masked,standard_error_nats,loss_nats\n7,3,0,1.5\n5,1,0.1,1\n";
    let losses = LossCurve::<f64>::from_csv(masked, 3).unwrap();
    assert_eq!(losses.points(), [point(0, 1.5, 0.0, 7), point(2, 1.0, 0.1, 5)]);
    assert_eq!(LossCurve::from_csv(&losses.to_csv(), 3).unwrap(), losses);
    let single = LossCurve::<f32>::from_csv(masked, 3).unwrap();
    assert_eq!(LossCurve::from_csv(&single.to_csv(), 3).unwrap(), single);
}

#[test]
fn csv_without_errors_takes_each_line_as_one_evaluation() {
    let mut rng = support::generator(77);
    let mut collector = Collector::new(5).unwrap();
    let mut text = String::from("masked,loss_nats\n");
    for i in 0..60 {
        let (revealed, loss) = (i % 3, rng.random::<f64>());
        collector.record(revealed, Nats(loss)).unwrap();
        text += &format!("{},{loss}\n", 5 - revealed);
    }
    let losses = LossCurve::<f64>::from_csv(&text, 5).unwrap();
    assert_eq!(losses, collector.loss_curve(2).unwrap());
    assert_eq!(losses.points()[0].samples, Some(20));
}

#[test]
fn csv_takes_whole_floats_as_counts() {
    let text = "revealed,loss_nats,standard_error_nats,samples\n0.0,2,0.1,1e3\n3.0,1,0.1,12.0\n";
    let losses = LossCurve::<f64>::from_csv(text, 4).unwrap();
    assert_eq!(losses.points(), [point(0, 2.0, 0.1, 1000), point(3, 1.0, 0.1, 12)]);
}

#[test]
fn csv_keeps_single_precision_to_the_last_bit() {
    let mut rng = support::generator(78);
    let mut value = || f32::from_bits(rng.random_range(0..0x6000_0000));
    let points = (0..500).map(|revealed| LossPoint {
        revealed,
        loss: Nats(value()),
        standard_error: Nats(value()),
        samples: Some(7),
    });
    let losses = LossCurve::from_points(points.collect::<Vec<_>>(), 500).unwrap();
    assert_eq!(LossCurve::from_csv(&losses.to_csv(), 500).unwrap(), losses);
    // Just above the middle between two floats; rounded to f64 first, it falls on the middle.
    let text = "revealed,loss_nats,standard_error_nats\n0,1.000000059604644775390626,0\n";
    let losses = LossCurve::<f32>::from_csv(text, 1).unwrap();
    assert_eq!(losses.points()[0].loss.0, 1.0 + f32::EPSILON);
}

#[test]
fn csv_errors_name_the_line_and_the_fault() {
    let read = |text: &str| LossCurve::<f64>::from_csv(text, 4).unwrap_err();
    let header = "revealed,loss_nats,standard_error_nats,samples";
    let on_line_3 = |line: &str| read(&format!("{header}\n0,2,0.1,9\n{line}\n"));
    let cases = [
        (read("loss_nats,standard_error_nats\n"), 1, "no column revealed, masked or mask_ratio"),
        (
            read("revealed,standard_error_nats\n"),
            1,
            "no column loss_nats, loss_bits, sum_nats or sum_bits",
        ),
        (read("revealed,loss_nats,samples\n"), 1, "a column samples needs a column standard_error"),
        (read("revealed,loss_nats\n0,2\n0,1\n3,1\n"), 4, "a single loss at 3 revealed tokens"),
        (read("revealed,loss_nats\n0,2\n0,-1\n"), 3, "must not be negative"),
        (read(",revealed,loss_nats\n0,2,0.1,9\n"), 1, "column 1 (without a name)"),
        (read(",revealed,loss_nats\n0,2,0.1,9\n"), 1, "index=False"),
        (read("revealed,loss_nats,\n0,2,\n"), 1, "column 3 (without a name) is not known"),
        (read("revealed;loss_nats\n0;1,5\n"), 1, "and decimal points"),
        (read("revealed;loss_nats\n0;1\n"), 1, "separated by ';'; commas are needed"),
        (read("revealed\tloss_nats\n0\t1\n"), 1, "separated by '\\t'; commas are needed"),
        (on_line_3("1;1.5;0.1;9"), 3, "separated by ';'"),
        (on_line_3("1.5,1,0.1,9"), 3, "revealed is \"1.5\"; a whole number"),
        (on_line_3("-1.0,1,0.1,9"), 3, "revealed is \"-1.0\"; a whole number"),
        (on_line_3("nan,1,0.1,9"), 3, "revealed is \"nan\"; a whole number"),
        (on_line_3("1e30,1,0.1,9"), 3, "revealed is \"1e30\"; a whole number"),
        (read("revealed,loss\n"), 1, "unknown column \"loss\": write loss_nats or loss_bits"),
        (read("revealed,loss_nats,model\n"), 1, "unknown column \"model\"; known are revealed, "),
        (read("revealed,masked\n"), 1, "column \"masked\" says again"),
        (on_line_3("1,1.5,0.1"), 3, "3 fields, but the header has 4"),
        (on_line_3("1,NaN,0.1,9"), 3, "NaN"),
        (on_line_3("1,-0.5,0.1,9"), 3, "must not be negative"),
        (on_line_3("1,0.5,-0.1,9"), 3, "must not be negative"),
        (on_line_3("1,inf,0.1,9"), 3, "inf"),
        (on_line_3("4,1,0.1,9"), 3, "revealed count 4 is out of range"),
        (on_line_3("-1,1,0.1,9"), 3, "revealed is \"-1\"; a whole number"),
        (on_line_3("1.5,1,0.1,9"), 3, "a whole number"),
        (on_line_3("1,,0.1,9"), 3, "loss_nats is \"\"; a number"),
        (on_line_3("1,1,0.1,0"), 3, "no samples"),
        (read("mask_ratio,loss_nats,standard_error_nats\n0.3,1,0"), 2, "0.3 of 4 tokens masks 1.2"),
        (read("mask_ratio,loss_nats,standard_error_nats\n0.0,1,0"), 2, "a mask ratio of 0"),
        (read("mask_ratio,loss_nats,standard_error_nats\n1.25,1,0"), 2, "a mask ratio of 1.25"),
        (read("mask_ratio,loss_nats,standard_error_nats\nnan,1,0"), 2, "a mask ratio of NaN"),
        (
            read("masked,loss_nats,standard_error_nats\n0,1,0"),
            2,
            "masked is \"0\"; a whole number from 1",
        ),
        (
            read("masked,loss_nats,standard_error_nats\n5,1,0"),
            2,
            "masked is \"5\"; a whole number from 1",
        ),
    ];
    for (error, expected, words) in cases {
        let text = error.to_string();
        assert!(matches!(error, Error::Csv { line, .. } if line == expected), "{text}");
        assert!(text.contains(words), "{text:?} does not say {words:?}");
    }
    assert!(matches!(read("# nothing\n\n"), Error::Empty { what: "the CSV text" }));
    assert!(matches!(read(&format!("{header}\n")), Error::Empty { .. }));
}

#[test]
fn a_column_that_seems_meant_for_a_missing_one_gets_a_hint() {
    let refused = |header: &str| {
        let error = LossCurve::<f64>::from_csv(&format!("{header}\n0,1,2\n"), 4).unwrap_err();
        error.to_string()
    };
    let cases = [
        ("Revealed,loss_nats", "unknown column \"Revealed\": write revealed"),
        ("mask ratio,loss_nats", "unknown column \"mask ratio\": write mask_ratio"),
        ("reveled,loss_nats", "unknown column \"reveled\": write revealed"),
        ("t,loss_nats", "unknown column \"t\": write revealed, masked or mask_ratio"),
        ("revealed,perplexity", "natural logarithm is needed, as loss_nats"),
        ("revealed,Cross-Entropy", "write loss_nats or loss_bits"),
        ("revealed,loss_nats,std", "divided by the square root of the number of samples"),
        ("revealed,loss_nats,SE", "write standard_error_nats or standard_error_bits"),
        ("revealed,loss_nats,standard_eror_nats", "write standard_error_nats"),
        ("0,3.5", "numbers, where the names of the columns are needed: revealed, masked"),
    ];
    for (header, words) in cases {
        let text = refused(header);
        assert!(text.starts_with("line 1: ") && text.contains(words), "{text:?}, not {words:?}");
    }
}

#[test]
fn the_same_table_is_read_from_every_kind_of_csv() {
    let plain = "revealed,loss_nats,standard_error_nats,samples\n0,2,0.5,9\n3,1,0.25,7\n";
    let losses = LossCurve::<f64>::from_csv(plain, 4).unwrap();
    let same = [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r\n \t \r\n\r\n"),
        format!("\u{feff}# first, \"a comment\r\n{}", plain.replace('\n', "\r\n# more\r\n")),
        plain.trim_end().to_owned(),
        plain.replace(',', "\",\"").replace('\n', "\"\n\"").trim_end_matches('"').to_owned(),
        plain.replace(',', " , "),
        "samples,standard_error_nats,revealed,loss_nats\n9,0.5,0,2\n7,0.25,3,1".to_owned(),
        plain
            .replace("0,2", "0,\"2\"")
            .replace("revealed,", "revealed, \"")
            .replace("nats,st", "nats\",st"),
    ];
    for (index, text) in same.iter().enumerate() {
        let text = match index {
            5 => format!("\"{text}"),
            _ => text.clone(),
        };
        assert_eq!(LossCurve::from_csv(&text, 4).as_ref(), Ok(&losses), "{text:?}");
    }
}

#[test]
fn lines_are_counted_past_blank_ones_comments_and_quotes() {
    let line = |text: &str| match LossCurve::<f64>::from_csv(text, 4).unwrap_err() {
        Error::Csv { line, problem } => (line, problem),
        other => panic!("{other}"),
    };
    let fault = "revealed,loss_nats\n0,1\n\n# so far\n   \n0,2\n\n1,x\n2,2\n";
    assert_eq!(line(fault).0, 8);
    assert_eq!(line(&fault.replace('\n', "\r\n")).0, 8);
    assert_eq!(line("\n\n#\nrevealed,los_nats\n").0, 4);
    let (at, problem) = line("revealed,loss_nats\n0,1\n0,\"2\n1,2\n1,1\n");
    assert_eq!(at, 3);
    assert!(problem.contains("loss_nats is \"2\\n1,2"), "{problem}");
    let (at, problem) = line("revealed,loss_nats\n0,1\n\"0,2\n1,2\n1,1\n");
    assert_eq!(at, 3);
    assert!(problem.contains("a double quote is not closed"), "{problem}");
    assert!(line("revealed,loss_nats\n0,1,5\n").1.contains("decimal points"));
    assert!(line("revealed,loss_nats\n0,\"1,5\"\n").1.contains("a decimal point"));
    let long = line(&format!("revealed,loss_nats\n0,{}\n", "x".repeat(1000))).1;
    assert!(long.len() < 100, "{long}");
}

#[test]
fn files_of_hundreds_of_thousands_of_lines_are_read_in_a_moment() {
    // Not timed: a reader that counted lines from the start for each would take minutes.
    let mut text = String::from("# many\n\nrevealed,loss_nats\n");
    for i in 0..300_000 {
        text += &format!("{},{}.5\n", i % 64, i % 7);
    }
    let losses = LossCurve::<f64>::from_csv(&text, 64).unwrap();
    assert_eq!(losses.points().iter().map(|point| point.samples.unwrap()).sum::<u64>(), 300_000);
    let error = LossCurve::<f64>::from_csv(&(text + "0,1\n0,no\n"), 64).unwrap_err();
    assert!(matches!(error, Error::Csv { line: 300_005, .. }));
}
