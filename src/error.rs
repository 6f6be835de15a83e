//! What can be wrong with an input, with the evidence.
//!
//! One enum for the whole crate. Every variant carries what a person needs to find the mistake: the
//! index, the value, the limit that was broken. Values are reported as `f64` whatever the scalar is.

/// `Result` with this crate's [`Error`] unless another is said.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Every reason for which a public function of this crate can refuse its input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something that must have at least one element has none.
    #[error("{what} is empty; at least one element is needed")]
    Empty {
        /// What was empty.
        what: &'static str,
    },

    /// A step of a schedule reveals nothing. Decoders that waste a pass are not schedules.
    #[error("step {step} (counted from 0) reveals no token; every step must reveal at least one")]
    EmptyStep {
        /// Index of the step in the list as it was given.
        step: usize,
    },

    /// A part of a text that is not what the list is made of.
    #[error("{text:?}, at index {index}, is not a {what}: {needed} is needed")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// Index of the part in the list.
        index: usize,
        /// The part.
        text: String,
        /// What would be read.
        needed: &'static str,
    },

    /// More steps than tokens, or no step at all.
    #[error("{steps} steps cannot reveal {tokens} tokens: 1 <= steps <= tokens is needed")]
    StepsOutOfRange {
        /// The number of steps asked for.
        steps: usize,
        /// The number of tokens to reveal.
        tokens: usize,
    },

    /// Two things that must have the same number of tokens do not.
    #[error("the {what} has {tokens} tokens, but the schedule reveals {schedule_tokens}")]
    TokensDiffer {
        /// What the schedule was applied to.
        what: &'static str,
        /// Its number of tokens.
        tokens: usize,
        /// The number of tokens the schedule reveals.
        schedule_tokens: usize,
    },

    /// A list has the wrong length.
    #[error("{what} has {found} elements, but {expected} are needed")]
    LengthMismatch {
        /// What the list is.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it must have.
        expected: usize,
    },

    /// An index points outside.
    #[error("{what} {index} is out of range: it must be less than {limit}")]
    IndexOutOfRange {
        /// What is indexed.
        what: &'static str,
        /// The index found.
        index: usize,
        /// The first index that does not exist.
        limit: usize,
    },

    /// An index appears twice where each may appear once.
    #[error("{what} {index} is listed twice")]
    Duplicate {
        /// What is listed.
        what: &'static str,
        /// The repeated index.
        index: usize,
    },

    /// NaN or an infinity.
    #[error("{} is {value}; a finite number is needed", place(.what, *.index))]
    NotFinite {
        /// The quantity, or the list it stands in.
        what: &'static str,
        /// Its index in the list.
        index: Option<usize>,
        /// The value found.
        value: f64,
    },

    /// A negative value, beyond rounding noise, where none may be.
    #[error("{} is {}; it must not be negative", place(.what, *.index), number(*.value))]
    Negative {
        /// The quantity, or the list it stands in.
        what: &'static str,
        /// Its index in the list.
        index: Option<usize>,
        /// The value found.
        value: f64,
    },

    /// A policy that reveals a token again.
    #[error("position {position} is revealed already; a policy must choose masked positions")]
    AlreadyRevealed {
        /// The position.
        position: usize,
    },

    /// A count must be a multiple of another one.
    #[error("{what} is {value}; it must be a multiple of {divisor}")]
    NotDivisible {
        /// What is counted.
        what: &'static str,
        /// The count found.
        value: usize,
        /// What it must be a multiple of.
        divisor: usize,
    },

    /// A decoder that chooses positions by tokens it has sampled, or masks tokens again.
    #[error(
        "{name:?} looks at the tokens that it sampled, or masks revealed ones again: its output is not a product of predictions, and its cost is not known; a rule that looks at predictions only is needed"
    )]
    NotAPolicy {
        /// The name found.
        name: String,
    },

    /// A context that the distribution gives probability zero: nothing is defined given it.
    #[error("{what} has probability zero: nothing is defined given it")]
    ImpossibleContext {
        /// What was conditioned on.
        what: &'static str,
    },

    /// A quantity outside the range that it must be in.
    #[error("{what} is {}; {needed} is needed", number(*.value))]
    OutOfRange {
        /// The quantity.
        what: &'static str,
        /// The value found.
        value: f64,
        /// The range.
        needed: &'static str,
    },

    /// A code that was claimed to be maximum distance separable is not.
    #[error(
        "the code is not MDS: its columns {columns:?} are linearly dependent, but any {dimension} must be independent"
    )]
    DependentColumns {
        /// A dependent set of at most `dimension` columns.
        columns: Vec<usize>,
        /// The dimension of the code.
        dimension: usize,
    },

    /// Two statements that cannot both be true of one distribution.
    #[error(
        "contradiction: {inequality} is needed, but the left side is {} and the right side is {}",
        number(*.left), number(*.right)
    )]
    Inconsistent {
        /// The inequality that fails, in the symbols of the documentation.
        inequality: &'static str,
        /// Value of its left side.
        left: f64,
        /// Value of its right side.
        right: f64,
    },

    /// Known values of an information curve that cannot belong to one, since it never decreases.
    #[error(
        "contradiction: I_{earlier} is at least {}, but I_{later} is at most {}; an information curve must not decrease",
        number(*.at_least), number(*.at_most)
    )]
    InformationDecreases {
        /// A number of revealed tokens.
        earlier: usize,
        /// The least that is known of the information there.
        at_least: f64,
        /// A number of revealed tokens that is not smaller.
        later: usize,
        /// The most that is known of the information there.
        at_most: f64,
    },

    /// What is known allows an arbitrarily large error.
    #[error("what is known allows any error, however large; {missing} is needed as well")]
    Unbounded {
        /// What would bound it.
        missing: &'static str,
    },

    /// A loss is needed where none was measured.
    #[error(
        "the loss at {missing} revealed tokens is needed, but losses were measured from {first} to {last} only"
    )]
    NotMeasured {
        /// The count at which a loss is needed.
        missing: usize,
        /// The first count measured.
        first: usize,
        /// The last count measured.
        last: usize,
    },

    /// Too few samples at a count to know their spread.
    #[error("{} samples at {revealed} revealed tokens; at least {needed} are needed", how_many(*.samples))]
    TooFewSamples {
        /// The count.
        revealed: usize,
        /// The number of samples there.
        samples: u64,
        /// The least number that would do.
        needed: u64,
    },

    /// A name that nothing here has.
    #[error("no {what} here is called {name:?}; there are: {known}")]
    NotAmong {
        /// What was looked for.
        what: &'static str,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },

    /// Two losses at one count that are both said to be exact, and are not equal.
    #[error(
        "at {revealed} revealed tokens the loss is given as {one} and as {other}, both without error (they may differ by {tolerance:e}); give them their standard errors"
    )]
    ExactLossesDiffer {
        /// The count.
        revealed: usize,
        /// The one loss.
        one: f64,
        /// The other one.
        other: f64,
        /// The difference that would have been accepted.
        tolerance: f64,
    },

    /// A list that must not decrease does, or one that must not increase.
    #[error(
        "{what}[{index}] is {}, {} {} before it; it must not {} (by more than {tolerance:e})",
        number(*.value), if value < previous { "less than" } else { "more than" },
        number(*.previous), if value < previous { "decrease" } else { "increase" }
    )]
    NotMonotone {
        /// The list.
        what: &'static str,
        /// Index of the offending value.
        index: usize,
        /// The largest value before it, or the smallest in a list that must not increase.
        previous: f64,
        /// The value found.
        value: f64,
        /// The change that would have been accepted.
        tolerance: f64,
    },

    /// Probabilities that do not sum to one.
    #[error("{}{what} sums to {sum}, not to 1 (up to {tolerance:e})", row_of(*.row))]
    NotNormalized {
        /// The list of probabilities, or the matrix.
        what: &'static str,
        /// Index of the row of a matrix.
        row: Option<usize>,
        /// The sum found.
        sum: f64,
        /// The deviation that would have been accepted.
        tolerance: f64,
    },

    /// What is asked for does not exist here: a bound for this schedule, a decoder's answer to this request, the loss of
    /// a step that was not measured.
    #[error("{what} does not apply: it needs {needs}")]
    NotApplicable {
        /// The bound, the decoder, the step.
        what: String,
        /// The condition that is not met.
        needs: String,
    },

    /// Too few of something to tell what is asked for: of independent sequences or documents for their spread, of counts
    /// for both ends, of steps for several curves.
    #[error("{found} {what}; at least {needed} are needed")]
    TooFew {
        /// What is counted.
        what: &'static str,
        /// The number found.
        found: usize,
        /// The least number that would do.
        needed: usize,
    },

    /// Measurements of one sequence that contradict each other, or lack what other sequences have.
    #[error("sequence {sequence:?} {problem}")]
    Sequence {
        /// The name of the sequence.
        sequence: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A line of a CSV text cannot be used.
    #[error("line {line}: {problem}")]
    Csv {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },

    /// A result or an intermediate count does not fit its number type.
    #[error("{what} overflows")]
    Overflow {
        /// What was being computed.
        what: &'static str,
    },

    /// A computation that would need more work or memory than the crate agrees to start.
    #[error("{what}: {needed} would be needed, but the limit is {limit}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// How many would be needed (saturating at the largest `u128`).
        needed: u128,
        /// How many are allowed.
        limit: u128,
    },
}

