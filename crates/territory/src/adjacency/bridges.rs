//! Islands: joined to the rest by the shortest links, kept separate, or refused.
//!
//! Which links: those of the minimum spanning tree over the components (Borůvka 1926), where the length of a link is the true
//! distance between two units, border to border for polygons. So there is one link less than there are components, and no
//! other choice of links that joins everything is shorter in total. Ties go to the smaller units. Where units have areas (counties),
//! links inside an area can be preferred: every such link then counts as shorter than all others, and the tree is the same tree
//! under that order.

use crate::UnitId;
use crate::adjacency::{Components, Edge, EdgeKind, Graph, components};
use crate::geometry::{Link, Proximity, Scratch, Shapes, distance_km};
use crate::parallel;
use crate::space::Locations;

/// What becomes of components beside the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Islands {
    /// Each is joined by the shortest link.
    #[default]
    Bridge,
    /// Nothing is added: no territory spans two components.
    Separate,
    /// They are an error that names their units.
    Refuse,
}

/// A link added between two components.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bridge {
    /// The smaller unit.
    pub a: UnitId,
    /// The larger unit.
    pub b: UnitId,
    /// Distance between the two in km, border to border for polygons; 0 where they touch.
    pub length_km: f64,
}

/// A graph with its islands dealt with.
#[derive(Clone, Debug, PartialEq)]
pub struct Bridged {
    /// The graph, with a link of [`EdgeKind::Bridge`] for every bridge.
    pub graph: Graph,
    /// What was added, by (a, b) ascending.
    pub bridges: Vec<Bridge>,
}

/// Why islands could not be dealt with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IslandError {
    /// The shapes are not those of the graph's units.
    #[error("the graph has {graph} units, the shapes are of {shapes}: pass the shapes that the graph was made from")]
    UnitCount {
        /// Units of the graph.
        graph: usize,
        /// Units of the shapes.
        shapes: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("unit {unit} has a coordinate that is not a finite number: correct it or leave the unit out")]
    NotFinite {
        /// The first such unit.
        unit: UnitId,
    },
    /// No unit of a component has a geometry, so its distance to the others is unknown.
    #[error(
        "{}: no geometry to measure a bridge from: give one, add a link by hand, or leave the units out",
        list(units)
    )]
    NoGeometry {
        /// The units of those components.
        units: Vec<UnitId>,
    },
    /// There are islands and they were to be refused.
    #[error("the units are not all connected: {} islands apart from the largest component; the first is {}: add links, bridge or separate the islands",
        islands.len(), islands.first().map_or(String::new(), |units| list(units)))]
    Refused {
        /// The units of every component but the largest.
        islands: Vec<Vec<UnitId>>,
    },
}

/// The first few units of a list in words.
fn list(units: &[UnitId]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = units.iter().take(SHOWN).map(UnitId::to_string).collect();
    let more = if units.len() > SHOWN { format!(" and {} more", units.len() - SHOWN) } else { String::new() };
    format!("unit {}{more}", shown.join(", "))
}

/// Deals with the islands of `graph` in the way asked for.
///
/// # Errors
/// [`IslandError::Refused`] if there are islands and they are to be refused, or those of [`bridge`].
pub fn resolve_islands<'a>(
    graph: &Graph,
    shapes: impl Into<Shapes<'a>>,
    islands: Islands,
) -> Result<Bridged, IslandError> {
    match islands {
        Islands::Bridge => bridge(graph, shapes),
        Islands::Separate => Ok(Bridged { graph: graph.clone(), bridges: Vec::new() }),
        Islands::Refuse => {
            refuse_islands(&components(graph)).map(|()| Bridged { graph: graph.clone(), bridges: Vec::new() })
        }
    }
}

/// Passes if everything is connected.
///
/// # Errors
/// [`IslandError::Refused`] with the units of every component but the largest.
pub fn refuse_islands(components: &Components) -> Result<(), IslandError> {
    let Some(largest) = components.largest().filter(|_| !components.is_connected()) else { return Ok(()) };
    let mut islands = components.members();
    islands.remove(largest as usize);
    Err(IslandError::Refused { islands })
}

