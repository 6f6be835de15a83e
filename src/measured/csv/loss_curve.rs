use core::fmt::Write;
use std::collections::BTreeMap;

use super::{Column as _, NearMiss, Row, Table};
use crate::error::{Error, Result};
use crate::measured::losses::{self, LossCurve, LossPoint};
use crate::numeric::moments::Moments;
use crate::numeric::scalar::{self, Scalar};
use crate::units::{Bits, Nats};

/// The columns of a file of losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Revealed,
    Masked,
    MaskRatio,
    LossNats,
    LossBits,
    SumNats,
    SumBits,
    ErrorNats,
    ErrorBits,
    Samples,
    Sequence,
    Document,
}

impl super::Column for Column {
    const ALL: &'static [Self] = &[
        Self::Revealed,
        Self::Masked,
        Self::MaskRatio,
        Self::LossNats,
        Self::LossBits,
        Self::SumNats,
        Self::SumBits,
        Self::ErrorNats,
        Self::ErrorBits,
        Self::Samples,
        Self::Sequence,
        Self::Document,
    ];

    const NEAR_MISSES: &'static [NearMiss<Self>] = {
        const COUNT: &str = "write revealed, masked or mask_ratio, whichever it is";
        const LOSS: &str = "write loss_nats or loss_bits, whichever it is";
        const ERROR: &str = "write standard_error_nats or standard_error_bits, whichever it is";
        const SPREAD: &str = "a standard error (standard_error_nats) is the standard deviation divided by the \
                              square root of the number of samples";
        const SUM: &str = "write sum_nats or sum_bits if it is the sum over the masked tokens";
        const WEIGHTED: &str = "terms with a weight 1/t or L/l are no losses: divide by the weight, and write sum_nats, or the \
                                mean over the masked tokens as loss_nats";
        const PERPLEXITY: &str = "its natural logarithm is needed, as loss_nats";
        const fn miss(name: &'static str, meant: Column, remedy: &'static str) -> NearMiss<Column> {
            NearMiss { name, meant, remedy }
        }
        &[
            miss("t", Self::Revealed, COUNT),
            miss("k", Self::Revealed, COUNT),
            miss("l", Self::Revealed, COUNT),
            miss("count", Self::Revealed, COUNT),
            miss("unmasked", Self::Revealed, "write revealed"),
            miss("known", Self::Revealed, "write revealed"),
            miss("ratio", Self::Revealed, COUNT),
            miss("p_mask", Self::Revealed, COUNT),
            miss("loss", Self::LossNats, LOSS),
            miss("nll", Self::LossNats, LOSS),
            miss("ce", Self::LossNats, LOSS),
            miss("cross_entropy", Self::LossNats, LOSS),
            miss("perplexity", Self::LossNats, PERPLEXITY),
            miss("ppl", Self::LossNats, PERPLEXITY),
            miss("se", Self::ErrorNats, ERROR),
            miss("sem", Self::ErrorNats, ERROR),
            miss("stderr", Self::ErrorNats, ERROR),
            miss("error", Self::ErrorNats, ERROR),
            miss("standard_error", Self::ErrorNats, ERROR),
            miss("std", Self::ErrorNats, SPREAD),
            miss("sd", Self::ErrorNats, SPREAD),
            miss("stdev", Self::ErrorNats, SPREAD),
            miss("standard_deviation", Self::ErrorNats, SPREAD),
            miss("n", Self::Samples, "write samples"),
            miss("sum", Self::LossNats, SUM),
            miss("sum_ce", Self::LossNats, SUM),
            miss("sum_ce_nats", Self::LossNats, SUM),
            miss("sum_loss", Self::LossNats, SUM),
            miss("nll_sum", Self::LossNats, SUM),
            miss("elbo", Self::LossNats, WEIGHTED),
            miss("nelbo", Self::LossNats, WEIGHTED),
            miss("weighted_loss", Self::LossNats, WEIGHTED),
            miss("id", Self::Sequence, "write sequence"),
            miss("example", Self::Sequence, "write sequence"),
            miss("seq", Self::Sequence, "write sequence"),
            miss("doc", Self::Document, "write document"),
            miss("document_id", Self::Document, "write document"),
        ]
    };

    fn name(self) -> &'static str {
        match self {
            Self::Revealed => "revealed",
            Self::Masked => "masked",
            Self::MaskRatio => "mask_ratio",
            Self::LossNats => "loss_nats",
            Self::LossBits => "loss_bits",
            Self::SumNats => "sum_nats",
            Self::SumBits => "sum_bits",
            Self::ErrorNats => "standard_error_nats",
            Self::ErrorBits => "standard_error_bits",
            Self::Samples => "samples",
            Self::Sequence => "sequence",
            Self::Document => "document",
        }
    }

    fn subject(self) -> Self {
        match self {
            Self::Revealed | Self::Masked | Self::MaskRatio => Self::Revealed,
            Self::LossNats | Self::LossBits | Self::SumNats | Self::SumBits => Self::LossNats,
            Self::ErrorNats | Self::ErrorBits => Self::ErrorNats,
            other => other,
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
    /// | `samples` | number of sequences it is the mean of; may be left out, or empty, if it is not known |
    ///
    /// Without a column for the standard error, each line is one evaluation: a sequence, masked once. The error
    /// at a count then comes from the spread of its lines, of which there must be two at least.
    ///
    /// Fields are separated by commas and may stand in double quotes. Empty lines and lines that start
    /// with `#` are skipped. Whole numbers may be written as floats (`12.0`). Measurements at the same count
    /// are merged as in [`from_points`](Self::from_points). Other columns are refused.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv), with the line counted from 1 and what is wrong there; otherwise as
    /// [`from_points`](Self::from_points).
    ///
    /// ```
    /// use unmaskcost::{Bits, measured::LossCurve};
    /// let text = "masked,loss_bits,standard_error_bits,samples\n4,3.5,0.02,1000\n1,2.5,0.03,1000\n";
    /// let losses = LossCurve::<f64>::from_csv(text, 4)?;
    /// assert_eq!(losses.points()[1].loss, Bits(2.5).nats());
    ///
    /// let error = LossCurve::<f64>::from_csv(&text.replace("2.5", "-2.5"), 4).unwrap_err();
    /// assert!(error.to_string().starts_with("line 3: "));
    ///
    /// let evaluations = "revealed,loss_nats\n0,2.5\n3,1.0\n3,1.5\n0,3.5\n";
    /// let losses = LossCurve::<f64>::from_csv(evaluations, 4)?;
    /// assert_eq!((losses.points()[0].loss.0, losses.points()[0].standard_error.0), (3.0, 0.5));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn from_csv(text: &str, tokens: usize) -> Result<Self> {
        losses::check_tokens(tokens)?;
        let mut table = Table::<Column>::open(text)?;
        table.needs([Column::Revealed, Column::LossNats])?;
        if let Some(column) = table.ignored().first() {
            return Err(table.refuse(unknown_column(column)));
        }
        if table.has(Column::Samples) && !table.has(Column::ErrorNats) {
            return Err(table.refuse(SAMPLES_WITHOUT_ERRORS));
        }
        if table.has(Column::Sequence) || table.has(Column::Document) {
            return Err(table.refuse(
                "a column sequence or document: losses of the same sequence or document depend on each other; read them \
                 with MeasuredLosses::from_csv",
            ));
        }
        let mut lines = Lines { tokens, skips: false, skipped: 0 };
        let points = match table.has(Column::ErrorNats) {
            true => read_means(&mut table, &mut lines)?,
            false => several_each(read_evaluations(&mut table, &mut lines)?)?,
        };
        Self::from_points(points, tokens)
    }

    /// The points as CSV text that [`from_csv`](Self::from_csv) reads back.
    ///
    /// ```
    /// use unmaskcost::measured::LossCurve;
    /// let losses = LossCurve::from_exact([2.0, 1.5])?;
    /// let text = losses.to_csv();
    /// assert!(text.starts_with("revealed,loss_nats,standard_error_nats,samples\n0,2,0,\n"));
    /// assert_eq!(LossCurve::from_csv(&text, 2)?, losses);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn to_csv(&self) -> String {
        let columns = [Column::Revealed, Column::LossNats, Column::ErrorNats, Column::Samples];
        let mut text = columns.map(Column::name).join(",");
        text.push('\n');
        for LossPoint { revealed, loss, standard_error, samples } in self.points() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{revealed},{},{},", loss.0, standard_error.0);
            let _ = match samples {
                Some(samples) => writeln!(text, "{samples}"),
                None => writeln!(text),
            };
        }
        text
    }
}

