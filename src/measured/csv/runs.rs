use super::{NearMiss, Row, Table};
use crate::error::{Error, Result};
use crate::measured::{DecoderRuns, Run};
use crate::numeric::scalar::Scalar;
use crate::units::{Bits, Nats};

/// The columns of a file of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Decoder,
    Sequence,
    Document,
    Draw,
    Rounds,
    LossNats,
    LossBits,
    BudgetNats,
    BudgetBits,
}

impl super::Column for Column {
    const ALL: &'static [Self] = &[
        Self::Decoder,
        Self::Sequence,
        Self::Document,
        Self::Draw,
        Self::Rounds,
        Self::LossNats,
        Self::LossBits,
        Self::BudgetNats,
        Self::BudgetBits,
    ];

    const NEAR_MISSES: &'static [NearMiss<Self>] = {
        const LOSS: &str = "write nll_nats or nll_bits, the sum over the tokens of the sequence";
        const PER_TOKEN: &str = "the sum over the tokens of the sequence is needed, as nll_nats";
        const BUDGET: &str = "write budget_nats or budget_bits, whichever it is";
        const fn miss(name: &'static str, meant: Column, remedy: &'static str) -> NearMiss<Column> {
            NearMiss { name, meant, remedy }
        }
        &[
            miss("name", Self::Decoder, "write decoder"),
            miss("method", Self::Decoder, "write decoder"),
            miss("sampler", Self::Decoder, "write decoder"),
            miss("policy", Self::Decoder, "write decoder"),
            miss("id", Self::Sequence, "write sequence"),
            miss("example", Self::Sequence, "write sequence"),
            miss("sample", Self::Sequence, "write sequence"),
            miss("index", Self::Sequence, "write sequence"),
            miss("steps", Self::Rounds, "write rounds: the forward passes that were made"),
            miss("passes", Self::Rounds, "write rounds"),
            miss("nfe", Self::Rounds, "write rounds"),
            miss("nll", Self::LossNats, LOSS),
            miss("loss", Self::LossNats, LOSS),
            miss("loss_nats", Self::LossNats, LOSS),
            miss("loss_bits", Self::LossNats, LOSS),
            miss("ppl", Self::LossNats, PER_TOKEN),
            miss("perplexity", Self::LossNats, PER_TOKEN),
            miss("nll_per_token", Self::LossNats, PER_TOKEN),
            miss("budget", Self::BudgetNats, BUDGET),
            miss("doc", Self::Document, "write document"),
            miss("document_id", Self::Document, "write document"),
            miss("file", Self::Document, "write document"),
            miss("seed", Self::Draw, "write draw"),
            miss("repeat", Self::Draw, "write draw"),
        ]
    };

    fn name(self) -> &'static str {
        match self {
            Self::Decoder => "decoder",
            Self::Sequence => "sequence",
            Self::Document => "document",
            Self::Draw => "draw",
            Self::Rounds => "rounds",
            Self::LossNats => "nll_nats",
            Self::LossBits => "nll_bits",
            Self::BudgetNats => "budget_nats",
            Self::BudgetBits => "budget_bits",
        }
    }

    fn subject(self) -> Self {
        match self {
            Self::LossBits => Self::LossNats,
            Self::BudgetBits => Self::BudgetNats,
            other => other,
        }
    }
}

impl<F: Scalar> DecoderRuns<F> {
    /// Reads runs of decoders from CSV text: a header line, and one line for each run, in any order.
    ///
    /// | column | what it holds |
    /// | --- | --- |
    /// | `decoder` | its name, with its settings |
    /// | `sequence` | the name or number of the sequence, the same for all decoders |
    /// | `document` | what sequences that depend on each other share; may be left out |
    /// | `draw` | a number that tells runs of one sequence with other coins apart; may be left out |
    /// | `rounds` | forward passes |
    /// | `nll_nats` or `nll_bits` | `-ln q` of the sequence, the sum over its tokens |
    /// | `budget_nats` or `budget_bits` | as in [`Run::with_budget`]; may be left out, or empty |
    ///
    /// A name that holds commas stands in double quotes. Other columns are not looked at.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv), with the line counted from 1 and what is wrong there; [`Empty`](Error::Empty)
    /// without any run.
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::DecoderRuns};
    /// let text = "decoder,sequence,rounds,nll_nats\n\
    ///             \"random, 8\",1,8,21.0\n\"random, 8\",2,8,33.0\nsequential,1,64,20.0\nsequential,2,64,31.0\n";
    /// let runs = DecoderRuns::<f64>::from_csv(text)?;
    /// assert_eq!(runs.difference("random, 8", "sequential")?.value(), Nats(1.5));
    ///
    /// let error = DecoderRuns::<f64>::from_csv(&text.replace("31.0", "-31.0")).unwrap_err();
    /// assert!(error.to_string().starts_with("line 5: "));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn from_csv(text: &str) -> Result<Self> {
        let mut table = Table::<Column>::open(text)?;
        table.needs([Column::Decoder, Column::Sequence, Column::Rounds, Column::LossNats])?;
        let (by_document, by_draw) = (table.has(Column::Document), table.has(Column::Draw));
        let mut runs = Self::new();
        while let Some(row) = table.next_row()? {
            let run = read_run(&row, by_document, by_draw)?;
            let recorded = runs.record(row.text(Column::Decoder), run);
            recorded.map_err(|error| row.refuse(error))?;
        }
        if runs.decoders().len() == 0 {
            return Err(Error::Empty { what: "the list of runs" });
        }
        Ok(runs)
    }
}

fn read_run<F: Scalar>(row: &Row<'_, Column>, by_document: bool, by_draw: bool) -> Result<Run<F>> {
    for named in [Column::Decoder, Column::Sequence] {
        if row.text(named).is_empty() {
            return Err(row.not_as_needed(named, "a name"));
        }
    }
    let bits = |column| -> Result<Nats<F>> { Ok(Bits(row.number(column)?).nats()) };
    let loss = match row.form(Column::LossNats) {
        Some(Column::LossBits) => bits(Column::LossBits)?,
        _ => Nats(row.number(Column::LossNats)?),
    };
    let mut run = Run::new(row.text(Column::Sequence), row.whole(Column::Rounds)?, loss);
    if by_document {
        run = run.of_document(document(row)?);
    }
    if by_draw {
        run = run.with_draw(row.whole(Column::Draw)?);
    }
    let budget = row.form(Column::BudgetNats).filter(|&column| !row.text(column).is_empty());
    Ok(match budget {
        Some(Column::BudgetBits) => run.with_budget(bits(Column::BudgetBits)?),
        Some(column) => run.with_budget(Nats(row.number(column)?)),
        None => run,
    })
}

fn document<'t>(row: &Row<'t, Column>) -> Result<&'t str> {
    match row.text(Column::Document) {
        "" => Err(row.not_as_needed(Column::Document, "a name")),
        document => Ok(document),
    }
}
