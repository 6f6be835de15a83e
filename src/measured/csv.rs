use core::fmt::Write;
use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::measured::losses::{self, LossCurve, LossPoint};
use crate::numeric::moments::Moments;
use crate::numeric::scalar::{self, Scalar};
use crate::units::{Bits, Nats};

/// What is wrong with a line of a CSV text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvProblem {
    /// A column that is needed is not in the header.
    #[error("no column {columns}; write one in the header line")]
    MissingColumn {
        /// The names that would do.
        columns: &'static str,
    },

    /// A column with a name that means nothing here: perhaps a typing error, so it is not skipped.
    #[error(
        "unknown column {name:?}; known are revealed, masked, mask_ratio, loss_nats, loss_bits, standard_error_nats, standard_error_bits, samples"
    )]
    UnknownColumn {
        /// The name found.
        name: String,
    },

    /// A column without a name, as the row numbers that pandas writes.
    #[error(
        "column {column} has no name; if it holds row numbers, as pandas writes them, write the file with index=False"
    )]
    UnnamedColumn {
        /// Its place, counted from 1.
        column: usize,
    },

    /// Fields that are not separated by commas.
    #[error("the fields are separated by {separator:?}; commas are needed")]
    NotByCommas {
        /// What seems to separate them.
        separator: char,
    },

    /// A number of samples, but no standard error to belong to it.
    #[error(
        "a column samples needs a column standard_error_nats or standard_error_bits; without one every line is a single evaluation"
    )]
    SamplesWithoutError,

    /// A single evaluation where the error is to be told by the spread of several.
    #[error(
        "a single loss at {revealed} revealed tokens has no spread: at least 2 lines for each count are needed, or a column standard_error_nats or standard_error_bits"
    )]
    NoSpread {
        /// The count.
        revealed: usize,
    },

    /// Two columns that say the same thing.
    #[error("column {name:?} says again what another column says")]
    RepeatedColumn {
        /// The name of the second one.
        name: String,
    },

    /// A line with too few or too many fields.
    #[error("{found} fields, but the header has {expected} columns")]
    FieldCount {
        /// The fields of the line.
        found: usize,
        /// The columns of the header.
        expected: usize,
    },

    /// A field that is no number of the kind needed.
    #[error("{column} is {text:?}; {needed} is needed")]
    NotANumber {
        /// The column.
        column: &'static str,
        /// The field.
        text: String,
        /// What would do.
        needed: &'static str,
    },

    /// A number that cannot be a measured loss.
    #[error(transparent)]
    Point(Box<Error>),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Revealed,
    Masked,
    MaskRatio,
    LossNats,
    LossBits,
    ErrorNats,
    ErrorBits,
    Samples,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::Revealed,
        Self::Masked,
        Self::MaskRatio,
        Self::LossNats,
        Self::LossBits,
        Self::ErrorNats,
        Self::ErrorBits,
        Self::Samples,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Revealed => "revealed",
            Self::Masked => "masked",
            Self::MaskRatio => "mask_ratio",
            Self::LossNats => "loss_nats",
            Self::LossBits => "loss_bits",
            Self::ErrorNats => "standard_error_nats",
            Self::ErrorBits => "standard_error_bits",
            Self::Samples => "samples",
        }
    }

    /// The names of all columns that say the same thing in another form.
    fn alternatives(self) -> &'static str {
        match self {
            Self::Revealed | Self::Masked | Self::MaskRatio => "revealed, masked or mask_ratio",
            Self::LossNats | Self::LossBits => "loss_nats or loss_bits",
            Self::ErrorNats | Self::ErrorBits => "standard_error_nats or standard_error_bits",
            Self::Samples => "samples",
        }
    }
}

