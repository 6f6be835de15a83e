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

    /// Fewer steps than curves to split them over.
    #[error("{steps} steps are too few for {curves} curves: each needs at least one")]
    StepsBelowCurves {
        /// The number of steps asked for.
        steps: usize,
        /// The number of curves.
        curves: usize,
    },

    /// A largest step that no schedule of these tokens can have.
    #[error(
        "no schedule of {tokens} tokens has largest step {largest_step}: 1 <= largest step <= tokens is needed"
    )]
    LargestStepOutOfRange {
        /// The step size asked for.
        largest_step: usize,
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

    /// A decoder that has no block-wise form.
    #[error("{decoder} does not decode block by block")]
    NotBlockwise {
        /// The name of the decoder.
        decoder: &'static str,
    },

    /// A decoder that ends before all tokens are revealed.
    #[error(
        "{decoder} leaves {masked} of the {tokens} tokens of a block masked; it needs more steps"
    )]
    LeavesMasks {
        /// The name of the decoder.
        decoder: &'static str,
        /// The tokens of the block.
        tokens: usize,
        /// How many of them are never revealed.
        masked: usize,
    },

    /// A decoder that chooses positions by tokens it has sampled, or masks tokens again.
    #[error(
        "{name:?} looks at the tokens that it sampled, or masks revealed ones again: its output is not a product of predictions, and its cost is not known; a rule that looks at predictions only is needed"
    )]
    NotAPolicy {
        /// The name found.
        name: String,
    },

    /// The first value of a list must be zero and is not.
    #[error("{what}[0] is {}; it must be 0 (up to {tolerance:e})", number(*.value))]
    FirstNotZero {
        /// The list.
        what: &'static str,
        /// The value found.
        value: f64,
        /// The deviation that would have been accepted.
        tolerance: f64,
    },

    /// A list that must not decrease does.
    #[error(
        "{what}[{index}] is {}, less than {} before it; it must not decrease (by more than {tolerance:e})",
        number(*.value), number(*.previous)
    )]
    Decreases {
        /// The list.
        what: &'static str,
        /// Index of the offending value.
        index: usize,
        /// The largest value before it.
        previous: f64,
        /// The value found.
        value: f64,
        /// The decrease that would have been accepted.
        tolerance: f64,
    },

    /// A list that must not increase does.
    #[error(
        "{what}[{index}] is {}, more than {} before it; it must not increase (by more than {tolerance:e})",
        number(*.value), number(*.previous)
    )]
    Increases {
        /// The list.
        what: &'static str,
        /// Index of the offending value.
        index: usize,
        /// The smallest value before it.
        previous: f64,
        /// The value found.
        value: f64,
        /// The increase that would have been accepted.
        tolerance: f64,
    },

    /// Probabilities that do not sum to one.
    #[error("{what} sums to {sum}, not to 1 (up to {tolerance:e})")]
    NotNormalized {
        /// The list of probabilities.
        what: &'static str,
        /// The sum found.
        sum: f64,
        /// The deviation that would have been accepted.
        tolerance: f64,
    },

    /// A row of conditional probabilities that does not sum to one.
    #[error("row {row} of {what} sums to {sum}, not to 1 (up to {tolerance:e})")]
    RowNotNormalized {
        /// The matrix.
        what: &'static str,
        /// Index of the row.
        row: usize,
        /// The sum found.
        sum: f64,
        /// The deviation that would have been accepted.
        tolerance: f64,
    },

    /// A row of counts without a count: there is nothing to take the probabilities from.
    #[error(
        "row {row} of {what} is zero: no distribution follows from it (positive smoothing gives one)"
    )]
    EmptyRow {
        /// The matrix.
        what: &'static str,
        /// Index of the row.
        row: usize,
    },

    /// A Markov chain with more than one stationary distribution.
    #[error(
        "the stationary distribution is not unique: from state {first} and from state {second} no state can be reached in common"
    )]
    SeveralStationaryLaws {
        /// A state of one closed class.
        first: usize,
        /// A state of another closed class.
        second: usize,
    },

    /// A context that the distribution gives probability zero: nothing is defined given it.
    #[error("{what} has probability zero: nothing is defined given it")]
    ImpossibleContext {
        /// What was conditioned on.
        what: &'static str,
    },

    /// A parameter that must be positive and is not.
    #[error("{what} is {}; it must be positive", number(*.value))]
    NotPositive {
        /// The parameter.
        what: &'static str,
        /// The value found.
        value: f64,
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

    /// The integers modulo this number are not a field.
    #[error(
        "{field} is not a prime number; linear codes here are over the integers modulo a prime"
    )]
    NotPrime {
        /// The number found.
        field: u64,
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

    /// A published bound does not speak of this schedule.
    #[error("{bound} does not apply: it needs {needs}")]
    NotApplicable {
        /// The bound.
        bound: &'static str,
        /// The condition that is not met.
        needs: &'static str,
    },

    /// A share of the tokens that is not a whole number of them.
    #[error(
        "a mask ratio of {ratio} of {tokens} tokens masks {masked} of them; a whole number from 1 to {tokens} is needed"
    )]
    RatioNotACount {
        /// The mask ratio.
        ratio: f64,
        /// The number of tokens.
        tokens: usize,
        /// Their product.
        masked: f64,
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

    /// A measurement of no samples.
    #[error("measurement {index} (counted from 0) has no samples; at least one is needed")]
    NoSamples {
        /// Index of the measurement.
        index: usize,
    },

    /// Too few samples at a count to know their spread.
    #[error("{samples} samples at {revealed} revealed tokens; at least {needed} are needed")]
    TooFewSamples {
        /// The count.
        revealed: usize,
        /// The number of samples there.
        samples: u64,
        /// The least number that would do.
        needed: u64,
    },

    /// Too few independent groups (sequences, or documents) to know their spread.
    #[error("{groups} independent sequences or documents have no spread; at least 2 are needed")]
    NoSpread {
        /// The number of groups.
        groups: usize,
    },

    /// A run of a decoder that is given twice.
    #[error(
        "decoder {decoder:?} was run on sequence {sequence:?} twice with the same draw; give each run of a sequence its own \
         draw, or leave one out"
    )]
    RunTwice {
        /// The name of the decoder.
        decoder: String,
        /// The name of the sequence.
        sequence: String,
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

    /// A decoder that takes fewer rounds than all that it is compared with.
    #[error(
        "{decoder:?} takes {rounds} rounds, and each of the others at least {fewest}: no mixture of them takes as few"
    )]
    FewerRounds {
        /// The name of the decoder.
        decoder: String,
        /// Its mean number of rounds.
        rounds: f64,
        /// The least mean number of rounds of the others.
        fewest: f64,
    },

    /// A sequence said to be of two documents.
    #[error(
        "sequence {sequence:?} is of document {one:?} in one place and of {other:?} in another"
    )]
    DocumentsDiffer {
        /// The name of the sequence.
        sequence: String,
        /// The document in the first place.
        one: String,
        /// The document in the other.
        other: String,
    },

    /// A number of samples is needed that was not given.
    #[error(
        "at {revealed} revealed tokens the number of samples is needed, but not known; give it for all losses there (or, to merge them, for none)"
    )]
    SamplesUnknown {
        /// The count.
        revealed: usize,
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

    /// Too few counts to measure at: both ends are needed.
    #[error(
        "{points} counts of {tokens} tokens do not include both ends; at least {needed} are needed"
    )]
    TooFewCounts {
        /// The number of counts asked for.
        points: usize,
        /// The number of tokens.
        tokens: usize,
        /// The least number that would do.
        needed: usize,
    },

    /// A step of a schedule whose loss was not measured.
    #[error(
        "the step from {revealed} to {until} revealed tokens was not measured: only schedules whose steps are measured \
         blocks have a loss"
    )]
    StepNotMeasured {
        /// The tokens known before the step.
        revealed: usize,
        /// The tokens known after it.
        until: usize,
    },

    /// No schedule of this many steps has all its steps measured.
    #[error("no schedule of {steps} steps consists of measured blocks; measure at more counts")]
    StepsNotMeasured {
        /// The number of steps asked for.
        steps: usize,
    },

    /// A sequence that lacks a block which others have.
    #[error(
        "sequence {sequence:?} has no block from {revealed} until {until}, but others have; measure all sequences at the \
         same counts, or leave this one out"
    )]
    BlockMissing {
        /// The name of the sequence.
        sequence: String,
        /// The tokens known.
        revealed: usize,
        /// The first rank that is not in the block.
        until: usize,
    },

    /// A block that is given twice for one sequence.
    #[error("the block from {revealed} until {until} of sequence {sequence:?} is given twice")]
    BlockTwice {
        /// The name of the sequence.
        sequence: String,
        /// The tokens known.
        revealed: usize,
        /// The first rank that is not in the block.
        until: usize,
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

/// Refuses what would need more than the limit.
pub(crate) fn check_limit(what: &'static str, needed: u128, limit: u128) -> Result<()> {
    if needed > limit { Err(Error::TooLarge { what, needed, limit }) } else { Ok(()) }
}
