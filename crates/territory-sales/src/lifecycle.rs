//! The life-cycle of regions: mature, growth, emerging, declining – and what follows from it for calls, capacity and tolerance.
//!
//! Read from four figures against cut-offs: size (against the median region), growth per year, retention of customers, and how
//! concentrated the competition is (Herfindahl–Hirschman index, HHI). Every label comes with its margins: how far each figure is from each
//! cut-off, and which single one, moved across its cut-off, would change the label.

use crate::customers::median;
use crate::{SalesError, check};
use territory::Measure;

/// Where a region stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Large, steady, its customers stay.
    Mature,
    /// Large and growing.
    Growth,
    /// Small: growing, or steady with competition that nobody dominates.
    Emerging,
    /// Shrinking, losing its customers, or small in a market that others hold.
    Declining,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mature, Self::Growth, Self::Emerging, Self::Declining];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mature => "mature",
            Self::Growth => "growth",
            Self::Emerging => "emerging",
            Self::Declining => "declining",
        }
    }
}

/// Figures of a region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Sales or potential, any unit.
    pub size: f64,
    /// Change per year, 0.05 = +5 %.
    pub growth_per_year: f64,
    /// Share of last year's customers that bought again, 0 to 1.
    pub retention: f64,
    /// Σ s² over the suppliers' market shares, 0 to 1: see [`herfindahl`].
    pub hhi: f64,
}

/// Herfindahl–Hirschman index Σ s² of the suppliers' sales (Hirschman 1945, Herfindahl 1950): 1 for one supplier, 1/n for n equal ones.
///
/// ```
/// // The example of the US Department of Justice: 30, 30, 20 and 20 % make 2,600 points of 10,000.
/// let index = territory_sales::lifecycle::herfindahl(&[30.0, 30.0, 20.0, 20.0])?;
/// assert!((10_000.0 * index - 2_600.0).abs() < 1e-9);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Sales that are negative or all zero.
pub fn herfindahl(sales: &[f64]) -> Result<f64, SalesError> {
    check::not_negative("the suppliers' sales", sales)?;
    let total: f64 = sales.iter().sum();
    check::positive("the total of the suppliers' sales", total)?;
    Ok(sales.iter().map(|s| (s / total) * (s / total)).sum())
}

/// What separates the stages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cutoffs {
    /// Least size of a large region, in medians.
    pub large: f64,
    /// Least growth of a growing region, per year.
    pub growing: f64,
    /// Growth below this is shrinking, per year; below `growing`.
    pub shrinking: f64,
    /// Least retention of customers that stay.
    pub staying: f64,
    /// Least HHI of a market that is held by few.
    pub concentrated: f64,
}

impl Default for Cutoffs {
    /// The median; +10 % and −3 % a year; 80 %; 0.25 (the line above which the US merger guidelines of 2010 call a market highly
    /// concentrated). They are starting points: set them from the history of the business.
    fn default() -> Self {
        Self { large: 1.0, growing: 0.10, shrinking: -0.03, staying: 0.80, concentrated: 0.25 }
    }
}

/// A figure and the cut-off it was compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Criterion {
    /// Size / median against `large`.
    Large,
    /// Growth against `growing`.
    Growing,
    /// Growth against `shrinking`.
    Shrinking,
    /// Retention against `staying`.
    Staying,
    /// HHI against `concentrated`.
    Concentrated,
}

/// How far a figure is from a cut-off.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Margin {
    /// Which.
    pub criterion: Criterion,
    /// Figure − cut-off, in the figure's unit (medians, per year, shares).
    pub distance: f64,
    /// The stage if this figure alone lay just on the other side.
    pub otherwise: Stage,
}

/// A region's stage.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Label {
    /// The stage.
    pub stage: Stage,
    /// One per criterion.
    pub margins: [Margin; 5],
}

impl Label {
    /// The smallest margin that would change the stage; none where no single figure would.
    pub fn tightest(&self) -> Option<Margin> {
        let deciding = self.margins.iter().filter(|m| m.otherwise != self.stage);
        deciding.min_by(|a, b| a.distance.abs().total_cmp(&b.distance.abs())).copied()
    }
}

