//! Wishes in search form: sums that should rather lie in a window, and what it costs that they do not. They are no bounds: no price
//! and no wall stands behind them, their cost is a term of the energy like those of compactness.

use super::bonds::Bonds;
use super::instance::{Instance, Window};
use super::state::State;
use crate::problem::Problem;

/// The wishes of an instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// Measures that are wished for, by their place in the instance, with the weights of the wishes.
    columns: Vec<(usize, f64)>,
    /// Window that is wished for: `[territory * columns + column]`, in units of the mean target.
    windows: Vec<Window>,
}

impl Wishes {
    /// The wishes of a problem; `scaled` are the problem's measures in the instance's order, with their scales.
    pub(super) fn new(problem: &Problem, scaled: &[(usize, f64)]) -> Self {
        let weight = |&(measure, _): &(usize, f64)| problem.measures()[measure].wish;
        let columns: Vec<(usize, f64)> =
            scaled.iter().enumerate().filter_map(|(j, column)| Some((j, weight(column)?))).collect();
        let window = |t: usize, j: usize| {
            let (measure, scale) = scaled[j];
            let carried = problem.carried(t, measure);
            let (lower, upper) = problem.wished(t, measure).unwrap_or((0.0, f64::INFINITY));
            Window {
                target: problem.target(t, measure) * scale,
                lower: (lower - carried) * scale,
                upper: (upper - carried) * scale,
            }
        };
        let rows = (0..problem.k()).flat_map(|t| columns.iter().map(move |c| (t, c.0)));
        Self { windows: rows.map(|(t, j)| window(t, j)).collect(), columns }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The wishes for some of the territories.
    pub(super) fn part(&self, territories: &[u32]) -> Self {
        let width = self.columns.len();
        let row = |&t: &u32| self.windows[t as usize * width..][..width].iter().copied();
        Self { columns: self.columns.clone(), windows: territories.iter().flat_map(row).collect() }
    }

    /// Window and weight of every wish for a territory, with the measure's place.
    fn of(&self, territory: u32) -> impl Iterator<Item = (usize, f64, &Window)> {
        let width = self.columns.len();
        let windows = self.windows[territory as usize * width..][..width].iter();
        self.columns.iter().zip(windows).map(|(&(j, weight), window)| (j, weight, window))
    }
}

impl State<'_> {
    /// What moving a unit adds to the weighted misses of the wishes, in targets.
    pub(super) fn wish_change(&self, bonds: &Bonds, unit: u32, from: u32, to: u32) -> f64 {
        let instance: &Instance = self.instance;
        let mut change = 0.0;
        for (territory, sign) in [(from, -1.0), (to, 1.0)] {
            for (j, weight, window) in bonds.wishes.of(territory) {
                let sum = self.sums_of(territory)[j];
                let load = sign * instance.load_in(unit, j, territory);
                change += weight * (window.violation(sum + load) - window.violation(sum));
            }
        }
        change
    }

    /// Weighted misses of all wishes, in targets.
    pub(super) fn missed_wishes(&self, bonds: &Bonds) -> f64 {
        let of = |t: u32| {
            let sums = self.sums_of(t);
            bonds.wishes.of(t).map(|(j, weight, window)| weight * window.violation(sums[j])).sum::<f64>()
        };
        if bonds.wishes.is_empty() { 0.0 } else { (0..self.instance.k() as u32).map(of).sum() }
    }
}
