//! Work that may take long: other Python threads go on, and Ctrl-C comes through.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors::Raise;

/// Runs the work on a thread of its own and looks for signals meanwhile. After Ctrl-C the caller has
/// control again; the thread ends with its work, whose result nobody takes.
pub fn work<T: Send + 'static>(
    py: Python<'_>,
    task: impl FnOnce() -> unmaskcost::Result<T> + Send + 'static,
) -> PyResult<T> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(task()).ok());
    let receiver = std::sync::Mutex::new(receiver);
    loop {
        let wait = || {
            let receiver = receiver.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            receiver.recv_timeout(Duration::from_millis(20))
        };
        match py.detach(wait) {
            Ok(result) => return result.py(),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("the work ended without a result"));
            }
        }
    }
}
