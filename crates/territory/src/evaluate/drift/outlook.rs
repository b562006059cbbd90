//! How near a sum is to its bounds, and when it will be beyond at its trend.

use super::trend::trend;
use crate::evaluate::violation::{BOUND_SLACK, ViolationKind, side};

/// A bound as seen from the last period.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outlook {
    /// Which bound: [`ViolationKind::AboveMaximum`] or [`ViolationKind::BelowMinimum`].
    pub kind: ViolationKind,
    /// The bound in the last period, in the measure's unit.
    pub bound: f64,
    /// Room to it in the last period as a share of the target: (bound − sum) / target to a maximum, (sum − bound) / target to a
    /// minimum; negative beyond.
    pub room: f64,
    /// Periods until it is broken: 0 if it is in the last period, else the smallest h ≥ 1 for which the line through the room of all
    /// periods is below 0 h periods after the last; none if that line does not fall, or for a single period. The room to a bound by
    /// tolerance is a share of each period's target, as that bound is; the room to an absolute one is taken in the measure's unit.
    pub periods_left: Option<u32>,
}

/// The bounds of a territory on a measure, apart, since they move differently.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Relative, both ways; infinite: none.
    pub(super) tolerance: f64,
    /// Absolute.
    pub(super) minimum: Option<f64>,
    /// Absolute.
    pub(super) maximum: Option<f64>,
}

/// The most urgent of a territory's bounds: the fewest periods left, then the least room. A lower bound of 0 is none.
pub(super) fn outlook(sums: &[f64], targets: &[f64], bounds: Bounds) -> Option<Outlook> {
    use ViolationKind::{AboveMaximum, BelowMinimum};
    let (&sum, &target) = (sums.last()?, targets.last()?);
    let tolerance = Some(bounds.tolerance).filter(|t| t.is_finite());
    let candidate = |kind: ViolationKind, bound: f64, absolute: bool| {
        let sign = if kind == AboveMaximum { 1.0 } else { -1.0 };
        let beyond = if kind == AboveMaximum { side(sum, (0.0, bound)) == 1 } else { side(sum, (bound, sum)) == -1 };
        let room = |(x, t): (&f64, &f64)| match absolute {
            true => sign * (bound - x) / target,
            false => bounds.tolerance - sign * (x / t - 1.0),
        };
        let rooms: Vec<f64> = sums.iter().zip(targets).map(room).collect();
        let periods_left = if beyond { Some(0) } else { periods_left(&rooms, BOUND_SLACK * bound / target) };
        Outlook { kind, bound, room: rooms.last().copied().unwrap_or(f64::NAN), periods_left }
    };
    let all = [
        tolerance.map(|t| candidate(AboveMaximum, target * (1.0 + t), false)),
        tolerance.filter(|t| *t < 1.0).map(|t| candidate(BelowMinimum, target * (1.0 - t), false)),
        bounds.maximum.map(|maximum| candidate(AboveMaximum, maximum, true)),
        bounds.minimum.filter(|m| *m > 0.0).map(|minimum| candidate(BelowMinimum, minimum, true)),
    ];
    let urgency = |o: &Outlook| (o.periods_left.unwrap_or(u32::MAX), o.room);
    all.into_iter().flatten().min_by(|a, b| {
        let (a, b) = (urgency(a), urgency(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    })
}

/// Smallest h ≥ 1 for which the line through `rooms` is below −`slack` h periods after the last.
fn periods_left(rooms: &[f64], slack: f64) -> Option<u32> {
    let line = trend(rooms).filter(|line| line.slope < 0.0)?;
    let left = ((line.last + slack) / -line.slope).floor() + 1.0;
    // What takes longer than numbers of periods go is rounding, no trend.
    (left < f64::from(u32::MAX)).then_some(left.max(1.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Protects the periods left against walking along the line, one period after another.
        #[test]
        fn the_line_is_below_then_and_not_before(rooms in prop::collection::vec(0.0f64..0.2, 2..12)) {
            let line = trend(&rooms).unwrap();
            let walk = (1..100_000u32).find(|&h| line.last + line.slope * f64::from(h) < -1e-9);
            let found = periods_left(&rooms, 1e-9);
            if line.slope >= 0.0 {
                prop_assert_eq!(found, None);
            } else if let Some(walked) = walk {
                prop_assert_eq!(found, Some(walked));
            } else {
                prop_assert!(found.is_none_or(|h| h >= 100_000));
            }
        }
    }

    #[test]
    fn a_line_that_ends_on_the_bound_has_not_broken_it() {
        // 6, 4 and 2 % of room: the next period is on the bound, the one after it beyond.
        assert_eq!(periods_left(&[0.06, 0.04, 0.02], 1e-9), Some(2));
        assert_eq!(periods_left(&[0.02, 0.04, 0.06], 1e-9), None);
        assert_eq!(periods_left(&[0.05; 4], 1e-9), None);
        assert_eq!(periods_left(&[0.05], 1e-9), None);
        // Inside still, but the line is beyond already: it will be seen in the next period.
        assert_eq!(periods_left(&[0.3, 0.0, 0.0, 0.0], 1e-9), Some(1));
    }

    #[test]
    fn absolute_bounds_come_nearer_as_targets_grow() {
        // The share stays, the total grows by 10 a period: at 130 the maximum of 125 is broken, whatever the tolerance.
        let grows = [100.0, 110.0, 120.0];
        let bounds = Bounds { tolerance: 0.1, minimum: None, maximum: Some(125.0) };
        let found = outlook(&grows, &grows, bounds).unwrap();
        assert_eq!((found.kind, found.bound, found.periods_left), (ViolationKind::AboveMaximum, 125.0, Some(1)));
        assert!((found.room - 5.0 / 120.0).abs() < 1e-12);
        let free = Bounds { tolerance: f64::INFINITY, minimum: Some(0.0), maximum: None };
        assert_eq!(outlook(&grows, &grows, free), None);
        let relative = Bounds { tolerance: 0.1, minimum: None, maximum: None };
        let low = outlook(&[100.0, 80.0], &[100.0; 2], relative).unwrap();
        assert_eq!((low.kind, low.periods_left), (ViolationKind::BelowMinimum, Some(0)));
        assert!((low.room + 0.1).abs() < 1e-12 && low.bound == 90.0);
        assert_eq!(outlook(&grows, &grows, relative).unwrap().periods_left, None);
    }
}