impl<F: Scalar> LossCurve<F> {
    /// Reads losses of sequences of `tokens` tokens from CSV text: a header line, and one line for
    /// each measurement, in any order.
    ///
    /// | column | what it holds |
    /// | --- | --- |
    /// | `revealed`, `masked` or `mask_ratio` | how many tokens the model sees, or how many it does not see, or their exact share (see [`LossPoint::revealed_at_mask_ratio`]) |
    /// | `loss_nats` or `loss_bits` | mean cross-entropy of a masked token |
    /// | `standard_error_nats` or `standard_error_bits` | standard error of that mean; 0 for exact losses; may be left out |
    /// | `samples` | number of sequences it is the mean of; may be left out, and is then taken as unknown |
    ///
    /// Without a column for the standard error, each line is one evaluation: a sequence, masked once. The error
    /// at a count then comes from the spread of its lines, of which there must be two at least.
    ///
    /// Fields are separated by commas and may stand in double quotes. Empty lines and lines that start
    /// with `#` are skipped. Whole numbers may be written as floats (`12.0`). Measurements at the same count
    /// are merged as in [`from_points`](Self::from_points).
    ///
    /// # Errors
    /// [`Csv`](Error::Csv), with the line counted from 1 and what is wrong there; otherwise as
    /// [`from_points`](Self::from_points).
    ///
    /// ```
    /// use unmaskcost::{Bits, measured::LossCurve};
    /// let text = "masked,loss_bits,standard_error_bits,samples\n4,3.5,0.02,1000\n1,2.5,0.03,1000\n";
    /// let losses = LossCurve::<f64>::from_csv_str(text, 4)?;
    /// assert_eq!(losses.points()[1].loss, Bits(2.5).nats());
    ///
    /// let error = LossCurve::<f64>::from_csv_str(&text.replace("2.5", "-2.5"), 4).unwrap_err();
    /// assert!(error.to_string().starts_with("line 3: "));
    ///
    /// let evaluations = "revealed,loss_nats\n0,2.5\n3,1.0\n3,1.5\n0,3.5\n";
    /// let losses = LossCurve::<f64>::from_csv_str(evaluations, 4)?;
    /// assert_eq!((losses.points()[0].loss.0, losses.points()[0].standard_error.0), (3.0, 0.5));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_csv_str(text: &str, tokens: usize) -> Result<Self> {
        losses::check_tokens(tokens)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (line, header) = lines.next().ok_or(Error::Empty { what: "the CSV text" })?;
        let columns = header_columns(header).map_err(|problem| Error::Csv { line, problem })?;
        let points = lines.enumerate().map(|(index, (line, fields))| {
            let point = read_point(&columns, fields, index, tokens);
            point.map(|point| (line, point)).map_err(|problem| Error::Csv { line, problem })
        });
        if columns.iter().any(|column| column.alternatives() == Column::ErrorNats.alternatives()) {
            let points = points.map(|point| Ok(point?.1));
            return Self::from_points(tokens, points.collect::<Result<Vec<_>>>()?);
        }
        // By count, with the first line of each.
        let mut cells: BTreeMap<usize, (usize, Moments<F>)> = BTreeMap::new();
        for point in points {
            let (line, point) = point?;
            let cell = cells.entry(point.revealed).or_insert((line, Moments::none()));
            cell.1 = cell.1.union(Moments::single(point.loss.0))?;
        }
        let points = cells.into_iter().map(|(revealed, (line, cell))| match cell.observations {
            0 | 1 => Err(Error::Csv { line, problem: CsvProblem::NoSpread { revealed } }),
            samples => {
                let (loss, standard_error) = (Nats(cell.mean), Nats(cell.standard_error()));
                Ok(LossPoint { revealed, loss, standard_error, samples })
            }
        });
        Self::from_points(tokens, points.collect::<Result<Vec<_>>>()?)
    }

    /// The points as CSV text that [`from_csv_str`](Self::from_csv_str) reads back.
    ///
    /// ```
    /// use unmaskcost::measured::LossCurve;
    /// let losses = LossCurve::from_exact([2.0, 1.5])?;
    /// let text = losses.to_csv();
    /// assert!(text.starts_with("revealed,loss_nats,standard_error_nats,samples\n0,2,0,1\n"));
    /// assert_eq!(LossCurve::from_csv_str(&text, 2)?, losses);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn to_csv(&self) -> String {
        let columns = [Column::Revealed, Column::LossNats, Column::ErrorNats, Column::Samples];
        let mut text = columns.map(Column::name).join(",");
        text.push('\n');
        for LossPoint { revealed, loss, standard_error, samples } in self.points() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{revealed},{},{},{samples}", loss.0, standard_error.0);
        }
        text
    }
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| {
        let field = field.trim();
        field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
    })
}

/// What seems to separate the fields of a line, if commas do not.
fn other_separator(line: &str) -> Option<char> {
    line.chars().find(|&character| character == ';' || character == '\t')
}

