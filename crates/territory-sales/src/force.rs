//! Force size: how many reps the work needs, how many the potential carries, and how many pay for themselves.

use crate::{SalesError, check};

/// Hours that a rep can give to customers and the road.
///
/// ```
/// use territory_sales::force::Capacity;
/// let full_time = Capacity::new("R01", 1600.0);
/// let half_time = Capacity { fte: 0.5, effectiveness: 1.1, ..full_time.clone() };
/// assert_eq!((full_time.hours()?, half_time.hours()?.round()), (1600.0, 880.0));
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// Whose it is.
    pub who: String,
    /// Hours per year in the field, of a full post.
    pub hours_per_year: f64,
    /// Full-time equivalent: 0.5 is half a post.
    pub fte: f64,
    /// Against an average rep, who has 1.
    pub effectiveness: f64,
}

impl Capacity {
    /// A full post of average effectiveness.
    pub fn new(who: impl Into<String>, hours_per_year: f64) -> Self {
        Self { who: who.into(), hours_per_year, fte: 1.0, effectiveness: 1.0 }
    }

    /// Hours × FTE × effectiveness, per year: targets follow it (it is the capacity of [`territory::Territory`]).
    ///
    /// # Errors
    /// [`SalesError::Capacity`] unless it is positive.
    pub fn hours(&self) -> Result<f64, SalesError> {
        let hours = self.hours_per_year * self.fte * self.effectiveness;
        let all = [self.hours_per_year, self.fte, self.effectiveness];
        let valid = hours.is_finite() && all.iter().all(|v| *v > 0.0);
        if valid { Ok(hours) } else { Err(SalesError::Capacity { who: self.who.clone(), hours }) }
    }
}

/// Customers that are called on alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// How many.
    pub customers: f64,
    /// Calls per customer and year.
    pub calls_per_year: f64,
    /// Length of a visit, hours.
    pub hours_per_call: f64,
}

/// The reps that the work needs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BuildUp {
    /// Hours of work per year.
    pub hours: f64,
    /// The same in posts, not rounded.
    pub posts: f64,
    /// Whole reps: ⌈posts⌉.
    pub reps: u32,
}

/// Talley's build-up (Talley 1961, Journal of Marketing 25(3), 7–13): ⌈Σ workload / hours per rep⌉.
///
/// ```
/// use territory_sales::force::{Segment, build_up, segment_hours};
/// // 200 A-customers at 36 calls of 1 h, 300 B at 12 calls of ¾ h: 9,900 h; 3,100 h on the road.
/// let segments = [
///     Segment { customers: 200.0, calls_per_year: 36.0, hours_per_call: 1.0 },
///     Segment { customers: 300.0, calls_per_year: 12.0, hours_per_call: 0.75 },
/// ];
/// let force = build_up(segment_hours(&segments)? + 3_100.0, 1_500.0)?;
/// assert_eq!((force.hours, force.reps), (13_000.0, 9)); // 8.67 posts
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Negative hours; [`SalesError::Capacity`] unless a rep has hours.
pub fn build_up(workload_hours: f64, hours_per_rep: f64) -> Result<BuildUp, SalesError> {
    check::at_least_zero("the workload (h)", workload_hours)?;
    let posts = workload_hours / Capacity::new("a rep", hours_per_rep).hours()?;
    // A rep more for a rounding error would be dear.
    let reps = (posts - 1e-9).ceil().max(0.0);
    check::parameter("the number of reps", reps, "below a million", |r| r < 1e6)?;
    Ok(BuildUp { hours: workload_hours, posts, reps: reps as u32 })
}

/// Hours of calls of some segments, per year.
///
/// # Errors
/// Numbers that are negative.
pub fn segment_hours(segments: &[Segment]) -> Result<f64, SalesError> {
    let mut hours = 0.0;
    for s in segments {
        check::at_least_zero("the customers of a segment", s.customers)?;
        check::at_least_zero("the calls per year of a segment", s.calls_per_year)?;
        check::at_least_zero("the hours per call of a segment", s.hours_per_call)?;
        hours += s.customers * s.calls_per_year * s.hours_per_call;
    }
    Ok(hours)
}

