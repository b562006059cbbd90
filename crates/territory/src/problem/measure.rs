//! Measures, territories and objective as the caller states them.

/// A non-negative number per unit that is balanced over the territories.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Measure {
    /// Its name in reports.
    pub name: String,
    /// One value per unit, in the measure's own unit.
    pub values: Vec<f64>,
    /// Allowed relative deviation from the target, both ways: 0.05 means ±5 %. Infinite where only absolute bounds count.
    #[cfg_attr(feature = "serde", serde(default = "default_tolerance"))]
    pub tolerance: f64,
    /// Least sum a territory may have, in the measure's unit.
    #[cfg_attr(feature = "serde", serde(default))]
    pub minimum: Option<f64>,
    /// Largest sum a territory may have, in the measure's unit.
    #[cfg_attr(feature = "serde", serde(default))]
    pub maximum: Option<f64>,
    /// Makes the tolerance a wish instead of a bound: what a territory has beyond it is no violation, but costs this weight times
    /// itself in targets, beside the terms of the objective. At a weight of 10 a territory that is 10 % of a target beyond its
    /// tolerance costs as much as the compactness of one territory (where the weights of compactness add up to 1). Minimum and
    /// maximum, and territories' own bounds, stay bounds. Where the diameter is all of the objective, its search does not weigh
    /// wishes. None: the tolerance is a bound.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub wish: Option<f64>,
    /// An anchored part: what every unit adds per km between it and the anchor of its territory (great circle or plane), such as
    /// hours on the way to a rep's home. Its load in territory t is `values[i] + per_km[i] · d(i, anchor of t)`, and the total
    /// that targets are shares of is that of the plan. Empty: nothing is added. All territories must have anchors.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub per_km: Vec<f64>,
}

/// Tolerance of a measure for which none is given.
pub const DEFAULT_TOLERANCE: f64 = 0.05;

#[cfg(feature = "serde")]
fn default_tolerance() -> f64 {
    DEFAULT_TOLERANCE
}

impl Measure {
    /// The tolerance where it is a bound, infinite where it is a wish.
    pub fn bound_tolerance(&self) -> f64 {
        if self.wish.is_some() { f64::INFINITY } else { self.tolerance }
    }

    /// A measure with the default tolerance of ±5 % and no absolute bounds.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            values,
            tolerance: DEFAULT_TOLERANCE,
            minimum: None,
            maximum: None,
            wish: None,
            per_km: Vec::new(),
        }
    }

    /// With another tolerance.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// With a least sum per territory.
    pub fn minimum(mut self, minimum: f64) -> Self {
        self.minimum = Some(minimum);
        self
    }

    /// With a largest sum per territory.
    pub fn maximum(mut self, maximum: f64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    /// With the tolerance as a wish of this weight ([`Measure::wish`]).
    ///
    /// ```
    /// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}, evaluate::evaluate};
    /// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
    /// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
    /// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
    ///     .measure(Measure::new("sales", vec![3.0, 1.0, 2.0, 2.0]).tolerance(0.1))
    ///     // As even as may be, but never at the cost of sales.
    ///     .measure(Measure::new("calls", vec![1.0, 1.0, 1.0, 9.0]).tolerance(0.1).wish(10.0))
    ///     .build()?;
    /// let plan = territory::solve(&problem, &Default::default(), &Default::default())?.assignment;
    /// let figures = evaluate(&problem, &plan)?;
    /// assert!(figures.violations.is_empty());
    /// // 10 of 12 calls where 6 ± 0.6 are wished for: 57 % of a target too many.
    /// assert_eq!(figures.missed_wishes.len(), 2);
    /// assert!((figures.missed_wishes[0].excess - 3.4 / 6.0).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wish(mut self, weight: f64) -> Self {
        self.wish = Some(weight);
        self
    }

    /// With a part that grows with the distance from the territory's anchor: one value ≥ 0 per unit, in the measure's unit
    /// per km.
    ///
    /// ```
    /// use territory::{Locations, Measure, ProblemSpec, Space, Territory, adjacency::{Edge, EdgeKind, Graph}};
    /// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
    /// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
    /// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
    ///     // Two hours with every customer, and half an hour for every km from the rep's home.
    ///     .measure(Measure::new("hours", vec![2.0; 4]).per_km(vec![0.5; 4]))
    ///     .territories(vec![Territory::new("Ann").anchor([0.0, 0.0]), Territory::new("Ben").anchor([3000.0, 0.0])])
    ///     .build()?;
    /// assert_eq!(problem.load(0, 1, 0), 2.5);
    /// assert_eq!(problem.load(0, 1, 1), 3.0);
    /// # Ok::<(), territory::ProblemErrors>(())
    /// ```
    pub fn per_km(mut self, per_km: Vec<f64>) -> Self {
        self.per_km = per_km;
        self
    }
}

/// A territory that is asked for.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Territory {
    /// Its name in plans and reports.
    pub name: String,
    /// Its share relative to the others: targets follow it.
    #[cfg_attr(feature = "serde", serde(default = "one"))]
    pub capacity: f64,
    /// Where it is measured from (a rep's home, a depot): `[lon, lat]` in degrees or `[x, y]` in metres. None: from its centroid.
    #[cfg_attr(feature = "serde", serde(default))]
    pub anchor: Option<[f64; 2]>,
    /// No unit of it lies farther than this from its anchor, km.
    #[cfg_attr(feature = "serde", serde(default))]
    pub max_radius_km: Option<f64>,
    /// What its rep is qualified for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub skills: Vec<String>,
    /// Bounds of its own, beside those of the measures.
    #[cfg_attr(feature = "serde", serde(default))]
    pub bounds: Vec<OwnBounds>,
    /// (measure, load): what it has already of a measure outside of the map: named accounts. Counts in its sums and in the
    /// total that targets are shares of.
    #[cfg_attr(feature = "serde", serde(default))]
    pub carried: Vec<(String, f64)>,
}

