//! A set of polygons that is to tile: checked, repaired, snapped, and with the knowledge of which edges lie on one another. The
//! graph, the dissolved territories and all measures of units are read off it.

use super::between::{Cover, Defect, Mesh, boxes, cover, defects, resolve};
use super::edges::pieces;
use super::extents::Extents;
use super::grid::Grid;
use super::noding::{Loose, Splits, settle, split_everywhere};
use super::polygons::Polygons;
use super::repair::{loosen, made, repair};
use super::rings::Part;
use super::snap::snap;
use super::twins::MAX_EDGES;
use super::validate::{GeometryError, GeometryErrors, GeometryFault, validate};
use crate::space::{Locations, Space};

/// How the polygons are to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverageOptions {
    /// Resolution of the coordinates in degrees or metres: vertices equal at this resolution are the same vertex. `None` means
    /// 1e-7 degrees or 1e-3 metres.
    pub grid: Option<f64>,
    /// Borders closer than this many metres are the same border; 0 leaves all that does not match vertex by vertex.
    pub snap_m: f64,
}

impl Default for CoverageOptions {
    fn default() -> Self {
        Self { grid: None, snap_m: 1.0 }
    }
}

/// What was found in the polygons, and what was done about it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CoverageReport {
    /// Longitudes between 180 and 360 degrees that were brought into −180…180.
    pub wrapped_longitudes: usize,
    /// Units that ran past ±180 degrees and were cut there.
    pub cut_units: Vec<u32>,
    /// Vertices that took the coordinates of an earlier one in the same cell of the grid.
    pub united_vertices: usize,
    /// Vertices that repeated the one before.
    pub duplicate_vertices: usize,
    /// Places where a unit's rings crossed themselves or one another.
    pub self_crossings: usize,
    /// Segments that were there and back within a unit (spikes, borders between its parts) and vanished.
    pub removed_segments: usize,
    /// Units whose rings were repaired.
    pub repaired: Vec<u32>,
    /// Vertices put on another unit's vertex by snapping.
    pub snapped_vertices: usize,
    /// Vertices put into another unit's edge, by snapping or because they lay on it.
    pub split_edges: usize,
    /// Places where edges of different units crossed and got a common vertex.
    pub crossings: usize,
    /// Units that snapping changed.
    pub snapped: Vec<u32>,
    /// Units that would not have survived snapping and kept their shape.
    pub kept: Vec<u32>,
    /// Places that were covered by more than one unit, largest first. Each was given to the smallest unit there, unless another would
    /// have lost half its area or more.
    pub overlaps: Vec<Defect>,
    /// Edges of different units meet in so many places, or so closely, that they could not all be split there. Dissolved territories
    /// may then have parts that cross one another.
    pub tangled: bool,
    /// Places covered by none but surrounded by units, largest first: lakes and the like, or gaps where narrow.
    pub gaps: Vec<Defect>,
}

/// Polygons that tile, as repaired and snapped.
///
/// ```
/// use territory::{Space, adjacency::Contact, geometry::{Coverage, CoverageOptions, Polygons}};
/// let mut polygons = Polygons::new(Space::Planar);
/// for x in [0.0, 1000.0] {
///     for v in [[x, 0.0], [x + 1000.0, 0.0], [x + 1000.0, 1000.0], [x, 1000.0]] {
///         polygons.push_vertex(v);
///     }
///     polygons.end_ring();
///     polygons.end_part();
///     polygons.end_unit();
/// }
/// let coverage = Coverage::new(polygons, &CoverageOptions::default())?;
/// assert_eq!(coverage.areas_km2(), [1.0, 1.0]);
/// let graph = coverage.graph(Contact::Rook);
/// assert_eq!(graph.edges().map(|e| (e.a, e.b, e.border_km)).collect::<Vec<_>>(), [(0, 1, 1.0)]);
/// let together = coverage.dissolve(&[0, 0], 1);
/// assert_eq!(together.ring(0).len(), 6);
/// # Ok::<(), territory::geometry::GeometryErrors>(())
/// ```
#[derive(Clone, Debug)]
pub struct Coverage {
    pub(super) mesh: Mesh,
    /// Pairs (a < b), ascending, whose common edges were made by splitting and snapping and are too short to be a border.
    pub(super) touching: Vec<(u32, u32)>,
    /// Pairs (a < b), ascending, with a border in km in the polygons as given that repairing took away.
    pub(super) lost: Vec<(u32, u32, f64)>,
    report: CoverageReport,
}

