//! The problem that a live plan has become: its territories, limits and locks as a specification of their own, for evaluation,
//! reports, re-alignment and search.

use super::LivePlan;
use crate::problem::ProblemSpec;

impl LivePlan {
    /// The plan as a problem of its own, with its assignment: territories that stand are numbered without gaps, locks are rules. The
    /// numbers come back beside it: position here of every territory there.
    ///
    /// Rules that name removed territories are kept without them. Building the specification checks it all anew: it may be refused
    /// where the plan came in with broken rules, such as a pair that shares a territory and has no other left.
    ///
    /// ```
    /// # use territory::adjacency::{Edge, EdgeKind, Graph};
    /// # use territory::{Locations, Measure, ProblemSpec, Space, TerritoryId, UnitId, evaluate, live::LivePlan};
    /// # let at: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
    /// # let edges: Vec<Edge> = (1..6).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 1.0)).collect();
    /// # let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(6, &edges), 3)
    /// #     .measure(Measure::new("calls", vec![1.0; 6]).tolerance(0.1)).build()?;
    /// let mut plan = LivePlan::new(problem, vec![0, 0, 1, 1, 2, 2])?;
    /// plan.lock(UnitId(0))?;
    /// plan.remove_territory(TerritoryId(1))?;
    /// let (spec, assignment, positions) = plan.hand_over();
    /// let problem = spec.build()?;
    /// assert_eq!((problem.k(), positions), (2, vec![TerritoryId(0), TerritoryId(2)]));
    /// assert_eq!(assignment, [0, 0, 0, 1, 1, 1]);
    /// assert_eq!(problem.rule_book().locked(0), Some(0));
    /// assert!(evaluate(&problem, &assignment)?.violations.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(&self) -> (ProblemSpec, Vec<u32>, Vec<crate::ids::TerritoryId>) {
        let mut position = vec![None; self.territories.len()];
        for (new, old) in (0u32..).zip(self.territories.standing()) {
            position[old as usize] = Some(new);
        }
        let at = |t: u32| position.get(t as usize).copied().flatten();
        let mut spec = self.problem.spec().clone();
        spec.territories = self.territories.standing().map(|t| self.territories.slot(t).territory.clone()).collect();
        let rules = &mut spec.rules;
        rules.locked = rules.locked.iter().filter_map(|&(unit, t)| Some((unit, at(t)?))).collect();
        for (_, set) in rules.allowed.iter_mut().chain(&mut rules.forbidden) {
            *set = set.iter().filter_map(|&t| at(t)).collect();
        }
        let held = (0u32..).zip(&self.held).filter(|h| *h.1).filter_map(|(u, _)| Some((u, at(self.books.of(u))?)));
        rules.locked.extend(held);
        rules.locked.sort_unstable();
        rules.locked.dedup();
        let assignment = self.books.part().iter().filter_map(|&t| at(t)).collect();
        (spec, assignment, self.territories().collect())
    }
}
