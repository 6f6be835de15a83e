//! The frame of an example: its help, its report and its exit code.
#![allow(dead_code)] // each example uses its part

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::str::FromStr;

use lexopt::{Parser, ValueExt};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Runs an example and prints the report that it returns. Whatever goes wrong becomes a message on
/// standard error and exit code 1.
///
/// `source` is the example's own source. Its header is what `--help` prints, so that the two agree.
pub fn run(source: &str, example: impl FnOnce(Parser) -> Outcome<String>) -> ExitCode {
    let report = match asks_for_help() {
        true => Ok(header(source)),
        false => example(Parser::from_env()),
    };
    match report.and_then(|report| print(&report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(error);
            ExitCode::FAILURE
        }
    }
}

fn asks_for_help() -> bool {
    std::env::args_os().skip(1).any(|argument| argument == "--help" || argument == "-h")
}

/// Reads the value of an option. If it cannot be read, the error names the option.
pub fn option_value<T: FromStr<Err: Display>>(parser: &mut Parser, option: &str) -> Outcome<T> {
    let value = parser.value()?.string()?;
    value.parse().map_err(|error| format!("{option} {value:?}: {error}").into())
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
