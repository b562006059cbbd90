//! The assignment as it comes in: checked, its members grouped by territory, its pieces counted by a union-find of its own.

use crate::ids::TerritoryId;
use crate::problem::Problem;

/// Why an assignment cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentError {
    /// It has another number of units than the problem.
    #[error("the plan assigns {found} units, but there are {expected}: give one territory per unit")]
    Length {
        /// Units assigned.
        found: usize,
        /// Units of the problem.
        expected: usize,
    },
    /// It names a territory that there is not.
    #[error(
        "the plan puts unit {unit} into territory {territory}, but there are {territories}, counted from 0: correct it"
    )]
    Territory {
        /// The unit's name.
        unit: String,
        /// Index of the territory.
        territory: u32,
        /// Number of territories.
        territories: usize,
    },
}

/// What a quick check of a plan found; see [`validate`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// Territories without a unit, ascending.
    pub empty: Vec<TerritoryId>,
    /// Territories in several pieces and their number, ascending.
    pub broken: Vec<(TerritoryId, usize)>,
}

impl Validity {
    /// Whether there are exactly k territories with a unit at least, each in one piece.
    pub fn is_valid(&self) -> bool {
        self.empty.is_empty() && self.broken.is_empty()
    }
}

/// Members by territory: the units of territory `t` ascend.
pub(super) struct Members {
    offsets: Vec<u32>,
    units: Vec<u32>,
}

impl Members {
    /// Checks `assignment` and groups the units of each of `k` territories.
    pub(super) fn new(
        units: usize,
        k: usize,
        assignment: &[u32],
        name: impl Fn(usize) -> String,
    ) -> Result<Self, AssignmentError> {
        if assignment.len() != units {
            return Err(AssignmentError::Length { found: assignment.len(), expected: units });
        }
        let mut offsets = vec![0u32; k + 1];
        for (unit, &territory) in assignment.iter().enumerate() {
            match offsets.get_mut(territory as usize + 1) {
                Some(count) => *count += 1,
                None => return Err(AssignmentError::Territory { unit: name(unit), territory, territories: k }),
            }
        }
        for t in 0..k {
            offsets[t + 1] += offsets[t];
        }
        let (mut next, mut grouped) = (offsets.clone(), vec![0u32; units]);
        for (unit, &territory) in assignment.iter().enumerate() {
            let slot = &mut next[territory as usize];
            grouped[*slot as usize] = unit as u32;
            *slot += 1;
        }
        Ok(Self { offsets, units: grouped })
    }

    /// As [`Members::new`] for the territories of `problem`.
    pub(super) fn of(problem: &Problem, assignment: &[u32]) -> Result<Self, AssignmentError> {
        Self::new(problem.units(), problem.k(), assignment, |unit| problem.unit_name(unit))
    }

    /// Number of territories.
    pub(super) fn k(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Units of territory `t`, ascending.
    pub(super) fn get(&self, t: usize) -> &[u32] {
        &self.units[self.offsets[t] as usize..self.offsets[t + 1] as usize]
    }
}

/// Disjoint sets with path halving; the smaller index is the representative.
pub(super) struct DisjointSets(Vec<u32>);

impl DisjointSets {
    pub(super) fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    pub(super) fn find(&mut self, mut x: u32) -> u32 {
        let parent = &mut self.0;
        while parent[x as usize] != x {
            let above = parent[parent[x as usize] as usize];
            parent[x as usize] = above;
            x = above;
        }
        x
    }

    pub(super) fn union(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if a < b {
            self.0[b as usize] = a;
        } else {
            self.0[a as usize] = b;
        }
    }
}

/// The connected pieces of the territories.
pub(super) struct Pieces {
    /// Number of pieces per territory.
    pub(super) counts: Vec<usize>,
    /// For every unit the smallest unit of its piece.
    pub(super) first: Vec<u32>,
}

/// Finds the pieces by joining the ends of every link inside a territory.
pub(super) fn pieces(problem: &Problem, assignment: &[u32]) -> Pieces {
    let mut sets = DisjointSets::new(assignment.len());
    for e in problem.graph().edges() {
        if assignment[e.a as usize] == assignment[e.b as usize] {
            sets.union(e.a, e.b);
        }
    }
    let mut counts = vec![0; problem.k()];
    let first: Vec<u32> = (0..assignment.len() as u32).map(|unit| sets.find(unit)).collect();
    for (unit, &root) in first.iter().enumerate() {
        if root as usize == unit {
            counts[assignment[unit] as usize] += 1;
        }
    }
    Pieces { counts, first }
}

/// Quick independent check that a plan has every unit in one of k territories, none of them empty, each in one piece.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}, evaluate::validate};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(3, &edges), 2).measure(Measure::new("calls", vec![1.0; 3])).build()?;
/// assert!(validate(&problem, &[0, 0, 1])?.is_valid());
/// assert_eq!(validate(&problem, &[0, 1, 0])?.broken, [(territory::TerritoryId(0), 2)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// An assignment of another length, or with a territory that is not below k.
pub fn validate(problem: &Problem, assignment: &[u32]) -> Result<Validity, AssignmentError> {
    Members::of(problem, assignment)?;
    let counts = pieces(problem, assignment).counts;
    let mut found = Validity::default();
    for (t, &count) in counts.iter().enumerate() {
        let t = TerritoryId(t as u32);
        match count {
            0 => found.empty.push(t),
            1 => {}
            _ => found.broken.push((t, count)),
        }
    }
    Ok(found)
}