/// Joins the components of `graph` by their shortest links. Nothing is measured when the graph is connected already.
///
/// ```
/// use territory::adjacency::{Graph, bridge};
/// use territory::{Locations, Space, UnitId};
/// let places = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [9000.0, 0.0], [2000.0, 0.0]]);
/// let bridged = bridge(&Graph::from_edges(3, &[]), &places)?;
/// assert_eq!(bridged.bridges.iter().map(|b| (b.a, b.b, b.length_km)).collect::<Vec<_>>(),
///     [(UnitId(0), UnitId(2), 2.0), (UnitId(1), UnitId(2), 7.0)]);
/// # Ok::<(), territory::adjacency::IslandError>(())
/// ```
///
/// # Errors
/// [`IslandError::UnitCount`], [`IslandError::NotFinite`] or [`IslandError::NoGeometry`].
pub fn bridge<'a>(graph: &Graph, shapes: impl Into<Shapes<'a>>) -> Result<Bridged, IslandError> {
    bridge_as(graph, shapes.into(), EdgeKind::Bridge, None)
}

/// [`bridge`] that takes links between units of the same area first, however long, and others only where those do not join
/// everything. `areas` holds one number per unit; `None` where a unit is in no area.
///
/// ```
/// use territory::adjacency::{Graph, bridge_within};
/// use territory::{Locations, Space, UnitId};
/// let places = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [9000.0, 0.0], [2000.0, 0.0]]);
/// let bridged = bridge_within(&Graph::from_edges(3, &[]), &places, &[Some(7), Some(7), None])?;
/// assert_eq!(bridged.bridges.iter().map(|b| (b.a, b.b)).collect::<Vec<_>>(), [(UnitId(0), UnitId(1)), (UnitId(0), UnitId(2))]);
/// # Ok::<(), territory::adjacency::IslandError>(())
/// ```
///
/// # Errors
/// Those of [`bridge`]; [`IslandError::UnitCount`] also for another number of areas.
pub fn bridge_within<'a>(
    graph: &Graph,
    shapes: impl Into<Shapes<'a>>,
    areas: &[Option<u32>],
) -> Result<Bridged, IslandError> {
    bridge_as(graph, shapes.into(), EdgeKind::Bridge, Some(areas))
}

/// [`bridge`] and [`bridge_within`] with links of any kind.
pub(super) fn bridge_as(
    graph: &Graph,
    shapes: Shapes<'_>,
    kind: EdgeKind,
    areas: Option<&[Option<u32>]>,
) -> Result<Bridged, IslandError> {
    for shapes in [Some(shapes.len()), areas.map(<[_]>::len)].into_iter().flatten() {
        if graph.len() != shapes {
            return Err(IslandError::UnitCount { graph: graph.len(), shapes });
        }
    }
    let components = components(graph);
    if components.is_connected() {
        return Ok(Bridged { graph: graph.clone(), bridges: Vec::new() });
    }
    if let Some(unit) = shapes.first_not_finite() {
        return Err(IslandError::NotFinite { unit: UnitId(unit) });
    }
    let preferred = areas.map_or(Ok(Vec::new()), |areas| links_within(&components, shapes, areas))?;
    let links = shortest_links(&components, shapes, preferred)?;
    let bridge = |link: &Link| Bridge {
        a: UnitId(link.a),
        b: UnitId(link.b),
        length_km: distance_km(shapes.space(), link.squared),
    };
    let edges: Vec<Edge> = graph.edges().chain(links.iter().map(|link| Edge::new(link.a, link.b, kind, 0.0))).collect();
    Ok(Bridged { graph: Graph::from_edges(graph.len(), &edges), bridges: links.iter().map(bridge).collect() })
}

/// Trees of components searched as one piece of work.
const CHUNK: usize = 64;

/// The minimum spanning forest over the components by links between units of the same area.
fn links_within(components: &Components, shapes: Shapes<'_>, areas: &[Option<u32>]) -> Result<Vec<Link>, IslandError> {
    let mut units: Vec<(u32, u32)> =
        areas.iter().zip(0u32..).filter_map(|(&area, unit)| area.map(|area| (area, unit))).collect();
    units.sort_unstable();
    let mut links = Vec::new();
    for area in units.chunk_by(|x, y| x.0 == y.0) {
        let units: Vec<u32> = area.iter().map(|x| x.1).filter(|&unit| shapes.has_geometry(unit)).collect();
        let inside = components.among(&units);
        if inside.len() < 2 {
            continue;
        }
        // A link that no area's own tree needs is in no tree of all areas either: it is the longest of a cycle.
        let of_area = match shapes {
            Shapes::Points(all) => {
                let points = units.iter().map(|&unit| all.points()[unit as usize]).collect();
                shortest_links(&inside, Shapes::Points(&Locations::from_points(all.space(), points)), Vec::new())
            }
            Shapes::Polygons(all) => shortest_links(&inside, Shapes::Polygons(&all.select(&units)), Vec::new()),
        };
        let of = |unit: u32| units[unit as usize];
        links.extend(of_area?.into_iter().map(|link| Link { a: of(link.a), b: of(link.b), ..link }));
    }
    links.sort_unstable_by(|x, y| x.squared.total_cmp(&y.squared).then((x.a, x.b).cmp(&(y.a, y.b))));
    let mut sets = crate::disjoint::DisjointSets::new(components.len());
    let of = |unit: u32| components.component_of[unit as usize];
    links.retain(|link| sets.unite(of(link.a), of(link.b)));
    Ok(links)
}