pub(super) const SAMPLES_WITHOUT_ERRORS: &str = "a column samples needs a column standard_error_nats or standard_error_bits; without one every line is a single \
     evaluation";

/// How lines are read, and what was skipped.
pub(super) struct Lines {
    pub(super) tokens: usize,
    /// Whether lines where nothing was masked are skipped. Otherwise they are refused.
    pub(super) skips: bool,
    pub(super) skipped: usize,
}

/// The message about an unknown column. One without a name may hold row numbers, as pandas writes
/// them.
fn unknown_column(column: &str) -> String {
    if !column.starts_with('"') {
        return format!(
            "column {column} is not known; if it holds row numbers, as pandas writes them, write the file with \
             index=False"
        );
    }
    let known: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
    format!("unknown column {column}; known are {}", known.join(", "))
}

/// Reads lines that are means, with their errors.
pub(super) fn read_means<F: Scalar>(
    table: &mut Table<'_, Column>,
    lines: &mut Lines,
) -> Result<Vec<LossPoint<F>>> {
    let mut points = Vec::new();
    while let Some(row) = table.next_row()? {
        points.extend(read_point(&row, points.len(), lines)?);
    }
    Ok(points)
}

/// By count: the first line, and the moments of all.
pub(super) type Cells<F> = BTreeMap<usize, (usize, Moments<F>)>;

