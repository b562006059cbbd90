//! Figures in sentences.

/// A sum in few digits: whole from 1,000 on.
pub(super) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value.abs() >= 1000.0 || value == value.trunc() {
        return format!("{value:.0}");
    }
    let digits = format!("{value:.4}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share as a percentage that is not more than it: what is said to be "at least" must be.
pub(super) fn percent_down(share: f64) -> String {
    format!("{:.2} %", (share * 1e4 + 1e-6).floor() / 100.0)
}

/// `1 unit`, `2 units`.
pub(super) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `1 territory`, `2 territories`.
pub(super) fn territories(n: usize) -> String {
    if n == 1 { "1 territory".to_owned() } else { format!("{n} territories") }
}