/// The minimum spanning tree over the components that has the links given, by (a, b) ascending. In each round every tree of
/// components but the largest finds its shortest link outward; since links are totally ordered, the links found never close a
/// cycle.
fn shortest_links(components: &Components, shapes: Shapes<'_>, given: Vec<Link>) -> Result<Vec<Link>, IslandError> {
    let index = Proximity::new(shapes);
    let runs_of = group_runs(&index, components);
    let without: Vec<bool> = (0..components.len()).map(|c| runs_of.row(c).is_empty()).collect();
    if without.contains(&true) {
        let units = (0..components.component_of.len() as u32)
            .filter(|&unit| without[components.component_of[unit as usize] as usize])
            .map(UnitId);
        return Err(IslandError::NoGeometry { units: units.collect() });
    }
    let mut sets = crate::disjoint::DisjointSets::new(components.len());
    let of = |unit: u32| components.component_of[unit as usize];
    given.iter().for_each(|link| {
        sets.unite(of(link.a), of(link.b));
    });
    let mut tree_of: Vec<u32> = (0..components.len() as u32).map(|c| sets.find(c)).collect();
    let mut links: Vec<Link> = given;
    while links.len() + 1 < components.len() {
        let label_of = |unit: u32| tree_of[components.component_of[unit as usize] as usize];
        let node_labels = index.node_labels(label_of);
        let mut sizes = vec![0u32; components.len()];
        components.sizes.iter().zip(&tree_of).for_each(|(&size, &tree)| sizes[tree as usize] += size);
        let largest = (0..sizes.len()).min_by_key(|&t| std::cmp::Reverse(sizes[t])).map_or(0, |t| t as u32);

        let mut searching: Vec<u32> =
            (0..components.len() as u32).filter(|&c| tree_of[c as usize] != largest).collect();
        searching.sort_by_key(|&c| tree_of[c as usize]);
        // One search per tree: what its first components find bounds the search of the others.
        let trees: Vec<&[u32]> = searching.chunk_by(|&c, &d| tree_of[c as usize] == tree_of[d as usize]).collect();
        let found = parallel::map(trees.len().div_ceil(CHUNK), |piece| {
            let mut scratch = Scratch::default();
            let nearest = trees[piece * CHUNK..].iter().take(CHUNK).map(|tree| {
                let mut best = Link::NONE;
                for run in tree.iter().flat_map(|&c| runs_of.row(c as usize)) {
                    index.nearest_other(*run as usize, label_of, &node_labels, &mut best, &mut scratch);
                }
                best
            });
            nearest.collect::<Vec<_>>()
        });
        let before = links.len();
        let mut sets = crate::disjoint::DisjointSets::new(components.len());
        for link in found.iter().flatten().filter(|link| link.squared.is_finite()) {
            if sets.unite(label_of(link.a), label_of(link.b)) {
                links.push(*link);
            }
        }
        if links.len() == before {
            // Distances beyond the range of numbers: nothing more can be told apart.
            break;
        }
        tree_of.iter_mut().for_each(|tree| *tree = sets.find(*tree));
    }
    links.sort_unstable_by_key(|link| (link.a, link.b));
    Ok(links)
}

/// The runs of every component.
struct Rows {
    offsets: Vec<u32>,
    runs: Vec<u32>,
}

impl Rows {
    fn row(&self, component: usize) -> &[u32] {
        &self.runs[self.offsets[component] as usize..self.offsets[component + 1] as usize]
    }
}

fn group_runs(index: &Proximity<'_>, components: &Components) -> Rows {
    let component_of = |unit: u32| components.component_of[unit as usize] as usize;
    let mut offsets = vec![0u32; components.len() + 1];
    index.run_units().for_each(|unit| offsets[component_of(unit) + 1] += 1);
    for c in 0..components.len() {
        offsets[c + 1] += offsets[c];
    }
    let mut next = offsets.clone();
    let mut runs = vec![0u32; index.run_units().count()];
    for (run, unit) in index.run_units().enumerate() {
        let slot = &mut next[component_of(unit)];
        runs[*slot as usize] = run as u32;
        *slot += 1;
    }
    Rows { offsets, runs }
}
