//! One run as seen from outside: the clock, the progress bar, Ctrl-C.

use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use territory::{Control, Progress};

/// Raised by the first Ctrl-C.
static CANCEL: AtomicBool = AtomicBool::new(false);
/// Raised by the second one.
static ABORT: AtomicBool = AtomicBool::new(false);
/// While files are being written or named: that is not cut.
static WRITING: AtomicBool = AtomicBool::new(false);

/// How long the second Ctrl-C lets a stage come to its end.
const PATIENCE: Duration = Duration::from_secs(1);
/// Steps of the bar.
const STEPS: u64 = 1000;

/// A run with its stages and how long they took.
pub(crate) struct Session {
    bar: ProgressBar,
    begin: Instant,
    stage: Option<(&'static str, Instant)>,
    seconds: Vec<(String, f64)>,
}

impl Session {
    /// Begins a run: catches Ctrl-C, and shows a bar if a person is watching.
    pub(crate) fn new() -> Self {
        // Where signals cannot be caught, Ctrl-C ends the run as it does any other program.
        let _ = ctrlc::set_handler(|| {
            if !CANCEL.swap(true, Ordering::SeqCst) {
                eprintln!("stopping with the best plan so far; Ctrl-C again to stop without one");
                return;
            }
            ABORT.store(true, Ordering::SeqCst);
            // The run ends by itself at the end of its stage, and removes what it left in temporary folders; a long stage is cut.
            std::thread::sleep(PATIENCE);
            if !WRITING.load(Ordering::SeqCst) {
                eprintln!("error: {}", Failure::Cancelled);
                std::process::exit(i32::from(Failure::Cancelled.exit_code()));
            }
        });
        let visible = std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        if let Ok(style) = ProgressStyle::with_template("{msg:<12} {bar:40} {percent:>3} % {elapsed:>4}") {
            bar.set_style(style);
        }
        if visible {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, begin: Instant::now(), stage: None, seconds: Vec::new() }
    }

    /// Begins a stage; the one before ends.
    ///
    /// # Errors
    /// Ctrl-C was pressed twice.
    pub(crate) fn stage(&mut self, name: &'static str) -> Result<(), Failure> {
        self.end_stage();
        aborted()?;
        self.bar.set_position(0);
        self.bar.set_message(name);
        self.stage = Some((name, Instant::now()));
        Ok(())
    }

    fn end_stage(&mut self) {
        if let Some((name, begin)) = self.stage.take() {
            let spent = begin.elapsed().as_secs_f64();
            match self.seconds.iter_mut().find(|s| s.0 == name) {
                Some(stage) => stage.1 += spent,
                None => self.seconds.push((name.to_owned(), spent)),
            }
        }
    }

    /// Seconds per stage so far, the running one included.
    pub(crate) fn seconds(&mut self) -> Vec<(String, f64)> {
        if let Some((name, _)) = self.stage {
            self.end_stage();
            self.stage = Some((name, Instant::now()));
        }
        self.seconds.clone()
    }

    /// Time since the run began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Runs `search` under Ctrl-C, the bar and a time limit that counts from now.
    pub(crate) fn search<T>(&self, limit: Option<Duration>, search: impl FnOnce(&Control<'_>) -> T) -> T {
        let clock = || self.elapsed();
        let show = |progress: Progress| {
            self.bar.set_position((progress.done * STEPS as f64) as u64);
            self.bar.set_message(progress.stage);
        };
        let mut control = Control::default().cancel(&CANCEL).observer(&show);
        if let Some(limit) = limit {
            control = control.time_limit(limit, &clock);
        }
        search(&control)
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Writes files and gives them their names by `commit`: Ctrl-C, pressed twice, comes between the two or too late.
    pub(crate) fn writing<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, Failure>,
        commit: impl FnOnce(T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        WRITING.store(true, Ordering::SeqCst);
        let written = write(self)?;
        aborted()?;
        commit(written)
    }
}

fn aborted() -> Result<(), Failure> {
    if ABORT.load(Ordering::SeqCst) { Err(Failure::Cancelled) } else { Ok(()) }
}