/// How many reps `potential` carries when each needs at least `needed_per_rep` of it, in the same unit: ⌊potential / needed⌋.
///
/// ```
/// // A rep costs 90,000; of every 100 sold 30 are left; 25 % of the potential can be won: 1.2 M of potential per rep.
/// let needed = 90_000.0 / 0.30 / 0.25;
/// assert_eq!(territory_sales::force::carried_by_potential(10_000_000.0, needed)?, 8);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// A negative potential, or nothing needed.
pub fn carried_by_potential(potential: f64, needed_per_rep: f64) -> Result<u32, SalesError> {
    check::at_least_zero("the potential", potential)?;
    check::positive("the potential that a rep needs", needed_per_rep)?;
    let reps = (potential / needed_per_rep + 1e-9).floor();
    check::parameter("the number of reps", reps, "below a million", |r| r < 1e6)?;
    Ok(reps as u32)
}

/// What a rep costs and brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Economics {
    /// Cost of a rep per year, currency.
    pub cost_per_rep: f64,
    /// What is left of a unit of sales before the reps are paid, 0 to 1.
    pub margin: f64,
    /// Reps at most.
    pub most_reps: u32,
}

/// One force size of the marginal method.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MarginalStep {
    /// Reps.
    pub reps: u32,
    /// Sales of that force, currency per year.
    pub sales: f64,
    /// What the last rep brought: margin × sales gained, currency per year; 0 without reps.
    pub last_rep_brings: f64,
    /// Margin × sales − cost, currency per year.
    pub profit: f64,
}

/// The force that pays best, and the table it was read from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Marginal {
    /// The most profitable number of reps; of equals the smallest.
    pub reps: u32,
    /// Every force size from 0 to the most allowed.
    pub steps: Vec<MarginalStep>,
}

/// The marginal method (Semlow 1959; Lodish 1980): add reps as long as what the next one brings exceeds its cost. Where the response is
/// S-shaped the first reps may not pay though the tenth does, so every size is looked at and the most profitable taken; for a concave
/// response that is where the marginal rep stops paying. `sales` gives the sales per year of a force.
///
/// ```
/// use territory_sales::force::{Economics, marginal};
/// use territory_sales::response::Response;
/// let potential = 50.0e6;
/// let response = Response::Power { share: 0.2, at_effort: 20.0 * 1500.0 / potential, elasticity: 0.4 };
/// let money = Economics { cost_per_rep: 90_000.0, margin: 0.4, most_reps: 60 };
/// let force = marginal(&money, |reps| potential * response.share(f64::from(reps) * 1500.0 / potential))?;
/// // 4 M · (K/20)^0.4 − 90,000 K is largest at K = 20 · (4 M · 0.4 / (20 · 90,000))^(1/0.6) = 16.4.
/// assert_eq!(force.reps, 16);
/// assert!(force.steps[16].last_rep_brings > 90_000.0 && force.steps[17].last_rep_brings < 90_000.0);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// A cost that is not positive, a margin outside 0 to 1, sales that are not finite.
pub fn marginal(money: &Economics, sales: impl Fn(u32) -> f64) -> Result<Marginal, SalesError> {
    check::positive("the cost of a rep", money.cost_per_rep)?;
    check::share("the margin", money.margin)?;
    check::parameter("the most reps", f64::from(money.most_reps), "below a million", |r| r < 1e6)?;
    let mut steps: Vec<MarginalStep> = Vec::with_capacity(money.most_reps as usize + 1);
    for reps in 0..=money.most_reps {
        let sold = sales(reps);
        check::at_least_zero("the sales of a force", sold)?;
        let before = steps.last().map_or(sold, |s| s.sales);
        steps.push(MarginalStep {
            reps,
            sales: sold,
            last_rep_brings: money.margin * (sold - before),
            profit: money.margin * sold - money.cost_per_rep * f64::from(reps),
        });
    }
    let best = steps.iter().fold(None::<&MarginalStep>, |best, step| match best {
        Some(best) if best.profit >= step.profit => Some(best),
        _ => Some(step),
    });
    Ok(Marginal { reps: best.map_or(0, |b| b.reps), steps })
}

/// The answers side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SideBySide {
    /// Reps that the work needs (Talley).
    pub workload_needs: u32,
    /// Reps that the potential carries.
    pub potential_carries: u32,
    /// Reps that pay best (marginal), where a response function is known.
    pub pays_best: Option<u32>,
}

