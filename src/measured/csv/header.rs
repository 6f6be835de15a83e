use crate::error::{Error, Result};

/// What a column of one kind of table holds. An enum with a case for each name.
pub(crate) trait Column: Copy + Eq + 'static {
    /// All columns, in the order in which messages list them.
    const ALL: &'static [Self];

    /// Names that people write for a column and that are not taken for it, in lower case, with what to
    /// do. Small typing errors need no entry.
    const NEAR_MISSES: &'static [NearMiss<Self>];

    /// The name in the header.
    fn name(self) -> &'static str;

    /// The first of the columns that say the same thing in another form, of which a table has one at most.
    fn subject(self) -> Self {
        self
    }
}

/// A name that is not accepted, though it is meant for a column.
pub(crate) struct NearMiss<C: 'static> {
    /// The name, in lower case.
    pub(crate) name: &'static str,
    /// What it is meant for.
    pub(crate) meant: C,
    /// What to write.
    pub(crate) remedy: &'static str,
}

/// The columns of one table, from the left.
pub(crate) struct Header<C> {
    /// None where the column is not used.
    columns: Vec<Option<C>>,
    ignored: Vec<String>,
}

impl<C: Column> Header<C> {
    /// Reads the names of the columns. `refuse` makes an error of what is wrong with this line.
    pub(crate) fn new<'n>(
        names: impl Iterator<Item = &'n str>,
        refuse: impl Fn(String) -> Error,
    ) -> Result<Self> {
        let names: Vec<&str> = names.collect();
        let columns: Vec<Option<C>> = names.iter().map(|name| by_name(name)).collect();
        let mut header = Self { columns, ignored: Vec::new() };
        if names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let known = list(C::ALL.iter().copied(), ", ");
            return Err(refuse(format!(
                "numbers, where the names of the columns are needed: {known}"
            )));
        }
        for (place, (&name, column)) in names.iter().zip(&header.columns).enumerate() {
            match *column {
                Some(column)
                    if header.columns[..place].iter().flatten().any(same_subject(column)) =>
                {
                    return Err(refuse(format!(
                        "column {name:?} says again what another column says"
                    )));
                }
                Some(_) => {}
                None => header.ignored.push(header.extra(place, name).map_err(&refuse)?),
            }
        }
        Ok(header)
    }

    /// An unknown column, in words; or what is wrong with it, if it seems to be meant for one that is missing.
    fn extra(&self, place: usize, name: &str) -> core::result::Result<String, String> {
        if let Some(separator) = other_separator(name) {
            return Err(not_by_commas(separator));
        }
        if name.is_empty() {
            return Ok(format!("{} (without a name)", place + 1));
        }
        match near_miss::<C>(name) {
            Some((meant, remedy)) if !self.has(meant) => {
                Err(format!("unknown column {name:?}: {remedy}"))
            }
            _ => Ok(format!("{name:?}")),
        }
    }

    /// The number of columns, used or not.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The place of exactly this column.
    pub(crate) fn place(&self, column: C) -> Option<usize> {
        self.columns.iter().position(|&other| other == Some(column))
    }

    /// The column that says this, in whatever form.
    pub(crate) fn form(&self, subject: C) -> Option<C> {
        self.columns.iter().flatten().copied().find(|other| same_subject(subject)(other))
    }

    /// Whether something says this, in whatever form.
    pub(crate) fn has(&self, subject: C) -> bool {
        self.form(subject).is_some()
    }

    /// The columns that are not used, in words.
    pub(crate) fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

fn same_subject<C: Column>(column: C) -> impl Fn(&C) -> bool {
    move |other| other.subject() == column.subject()
}

fn by_name<C: Column>(name: &str) -> Option<C> {
    C::ALL.iter().copied().find(|column| column.name() == name)
}

/// Names in a row: `a, b or c` if the last separator is `or`.
fn list<C: Column>(columns: impl Iterator<Item = C>, last: &str) -> String {
    let names: Vec<&str> = columns.map(C::name).collect();
    match names.split_last() {
        Some((end, names)) if !names.is_empty() => names.join(", ") + last + end,
        _ => names.concat(),
    }
}

/// All forms of one column: `revealed, masked or mask_ratio`.
pub(crate) fn forms<C: Column>(column: C) -> String {
    list(C::ALL.iter().copied().filter(same_subject(column)), " or ")
}

/// What seems to separate fields that commas do not separate.
pub(crate) fn other_separator(text: &str) -> Option<char> {
    text.chars().find(|&character| character == ';' || character == '\t')
}

pub(crate) fn not_by_commas(separator: char) -> String {
    format!("the fields are separated by {separator:?}; commas are needed, and decimal points")
}

/// What an unknown name seems to be meant for, and what to write instead.
fn near_miss<C: Column>(name: &str) -> Option<(C, String)> {
    let plain: String = name
        .chars()
        .map(
            |character| {
                if character.is_alphanumeric() { character.to_ascii_lowercase() } else { '_' }
            },
        )
        .collect();
    let listed = C::NEAR_MISSES.iter().find(|miss| miss.name == plain);
    listed.map(|miss| (miss.meant, miss.remedy.to_owned())).or_else(|| {
        let nearest = C::ALL.iter().min_by_key(|column| edits(&plain, column.name()))?;
        let near = edits(&plain, nearest.name()) <= nearest.name().len() / 4;
        near.then(|| (*nearest, format!("write {}", nearest.name())))
    })
}

/// How many characters must be changed, added or left out to make one name of the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