/// Labels the regions.
///
/// ```
/// use territory_sales::lifecycle::{Cutoffs, Region, Stage, label};
/// let region = |size, growth_per_year, retention, hhi| Region { size, growth_per_year, retention, hhi };
/// let labels = label(&[
///     region(300.0, 0.02, 0.90, 0.20),
///     region(200.0, 0.15, 0.90, 0.20),
///     region(50.0, 0.25, 0.70, 0.40),
///     region(90.0, -0.08, 0.85, 0.20),
///     region(40.0, 0.00, 0.79, 0.20), // small, steady, loses customers by a hair
/// ], &Cutoffs::default())?;
/// let stages: Vec<Stage> = labels.iter().map(|l| l.stage).collect();
/// assert_eq!(stages, [Stage::Mature, Stage::Growth, Stage::Emerging, Stage::Declining, Stage::Declining]);
/// let hair = labels[4].tightest().unwrap();
/// assert!((hair.distance + 0.01).abs() < 1e-12 && hair.otherwise == Stage::Emerging);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// No regions; figures out of range; a median of 0; cut-offs out of order.
pub fn label(regions: &[Region], cutoffs: &Cutoffs) -> Result<Vec<Label>, SalesError> {
    check::cutoffs("growth (shrinking, growing)", &[cutoffs.shrinking, cutoffs.growing], true)?;
    check::positive("the cut-off of size", cutoffs.large)?;
    check::share("the cut-off of retention", cutoffs.staying)?;
    check::share("the cut-off of concentration", cutoffs.concentrated)?;
    let column = |of: fn(&Region) -> f64| regions.iter().map(of).collect::<Vec<f64>>();
    let share = |v: f64| (0.0..=1.0).contains(&v);
    check::not_negative("the size of regions", &column(|r| r.size))?;
    check::values(
        "the growth",
        &column(|r| r.growth_per_year),
        "at least −1",
        |g| g.is_finite() && g >= -1.0,
        check::by_index,
    )?;
    check::values("the retention", &column(|r| r.retention), check::SHARE, share, check::by_index)?;
    check::values("the HHI", &column(|r| r.hhi), check::SHARE, share, check::by_index)?;
    let median = median(column(|r| r.size)).ok_or(SalesError::Empty { what: "the list of regions" })?;
    check::positive("the median size of the regions", median)?;
    Ok(regions.iter().map(|r| label_one(r, median, cutoffs)).collect())
}

/// Whether each criterion holds, in the order of [`Criterion`].
type Answers = [bool; 5];

fn stage([large, growing, shrinking, staying, concentrated]: Answers) -> Stage {
    match () {
        () if shrinking && !growing => Stage::Declining,
        () if growing && large => Stage::Growth,
        () if growing => Stage::Emerging,
        () if !staying => Stage::Declining,
        () if large => Stage::Mature,
        () if !concentrated => Stage::Emerging,
        () => Stage::Declining,
    }
}

fn label_one(r: &Region, median: f64, c: &Cutoffs) -> Label {
    let distances = [
        (Criterion::Large, r.size / median - c.large),
        (Criterion::Growing, r.growth_per_year - c.growing),
        (Criterion::Shrinking, r.growth_per_year - c.shrinking),
        (Criterion::Staying, r.retention - c.staying),
        (Criterion::Concentrated, r.hhi - c.concentrated),
    ];
    let answers = distances.map(|(criterion, d)| if criterion == Criterion::Shrinking { d < 0.0 } else { d >= 0.0 });
    let otherwise = |index: usize| {
        let mut other = answers;
        other[index] = !other[index];
        // Growth is one figure: what grows past the upper line is not below the lower one, and the other way round.
        if index == Criterion::Growing as usize && other[index] {
            other[Criterion::Shrinking as usize] = false;
        }
        if index == Criterion::Shrinking as usize && other[index] {
            other[Criterion::Growing as usize] = false;
        }
        stage(other)
    };
    let mut at = 0;
    let margins = distances.map(|(criterion, distance)| {
        at += 1;
        Margin { criterion, distance, otherwise: otherwise(at - 1) }
    });
    Label { stage: stage(answers), margins }
}