/// Reads lines that are single evaluations: the errors come from their spread.
pub(super) fn read_evaluations<F: Scalar>(
    table: &mut Table<'_, Column>,
    lines: &mut Lines,
) -> Result<Cells<F>> {
    let mut cells = Cells::new();
    let mut index = 0;
    while let Some(row) = table.next_row()? {
        let Some(point) = read_point(&row, index, lines)? else { continue };
        let cell = cells.entry(point.revealed).or_insert((row.line(), Moments::none()));
        cell.1 = cell.1.union(Moments::single(point.loss.0))?;
        index += 1;
    }
    Ok(cells)
}

/// Means with errors, if there are at least two evaluations at each count.
fn several_each<F: Scalar>(cells: Cells<F>) -> Result<Vec<LossPoint<F>>> {
    let points = cells.into_iter().map(|(revealed, (line, cell))| match cell.observations {
        0 | 1 => Err(Error::Csv {
            line,
            problem: format!(
                "a single loss at {revealed} revealed tokens has no spread: at least 2 lines for each count are \
                 needed, or a column standard_error_nats or standard_error_bits; or read it with \
                 MeasuredLosses::from_csv, which fits a curve"
            ),
        }),
        samples => {
            let (loss, standard_error) = (Nats(cell.mean), Nats(cell.standard_error()));
            Ok(LossPoint { revealed, loss, standard_error, samples: Some(samples) })
        }
    });
    points.collect()
}

/// Reads one line; `None` if nothing was masked and such lines are skipped.
pub(super) fn read_point<F: Scalar>(
    row: &Row<'_, Column>,
    index: usize,
    lines: &mut Lines,
) -> Result<Option<LossPoint<F>>> {
    let nats = |column, in_nats: bool| -> Result<Nats<F>> {
        let amount = row.number(column)?;
        Ok(if in_nats { Nats(amount) } else { Bits(amount).nats() })
    };
    let tokens = lines.tokens;
    let Some(revealed) = read_revealed(row, lines)? else {
        lines.skipped += 1;
        return Ok(None);
    };
    let mut point = LossPoint::exact(revealed, Nats(F::zero()));
    if let Some(column) = row.form(Column::LossNats) {
        point.loss = nats(column, matches!(column, Column::LossNats | Column::SumNats))?;
        if matches!(column, Column::SumNats | Column::SumBits) && revealed < tokens {
            point.loss = Nats(point.loss.0 / scalar::float(tokens - revealed));
        }
    }
    if let Some(column) = row.form(Column::ErrorNats) {
        point.standard_error = nats(column, column == Column::ErrorNats)?;
    }
    if let Some(column) = row.form(Column::Samples).filter(|column| !row.text(*column).is_empty()) {
        point.samples = Some(row.whole(column)?);
    }
    point.check(index, tokens).map_err(|error| row.refuse(error))?;
    Ok(Some(point))
}

fn read_revealed(row: &Row<'_, Column>, lines: &Lines) -> Result<Option<usize>> {
    let tokens = lines.tokens;
    match row.form(Column::Revealed) {
        Some(Column::Masked) => {
            let masked = row.count(Column::Masked)?;
            if masked == 0 && lines.skips {
                return Ok(None);
            }
            let revealed = tokens.checked_sub(masked).filter(|_| masked > 0);
            let needed = "a whole number from 1 to the number of tokens";
            revealed.map(Some).ok_or_else(|| row.not_as_needed(Column::Masked, needed))
        }
        Some(Column::MaskRatio) => {
            let ratio = row.number(Column::MaskRatio)?;
            let revealed = LossPoint::<f64>::revealed_at_mask_ratio(ratio, tokens);
            revealed.map(Some).map_err(|error| row.refuse(error))
        }
        _ => {
            let revealed = row.count(Column::Revealed)?;
            Ok(Some(revealed).filter(|_| !lines.skips || revealed != tokens))
        }
    }
}