impl SideBySide {
    /// Reps that the work needs beyond those that the potential carries: above 0 the call policy is richer than the market, below 0
    /// potential lies idle.
    pub fn shortfall(&self) -> i64 {
        i64::from(self.workload_needs) - i64::from(self.potential_carries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Response;

    #[test]
    fn whole_posts_are_not_rounded_up() {
        assert_eq!(build_up(0.1 + 0.2, 0.1).unwrap().reps, 3);
        assert_eq!(build_up(0.0, 1500.0).unwrap().reps, 0);
        assert_eq!(build_up(1500.1, 1500.0).unwrap().reps, 2);
        assert_eq!(carried_by_potential(0.3, 0.1).unwrap(), 3);
    }

    /// The textbook's case (Kotler & Armstrong, Principles of Marketing, workload approach): 1,000 A accounts at 36 calls and 2,000 B
    /// accounts at 12 make 60,000 calls; at 1,000 calls a rep, 60 reps. A call is an hour here.
    #[test]
    fn the_build_up_is_that_of_the_textbook() {
        let accounts = |customers, calls_per_year| Segment { customers, calls_per_year, hours_per_call: 1.0 };
        let hours = segment_hours(&[accounts(1_000.0, 36.0), accounts(2_000.0, 12.0)]).unwrap();
        assert_eq!((hours, build_up(hours, 1_000.0).unwrap().reps), (60_000.0, 60));
    }

    /// Two published cases. Lovely Professional University, Sales Management (DMGT205), section 4.8.1: reps 11 to 14 add 250, 200, 150 and
    /// 100 thousand; 40 % are left less 6 % commission, a rep costs 35,000; net 50,000, 33,000, 16,000 and −1,000, so 13 reps. And
    /// the exercise of sales courses with 1,000,000·√x of revenue and 100,000 a rep: 25 reps, profit 2.5 million.
    #[test]
    fn the_marginal_method_is_that_of_the_textbooks() {
        let money = Economics { cost_per_rep: 35_000.0, margin: 0.34, most_reps: 14 };
        let added = |rep: u32| if rep <= 10 { 300_000.0 } else { 250_000.0 - 50_000.0 * f64::from(rep - 11) };
        let force = marginal(&money, |reps| (1..=reps).map(added).sum()).unwrap();
        let net: Vec<f64> = force.steps[11..].iter().map(|s| (s.last_rep_brings - 35_000.0).round()).collect();
        assert_eq!((force.reps, net), (13, vec![50_000.0, 33_000.0, 16_000.0, -1_000.0]));
        let money = Economics { cost_per_rep: 100_000.0, margin: 1.0, most_reps: 60 };
        let force = marginal(&money, |reps| 1e6 * f64::from(reps).sqrt()).unwrap();
        assert_eq!((force.reps, force.steps[25].profit), (25, 2.5e6));
    }

    #[test]
    fn no_capacity_is_a_fault_that_names_the_rep() {
        let none = Capacity { fte: 0.0, ..Capacity::new("rep 12", 1600.0) };
        assert_eq!(
            none.hours().unwrap_err().to_string(),
            "the capacity of \"rep 12\" is 0 hours, which serves nobody: give a positive one, or leave the rep out"
        );
        // Two negatives make no rep.
        assert!(Capacity { fte: -1.0, effectiveness: -1.0, ..none }.hours().is_err());
        assert!(matches!(build_up(10.0, 0.0), Err(SalesError::Capacity { .. })));
    }

    #[test]
    fn an_s_shaped_response_is_not_given_up_at_its_start() {
        let response = Response::Adbudg { minimum: 0.0, maximum: 0.4, shape: 3.0, half: 1000.0 };
        let money = Economics { cost_per_rep: 1.0, margin: 0.5, most_reps: 40 };
        let sales = |reps: u32| 400.0 * response.share(f64::from(reps));
        let force = marginal(&money, sales).unwrap();
        assert!(force.steps[1].last_rep_brings < 1.0, "the first rep does not pay");
        let profit = |reps: u32| 0.5 * sales(reps) - f64::from(reps);
        let best = (0..=40).max_by(|&a, &b| profit(a).total_cmp(&profit(b))).unwrap();
        assert!(best > 10 && force.reps == best);
        // None pay: no force.
        let dear = Economics { cost_per_rep: 1e9, ..money };
        assert_eq!(marginal(&dear, sales).unwrap().reps, 0);
    }
}
