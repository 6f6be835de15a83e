//! Runs calls one by one, and notes what no call may do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use crate::inputs::Draw;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a call may take beside its input and its result. Far above the documented seconds and megabytes,
/// since tests are built with little optimisation and run beside others.
const LONGEST: Duration = Duration::from_secs(30);
const MOST_BYTES: usize = 1 << 30;
/// After so long a call is taken to be endless, and the program ends with its name.
const ENDLESS: Duration = Duration::from_secs(240);

/// What is running: since when, which call, in which case.
type Running = Arc<Mutex<Option<(Instant, &'static str, u64)>>>;

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub calls: u64,
    pub slowest: Duration,
    pub largest: usize,
}

/// A seeded row of cases, and what was found.
pub struct Driver {
    pub draw: Draw,
    seed: u64,
    case: u64,
    trace: bool,
    running: Running,
    tallies: BTreeMap<&'static str, Tally>,
    /// By call and kind: how often, and where first.
    faults: BTreeMap<(&'static str, String), (u64, String)>,
}

impl Driver {
    pub fn new(seed: u64, trace: bool) -> Self {
        let running = Running::default();
        watch(Arc::clone(&running));
        panic::set_hook(Box::new(|info| {
            PANIC.with(|text| *text.borrow_mut() = info.to_string());
        }));
        let draw = Draw::new(ChaCha8Rng::seed_from_u64(seed));
        let (tallies, faults) = (BTreeMap::new(), BTreeMap::new());
        Self { draw, seed, case: 0, trace, running, tallies, faults }
    }

    /// Each case has a seed of its own, so that it can be run alone.
    pub fn begin(&mut self, case: u64) {
        self.case = case;
        let seed = self.seed.wrapping_add(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.draw = Draw::new(ChaCha8Rng::seed_from_u64(seed));
    }

    pub fn note(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("  {}", what());
        }
    }

    pub fn fault(&mut self, name: &'static str, kind: &str, detail: impl Display) {
        let case = self.case;
        let found = self.faults.entry((name, kind.to_owned()));
        let entry = found.or_insert_with(|| (0, format!("case {case}: {detail}")));
        entry.0 += 1;
    }

    /// Runs a call that may return anything, but must return.
    pub fn call<T>(&mut self, name: &'static str, call: impl FnOnce() -> T) -> Option<T> {
        if self.trace {
            eprintln!("case {}: {name}", self.case);
        }
        let start = Instant::now();
        self.set_running(Some((start, name, self.case)));
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let outcome = panic::catch_unwind(AssertUnwindSafe(call));
        let bytes = MEMORY.peak_usage().saturating_sub(before);
        let time = start.elapsed();
        self.set_running(None);
        let tally = self.tallies.entry(name).or_default();
        tally.calls += 1;
        tally.slowest = tally.slowest.max(time);
        tally.largest = tally.largest.max(bytes);
        if time > LONGEST {
            self.fault(name, "takes too long", format!("{time:?}"));
        }
        if bytes > MOST_BYTES {
            self.fault(name, "takes too much memory", format!("{bytes} bytes"));
        }
        if outcome.is_err() {
            let text = PANIC.with(|text| text.take());
            self.fault(name, "panics", text);
        }
        outcome.ok()
    }

    /// A value without NaN and without infinities.
    pub fn value<T: Debug>(&mut self, name: &'static str, call: impl FnOnce() -> T) -> Option<T> {
        let value = self.call(name, call)?;
        self.scan(name, &value, true);
        Some(value)
    }

    /// An error that says something, or a value without NaN and without infinities.
    pub fn result<T: Debug, E: Display>(
        &mut self,
        name: &'static str,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Option<T> {
        let value = self.outcome(name, call)?;
        self.scan(name, &value, true);
        Some(value)
    }

    /// The same where an infinity is documented.
    pub fn unbounded<T: Debug, E: Display>(
        &mut self,
        name: &'static str,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Option<T> {
        let value = self.outcome(name, call)?;
        self.scan(name, &value, false);
        Some(value)
    }

    /// A result that is not looked into.
    pub fn outcome<T, E: Display>(
        &mut self,
        name: &'static str,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Option<T> {
        match self.call(name, call)? {
            Ok(value) => Some(value),
            Err(error) => {
                let text = error.to_string();
                self.note(|| text.clone());
                self.require(name, text.len() > 5, "says too little", || text);
                None
            }
        }
    }

    pub fn require(
        &mut self,
        name: &'static str,
        holds: bool,
        kind: &str,
        detail: impl FnOnce() -> String,
    ) {
        if !holds {
            self.fault(name, kind, detail());
        }
    }

    fn scan(&mut self, name: &'static str, value: &impl Debug, finite: bool) {
        let mut scan = Scan::default();
        let _ = write!(scan, "{value:?}");
        scan.end_word();
        if scan.nan {
            self.fault(name, "gives NaN", format!("{value:?}"));
        }
        if scan.infinite && finite {
            self.fault(name, "gives an infinity", format!("{value:?}"));
        }
    }

    fn set_running(&self, running: Option<(Instant, &'static str, u64)>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    pub fn tallies(&self) -> &BTreeMap<&'static str, Tally> {
        &self.tallies
    }

    pub fn report(&self) -> String {
        let lines = self.faults.iter().map(|((name, kind), (times, first))| {
            let first: String = first.chars().take(1_500).collect();
            format!("{name} {kind} ({times} times), first in {first}\n")
        });
        lines.collect()
    }
}

fn watch(running: Running) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let running = *running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((start, name, case)) = running
                && start.elapsed() > ENDLESS
            {
                eprintln!("case {case}: {name} does not end");
                std::process::exit(1);
            }
        }
    });
}

/// Looks for NaN and infinities in what is written, and keeps none of it.
#[derive(Debug, Default)]
struct Scan {
    word: String,
    seen: usize,
    nan: bool,
    infinite: bool,
}

impl Scan {
    fn end_word(&mut self) {
        match self.word.as_str() {
            "NaN" => self.nan = true,
            "inf" => self.infinite = true,
            _ => {}
        }
        self.word.clear();
    }
}

impl Write for Scan {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character.is_alphanumeric() || character == '_' {
                self.word.push(character);
            } else {
                self.end_word();
            }
        }
        self.seen += text.len();
        // Long lists are looked at from their beginning.
        if self.seen > 1 << 20 { Err(fmt::Error) } else { Ok(()) }
    }
}