/// The name of a quantity, or of an element of a list.
fn place(what: &str, index: Option<usize>) -> String {
    index.map_or_else(|| what.to_owned(), |index| format!("{what}[{index}]"))
}

/// A number as a person writes it: with an exponent where there would be many digits.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 | 1e-5..1e9 => value.to_string(),
        _ => format!("{value:e}"),
    }
}

/// A count as a person says it.
fn how_many(count: u64) -> String {
    if count == 0 { "no".to_owned() } else { count.to_string() }
}

fn row_of(row: Option<usize>) -> String {
    row.map_or_else(String::new, |row| format!("row {row} of "))
}

/// [`Error::NotApplicable`].
pub(crate) fn not_applicable(what: impl Into<String>, needs: impl Into<String>) -> Error {
    Error::NotApplicable { what: what.into(), needs: needs.into() }
}

/// [`Error::TooFew`] for a spread.
pub(crate) fn no_spread(found: usize) -> Error {
    Error::TooFew { what: "independent sequences or documents have no spread", found, needed: 2 }
}

/// [`Error::Sequence`].
pub(crate) fn sequence(sequence: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Sequence { sequence: sequence.into(), problem: problem.into() }
}

/// [`Error::Sequence`] for two documents.
pub(crate) fn documents_differ(
    name: impl Into<String>,
    one: Option<&str>,
    other: Option<&str>,
) -> Error {
    let document = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let (one, other) = (document(one), document(other));
    sequence(name, format!("is of document {one:?} in one place and of {other:?} in another"))
}

/// Refuses what would need more than the limit.
pub(crate) fn check_limit(what: &'static str, needed: u128, limit: u128) -> Result<()> {
    if needed > limit { Err(Error::TooLarge { what, needed, limit }) } else { Ok(()) }
}