/// What a stage changes: factors on what would hold otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// On calls per customer.
    pub calls: f64,
    /// On the capacity that a rep brings to bear.
    pub capacity: f64,
    /// On the tolerance of balance: unsettled regions are held less tightly.
    pub tolerance: f64,
}

impl Policy {
    /// Changes nothing.
    pub const NEUTRAL: Self = Self { calls: 1.0, capacity: 1.0, tolerance: 1.0 };
}

/// A policy per stage, in the order of [`Stage::ALL`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policies(pub [Policy; 4]);

impl Policies {
    /// The policy of a stage.
    pub fn of(&self, stage: Stage) -> &Policy {
        &self.0[stage as usize]
    }

    /// Calls per year of customers or units after the policy: `stage_of` names each row's stage.
    ///
    /// # Errors
    /// Columns of different lengths, factors that are negative.
    pub fn calls(&self, stage_of: &[Stage], calls_per_year: &[f64]) -> Result<Vec<f64>, SalesError> {
        check::length("the calls per year", calls_per_year.len(), stage_of.len())?;
        self.check()?;
        Ok(stage_of.iter().zip(calls_per_year).map(|(s, calls)| self.of(*s).calls * calls).collect())
    }

    /// The capacity factor and the tolerance of a territory: means of its stages' factors, weighted by `weights` (one per stage,
    /// in the order of [`Stage::ALL`], a row of [`spread`]). Without weight nothing changes.
    ///
    /// # Errors
    /// Weights or factors that are negative.
    pub fn of_mix(&self, weights: &[f64; 4]) -> Result<Policy, SalesError> {
        self.check()?;
        check::not_negative("the weights of the stages", weights)?;
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return Ok(Policy::NEUTRAL);
        }
        let mean = |of: fn(&Policy) -> f64| self.0.iter().zip(weights).map(|(p, w)| of(p) * w).sum::<f64>() / total;
        Ok(Policy { calls: mean(|p| p.calls), capacity: mean(|p| p.capacity), tolerance: mean(|p| p.tolerance) })
    }

    fn check(&self) -> Result<(), SalesError> {
        for p in &self.0 {
            check::at_least_zero("a policy's factor on calls", p.calls)?;
            check::positive("a policy's factor on capacity", p.capacity)?;
            check::at_least_zero("a policy's factor on tolerance", p.tolerance)?;
        }
        Ok(())
    }
}

/// Measures that spread stages evenly over territories: one per stage in use, holding each unit's `weight` where the unit is of that stage
/// and 0 elsewhere, named after the stage, within `tolerance`.
///
/// ```
/// use territory_sales::lifecycle::{Stage, spreading_measures};
/// let measures = spreading_measures(&[Stage::Growth, Stage::Mature, Stage::Growth], &[5.0, 1.0, 2.0], 0.2)?;
/// assert_eq!((measures.len(), &measures[1].name[..], &measures[1].values[..]), (2, "growth", &[5.0, 0.0, 2.0][..]));
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different lengths, negative weights.
pub fn spreading_measures(stage_of: &[Stage], weight: &[f64], tolerance: f64) -> Result<Vec<Measure>, SalesError> {
    check::length("the weights", weight.len(), stage_of.len())?;
    check::not_negative("the weights", weight)?;
    let of = |stage: Stage| {
        let values = stage_of.iter().zip(weight).map(|(s, w)| if *s == stage { *w } else { 0.0 }).collect();
        Measure::new(stage.name(), values).tolerance(tolerance)
    };
    let used = |m: &Measure| m.values.iter().sum::<f64>() > 0.0;
    Ok(Stage::ALL.into_iter().map(of).filter(used).collect())
}

