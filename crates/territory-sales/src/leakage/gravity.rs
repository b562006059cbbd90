//! What trade between territories is to be expected from their sizes and distances, and which pairs are far above it.
//!
//! The expectation is the doubly constrained gravity model (Wilson 1967, doi:10.1016/0041-1647(67)90035-4): E_ab = A_a·B_b·d_ab^−γ for a ≠ b, with A and B
//! such that every place sends and receives as much as it does (found by iterative proportional fitting), and γ such that goods
//! go as far as they do: Σ E·ln d = Σ F·ln d, the condition of maximum likelihood (Hyman 1969, doi:10.1068/a010105).
//!
//! Flows are money, no counts, so their spread is not known beforehand: residuals (F − E)/√E are divided by their own robust spread,
//! 1.4826 × the median absolute deviation from the median. A few outliers do not hide themselves that way.

use super::FlowTable;
use crate::customers::median;
use crate::{SalesError, check};

/// Rounds of fitting at most; each brings the sums closer by a factor.
const ROUNDS: usize = 500;
/// Sums are met within this, as a share.
const EXACT: f64 = 1e-10;
/// A fit has converged whose sums are met within this, as a share.
const MET: f64 = 1e-9;
/// Ways that differ by less than this share are the same.
const SAME: f64 = 1e-9;
/// Steepest decay that is looked for.
const STEEPEST: f64 = 12.0;

/// A pair and its expectation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Suspicion {
    /// Where the goods were delivered.
    pub from: u32,
    /// Where they were sold.
    pub to: u32,
    /// How much, in the flows' unit.
    pub flow: f64,
    /// How much sizes and distance explain.
    pub expected: f64,
    /// By how many robust standard deviations it is above.
    pub z: f64,
}

/// How the model was fitted, and how well.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fit {
    /// Whether sums are met within 10⁻⁹ of themselves and the decay was given or found. Where not, expectations are those of the last
    /// round, and `residual` says how far off they are.
    pub converged: bool,
    /// Rounds of proportional fitting at the final decay, at most 500.
    pub iterations: usize,
    /// Largest relative deviation of what a place is expected to send or receive from what it does.
    pub residual: f64,
    /// Where the decay comes from.
    pub decay: DecayFit,
}

/// Where the decay of a gravity model comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecayFit {
    /// It was given.
    Given,
    /// Expected goods go as far as the real ones.
    Found,
    /// It is 0: real goods go farther than sizes alone make them.
    NoDecay,
    /// It is the steepest that is looked for, 12: real goods go less far still. The fit has not converged.
    Steepest,
    /// Every decay explains the flows alike: nothing is sent, or all distances that matter are one. It is 0.
    Undetermined,
}

/// The gravity model of a flow table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expectation {
    /// γ, how fast distance deters.
    pub decay: f64,
    /// How it was fitted.
    pub fit: Fit,
    /// E, `[from * places + to]`; 0 on the diagonal.
    pub expected: Vec<f64>,
    /// All pairs of different places with an expectation above 0, largest z first (of equals, smaller places).
    pub pairs: Vec<Suspicion>,
}

impl Expectation {
    /// The pairs at least `z` robust standard deviations above their expectation.
    pub fn suspects(&self, z: f64) -> &[Suspicion] {
        let count = self.pairs.iter().take_while(|p| p.z >= z).count();
        &self.pairs[..count]
    }
}