/// Bounds of one territory on one measure, in the measure's unit.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OwnBounds {
    /// Name of the measure.
    pub measure: String,
    /// Least sum.
    #[cfg_attr(feature = "serde", serde(default))]
    pub minimum: Option<f64>,
    /// Largest sum.
    #[cfg_attr(feature = "serde", serde(default))]
    pub maximum: Option<f64>,
}

impl Territory {
    /// A territory of capacity 1 that is bound by nothing of its own.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            capacity: 1.0,
            anchor: None,
            max_radius_km: None,
            skills: Vec::new(),
            bounds: Vec::new(),
            carried: Vec::new(),
        }
    }

    /// With another capacity.
    pub fn capacity(mut self, capacity: f64) -> Self {
        self.capacity = capacity;
        self
    }

    /// Measured from a given place.
    pub fn anchor(mut self, anchor: [f64; 2]) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// With no unit farther than this from its anchor.
    pub fn max_radius_km(mut self, km: f64) -> Self {
        self.max_radius_km = Some(km);
        self
    }

    /// With a skill more.
    pub fn skill(mut self, skill: impl Into<String>) -> Self {
        self.skills.push(skill.into());
        self
    }

    /// With bounds of its own on a measure.
    pub fn bounds(mut self, measure: impl Into<String>, minimum: Option<f64>, maximum: Option<f64>) -> Self {
        self.bounds.push(OwnBounds { measure: measure.into(), minimum, maximum });
        self
    }

    /// With a load that it has already.
    pub fn carried(mut self, measure: impl Into<String>, load: f64) -> Self {
        self.carried.push((measure.into(), load));
        self
    }
}

#[cfg(feature = "serde")]
fn one() -> f64 {
    1.0
}

/// What is minimised inside the bounds: a mix of compactness terms. Each term is divided by its value in the first complete
/// plan, so that weights compare terms of different units; a weight of 0 leaves the term out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Objective {
    /// Moment of inertia about the weighted centroid, Σ w·km².
    pub inertia: f64,
    /// Moment of inertia about the best member unit (medoid), Σ w·d²: km², or by the problem's own distance.
    pub inertia_medoid: f64,
    /// Distance to the best member unit, Σ w·d: km, or the problem's own distance.
    pub median: f64,
    /// Largest distance between two members of a territory: km, or the problem's own distance.
    pub diameter: f64,
    /// Length of the borders between territories, km.
    pub border: f64,
    /// Number of links between territories, or the sum of their weights where an edge table gives them.
    pub cut: f64,
    /// Strength of the ties between territories ([`super::Rules::ties`]); counts only where there are ties.
    pub ties: f64,
    /// How much areas that are split cost ([`super::Rules::areas`]); counts only where there are areas.
    pub splits: f64,
}

impl Default for Objective {
    /// Inertia with a quarter of cut: borders are smoothed alike in towns and in the country, for a per cent of inertia.
    fn default() -> Self {
        Self { inertia: 1.0, cut: 0.25, ties: 0.5, splits: 1.5, ..Self::NONE }
    }
}

impl Objective {
    /// No term at all, to start a mix from.
    pub const NONE: Self = Self {
        inertia: 0.0,
        inertia_medoid: 0.0,
        median: 0.0,
        diameter: 0.0,
        border: 0.0,
        cut: 0.0,
        ties: 0.0,
        splits: 0.0,
    };

    /// Moment of inertia alone.
    pub const INERTIA: Self = Self { inertia: 1.0, ..Self::NONE };

    /// Cut alone.
    pub const CUT: Self = Self { cut: 1.0, ..Self::NONE };

    /// With another weight of the moment of inertia.
    pub fn inertia(mut self, weight: f64) -> Self {
        self.inertia = weight;
        self
    }

    /// With another weight of the moment of inertia about the best member.
    pub fn inertia_medoid(mut self, weight: f64) -> Self {
        self.inertia_medoid = weight;
        self
    }

    /// With another weight of the distance to the best member.
    pub fn median(mut self, weight: f64) -> Self {
        self.median = weight;
        self
    }

    /// With another weight of the diameter.
    pub fn diameter(mut self, weight: f64) -> Self {
        self.diameter = weight;
        self
    }

    /// With another weight of the border.
    pub fn border(mut self, weight: f64) -> Self {
        self.border = weight;
        self
    }

    /// With another weight of the cut.
    pub fn cut(mut self, weight: f64) -> Self {
        self.cut = weight;
        self
    }

    /// With another weight of the ties.
    pub fn ties(mut self, weight: f64) -> Self {
        self.ties = weight;
        self
    }

    /// With another weight of split areas.
    pub fn splits(mut self, weight: f64) -> Self {
        self.splits = weight;
        self
    }

    /// Weights of inertia, border and cut where inertia stands for all that is measured from members.
    pub(crate) fn weights(&self) -> [f64; 3] {
        [self.inertia + self.inertia_medoid + self.median + self.diameter, self.border, self.cut]
    }

    /// The terms of compactness in use with their weights, in report order.
    pub fn terms(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("inertia", self.inertia),
            ("inertia-medoid", self.inertia_medoid),
            ("median", self.median),
            ("diameter", self.diameter),
            ("border", self.border),
            ("cut", self.cut),
        ];
        all.into_iter().filter(|t| t.1 != 0.0)
    }
}
