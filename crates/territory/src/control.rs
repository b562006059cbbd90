//! When to stop and whom to tell: effort presets in counted steps, a time limit by the caller's clock, a cancel flag, an observer.
//!
//! The library has no clock of its own (there is none on some platforms it builds for): a time limit needs [`Control::clock`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long to search, in counted steps scaled to the problem: the same effort and seed give the same plan everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Effort {
    /// One good pass: construction, repair, balance.
    Quick,
    /// The default: an annealed search under territory prices after it.
    #[default]
    Standard,
    /// A long search: few units are annealed from many starts, many territories drawn anew region by region.
    Thorough,
}

impl Effort {
    /// `quick`, `standard` or `thorough`.
    pub const fn name(self) -> &'static str {
        match self {
            Effort::Quick => "quick",
            Effort::Standard => "standard",
            Effort::Thorough => "thorough",
        }
    }
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Stopped {
    /// Nothing was left that the search knows to improve.
    Converged,
    /// The steps of the effort were used up.
    Steps,
    /// The time limit struck: the plan may differ from run to run.
    Time,
    /// The cancel flag was raised.
    Cancelled,
}

impl Stopped {
    /// `converged`, `steps`, `time` or `cancelled`.
    pub const fn name(self) -> &'static str {
        match self {
            Stopped::Converged => "converged",
            Stopped::Steps => "steps",
            Stopped::Time => "time",
            Stopped::Cancelled => "cancelled",
        }
    }
}

/// What an observer hears, now and then, from the thread that called the search.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Estimated share of the work that is done, 0 to 1, never falling; 1 at the end of a search.
    pub done: f64,
    /// What is being done, in a word.
    pub stage: &'static str,
}

/// Time since a moment of the caller's choice. Any thread of a search may ask.
pub type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// Stop rules and observer of one search. The default never stops early and tells nobody.
///
/// ```
/// use std::{sync::atomic::AtomicBool, time::{Duration, Instant}};
/// use territory::Control;
/// let (cancel, begin) = (AtomicBool::new(false), Instant::now());
/// let clock = || begin.elapsed();
/// let control = Control::default().cancel(&cancel).time_limit(Duration::from_secs(5), &clock);
/// ```
#[derive(Clone, Copy, Default)]
pub struct Control<'a> {
    /// Where this part of the work begins and ends in the whole; none: it is the whole.
    part: Option<(f64, f64)>,
    cancel: Option<&'a AtomicBool>,
    clock: Option<Clock<'a>>,
    limit: Option<Duration>,
    observer: Option<&'a (dyn Fn(Progress) + Sync)>,
}

impl<'a> Control<'a> {
    /// Stops with the best plan so far soon after `flag` becomes true.
    pub fn cancel(mut self, flag: &'a AtomicBool) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Stops with the best plan so far once `clock` has gone on by `limit` since this call.
    pub fn time_limit(mut self, limit: Duration, clock: Clock<'a>) -> Self {
        self.limit = clock().checked_add(limit);
        self.clock = Some(clock);
        self
    }

    /// Calls `observer` with the progress, from 0 to 1 also where this is a [`Control::part`] of what another one hears.
    pub fn observer(mut self, observer: &'a (dyn Fn(Progress) + Sync)) -> Self {
        self.observer = Some(observer);
        self.part = None;
        self
    }

    /// Why to stop now, if there is a reason to.
    pub fn stopped(&self) -> Option<Stopped> {
        if self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Some(Stopped::Cancelled);
        }
        match (self.clock, self.limit) {
            (Some(clock), Some(limit)) if clock() >= limit => Some(Stopped::Time),
            _ => None,
        }
    }

    /// The same for a part of the work: what is told of it as 0 to 1 the observer hears as `from` to `to`.
    ///
    /// ```
    /// use std::sync::Mutex;
    /// let heard = Mutex::new(Vec::new());
    /// let observer = |progress: territory::Progress| heard.lock().unwrap().push(progress.done);
    /// let second_half = territory::Control::default().observer(&observer).part(0.5, 1.0);
    /// second_half.report(0.5, "improve");
    /// second_half.part(0.5, 1.0).report(1.0, "improve");
    /// drop(second_half);
    /// assert_eq!(heard.into_inner().unwrap(), [0.75, 1.0]);
    /// ```
    pub fn part(&self, from: f64, to: f64) -> Self {
        Self { part: Some((self.at(from), self.at(to))), ..*self }
    }

    /// The part that is one `of` so many equal ones, from number 0 on.
    pub(crate) fn nth(&self, number: usize, of: usize) -> Self {
        self.stretch(number, 1, of)
    }

    /// The part that does so many `more` steps after those `done`, `of` so many in all.
    pub(crate) fn stretch(&self, done: usize, more: usize, of: usize) -> Self {
        let share = |steps: usize| steps as f64 / of as f64;
        self.part(share(done), share(done + more))
    }

    /// The part of a round, of which it is not known how many there will be: half of the work, a sixth, a twelfth and so on.
    pub(crate) fn round(&self, round: usize) -> Self {
        let after = |rounds: usize| rounds as f64 / (rounds + 1) as f64;
        self.part(after(round), after(round + 1))
    }

    /// The same without an observer, for a part of the work.
    pub(crate) fn unobserved(&self) -> Self {
        Self { observer: None, ..*self }
    }

    /// Tells the observer, of this [`Control::part`].
    pub fn report(&self, done: f64, stage: &'static str) {
        if let Some(observer) = self.observer {
            observer(Progress { done: self.at(done), stage });
        }
    }

    /// In the whole. Parts that follow each other share their ends to the bit.
    fn at(&self, done: f64) -> f64 {
        let (from, to) = self.part.unwrap_or((0.0, 1.0));
        (from + (to - from) * done.clamp(0.0, 1.0)).min(to)
    }
}

impl std::fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("limit", &self.limit).finish_non_exhaustive()
    }
}