impl FlowTable {
    /// The expectation of every pair. `distance_km(a, b)` is asked for every pair of different places; distances below 1 km count as 1. `decay`: none fits γ.
    /// A fit that did not end is no error, but [`Expectation::fit`] says so: goods that all pass through one place (a hub and its
    /// customers) leave no room for other pairs, and proportional fitting comes near that only slowly.
    /// Time and memory grow with places²: made for territories and provinces, not for thousands of units.
    ///
    /// ```
    /// use territory_sales::leakage::FlowTable;
    /// // Twelve towns, all pairs much alike – but 0 sells a lot into 2.
    /// let mut rows = Vec::new();
    /// for a in 0..12u32 {
    ///     for b in (0..12).filter(|b| *b != a) {
    ///         rows.push((a, b, if (a, b) == (0, 2) { 50.0 } else { 9.0 + f64::from((a * 7 + b * 3) % 5) * 0.5 }));
    ///     }
    /// }
    /// let expectation = FlowTable::new(12, &rows)?.expectation(|_, _| 100.0, None)?;
    /// let worst = expectation.pairs[0];
    /// assert_eq!((worst.from, worst.to), (0, 2));
    /// assert!(worst.z > 5.0);
    /// assert!(expectation.fit.converged && expectation.fit.residual < 1e-9);
    /// # Ok::<(), territory_sales::SalesError>(())
    /// ```
    ///
    /// # Errors
    /// Distances that are negative or not finite; a decay that is negative.
    pub fn expectation(
        &self,
        distance_km: impl Fn(u32, u32) -> f64,
        decay: Option<f64>,
    ) -> Result<Expectation, SalesError> {
        let n = self.places();
        let mut log_distance = vec![0.0; n * n];
        for a in 0..n {
            for b in (0..n).filter(|b| *b != a) {
                let km = distance_km(a as u32, b as u32);
                check::at_least_zero("a distance between places (km)", km)?;
                log_distance[a * n + b] = libm::log(km.max(1.0));
            }
        }
        let mut flow = vec![0.0; n * n];
        self.rows().iter().filter(|r| r.0 != r.1).for_each(|r| flow[r.0 as usize * n + r.1 as usize] = r.2);
        let model = Model { n, log_distance, flow };
        let (decay, found) = match decay {
            Some(decay) => {
                check::at_least_zero("the decay with distance", decay)?;
                (decay, DecayFit::Given)
            }
            None => model.fitted_decay(),
        };
        let (expected, iterations) = model.expected(decay);
        let residual = model.residual(&expected);
        let converged = residual <= MET && found != DecayFit::Steepest;
        let fit = Fit { converged, iterations, residual, decay: found };
        Ok(Expectation { decay, fit, pairs: model.pairs(&expected), expected })
    }
}

struct Model {
    n: usize,
    log_distance: Vec<f64>,
    flow: Vec<f64>,
}

impl Model {
    /// E for a decay, by proportional fitting, and the rounds that it took.
    fn expected(&self, decay: f64) -> (Vec<f64>, usize) {
        let n = self.n;
        // Against the nearest other place of each row: factors of a row change nothing, and steep decays do not vanish.
        let nearest =
            |a: usize| (0..n).filter(|b| *b != a).map(|b| self.log_distance[a * n + b]).fold(f64::INFINITY, f64::min);
        let nearest: Vec<f64> = (0..n).map(nearest).collect();
        let pull = |cell: usize| match (cell / n, cell % n) {
            (a, b) if a == b => 0.0,
            (a, _) => libm::exp(-decay * (self.log_distance[cell] - nearest[a])),
        };
        let mut cells: Vec<f64> = (0..n * n).map(pull).collect();
        let (sent, received) = self.sums(&self.flow);
        let factor = |wanted: f64, is: f64| if is > 0.0 { wanted / is } else { 0.0 };
        for round in 1..=ROUNDS {
            let (rows, _) = self.sums(&cells);
            let by_row: Vec<f64> = sent.iter().zip(&rows).map(|(w, is)| factor(*w, *is)).collect();
            cells.iter_mut().enumerate().for_each(|(cell, v)| *v *= by_row[cell / n]);
            let (_, columns) = self.sums(&cells);
            let by_column: Vec<f64> = received.iter().zip(&columns).map(|(w, is)| factor(*w, *is)).collect();
            cells.iter_mut().enumerate().for_each(|(cell, v)| *v *= by_column[cell % n]);
            let met = |f: &f64| *f == 0.0 || (f - 1.0).abs() < EXACT;
            if by_column.iter().all(met) && by_row.iter().all(met) {
                return (cells, round);
            }
        }
        (cells, ROUNDS)
    }

