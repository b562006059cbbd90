//! Adjacency of points: their Delaunay triangulation without its long edges, or their nearest neighbours.
//!
//! The triangulation is of *places*: units at the same place share it. Afterwards every unit of a place is linked to others of
//! the place and carries its share of the place's links outward, so that no unit hangs on another one's links and
//! territories may divide a crowded place freely. All of that costs time and links proportional to the units.

use crate::UnitId;
use crate::adjacency::bridges::bridge_as;
use crate::adjacency::delaunay::delaunay;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::disjoint::DisjointSets;
use crate::geometry::{Shapes, curve};
use crate::parallel;
use crate::space::{Locations, Space, squared_distance};

/// Which places are neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Neighbourhood {
    /// Delaunay neighbours. An edge longer than `longest` times the larger of its ends' median edge lengths is dropped, unless
    /// the minimum spanning tree needs it; infinity keeps all. Lengths are great-circle km on the sphere.
    Delaunay {
        /// How many times the median; at least 0.
        longest: f64,
    },
    /// The nearest places of every place, however far; two places are neighbours if either is among the other's nearest. The
    /// edges of the minimum spanning tree are added. The links are of [`EdgeKind::Delaunay`] too.
    Nearest {
        /// How many.
        count: u8,
    },
}

impl Default for Neighbourhood {
    /// Delaunay neighbours up to 4 times the median.
    fn default() -> Self {
        Neighbourhood::Delaunay { longest: 4.0 }
    }
}

/// Why points could not be linked.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PointsError {
    /// A coordinate is NaN or infinite.
    #[error("unit {unit} has a coordinate that is not a finite number: correct it or leave the unit out")]
    NotFinite {
        /// The first such unit.
        unit: UnitId,
    },
    /// The factor is negative or NaN.
    #[error("the longest edge in medians is {longest}: it must be a number of at least 0")]
    Longest {
        /// The factor given.
        longest: f64,
    },
}

/// A unit is linked to so many next ones of its place on either side, in unit order and around the end.
const BESIDE: usize = 8;
/// Edges measured as one piece of work.
const CHUNK: usize = 1 << 14;
/// Geographic locations this close in each coordinate are one place: 2⁻²⁷ km = 7.5 µm, far above the rounding of sines and cosines.
const PLACES_PER_KM: f64 = (1u64 << 27) as f64;

/// Links units by their locations. The graph is connected, whatever the locations; all links are of [`EdgeKind::Delaunay`].
///
/// *On the sphere* the triangulation is that of the whole sphere (the convex hull in space): no projection, no antimeridian.
/// Sites on one line make a path, on one great circle a ring.
///
/// *At one place*, up to 17 units are all neighbours of one another; in a larger crowd each is linked to the 8 before and
/// after it in unit order. A link between two places becomes max(m, m') links between their m and m' units, dealt
/// out in turn, so that every unit of either has one; of a place with more than 8 links each unit carries about 8.
///
/// ```
/// use territory::adjacency::{Neighbourhood, components, from_points};
/// use territory::{Locations, Space};
/// // The second is a neighbour of the third across the antimeridian.
/// let places = Locations::from_coordinates(Space::Geographic, &[[178.0, 0.5], [179.9, 0.0], [-179.9, 0.0], [-178.0, 0.4]]);
/// let graph = from_points(&places, Neighbourhood::default())?;
/// assert!(graph.are_adjacent(1, 2));
/// assert!(components(&graph).is_connected());
/// # Ok::<(), territory::adjacency::PointsError>(())
/// ```
///
/// # Errors
/// [`PointsError`] for a coordinate that is not finite or a factor that is negative or NaN.
pub fn from_points(locations: &Locations, neighbourhood: Neighbourhood) -> Result<Graph, PointsError> {
    if let Neighbourhood::Delaunay { longest } = neighbourhood
        && (longest.is_nan() || longest < 0.0)
    {
        return Err(PointsError::Longest { longest });
    }
    if let Some(unit) = Shapes::Points(locations).first_not_finite() {
        return Err(PointsError::NotFinite { unit: UnitId(unit) });
    }
    let places = Places::new(locations);
    let mut links = delaunay(locations.space(), &places.sites);
    if let Some(missing) = missing_links(&places, locations.space(), &links) {
        links.extend(missing);
    }
    let lengths = lengths_km(&links, &places, locations.space());
    let kept = match neighbourhood {
        Neighbourhood::Delaunay { longest } => prune(&links, &lengths, places.sites.len(), longest),
        Neighbourhood::Nearest { count } => nearest(&links, &lengths, &places.sites, count as usize),
    };
    Ok(Graph::from_edges(locations.len(), &places.unit_links(&kept)))
}

/// The distinct places in the order of a curve through space, so that neighbours stand near each other in memory.
struct Places {
    sites: Vec<[f64; 3]>,
    /// Where each place's units begin in `units`; they ascend.
    offsets: Vec<u32>,
    units: Vec<u32>,
}

