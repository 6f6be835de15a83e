//! Tables as CSV text: what a header may hold, and rows with the line that they stand on.
//!
//! The [`Table`] reads any file that this crate takes; each kind of file is an enum that is a [`Column`].
//!
//! ```text
//! let mut table = Table::open(text)?;              the header: known names, hints for near misses
//! table.needs([Column::Revealed, Column::Loss])?;  what cannot be missing
//! let ignored = table.ignored();                   what is not used, in words
//! while let Some(row) = table.next_row()? {
//!     let revealed = row.count(Column::Revealed)?; every refusal says the line
//! }
//! ```

mod header;
mod loss_curve;
mod loss_file;
mod order_blocks;
mod runs;
mod table;

pub(crate) use header::{Column, NearMiss};
pub use loss_file::LossFile;
pub(crate) use table::{Row, Table};
