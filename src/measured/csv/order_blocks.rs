use std::collections::BTreeMap;

use super::{NearMiss, Table};
use crate::error::{Error, Result};
use crate::measured::OrderBlocks;
use crate::measured::order_blocks::Collected;
use crate::numeric::scalar::Scalar;
use crate::units::{Bits, Nats};

/// The columns of a file of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Order,
    Sequence,
    Document,
    Revealed,
    Until,
    LossNats,
    LossBits,
}

impl super::Column for Column {
    const ALL: &'static [Self] = &[
        Self::Order,
        Self::Sequence,
        Self::Document,
        Self::Revealed,
        Self::Until,
        Self::LossNats,
        Self::LossBits,
    ];

    const NEAR_MISSES: &'static [NearMiss<Self>] = {
        const LOSS: &str = "write nll_nats or nll_bits, the sum over the tokens of the block";
        const fn miss(name: &'static str, meant: Column, remedy: &'static str) -> NearMiss<Column> {
            NearMiss { name, meant, remedy }
        }
        &[
            miss("name", Self::Order, "write order"),
            miss("id", Self::Sequence, "write sequence"),
            miss("example", Self::Sequence, "write sequence"),
            miss("doc", Self::Document, "write document"),
            miss("document_id", Self::Document, "write document"),
            miss("file", Self::Document, "write document"),
            miss("from", Self::Revealed, "write revealed, the tokens that are known"),
            miss("start", Self::Revealed, "write revealed, the tokens that are known"),
            miss("known", Self::Revealed, "write revealed"),
            miss("to", Self::Until, "write until, the first rank that is not in the block"),
            miss("end", Self::Until, "write until, the first rank that is not in the block"),
            miss("nll", Self::LossNats, LOSS),
            miss("loss", Self::LossNats, LOSS),
            miss("loss_nats", Self::LossNats, LOSS),
            miss("loss_bits", Self::LossNats, LOSS),
        ]
    };

    fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Sequence => "sequence",
            Self::Document => "document",
            Self::Revealed => "revealed",
            Self::Until => "until",
            Self::LossNats => "nll_nats",
            Self::LossBits => "nll_bits",
        }
    }

    fn subject(self) -> Self {
        match self {
            Self::LossBits => Self::LossNats,
            other => other,
        }
    }
}

impl<F: Scalar> OrderBlocks<F> {
    /// Reads the blocks of one or several orders from CSV text, of sequences of `tokens` tokens: a header line, and
    /// one line for each block, in any order. Orders come back as they first appear.
    ///
    /// | column | what it holds |
    /// | --- | --- |
    /// | `order` | the name of the order |
    /// | `sequence` | the name or number of the sequence |
    /// | `document` | what sequences that depend on each other share; may be left out |
    /// | `revealed`, `until` | the ranks of the block: `revealed` up to, and without, `until`; the first `revealed` are known |
    /// | `nll_nats` or `nll_bits` | the summed loss of these tokens |
    ///
    /// Each sequence needs the same blocks. Other columns are not looked at.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv), with the line counted from 1 and what is wrong there;
    /// [`Sequence`](Error::Sequence); [`TooLarge`](Error::TooLarge) for more than 2^27 blocks.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, measured::OrderBlocks};
    /// let text = "order,sequence,revealed,until,nll_nats\n\
    ///             spread,7,0,1,2.0\nspread,7,0,2,4.5\nspread,7,1,2,2.0\n";
    /// let orders = OrderBlocks::<f64>::from_csv(text, 2)?;
    /// assert_eq!(orders[0].name(), "spread");
    /// assert_eq!(orders[0].losses(&Schedule::sequential(2)?)?, [Nats(4.0)]);
    ///
    /// let error = OrderBlocks::<f64>::from_csv(&text.replace("0,2,4.5", "0,3,4.5"), 2).unwrap_err();
    /// assert!(error.to_string().starts_with("line 3: "));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn from_csv(text: &str, tokens: usize) -> Result<Vec<Self>> {
        let mut table = Table::<Column>::open(text)?;
        table.needs([
            Column::Order,
            Column::Sequence,
            Column::Revealed,
            Column::Until,
            Column::LossNats,
        ])?;
        let by_document = table.has(Column::Document);
        let mut orders: Vec<Collected<F>> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(row) = table.next_row()? {
            let name = row.text(Column::Order);
            let place = match places.get(name) {
                Some(&place) => place,
                None => {
                    orders.push(Collected::new(name.to_owned(), tokens)?);
                    places.insert(name.to_owned(), orders.len() - 1);
                    orders.len() - 1
                }
            };
            let (revealed, until) = (row.count(Column::Revealed)?, row.count(Column::Until)?);
            if revealed >= until || until > tokens {
                return Err(row.refuse(format_args!(
                    "there is no block from {revealed} until {until}: revealed < until <= {tokens} is needed"
                )));
            }
            let loss = match row.form(Column::LossNats) {
                Some(Column::LossBits) => Bits(row.number::<F>(Column::LossBits)?).nats(),
                _ => Nats(row.number(Column::LossNats)?),
            };
            let document = by_document.then(|| row.text(Column::Document));
            let order = &mut orders[place];
            let added = order
                .sequence(row.text(Column::Sequence), document)
                .and_then(|sequence| order.add(sequence, revealed, until, loss.0));
            added.map_err(|error| row.refuse(error))?;
        }
        if orders.is_empty() {
            return Err(Error::Empty { what: "the list of measured blocks" });
        }
        orders.into_iter().map(Collected::finish).collect()
    }
}