impl Places {
    fn new(locations: &Locations) -> Self {
        let exact = |unit: u32| match locations.space() {
            Space::Geographic => locations.points()[unit as usize].map(|x| (x * PLACES_PER_KM).round() as i64 as u64),
            // Adding zero turns −0 into 0.
            Space::Planar => locations.points()[unit as usize].map(|x| (x + 0.0).to_bits()),
        };
        let mut order = curve::order(locations.points());
        for cell in order.chunk_by_mut(|x, y| x.0 == y.0).filter(|cell| cell.len() > 1) {
            cell.sort_by_cached_key(|&(_, unit)| (exact(unit), unit));
        }
        let mut sites = Vec::with_capacity(order.len());
        let mut offsets = Vec::with_capacity(order.len() + 1);
        let mut units: Vec<u32> = Vec::with_capacity(order.len());
        for (at, &(_, unit)) in order.iter().enumerate() {
            if units.last().is_none_or(|&last| order[at - 1].0 != order[at].0 || exact(last) != exact(unit)) {
                sites.push(locations.points()[unit as usize]);
                offsets.push(at as u32);
            }
            units.push(unit);
        }
        offsets.push(order.len() as u32);
        Self { sites, offsets, units }
    }

    fn units_at(&self, place: u32) -> &[u32] {
        &self.units[self.offsets[place as usize] as usize..self.offsets[place as usize + 1] as usize]
    }

    /// Links between units from links between places.
    fn unit_links(&self, links: &[(u32, u32)]) -> Vec<Edge> {
        let mut edges = Vec::with_capacity(links.len());
        let mut link = |a: u32, b: u32| edges.push(Edge::new(a, b, EdgeKind::Delaunay, 0.0));
        for place in 0..self.sites.len() as u32 {
            let units = self.units_at(place);
            if units.len() <= 2 * BESIDE + 1 {
                for (i, &a) in units.iter().enumerate() {
                    units[i + 1..].iter().for_each(|&b| link(a, b));
                }
            } else {
                for (i, &a) in units.iter().enumerate() {
                    (1..=BESIDE).for_each(|step| link(a, units[(i + step) % units.len()]));
                }
            }
        }
        let mut degrees = vec![0u32; self.sites.len()];
        for &(p, q) in links {
            degrees[p as usize] += 1;
            degrees[q as usize] += 1;
        }
        // How many of a place's units carry one of its links: all, or of many links so few that each unit has `BESIDE`.
        let share = |place: u32| {
            let (units, degree) = (self.units_at(place).len(), degrees[place as usize] as usize);
            if degree <= BESIDE { units } else { (units * BESIDE).div_ceil(degree) }
        };
        let mut dealt = vec![0u32; self.sites.len()];
        let mut deal = |place: u32| {
            let units = self.units_at(place);
            let next = &mut dealt[place as usize];
            let unit = units[*next as usize];
            *next = if *next as usize + 1 == units.len() { 0 } else { *next + 1 };
            unit
        };
        for &(p, q) in links {
            for _ in 0..share(p).max(share(q)) {
                link(deal(p), deal(q));
            }
        }
        edges
    }
}

/// The shortest links to places that the triangulation left out since rounding could not tell them from others.
fn missing_links(places: &Places, space: Space, links: &[(u32, u32)]) -> Option<Vec<(u32, u32)>> {
    let mut sets = DisjointSets::new(places.sites.len());
    let joined = links.iter().filter(|&&(a, b)| sets.unite(a, b)).count();
    if joined + 1 >= places.sites.len() {
        return None;
    }
    let edges: Vec<Edge> = links.iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Delaunay, 0.0)).collect();
    let graph = Graph::from_edges(places.sites.len(), &edges);
    let sites = Locations::from_points(space, places.sites.clone());
    let bridged = bridge_as(&graph, Shapes::Points(&sites), EdgeKind::Delaunay, None).ok()?;
    Some(bridged.bridges.iter().map(|bridge| (bridge.a.0, bridge.b.0)).collect())
}

fn lengths_km(links: &[(u32, u32)], places: &Places, space: Space) -> Vec<f64> {
    let mut lengths = vec![0.0; links.len()];
    parallel::for_each_chunk(&mut lengths, CHUNK, |chunk, lengths| {
        for (length, &(a, b)) in lengths.iter_mut().zip(&links[chunk * CHUNK..]) {
            *length = space.distance_km(places.sites[a as usize], places.sites[b as usize]);
        }
    });
    lengths
}

