//! Fault injection: a chosen file operation fails, writes half of its bytes, panics or hangs.
//!
//! A plan belongs to the thread that made it, because calls of a store run on the caller's thread.
//! A program built with the feature `faults` also reads `CORAL_FAULTS` (`rate=RATE,seed=SEED`) and
//! makes the fraction `RATE` of all operations fail, on every thread. The soak tests of
//! `coral-bench` set that variable.

use std::cell::RefCell;
use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Operation;

/// What happens to an operation.
pub(crate) enum Fault {
    /// The operation fails with this error number: `EIO`, `ENOSPC`, `EACCES`.
    Fails(i32),
    /// A write writes half of its bytes, then fails with this error number. An operation of another
    /// kind just fails.
    CutShort(i32),
    /// The thread panics.
    Panics,
    /// The operation waits for a message, or until the sender is dropped. Then a write succeeds;
    /// another operation fails with `EIO`.
    #[cfg(test)]
    Hangs(std::sync::mpsc::Receiver<()>),
}

/// A fault that has not occurred yet.
struct Planned {
    /// The kind of operation that fails; any kind if `None`.
    operation: Option<Operation>,
    /// How many operations of that kind succeed first.
    after: u64,
    fault: Fault,
}

thread_local! {
    static PLANS: RefCell<Vec<Planned>> = const { RefCell::new(Vec::new()) };
}

pub(crate) const EIO: i32 = 5;
pub(crate) const EACCES: i32 = 13;
pub(crate) const ENOSPC: i32 = 28;

/// Plans `fault` for this thread: the fault occurs after `after` further operations of kind
/// `operation` (of any kind if `None`), at the next such operation.
#[cfg(test)]
pub(crate) fn plan(operation: Option<Operation>, after: u64, fault: Fault) {
    PLANS.with_borrow_mut(|plans| plans.push(Planned { operation, after, fault }));
}

/// Removes this thread's plans. Returns how many faults had not occurred.
#[cfg(test)]
pub(crate) fn clear() -> usize {
    PLANS.with_borrow_mut(std::mem::take).len()
}

/// The fault that is due for `operation`, if any.
fn due(operation: Operation) -> Option<Fault> {
    let planned = PLANS.with_borrow_mut(|plans| {
        let mut due = None;
        for (at, plan) in plans.iter_mut().enumerate() {
            if plan.operation.is_none_or(|wanted| wanted == operation) {
                if plan.after == 0 {
                    due.get_or_insert(at);
                } else {
                    plan.after -= 1;
                }
            }
        }
        due.map(|at| plans.remove(at).fault)
    });
    planned.or_else(|| RANDOM_FAULTS.as_ref().and_then(|random| random.due()))
}

pub(super) fn before(operation: Operation) -> io::Result<()> {
    due(operation).map_or(Ok(()), |fault| Err(fault.happen()))
}

/// If a fault is due for a write of `len` bytes: how many of the bytes to write first, and the
/// error to return then. `None` if the write shall succeed.
pub(super) fn short_write(len: usize) -> Option<(usize, io::Error)> {
    let fault = due(Operation::Write)?;
    let written = if matches!(fault, Fault::CutShort(_)) { len / 2 } else { 0 };
    #[cfg(test)]
    if let Fault::Hangs(told) = fault {
        let _ = told.recv();
        return None;
    }
    Some((written, fault.happen()))
}

impl Fault {
    fn happen(self) -> io::Error {
        match self {
            Self::Fails(number) | Self::CutShort(number) => io::Error::from_raw_os_error(number),
            Self::Panics => panic!("a planned fault"),
            #[cfg(test)]
            Self::Hangs(told) => {
                let _ = told.recv();
                io::Error::from_raw_os_error(EIO)
            }
        }
    }
}

/// Random faults in the whole process.
struct RandomFaults {
    /// On average, one of this many operations fails.
    one_of: u64,
    /// The state of a SplitMix64 generator.
    state: AtomicU64,
}

static RANDOM_FAULTS: LazyLock<Option<RandomFaults>> = LazyLock::new(|| {
    if !cfg!(feature = "faults") {
        return None;
    }
    let text = std::env::var("CORAL_FAULTS").ok()?;
    let value = |name: &str| {
        let value = text.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse::<f64>().ok())
    };
    let one_of = (1.0 / value("rate")?).max(1.0) as u64;
    Some(RandomFaults { one_of, state: AtomicU64::new(value("seed").unwrap_or(1.0) as u64) })
});

impl RandomFaults {
    fn due(&self) -> Option<Fault> {
        let mut number = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^= number >> 31;
        if !number.is_multiple_of(self.one_of) {
            return None;
        }
        Some(match (number / self.one_of) % 5 {
            0 => Fault::Fails(ENOSPC),
            1 => Fault::Fails(EACCES),
            2 => Fault::CutShort(ENOSPC),
            3 => Fault::Panics,
            _ => Fault::Fails(EIO),
        })
    }
}
