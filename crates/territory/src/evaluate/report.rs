//! The report of a plan: plain structs with the keys of the documented JSON. Everything the engine knows is filled in; files
//! and clocks are the caller's, who fills in the rest.
//!
//! With the feature `serde` the structs serialise. Numbers that are not finite are written null, maps keep the order of the
//! measures.

mod build;
mod disruption;
mod drift;
#[cfg(feature = "serde")]
mod json;
mod shapes;

pub use disruption::{ChangeReport, DisruptionReport, MoveReport, PlanReport, PlansReport};
pub use drift::{DriftReport, MeasureDriftReport, PeriodsReport, RankReport, TerritoryDriftReport};

/// Values by name, in order: an object in JSON.
pub type ByName = Vec<(String, f64)>;

/// The whole report.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Report, Space, adjacency::{Edge, EdgeKind, Graph}, evaluate};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0]]);
/// let graph = Graph::from_edges(2, &[Edge::new(0, 1, EdgeKind::Edge, 0.0)]);
/// let problem = ProblemSpec::new(locations, graph, 2).measure(Measure::new("calls", vec![1.0, 1.0])).build()?;
/// let mut report = Report::new(&problem, &evaluate(&problem, &[0, 1])?);
/// report.seconds.push(("read".to_owned(), 0.1));
/// assert_eq!(report.measures[0].max_deviation, 0.0);
/// assert_eq!(report.territories[1].sums, [("calls".to_owned(), 1.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// Number of territories.
    pub k: usize,
    /// Number of units.
    pub units: usize,
    /// Seed of the search; none where there was no search.
    pub seed: Option<u64>,
    /// Effort of the search: `quick`, `standard`, `thorough`.
    pub effort: Option<&'static str>,
    /// Why the search ended: `converged`, `steps`, `time`, `cancelled`.
    pub stopped: Option<&'static str>,
    /// Whether every territory has units and is in one piece.
    pub contiguous: bool,
    /// Per measure.
    pub measures: Vec<MeasureReport>,
    /// What was minimised, and how far.
    pub compactness: CompactnessReport,
    /// Per territory.
    pub territories: Vec<TerritoryReport>,
    /// Against the current plan, where there is one.
    pub disruption: Option<DisruptionReport>,
    /// Over a series of periods, where there is one.
    pub drift: Option<DriftReport>,
    /// What is violated.
    pub violations: Vec<ViolationReport>,
    /// Territories inside another, with the innermost one around each; the caller's.
    pub enclaves: Vec<(String, String)>,
    /// The graph that was used.
    pub graph: GraphReport,
    /// What was read; the caller's.
    pub input: InputReport,
    /// Seconds per stage; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub seconds: ByName,
}

/// A measure over all territories.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MeasureReport {
    /// Its name.
    pub name: String,
    /// Sum over all units.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub total: f64,
    /// Allowed relative deviation, or what is wished for.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub tolerance: f64,
    /// Weight of the wish, where the tolerance is one and no bound; left out of the JSON otherwise.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "json::finite_option", skip_serializing_if = "Option::is_none")
    )]
    pub wish: Option<f64>,
    /// Territories that do not meet the wish; left out of the JSON where nothing is wished.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub missed_by: Option<Vec<String>>,
    /// Largest |sum / target − 1|.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub max_deviation: f64,
    /// Coefficient of variation.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub cv: f64,
    /// Gini coefficient.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub gini: f64,
    /// Hoover index.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub hoover: f64,
    /// Share of the territories within 15 % of their targets.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub within_15_percent: f64,
    /// Largest ratio over smallest; none where the smallest is 0.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub max_over_min: Option<f64>,
}

/// What was minimised. `kind`, `value` and `unit` are those of the term of the largest weight; `terms` is the whole mix.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CompactnessReport {
    /// The leading term.
    pub kind: String,
    /// Its value.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
    /// What no plan can go below, where that is known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub lower_bound: Option<f64>,
    /// value / lower_bound − 1.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub gap: Option<f64>,
    /// Mean squared distance of the weight from its territory's centroid.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub inertia_km2: f64,
    /// Number of links between territories.
    pub cut_edges: usize,
    /// Length of the borders between territories.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub border_km: f64,
    /// The mix.
    pub terms: Vec<TermReport>,
}

/// A term of the mix.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TermReport {
    /// Its name.
    pub kind: String,
    /// Its weight in the mix.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub weight: f64,
    /// Its value.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
    /// Its value in the first complete plan, by which the search divided it; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub scale: Option<f64>,
}

/// A territory.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TerritoryReport {
    /// Its name.
    pub territory: String,
    /// Number of its units.
    pub units: usize,
    /// Number of its connected pieces.
    pub pieces: usize,
    /// Sum per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub sums: ByName,
    /// Target per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub targets: ByName,
    /// Sum / target − 1 per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub deviations: ByName,
    /// Mean location: `[lon, lat]` or metres; none when it is empty.
    pub centroid: Option<[f64; 2]>,
    /// Whether centroid and inertia count every unit alike, since the weight adds up to zero; left out of the JSON when false.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    pub unweighted: bool,
    /// Mean squared distance of the weight from the centroid.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub inertia_km2: f64,
    /// Largest distance between two units.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub diameter_km: f64,
    /// Area; the caller's, where there are polygons.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub area_km2: Option<f64>,
    /// Length of the outline; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub perimeter_km: Option<f64>,
    /// 4π area / perimeter²; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub polsby_popper: Option<f64>,
    /// Area / area of the smallest enclosing circle; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub reock: Option<f64>,
}

/// A violated rule.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ViolationReport {
    /// Which rule.
    pub kind: String,
    /// Name of the territory.
    pub territory: String,
    /// Name of the measure, for bounds.
    pub measure: Option<String>,
    /// What is there.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub value: f64,
    /// What is allowed.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub bound: f64,
    /// Why.
    pub reason: String,
}

/// The graph that was used.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GraphReport {
    /// Number of links, bridges among them.
    pub edges: usize,
    /// Number of connected parts without the bridges.
    pub components: usize,
    /// Number of units without a link but bridges.
    pub isolated: usize,
    /// The bridges: names of their ends and the distance between them in km.
    pub bridges: Vec<(String, String, f64)>,
    /// Border vertices that were moved to match; the caller's.
    pub snapped: usize,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InputReport {
    /// Number of features.
    pub features: usize,
    /// What names the units.
    pub id: String,
    /// Where distances, areas and perimeters are measured: `sphere` or `plane`.
    pub space: &'static str,
    /// What the file says its coordinates are, where it says so.
    pub crs: Option<String>,
    /// How territories of points were drawn, where they were.
    pub cells: Option<CellsReport>,
    /// Features left out, by name, with the reason.
    pub skipped: Vec<String>,
    /// Features repaired, by name, with what was done.
    pub repaired: Vec<String>,
    /// Features cut into parts, by name, with how many.
    pub split: Vec<String>,
    /// Customers joined to units.
    pub customers: CustomersReport,
}

/// How territories of points were drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CellsReport {
    /// The projection; none in the plane.
    pub projection: Option<&'static str>,
    /// How far the borders are off at most, for the projection.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub error_km: f64,
    /// Width of the strip around the convex hull; none where a boundary was given.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub strip_km: Option<f64>,
}

/// How customers were joined to units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CustomersReport {
    /// Inside a unit.
    pub joined: usize,
    /// Outside every unit, given to the nearest.
    pub nearest: usize,
    /// Outside every unit, left out.
    pub dropped: usize,
}