/// The links without the long ones that the minimum spanning tree does not need.
fn prune(links: &[(u32, u32)], lengths: &[f64], places: usize, longest: f64) -> Vec<(u32, u32)> {
    let medians = medians(links, lengths, places);
    let is_long = |i: usize| lengths[i] > longest * medians[links[i].0 as usize].max(medians[links[i].1 as usize]);
    let long: Vec<u32> = (0..links.len()).filter(|&i| is_long(i)).map(|i| i as u32).collect();
    let needed = tree_links_among(links, lengths, places, &long);
    let mut keep = vec![true; links.len()];
    long.iter().zip(&needed).for_each(|(&i, &needed)| keep[i as usize] = needed);
    links.iter().zip(keep).filter(|&(_, keep)| keep).map(|(&link, _)| link).collect()
}

/// The median length of every place's links: the mean of the two middle ones of an even number.
fn medians(links: &[(u32, u32)], lengths: &[f64], places: usize) -> Vec<f64> {
    let mut offsets = vec![0u32; places + 1];
    for &(a, b) in links {
        offsets[a as usize + 1] += 1;
        offsets[b as usize + 1] += 1;
    }
    for place in 0..places {
        offsets[place + 1] += offsets[place];
    }
    let mut next = offsets.clone();
    let mut rows = vec![0.0; 2 * links.len()];
    for (&(a, b), &length) in links.iter().zip(lengths) {
        for end in [a, b] {
            let slot = &mut next[end as usize];
            rows[*slot as usize] = length;
            *slot += 1;
        }
    }
    let median = |place: usize| {
        let row = &mut rows[offsets[place] as usize..offsets[place + 1] as usize];
        row.sort_unstable_by(f64::total_cmp);
        match row.len() {
            0 => 0.0,
            n => row[(n - 1) / 2] / 2.0 + row[n / 2] / 2.0,
        }
    };
    (0..places).map(median).collect()
}

/// Which of the links `among` are in the minimum spanning tree, where ties go to the earlier link.
///
/// Kruskal's algorithm, but links shorter than all in question need no order, and longer ones do not matter.
fn tree_links_among(links: &[(u32, u32)], lengths: &[f64], places: usize, among: &[u32]) -> Vec<bool> {
    let bounds = among.iter().map(|&i| lengths[i as usize]);
    let (shortest, longest) = bounds.fold((f64::INFINITY, 0.0_f64), |(lo, hi), l| (lo.min(l), hi.max(l)));
    let mut sets = DisjointSets::new(places);
    let mut order: Vec<(u64, u32)> = Vec::new();
    for (i, (&(a, b), &length)) in links.iter().zip(lengths).enumerate() {
        if length < shortest {
            sets.unite(a, b);
        } else if length <= longest {
            // Bits of numbers that are not negative sort as the numbers do.
            order.push((length.to_bits(), i as u32));
        }
    }
    order.sort_unstable();
    let mut in_tree: Vec<u32> = Vec::new();
    for (_, i) in order {
        let (a, b) = links[i as usize];
        if sets.unite(a, b) {
            in_tree.push(i);
        }
    }
    in_tree.sort_unstable();
    among.iter().map(|i| in_tree.binary_search(i).is_ok()).collect()
}

/// The `count` nearest places of every place, and the minimum spanning tree, from the Delaunay links: the next nearest place
/// is always a Delaunay neighbour of the place itself or of a nearer one.
fn nearest(links: &[(u32, u32)], lengths: &[f64], sites: &[[f64; 3]], count: usize) -> Vec<(u32, u32)> {
    let edges: Vec<Edge> = links.iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Delaunay, 0.0)).collect();
    let graph = Graph::from_edges(sites.len(), &edges);
    let pieces = parallel::map(sites.len().div_ceil(CHUNK), |piece| {
        let mut found = Vec::new();
        let (mut open, mut seen): (Vec<(f64, u32)>, Vec<u32>) = (Vec::new(), Vec::new());
        for site in piece * CHUNK..((piece + 1) * CHUNK).min(sites.len()) {
            open.clear();
            seen.clear();
            seen.push(site as u32);
            let mut from = site as u32;
            for _ in 0..count {
                for &to in graph.neighbours(from) {
                    if !seen.contains(&to) {
                        seen.push(to);
                        open.push((squared_distance(sites[site], sites[to as usize]), to));
                    }
                }
                let next =
                    (0..open.len()).min_by(|&x, &y| open[x].0.total_cmp(&open[y].0).then(open[x].1.cmp(&open[y].1)));
                let Some(next) = next else { break };
                from = open.swap_remove(next).1;
                found.push((from.min(site as u32), from.max(site as u32)));
            }
        }
        found
    });
    let all: Vec<u32> = (0..links.len() as u32).collect();
    let tree = tree_links_among(links, lengths, sites.len(), &all);
    let tree = links.iter().zip(tree).filter(|&(_, needed)| needed).map(|(&(a, b), _)| (a.min(b), a.max(b)));
    let mut found: Vec<(u32, u32)> = pieces.into_iter().flatten().chain(tree).collect();
    found.sort_unstable();
    found.dedup();
    found
}