impl Coverage {
    /// Checks, repairs and snaps the polygons.
    ///
    /// # Errors
    /// All faults that cannot be repaired, by unit: no geometry, rings of fewer than three different vertices, coordinates that are
    /// not finite or out of range, units that enclose no area.
    pub fn new(mut polygons: Polygons, options: &CoverageOptions) -> Result<Self, GeometryErrors> {
        let fine = |step: &f64| step.is_finite() && *step > 0.0;
        let grid = Grid::new(options.grid.filter(fine).unwrap_or(match polygons.space() {
            Space::Geographic => 1e-7,
            Space::Planar => 1e-3,
        }));
        let vertices = polygons.vertices().len();
        if vertices >= MAX_EDGES {
            return Err(GeometryErrors(vec![GeometryError { unit: 0, fault: GeometryFault::TooLarge { vertices } }]));
        }
        let errors = validate(&polygons, &pieces(&polygons));
        if !errors.is_empty() {
            return Err(GeometryErrors(errors));
        }
        let united = grid.unite(&mut polygons);
        let mut extents = Extents::new(&polygons);
        let repaired = repair(&mut polygons, &mut extents, &grid).map_err(GeometryErrors)?;
        let report = CoverageReport {
            wrapped_longitudes: repaired.wrapped_longitudes,
            cut_units: repaired.cut_units,
            united_vertices: united,
            duplicate_vertices: repaired.duplicate_vertices,
            self_crossings: repaired.crossings,
            removed_segments: repaired.removed_segments,
            repaired: repaired.units,
            ..CoverageReport::default()
        };
        let mut builder = Builder { mesh: Mesh::new(polygons, extents), originals: repaired.originals, grid, report };
        if options.snap_m > 0.0 {
            builder.snap(options.snap_m);
        }
        builder.node();
        let mut coverage =
            Coverage { mesh: builder.mesh, touching: Vec::new(), lost: Vec::new(), report: builder.report };
        coverage.compare(&builder.originals, options.snap_m.max(0.0) / 1000.0);
        Ok(coverage)
    }

    /// The polygons: exteriors counter-clockwise, holes clockwise, neighbours matching vertex by vertex.
    pub fn polygons(&self) -> &Polygons {
        &self.mesh.polygons
    }

    /// The polygons, without what is known about their edges.
    pub fn into_polygons(self) -> Polygons {
        self.mesh.polygons
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.mesh.polygons.len()
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the coordinates mean.
    pub fn space(&self) -> Space {
        self.mesh.polygons.space()
    }

    /// What was found and repaired.
    pub fn report(&self) -> &CoverageReport {
        &self.report
    }

    /// Area of each unit in km².
    pub fn areas_km2(&self) -> Vec<f64> {
        self.mesh.polygons.areas_km2()
    }

    /// Perimeter of each unit in km, holes included; ±180 degrees is no border of a unit on both of its sides.
    pub fn perimeters_km(&self) -> Vec<f64> {
        self.mesh.polygons.perimeters_km()
    }

    /// Centroid of each unit's area: where it is for distances and compactness.
    pub fn locations(&self) -> Locations {
        self.mesh.polygons.locations()
    }
}

/// A coverage in the making.
struct Builder {
    mesh: Mesh,
    /// Segments as given of all units changed so far.
    originals: Loose,
    grid: Grid,
    report: CoverageReport,
}

impl Builder {
    fn snap(&mut self, tolerance_m: f64) {
        let leftovers = self.mesh.twins.leftovers();
        let snapped = snap(&self.mesh, &leftovers, &self.grid, tolerance_m);
        self.report.snapped_vertices = snapped.moved_vertices;
        self.report.split_edges = snapped.split_edges;
        self.report.snapped = snapped.loose.keys().copied().collect();
        self.report.kept = snapped.kept.into_iter().collect();
        self.replace(&made(&snapped.loose, &self.grid));
    }

    /// Splits edges of different units until they meet at vertices only, and gives places covered twice to one unit.
    fn node(&mut self) {
        let (mut split_all, mut resolved) = (false, false);
        for _ in 0..12 {
            let leftovers = self.mesh.twins.leftovers();
            let mut contacts = self.mesh.contacts(&leftovers, &self.grid);
            if contacts.too_many {
                self.report.tangled = true;
                return;
            }
            if contacts.splits.is_empty() {
                // Edges that are still tangled bound no faces; dissolving copes with them.
                let Some(Cover { overlaps, gaps }) = cover(&self.mesh.net(&leftovers)) else { break };
                if overlaps.is_empty() || resolved {
                    self.report.gaps = defects(&self.mesh, &gaps);
                    return;
                }
                // Where units lie on one another, edges that found their partner may be crossed as well.
                if !split_all {
                    let units = self.mesh.extents.near(self.mesh.polygons.space(), boxes(&overlaps));
                    let edges = units.iter().flat_map(|&u| self.mesh.polygons.vertices_of_unit(u as usize));
                    let edges: Vec<u32> = edges.map(|e| e as u32).collect();
                    contacts = self.mesh.contacts(&edges, &self.grid);
                    split_all = contacts.splits.is_empty();
                }
                if split_all {
                    resolved = true;
                    self.report.overlaps = defects(&self.mesh, &overlaps);
                    let cut = resolve(&self.mesh, &overlaps);
                    self.replace(&cut);
                    continue;
                }
            }
            let splits = Splits::new(contacts.splits);
            self.report.crossings += contacts.crossings.len();
            self.report.split_edges += splits.len();
            let mut loose = Loose::new();
            split_everywhere(&self.mesh.polygons, &self.mesh.extents, &mut loose, &splits);
            for unit in settle(&self.mesh.polygons, &self.mesh.extents, &mut loose, &self.grid).hopeless {
                loose.remove(&unit);
            }
            self.replace(&made(&loose, &self.grid));
        }
        self.report.tangled = true;
    }

    fn replace(&mut self, parts: &[(u32, Vec<Part>)]) {
        for (unit, _) in parts {
            loosen(&self.mesh.polygons, &mut self.originals, *unit);
        }
        self.mesh.replace(parts);
    }
}
