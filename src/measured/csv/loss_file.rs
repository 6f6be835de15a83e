use std::collections::BTreeMap;

use super::loss_curve::{
    Cells, Column, Lines, SAMPLES_WITHOUT_ERRORS, read_evaluations, read_means, read_point,
};
use super::{Row, Table};
use crate::error::{Result, documents_differ};
use crate::measured::losses::{self, LossCurve, LossPoint};
use crate::measured::{LossPosterior, MeasuredLosses, NestedLosses, SequenceLosses};
use crate::numeric::scalar::Scalar;
use crate::units::Nats;

/// What was read from a file of losses, and what was not.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LossFile<F = f64> {
    /// The losses.
    pub losses: MeasuredLosses<F>,
    /// What was left out, in words: columns that are not used, lines where nothing was masked.
    pub notes: Vec<String>,
}

impl<F: Scalar> MeasuredLosses<F> {
    /// Reads a file of losses of any kind: a header line, and one line for each measurement, in any order.
    ///
    /// The columns are those of [`LossCurve::from_csv`], and
    ///
    /// | column | what it holds |
    /// | --- | --- |
    /// | `sum_nats` or `sum_bits` | in place of the mean loss: the sum over the masked tokens |
    /// | `sequence` | name or number of the sequence that was measured, if each was measured at many counts: [`NestedLosses`] |
    /// | `document` | what sequences that depend on each other share; may be left out, but not be empty |
    ///
    /// Without the columns `sequence` and standard error, each line is an evaluation of a sequence of its own. If every
    /// count has two or more, they become a [`LossCurve`]; if some count has only one, all become a [`LossPosterior`].
    /// Lines where nothing was masked have no loss: they are skipped. Other columns are not looked at. The
    /// [notes](LossFile::notes) say so.
    ///
    /// # Errors
    /// [`Csv`](crate::Error::Csv), with the line counted from 1 and what is wrong there; otherwise as
    /// [`LossCurve::from_points`], [`LossPosterior::from_points`] and [`NestedLosses::from_sequences`].
    ///
    /// ```
    /// use unmaskcost::measured::MeasuredLosses;
    /// let text = "t,sequence,masked,sum_nats\n0.9,a,4,12.0\n0.1,a,1,2.0\n0.8,b,4,10.0\n0.2,b,1,1.0\n0.01,b,0,nan\n";
    /// let file = MeasuredLosses::<f64>::from_csv(text, 4)?;
    /// assert!(matches!(&file.losses, MeasuredLosses::Nested(nested) if nested.sequences() == 2));
    /// assert_eq!(file.losses.loss_curve().unwrap().points()[0].loss.0, 2.75);
    /// assert_eq!(file.notes, ["column \"t\" is not used", "1 line skipped: nothing was masked"]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn from_csv(text: &str, tokens: usize) -> Result<LossFile<F>> {
        losses::check_tokens(tokens)?;
        let mut table = Table::<Column>::open(text)?;
        table.needs([Column::Revealed, Column::LossNats])?;
        let mut notes: Vec<String> =
            table.ignored().iter().map(|name| format!("column {name} is not used")).collect();
        let mut lines = Lines { tokens, skips: true, skipped: 0 };
        let with_errors = table.has(Column::ErrorNats);
        let losses = if table.has(Column::Sequence) {
            if with_errors {
                return Err(table.refuse(
                    "a column sequence and a standard error: losses of single sequences have no error of their own, and \
                     means are not of one sequence",
                ));
            }
            Self::Nested(read_nested(&mut table, &mut lines)?)
        } else if with_errors {
            let points = read_means(&mut table, &mut lines)?;
            Self::Curve(LossCurve::from_points(points, tokens)?)
        } else {
            if table.has(Column::Samples) {
                return Err(table.refuse(SAMPLES_WITHOUT_ERRORS));
            }
            Self::of_cells(tokens, read_evaluations(&mut table, &mut lines)?)?
        };
        if lines.skipped > 0 {
            let (skipped, lines) =
                (lines.skipped, if lines.skipped == 1 { "line" } else { "lines" });
            notes.push(format!("{skipped} {lines} skipped: nothing was masked"));
        }
        Ok(LossFile { losses, notes })
    }

    /// The losses of evaluations that are each of a sequence of its own.
    fn of_cells(tokens: usize, cells: Cells<F>) -> Result<Self> {
        let single = cells.values().any(|(_, cell)| cell.observations < 2);
        let points = cells.into_iter().map(|(revealed, (_, cell))| LossPoint {
            revealed,
            loss: Nats(cell.mean),
            standard_error: Nats(match cell.observations {
                0 | 1 => F::zero(),
                _ => cell.standard_error(),
            }),
            samples: Some(cell.observations),
        });
        let points: Vec<LossPoint<F>> = points.collect();
        Ok(match single {
            true => Self::Posterior(LossPosterior::from_points(points, tokens)?),
            false => Self::Curve(LossCurve::from_points(points, tokens)?),
        })
    }
}

/// One sequence's losses as they come in.
struct Collected<F> {
    name: String,
    losses: SequenceLosses<F>,
}

fn read_nested<F: Scalar>(
    table: &mut Table<'_, Column>,
    lines: &mut Lines,
) -> Result<NestedLosses<F>> {
    let by_document = table.has(Column::Document);
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut sequences: Vec<Collected<F>> = Vec::new();
    let mut index = 0;
    while let Some(row) = table.next_row()? {
        let name = name(&row, Column::Sequence)?;
        let document = if by_document { Some(self::name(&row, Column::Document)?) } else { None };
        let Some(point) = read_point(&row, index, lines)? else { continue };
        index += 1;
        let place = *places.entry(name.to_owned()).or_insert(sequences.len());
        if place == sequences.len() {
            let mut losses = SequenceLosses::new(Vec::new());
            losses.document = document.map(str::to_owned);
            sequences.push(Collected { name: name.to_owned(), losses });
        }
        let Collected { name, losses } = &mut sequences[place];
        if losses.document.as_deref() != document {
            return Err(row.refuse(documents_differ(
                name.as_str(),
                losses.document.as_deref(),
                document,
            )));
        }
        losses.losses.push((point.revealed, point.loss));
    }
    let sequences: Vec<_> = sequences.into_iter().map(|collected| collected.losses).collect();
    NestedLosses::from_sequences(sequences, lines.tokens)
}

fn name<'t>(row: &Row<'t, Column>, column: Column) -> Result<&'t str> {
    match row.text(column) {
        "" => Err(row.not_as_needed(column, "a name or a number")),
        name => Ok(name),
    }
}