    /// What every place sends and receives.
    fn sums(&self, cells: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut rows, mut columns) = (vec![0.0; self.n], vec![0.0; self.n]);
        for (cell, value) in cells.iter().enumerate() {
            rows[cell / self.n] += value;
            columns[cell % self.n] += value;
        }
        (rows, columns)
    }

    /// How far sums are from those of the flows, at most, as a share of these.
    fn residual(&self, expected: &[f64]) -> f64 {
        let ((sent, received), (rows, columns)) = (self.sums(&self.flow), self.sums(expected));
        let pairs = sent.iter().zip(&rows).chain(received.iter().zip(&columns));
        pairs.filter(|(wanted, _)| **wanted > 0.0).map(|(wanted, is)| (is / wanted - 1.0).abs()).fold(0.0, f64::max)
    }

    /// The decay at which goods go as far as they do; expected ones go less far the larger it is.
    fn fitted_decay(&self) -> (f64, DecayFit) {
        let way = |cells: &[f64]| cells.iter().zip(&self.log_distance).map(|(f, d)| f * d).sum::<f64>();
        let wanted = way(&self.flow);
        let ends = [0.0, STEEPEST].map(|decay| way(&self.expected(decay).0));
        let slack = SAME * wanted.abs();
        if ends[0] - ends[1] <= slack && (ends[0] - wanted).abs() <= slack {
            return (0.0, DecayFit::Undetermined);
        }
        if ends[0] <= wanted {
            return (0.0, DecayFit::NoDecay);
        }
        if ends[1] > wanted {
            return (STEEPEST, DecayFit::Steepest);
        }
        let (mut low, mut high) = (0.0, STEEPEST);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if way(&self.expected(middle).0) > wanted { low = middle } else { high = middle }
        }
        (0.5 * (low + high), DecayFit::Found)
    }

    fn pairs(&self, expected: &[f64]) -> Vec<Suspicion> {
        let n = self.n;
        let cells: Vec<usize> = (0..n * n).filter(|c| expected[*c] > 0.0).collect();
        let residual = |cell: usize| (self.flow[cell] - expected[cell]) / expected[cell].sqrt();
        let residuals: Vec<f64> = cells.iter().map(|c| residual(*c)).collect();
        let middle = median(residuals.clone()).unwrap_or(0.0);
        let spread = 1.4826 * median(residuals.iter().map(|r| (r - middle).abs()).collect()).unwrap_or(0.0);
        // Flows that follow the model to the last digit have no spread; rounding is no suspicion.
        let mean = cells.iter().map(|c| expected[*c]).sum::<f64>() / cells.len().max(1) as f64;
        let spread = spread.max(1e-6 * mean.sqrt());
        let pair = |(&cell, residual): (&usize, &f64)| Suspicion {
            from: (cell / n) as u32,
            to: (cell % n) as u32,
            flow: self.flow[cell],
            expected: expected[cell],
            z: (residual - middle) / spread,
        };
        let mut pairs: Vec<Suspicion> = cells.iter().zip(&residuals).map(pair).collect();
        pairs.sort_by(|x, y| y.z.total_cmp(&x.z).then((x.from, x.to).cmp(&(y.from, y.to))));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn km(a: u32, b: u32) -> f64 {
        let at = |i: u32| [f64::from(i * 37 % 101), f64::from(i * 53 % 89)];
        let ([x, y], [u, v]) = (at(a), at(b));
        10.0 * (x - u).hypot(y - v)
    }

    proptest! {
        /// Protects the fitting against what defines the model: row and column sums of the flows, and odds ratios that follow distance alone.
        #[test]
        fn sums_and_odds_define_the_model(amounts in prop::collection::vec(1.0f64..9.0, 30), decay in 0.0f64..2.5) {
            let off: Vec<(u32, u32)> = (0..6).flat_map(|a| (0..6).map(move |b| (a, b))).filter(|(a, b)| a != b).collect();
            let rows: Vec<(u32, u32, f64)> = off.iter().zip(&amounts).map(|(&(a, b), &x)| (a, b, x)).collect();
            let e = FlowTable::new(6, &rows).unwrap().expectation(km, Some(decay)).unwrap().expected;
            for a in 0..6u32 {
                let sent: f64 = rows.iter().filter(|r| r.0 == a).map(|r| r.2).sum();
                let received: f64 = rows.iter().filter(|r| r.1 == a).map(|r| r.2).sum();
                let row: f64 = (0..6).map(|b| e[(a * 6 + b) as usize]).sum();
                let column: f64 = (0..6).map(|b| e[(b * 6 + a) as usize]).sum();
                prop_assert!((row / sent - 1.0).abs() < 1e-6 && (column / received - 1.0).abs() < 1e-6);
            }
            let odds = |a: u32, b: u32, c: u32, d: u32| {
                let cell = |x: u32, y: u32| e[(x * 6 + y) as usize];
                let found = cell(a, b) * cell(c, d) / (cell(a, d) * cell(c, b));
                let by_distance = (km(a, b) * km(c, d) / (km(a, d) * km(c, b))).powf(-decay);
                (found / by_distance - 1.0).abs()
            };
            prop_assert!(odds(0, 1, 2, 3) < 1e-6 && odds(4, 0, 1, 5) < 1e-6);
        }
    }

    /// Flows made by the model with γ = 1.4, and one dealer who sells four times too much.
    fn made(planted: f64) -> FlowTable {
        let mut rows = Vec::new();
        for a in 0..15u32 {
            rows.push((a, a, 500.0));
            for b in (0..15).filter(|b| *b != a) {
                let noise = 1.0 + 0.1 * (f64::from((a * 31 + b * 17) % 11) / 5.0 - 1.0);
                let size = f64::from(3 + a % 4) * f64::from(2 + b % 5);
                let planted = if (a, b) == (3, 11) { planted } else { 1.0 };
                rows.push((a, b, 1e5 * size * km(a, b).powf(-1.4) * noise * planted));
            }
        }
        FlowTable::new(15, &rows).unwrap()
    }

    #[test]
    fn the_decay_is_found_and_the_planted_pair_stands_out() {
        let clean = made(1.0).expectation(km, None).unwrap();
        assert!((clean.decay - 1.4).abs() < 0.05, "{}", clean.decay);
        let found = made(4.0).expectation(km, None).unwrap();
        assert_eq!((found.pairs[0].from, found.pairs[0].to), (3, 11));
        assert!(found.pairs[0].z > 5.0 && found.pairs[0].z > 1.5 * found.pairs[1].z, "{:?}", &found.pairs[..2]);
        assert_eq!(found.suspects(found.pairs[0].z).len(), 1);
    }

    #[test]
    fn flows_without_spread_raise_no_suspicion() {
        let rows: Vec<_> = (0..4u32).flat_map(|a| (0..4).map(move |b| (a, b, 10.0))).collect();
        let even = FlowTable::new(4, &rows).unwrap().expectation(|_, _| 50.0, None).unwrap();
        assert!(even.pairs.iter().all(|p| p.z.abs() < 1e-3 && (p.expected - 10.0).abs() < 1e-6));
        assert_eq!(FlowTable::new(0, &[]).unwrap().expectation(|_, _| 1.0, None).unwrap().pairs, []);
        assert!(FlowTable::new(2, &[]).unwrap().expectation(|_, _| -1.0, None).is_err());
    }

    /// Protects the report of a fit that does not end: all goods pass through place 0, so that the other pairs must be expected to trade
    /// nothing, which factors of rows and columns reach only in the limit.
    #[test]
    fn a_fit_that_does_not_converge_says_so() {
        let hub: Vec<_> = (1..6u32).flat_map(|a| [(0, a, 5.0), (a, 0, 3.0 + f64::from(a))]).collect();
        let slow = FlowTable::new(6, &hub).unwrap().expectation(km, Some(1.0)).unwrap();
        assert!(!slow.fit.converged, "{:?}", slow.fit);
        assert_eq!((slow.fit.iterations, slow.fit.decay), (ROUNDS, DecayFit::Given));
        // The residual is what the books of the caller show, and no rounding error.
        let sum = |of: &dyn Fn(usize) -> usize| (0..6).map(|other| slow.expected[of(other)]).sum::<f64>();
        let worst = (0..6).flat_map(|a| {
            let wanted: [f64; 2] = if a == 0 { [25.0, 30.0] } else { [3.0 + a as f64, 5.0] };
            [sum(&|b| a * 6 + b) / wanted[0] - 1.0, sum(&|b| b * 6 + a) / wanted[1] - 1.0]
        });
        let worst = worst.map(f64::abs).fold(0.0, f64::max);
        assert!((worst - slow.fit.residual).abs() < 1e-12 && worst > 1e-5, "{worst} {:?}", slow.fit);
    }

    /// Protects the report of where the decay stands: at either end of what is looked for, between, or anywhere.
    #[test]
    fn the_decay_says_where_it_comes_from() {
        let line = |a: u32, b: u32| 10.0 * (f64::from(a) - f64::from(b)).abs();
        let fitted = |flow: &dyn Fn(u32, u32) -> f64, distance: &dyn Fn(u32, u32) -> f64| {
            let pairs = (0..5u32).flat_map(|a| (0..5).map(move |b| (a, b))).filter(|(a, b)| a != b);
            let rows: Vec<_> = pairs.map(|(a, b)| (a, b, flow(a, b))).collect();
            let e = FlowTable::new(5, &rows).unwrap().expectation(distance, None).unwrap();
            (e.fit.decay, e.fit.converged, e.decay)
        };
        assert_eq!(fitted(&|a, b| line(a, b), &line).0, DecayFit::NoDecay);
        let steep = fitted(&|a, b| line(a, b).powi(-30), &line);
        assert_eq!(steep, (DecayFit::Steepest, false, STEEPEST));
        let found = fitted(&|a, b| line(a, b).powi(-2), &line);
        assert!(found.0 == DecayFit::Found && found.1 && (found.2 - 2.0).abs() < 1e-6, "{found:?}");
        assert_eq!(fitted(&|_, _| 4.0, &|_, _| 50.0), (DecayFit::Undetermined, true, 0.0));
        assert_eq!(fitted(&|_, _| 0.0, &line), (DecayFit::Undetermined, true, 0.0));
    }
}
