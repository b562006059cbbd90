//! The rules of a company, as they are given: which units go where, which go together, what counts beside the map. Indices are
//! positions of units and territories; [`super::RuleBook`] is what validation makes of them.

/// Rules beside bounds. Fields are public: fill in those that are wanted; all are empty by default, which costs nothing.
///
/// Order of what holds: these rules come before contiguity, contiguity before bounds, bounds before the objective. Rules that
/// contradict each other are refused by [`super::ProblemSpec::build`], all of them by name.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Rules, SolveOptions, Space, adjacency::{Edge, EdgeKind, Graph}};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// // The first unit stays with the second territory, and the last two go together.
/// let rules = Rules { locked: vec![(0, 1)], together: vec![vec![2, 3]], ..Rules::default() };
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 4]).tolerance(0.0))
///     .rules(rules)
///     .build()?;
/// let solution = territory::solve(&problem, &SolveOptions::default(), &territory::Control::default())?;
/// assert_eq!(solution.assignment, [1, 1, 0, 0]);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Rules {
    /// (unit, territory): the unit must be in the territory.
    pub locked: Vec<(u32, u32)>,
    /// (unit, territories): the unit may be in these only.
    pub allowed: Vec<(u32, Vec<u32>)>,
    /// (unit, territories): the unit may not be in these.
    pub forbidden: Vec<(u32, Vec<u32>)>,
    /// (unit, skill): the unit needs a territory whose [`super::Territory::skills`] have the skill.
    pub needs: Vec<(u32, String)>,
    /// Units of one list are in one territory. Lists that share a unit are one list.
    pub together: Vec<Vec<u32>>,
    /// Two units that are not in one territory.
    pub apart: Vec<(u32, u32)>,
    /// Areas to keep whole, from coarse to fine.
    pub areas: Vec<Areas>,
    /// (unit, unit, strength): pairs, neighbours or not, that should rather share a territory: trade, roads, cultural ties. The
    /// strengths of pairs that do not are minimised beside compactness, by [`super::Objective::ties`]; positive and finite.
    pub ties: Vec<(u32, u32, f64)>,
    /// Least distance between the centres of two territories, km.
    pub centres_apart_km: Option<f64>,
}

/// Areas (counties, provinces, ZIP3) that the units nest in, to be split among territories as little as possible.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Areas {
    /// What they are: `county`.
    pub name: String,
    /// Names of the areas.
    pub names: Vec<String>,
    /// Area of every unit, a position in `names`; none: the unit is in no area.
    pub area_of: Vec<Option<u32>>,
}

impl Rules {
    /// Whether there is no rule at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
