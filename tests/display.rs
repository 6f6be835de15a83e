//! Texts with numbers in them: what a format asks for holds for the whole text.

use unmaskcost::{Bits, ConfidenceInterval, Estimate, KlBounds, Nats};

#[test]
fn the_width_is_that_of_the_text_with_its_unit() {
    assert_eq!(format!("{:>12}|", Nats(0.25)), "   0.25 nats|");
    assert_eq!(format!("{:<12}|", Nats(0.25)), "0.25 nats   |");
    assert_eq!(format!("{:^12}|", Nats(0.25)), " 0.25 nats  |");
    assert_eq!(format!("{:*^12.1}|", Bits(0.25)), "**0.2 bits**|");
    assert_eq!(format!("{:14.1e}|", Nats(0.25)), "   2.5e-1 nats|");
    assert_eq!(format!("{:+.1}", Nats(0.5)), "+0.5 nats");
    // A text that is wider stays whole: the precision is that of the numbers.
    assert_eq!(format!("{:3.2}", Nats(0.25)), "0.25 nats");
    let estimate = Estimate::with_known_error(Nats(2.0), Nats(0.5)).unwrap();
    assert_eq!(format!("{estimate:>16.1}|"), "  2.0 ± 0.5 nats|");
    let interval = ConfidenceInterval::new(Nats(1.0), Nats(3.0), 0.9).unwrap();
    assert_eq!(format!("{interval:<17.1}|"), "1.0 .. 3.0 nats  |");
    let bounds = KlBounds::new(Nats(0.25), Nats(1.0)).unwrap();
    assert_eq!(format!("{bounds:>18.2}|"), " 0.25 .. 1.00 nats|");
    assert_eq!(format!("{bounds}"), "0.25 .. 1 nats");
}
