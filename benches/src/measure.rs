//! Wall time, CPU time and peak memory of a piece of work, read from /proc (Linux; elsewhere CPU and memory are not known).

use std::fs;
use std::time::Instant;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall_s: f64,
    /// CPU seconds over all threads that were alive at the end.
    pub cpu_s: Option<f64>,
    /// Peak resident memory during the work beyond what was resident before, in MiB.
    pub peak_mib: Option<f64>,
}

/// Does `work` and tells what it took.
///
/// Memory that the process had freed before but not given back counts as resident before: `peak_mib` may be too low after
/// larger work in the same process, never too high.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    // Writing 5 resets the peak of the resident set (proc(5)); where that is not permitted, the peak since the start counts.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let resident_before = status_mib("VmRSS:");
    let (result, cost) = timed(work);
    let peak = if reset { peak_mib() } else { None };
    let peak_mib = peak.zip(resident_before).map(|(peak, before)| (peak - before).max(0.0));
    (result, Cost { peak_mib, ..cost })
}

/// Does `work` and tells how long it took, not how much memory: for stages inside of [`measure`].
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let cpu_before = cpu_seconds();
    let begin = Instant::now();
    let result = work();
    let wall_s = begin.elapsed().as_secs_f64();
    let cpu_s = cpu_seconds().zip(cpu_before).map(|(after, before)| after - before);
    (result, Cost { wall_s, cpu_s, peak_mib: None })
}

/// Peak resident memory of the process since its start or the last [`measure`], in MiB.
pub fn peak_mib() -> Option<f64> {
    status_mib("VmHWM:")
}

/// CPU seconds of all living threads, from the scheduler's nanosecond counts.
fn cpu_seconds() -> Option<f64> {
    // The running thread's own count is brought up to date when it passes through the scheduler.
    std::thread::yield_now();
    let mut nanoseconds = 0u64;
    for task in fs::read_dir("/proc/self/task").ok()? {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 * 1e-9)
}

fn status_mib(key: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(key))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_seen() {
        let (sum, cost) = measure(|| {
            let block = vec![1u8; 64 << 20];
            let mut sum = 0u64;
            for round in 0..20u64 {
                sum = block.iter().fold(sum ^ round, |s, &b| s.rotate_left(1).wrapping_add(u64::from(b)));
            }
            std::hint::black_box(sum)
        });
        assert!(sum > 0 && cost.wall_s > 0.0);
        if let Some(cpu) = cost.cpu_s {
            assert!(cpu > 0.0, "{cost:?}");
        }
        if let Some(peak) = cost.peak_mib {
            assert!(peak > 60.0, "{cost:?}");
        }
    }
}