/// Weight per stage (in the order of [`Stage::ALL`]) of every territory of a plan.
///
/// # Errors
/// Columns of different lengths, a territory that is not below `k`.
pub fn spread(stage_of: &[Stage], weight: &[f64], territory_of: &[u32], k: usize) -> Result<Vec<[f64; 4]>, SalesError> {
    check::length("the weights", weight.len(), stage_of.len())?;
    check::length("the plan", territory_of.len(), stage_of.len())?;
    check::indices("the plan", territory_of, k)?;
    let mut sums = vec![[0.0; 4]; k];
    for ((stage, w), &t) in stage_of.iter().zip(weight).zip(territory_of) {
        sums[t as usize][*stage as usize] += w;
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn region() -> impl Strategy<Value = Region> {
        (1.0f64..9.0, -0.3f64..0.4, 0.0f64..1.0, 0.0f64..1.0)
            .prop_map(|(size, growth_per_year, retention, hhi)| Region { size, growth_per_year, retention, hhi })
    }

    proptest! {
        /// Protects the margins: moving a figure just past its cut-off gives the stage that was foretold, moving it less gives the same stage.
        #[test]
        fn margins_tell_what_would_change(regions in prop::collection::vec(region(), 3..12), at in 0usize..3) {
            // The median must not move with the region: it is the size of a region that stays.
            let cutoffs = Cutoffs::default();
            let median = median(regions.iter().map(|r| r.size).collect()).unwrap();
            let before = label_one(&regions[at], median, &cutoffs);
            prop_assert_eq!(label(&regions, &cutoffs).unwrap()[at], before);
            for m in before.margins {
                for (beyond, expected) in [(1.0 + 1e-9, m.otherwise), (0.99, before.stage)] {
                    let mut moved = regions[at];
                    let by = -m.distance * beyond + if beyond > 1.0 { -m.distance.signum() * 1e-12 } else { 0.0 };
                    match m.criterion {
                        Criterion::Large => moved.size += by * median,
                        Criterion::Growing | Criterion::Shrinking => moved.growth_per_year += by,
                        Criterion::Staying => moved.retention += by,
                        Criterion::Concentrated => moved.hhi += by,
                    }
                    // On its way across the far line of growth a figure crosses the near one.
                    let crosses = matches!(m.criterion, Criterion::Growing) && before.margins[2].distance < 0.0
                        || matches!(m.criterion, Criterion::Shrinking) && before.margins[1].distance >= 0.0;
                    if beyond > 1.0 || !crosses {
                        prop_assert_eq!(label_one(&moved, median, &cutoffs).stage, expected, "{:?}", m);
                    }
                }
            }
        }
    }

    #[test]
    fn policies_act_on_calls_capacity_and_tolerance() {
        let double = Policy { calls: 2.0, capacity: 0.8, tolerance: 1.5 };
        let policies = Policies([Policy::NEUTRAL, double, Policy::NEUTRAL, Policy::NEUTRAL]);
        assert_eq!(policies.calls(&[Stage::Growth, Stage::Mature], &[6.0, 6.0]).unwrap(), [12.0, 6.0]);
        let mix = policies.of_mix(&[3.0, 1.0, 0.0, 0.0]).unwrap();
        assert_eq!((mix.calls, mix.capacity, mix.tolerance), (1.25, 0.95, 1.125));
        assert_eq!(policies.of_mix(&[0.0; 4]).unwrap(), Policy::NEUTRAL);
        let stages = [Stage::Growth, Stage::Mature, Stage::Growth];
        assert_eq!(
            spread(&stages, &[1.0, 2.0, 4.0], &[0, 0, 1], 2).unwrap(),
            [[2.0, 1.0, 0.0, 0.0], [0.0, 4.0, 0.0, 0.0]]
        );
    }

    #[test]
    fn faults_are_named() {
        let good = Region { size: 1.0, growth_per_year: 0.0, retention: 0.9, hhi: 0.2 };
        let swapped = Cutoffs { growing: -0.1, ..Cutoffs::default() };
        assert!(matches!(label(&[good], &swapped), Err(SalesError::CutoffOrder { .. })));
        let percent = Region { retention: 90.0, ..good };
        assert!(matches!(label(&[good, percent], &Cutoffs::default()), Err(SalesError::Value { value: 90.0, .. })));
        assert!(matches!(label(&[], &Cutoffs::default()), Err(SalesError::Empty { .. })));
    }
}
