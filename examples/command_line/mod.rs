//! The command line of an example: its arguments, its help, its report and its exit code.
#![allow(dead_code)] // each example uses its part

use std::error::Error;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::str::FromStr;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Runs an example and prints the report that it returns. Whatever goes wrong becomes a message on
/// standard error and exit code 1.
///
/// `source` is the example's own source. Its header is what `--help` prints, so that the two agree.
pub fn run(source: &str, example: impl FnOnce(Arguments) -> Outcome<String>) -> ExitCode {
    let report = match Arguments::given() {
        Ok(arguments) if arguments.ask_for_help() => Ok(header(source)),
        Ok(arguments) => example(arguments),
        Err(error) => Err(error.into()),
    };
    match report.and_then(|report| print(&report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(error);
            ExitCode::FAILURE
        }
    }
}

/// Prints to standard output. A reader that closes the pipe early (`| head`) is no failure.
pub fn print(text: &str) -> Outcome<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot print: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error, with the name of the example in front.
pub fn note(message: impl Display) {
    // If not even that can be written, nobody is there to be told.
    let _ = writeln!(io::stderr(), "{}: {message}", env!("CARGO_BIN_NAME"));
}

/// The doc comment at the top of a source, as plain text: what stands between fences is indented.
fn header(source: &str) -> String {
    let mut text = String::new();
    let mut fenced = false;
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let indent = if fenced && !line.is_empty() { "    " } else { "" };
        text.extend([indent, line, "\n"]);
    }
    text
}

/// The arguments of an example. It takes the options that it knows, then the rest by
/// [`positional`](Self::positional), which refuses options that nobody took.
pub struct Arguments {
    /// What is taken leaves a gap, so that its neighbours do not become an option and its value.
    arguments: Vec<Option<String>>,
}

impl Arguments {
    fn given() -> Result<Self, String> {
        let text = |argument: OsString| match argument.into_string() {
            Ok(text) => Ok(Some(text)),
            Err(argument) => Err(format!("{argument:?} is not UTF-8")),
        };
        let arguments = std::env::args_os().skip(1).map(text).collect::<Result<_, _>>()?;
        Ok(Self { arguments })
    }

    fn ask_for_help(&self) -> bool {
        self.arguments.iter().flatten().any(|argument| argument == "--help" || argument == "-h")
    }

    /// Takes an option with a value, `NAME VALUE`.
    pub fn option<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(place) = self.take(name)? else { return Ok(None) };
        let value = self.arguments.get_mut(place + 1).and_then(|value| {
            value.take_if(|value| !value.starts_with("--")) // that is the next option
        });
        let value = value.ok_or(format!("{name} needs a value"))?;
        value.parse().map(Some).map_err(|error| format!("{name} {value:?}: {error}"))
    }

    /// Takes an option without a value.
    pub fn flag(&mut self, name: &str) -> Result<bool, String> {
        Ok(self.take(name)?.is_some())
    }

    /// Takes all that is left, N at most.
    pub fn positional<T: FromStr<Err: Display>, const N: usize>(
        self,
    ) -> Result<[Option<T>; N], String> {
        let others = self.others()?;
        if let Some(extra) = others.get(N) {
            return Err(format!("{extra:?} is one argument too many, see --help"));
        }
        let mut values = parse_all(others)?.into_iter();
        Ok(std::array::from_fn(|_| values.next()))
    }

    /// Takes all that is left, however many.
    pub fn all_positional<T: FromStr<Err: Display>>(self) -> Result<Vec<T>, String> {
        parse_all(self.others()?)
    }

    fn others(self) -> Result<Vec<String>, String> {
        let others: Vec<String> = self.arguments.into_iter().flatten().collect();
        match others.iter().find(|argument| argument.starts_with('-')) {
            Some(unknown) => Err(format!("unknown option {unknown}, see --help")),
            None => Ok(others),
        }
    }

    /// Takes the name of an option, and says where it was.
    fn take(&mut self, name: &str) -> Result<Option<usize>, String> {
        let is_name = |argument: &Option<String>| argument.as_deref() == Some(name);
        let Some(place) = self.arguments.iter().position(is_name) else { return Ok(None) };
        self.arguments[place] = None;
        match self.arguments.iter().any(is_name) {
            true => Err(format!("{name} is given twice")),
            false => Ok(Some(place)),
        }
    }
}

fn parse_all<T: FromStr<Err: Display>>(texts: Vec<String>) -> Result<Vec<T>, String> {
    let parse =
        |text: String| text.parse().map_err(|error| format!("{text:?}: {error}, see --help"));
    texts.into_iter().map(parse).collect()
}
