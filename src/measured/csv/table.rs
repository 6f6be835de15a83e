use core::fmt::Display;

use csv::{ReaderBuilder, StringRecord};

use super::header::{self, Column, Header};
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};

/// How much of a field a message shows.
const SHOWN: usize = 40;

/// A CSV text: a header line, then rows, one at a time.
///
/// Fields are separated by commas and may stand in double quotes. Blank lines, lines that start with
/// `#`, white space around fields and a byte order mark do not count.
pub(crate) struct Table<'t, C> {
    lines: Lines<'t>,
    reader: csv::Reader<&'t [u8]>,
    record: StringRecord,
    header: Header<C>,
}

impl<'t, C: Column> Table<'t, C> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) without any line; [`Csv`](Error::Csv) for two columns that say the same thing,
    /// an unknown one that seems to be meant for a column that is missing, or fields not separated by commas.
    pub(crate) fn open(text: &'t str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        let mut lines = Lines { text, byte: 0, line: 1 };
        if !next_record(&mut reader, &mut record, &mut lines)? {
            return Err(Error::Empty { what: "the CSV text" });
        }
        let line = lines.line;
        let refuse = |problem| Error::Csv { line, problem };
        let header = Header::new(record.iter().map(bare), refuse)?;
        Ok(Self { lines, reader, record, header })
    }

    /// Refuses a table in which one of these is missing, in whatever form.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv).
    pub(crate) fn needs(&self, columns: impl IntoIterator<Item = C>) -> Result<()> {
        match columns.into_iter().find(|&column| !self.has(column)) {
            Some(missing) => Err(self.refuse(format!(
                "no column {}; write one in the header line",
                header::forms(missing)
            ))),
            None => Ok(()),
        }
    }

    /// Whether a column says this, in whatever form.
    pub(crate) fn has(&self, subject: C) -> bool {
        self.header.has(subject)
    }

    /// The columns that are not used, each in words: a name in quotes, or a place without a name.
    pub(crate) fn ignored(&self) -> &[String] {
        self.header.ignored()
    }

    /// The error for a problem with the line that was read last.
    pub(crate) fn refuse(&self, problem: impl Display) -> Error {
        Error::Csv { line: self.lines.line, problem: problem.to_string() }
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv) for too few or too many fields.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_, C>>> {
        if !next_record(&mut self.reader, &mut self.record, &mut self.lines)? {
            return Ok(None);
        }
        let (found, expected) = (self.record.len(), self.header.len());
        if found != expected {
            return Err(self.refuse(self.wrong_number(found, expected)));
        }
        Ok(Some(Row { header: &self.header, fields: &self.record, line: self.lines.line }))
    }

    fn wrong_number(&self, found: usize, expected: usize) -> String {
        let fields = || self.record.iter().map(bare);
        if let Some(separator) = fields().find_map(header::other_separator)
            && found < expected
        {
            return header::not_by_commas(separator);
        }
        let count = format!("{found} fields, but the header has {expected} columns");
        let digits = |field: &str| field.bytes().all(|byte| byte.is_ascii_digit());
        if fields().any(|field| field.contains('\n')) {
            return count + "; a double quote is not closed";
        }
        if found > expected && fields().filter(|&field| digits(field)).count() > expected {
            return count + "; if these are decimal commas, write decimal points";
        }
        count
    }
}

/// A line of a table that is not the header.
pub(crate) struct Row<'t, C> {
    header: &'t Header<C>,
    fields: &'t StringRecord,
    line: usize,
}

impl<'t, C: Column> Row<'t, C> {
    /// The line on which it begins, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The column in which this is given, of the forms that it may have.
    pub(crate) fn form(&self, subject: C) -> Option<C> {
        self.header.form(subject)
    }

    /// The text in exactly this column, without white space around it; empty if there is no such column.
    pub(crate) fn text(&self, column: C) -> &'t str {
        let place = self.header.place(column);
        place.and_then(|place| self.fields.get(place)).map_or("", bare)
    }

    /// A whole number. It may be written as a float, since some programs know only columns of
    /// floats.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv).
    pub(crate) fn whole(&self, column: C) -> Result<u64> {
        let whole = whole_number(self.text(column));
        whole.ok_or_else(|| self.not_as_needed(column, "a whole number"))
    }

    /// A whole number; one that does not fit a `usize` becomes the largest that does.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv).
    pub(crate) fn count(&self, column: C) -> Result<usize> {
        Ok(usize::try_from(self.whole(column)?).unwrap_or(usize::MAX))
    }

    /// A number, which may be infinite or NaN.
    ///
    /// # Errors
    /// [`Csv`](Error::Csv).
    pub(crate) fn number<F: Scalar>(&self, column: C) -> Result<F> {
        let text = self.text(column);
        real_number(text).ok_or_else(|| match text.contains(',') {
            true => self.not_as_needed(column, "a number with a decimal point"),
            false => self.not_as_needed(column, "a number"),
        })
    }

    /// The error for a problem with this row.
    pub(crate) fn refuse(&self, problem: impl Display) -> Error {
        Error::Csv { line: self.line, problem: problem.to_string() }
    }

    /// The error for a field that is not what is needed.
    pub(crate) fn not_as_needed(&self, column: C, needed: &str) -> Error {
        let text = self.text(column);
        let shown: String = text.chars().take(SHOWN).collect();
        let more = if shown.len() < text.len() { " .." } else { "" };
        self.refuse(format!("{} is {shown:?}{more}; {needed} is needed", column.name()))
    }
}

/// Where the last record begins. Lines are counted up to there only, and each byte once.
struct Lines<'t> {
    text: &'t str,
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    /// Goes on to the record that begins at this byte or after the blank lines and comments there.
    fn go_to(&mut self, byte: usize) {
        let passed = self.text.get(self.byte..byte).unwrap_or("");
        self.line += passed.bytes().filter(|&byte| byte == b'\n').count();
        self.byte = byte;
        while let Some((line, _)) =
            self.text.get(self.byte..).and_then(|rest| rest.split_once('\n'))
            && (line.trim().is_empty() || line.starts_with('#'))
        {
            self.byte += line.len() + 1;
            self.line += 1;
        }
    }
}

/// Reads the next record that is neither blank nor a comment, and says whether there was one.
fn next_record(
    reader: &mut csv::Reader<&[u8]>,
    record: &mut StringRecord,
    lines: &mut Lines<'_>,
) -> Result<bool> {
    // The text is UTF-8 and in memory, and rows may have any length: nothing is left to fail.
    while reader.read_record(record).unwrap_or(false) {
        let first = record.get(0).map_or("", str::trim);
        let blank = record.len() == 1 && first.is_empty();
        if !blank && !first.starts_with('#') {
            let byte = record.position().map_or(0, csv::Position::byte);
            lines.go_to(usize::try_from(byte).unwrap_or(usize::MAX));
            return Ok(true);
        }
    }
    Ok(false)
}

/// A field without white space around it, and without quotes that stood behind white space.
fn bare(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

fn whole_number(text: &str) -> Option<u64> {
    const LARGEST: f64 = (1_u64 << 53) as f64;
    text.parse().ok().or_else(|| {
        let number = text.parse::<f64>().ok()?;
        let whole = number.fract() == 0.0 && (0.0..=LARGEST).contains(&number);
        if whole { num_traits::cast(number) } else { None }
    })
}

/// Reads a number in the scalar's own precision if that reads text in the usual form, else by way
/// of `f64`.
fn real_number<F: Scalar>(text: &str) -> Option<F> {
    let own = F::from_str_radix(text, 10).ok();
    own.or_else(|| text.parse().ok().map(scalar::constant::<F>))
}