fn header_columns(header: &str) -> core::result::Result<Vec<Column>, CsvProblem> {
    let mut columns: Vec<Column> = Vec::new();
    for (place, name) in (1..).zip(fields(header)) {
        let Some(column) = Column::ALL.into_iter().find(|column| column.name() == name) else {
            return Err(match other_separator(header) {
                Some(separator) => CsvProblem::NotByCommas { separator },
                None if name.is_empty() => CsvProblem::UnnamedColumn { column: place },
                None => CsvProblem::UnknownColumn { name: name.to_owned() },
            });
        };
        if columns.iter().any(|other| other.alternatives() == column.alternatives()) {
            return Err(CsvProblem::RepeatedColumn { name: name.to_owned() });
        }
        columns.push(column);
    }
    let has =
        |column: Column| columns.iter().any(|other| other.alternatives() == column.alternatives());
    for needed in [Column::Revealed, Column::LossNats] {
        if !has(needed) {
            return Err(CsvProblem::MissingColumn { columns: needed.alternatives() });
        }
    }
    if has(Column::Samples) && !has(Column::ErrorNats) {
        return Err(CsvProblem::SamplesWithoutError);
    }
    Ok(columns)
}

fn read_point<F: Scalar>(
    columns: &[Column],
    line: &str,
    index: usize,
    tokens: usize,
) -> core::result::Result<LossPoint<F>, CsvProblem> {
    let (found, expected) = (fields(line).count(), columns.len());
    if found != expected {
        return Err(match other_separator(line) {
            Some(separator) => CsvProblem::NotByCommas { separator },
            None => CsvProblem::FieldCount { found, expected },
        });
    }
    let mut point = LossPoint::exact(0, Nats(F::zero()));
    for (&column, text) in columns.iter().zip(fields(line)) {
        let whole =
            || whole_number(text).ok_or_else(|| not_a_number(column, text, "a whole number"));
        let no_number = || not_a_number(column, text, "a number");
        let amount = || real_number::<F>(text).ok_or_else(no_number);
        match column {
            Column::Revealed => point.revealed = count(whole()?),
            Column::Masked => {
                let masked = count(whole()?);
                let revealed = tokens.checked_sub(masked).filter(|_| masked > 0);
                let needed = "a whole number from 1 to the number of tokens";
                point.revealed = revealed.ok_or_else(|| not_a_number(column, text, needed))?;
            }
            Column::MaskRatio => {
                let ratio = text.parse::<f64>().map_err(|_| no_number())?;
                let revealed = LossPoint::<F>::revealed_at_mask_ratio(ratio, tokens);
                point.revealed = revealed.map_err(|error| CsvProblem::Point(Box::new(error)))?;
            }
            Column::LossNats => point.loss = Nats(amount()?),
            Column::LossBits => point.loss = Bits(amount()?).nats(),
            Column::ErrorNats => point.standard_error = Nats(amount()?),
            Column::ErrorBits => point.standard_error = Bits(amount()?).nats(),
            Column::Samples => point.samples = whole()?,
        }
    }
    point.check(index, tokens).map_err(|error| CsvProblem::Point(Box::new(error)))?;
    Ok(point)
}

/// Whole numbers also as floats, as programs write them that know columns of floats only.
fn whole_number(text: &str) -> Option<u64> {
    const LARGEST: f64 = (1_u64 << 53) as f64;
    text.parse().ok().or_else(|| {
        let number = text.parse::<f64>().ok()?;
        let whole = number.fract() == 0.0 && (0.0..=LARGEST).contains(&number);
        if whole { num_traits::cast(number) } else { None }
    })
}

/// In the scalar's own precision if it reads text in the usual form, else by way of `f64`.
fn real_number<F: Scalar>(text: &str) -> Option<F> {
    let own = F::from_str_radix(text, 10).ok();
    own.or_else(|| text.parse().ok().map(scalar::constant::<F>))
}

fn not_a_number(column: Column, text: &str, needed: &'static str) -> CsvProblem {
    CsvProblem::NotANumber { column: column.name(), text: text.to_owned(), needed }
}

/// Counts that do not fit are out of range anyway.
fn count(whole: u64) -> usize {
    usize::try_from(whole).unwrap_or(usize::MAX)
}
