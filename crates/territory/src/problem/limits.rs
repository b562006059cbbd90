//! Targets and bounds of territories, from their capacities, what they carry and the totals of the measures. Knows neither units nor
//! plans.

use super::{Measure, Territory};
use crate::error::ProblemError;

/// Targets, bounds and carried loads, territory after territory: `[territory * measures + measure]`, in the measures' units.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) targets: Vec<f64>,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// What territories have outside of the map; empty: nothing.
    pub(crate) carried: Vec<f64>,
}

impl Limits {
    /// Limits of `territories`; `totals` are the sums of the measures over all units. Bounds between which there is nothing are told.
    pub(crate) fn of(
        territories: &[&Territory],
        measures: &[Measure],
        totals: &[f64],
        errors: &mut Vec<ProblemError>,
    ) -> Self {
        let mut limits = Self::default();
        let capacities: f64 = territories.iter().map(|t| t.capacity).sum();
        if territories.iter().any(|t| !t.carried.is_empty()) {
            let of =
                |t: &Territory, m: &Measure| -> f64 { t.carried.iter().filter(|c| c.0 == m.name).map(|c| c.1).sum() };
            limits.carried = territories.iter().flat_map(|t| measures.iter().map(move |m| of(t, m))).collect();
        }
        let carried = |j: usize| limits.carried.iter().skip(j).step_by(measures.len()).sum::<f64>();
        let totals: Vec<f64> = totals.iter().enumerate().map(|(j, total)| total + carried(j)).collect();
        for t in territories {
            for (m, &total) in measures.iter().zip(&totals) {
                let target = total * t.capacity / capacities;
                let tolerance = m.bound_tolerance();
                let spread = if tolerance.is_finite() { target * tolerance } else { f64::INFINITY };
                let own = || t.bounds.iter().filter(|b| b.measure == m.name);
                let minima = m.minimum.into_iter().chain(own().filter_map(|b| b.minimum));
                let maxima = m.maximum.into_iter().chain(own().filter_map(|b| b.maximum));
                let nan = minima.clone().chain(maxima.clone()).any(f64::is_nan);
                let lower = minima.fold((target - spread).max(0.0), f64::max);
                let upper = maxima.fold(target + spread, f64::min);
                if nan || lower > upper {
                    let (measure, territory) = (m.name.clone(), t.name.clone());
                    errors.push(ProblemError::EmptyBounds { measure, territory, lower, upper });
                }
                limits.targets.push(target);
                limits.lower.push(lower);
                limits.upper.push(upper);
            }
        }
        limits
    }
}
