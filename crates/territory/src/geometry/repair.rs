//! Units whose rings meet themselves or one another are taken apart, split where they meet and put together by the even-odd rule:
//! what lies within an odd number of rings is inside. Where a shared border crosses itself, the rule gives each lobe to exactly one
//! of the two neighbours.

use super::antimeridian;
use super::arrangement::{Labelled, Rule, label};
use super::edges::{Segment, pieces, segments_of};
use super::extents::Extents;
use super::grid::Grid;
use super::noding::{Loose, ordered, settle};
use super::polygons::Polygons;
use super::predicates::{Point, lexical};
use super::rings::{Part, assemble};
use super::simple::{Outline, Scratch};
use super::validate::{GeometryError, GeometryFault};
use crate::parallel;
use crate::space::Space;

/// What was found and done; unit indices ascend.
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    pub(crate) wrapped_longitudes: usize,
    pub(crate) cut_units: Vec<u32>,
    pub(crate) duplicate_vertices: usize,
    pub(crate) crossings: usize,
    pub(crate) removed_segments: usize,
    pub(crate) units: Vec<u32>,
    /// Segments as given of all units that were taken apart.
    pub(crate) originals: Loose,
}

struct Found {
    loose: Vec<(u32, Vec<Segment>)>,
    wrapped: usize,
    cut: Vec<u32>,
    duplicates: usize,
}

/// Puts every unit in order.
pub(crate) fn repair(
    polygons: &mut Polygons,
    extents: &mut Extents,
    grid: &Grid,
) -> Result<Repaired, Vec<GeometryError>> {
    let found = look_at_all(polygons, extents, grid);
    let mut report = Repaired::default();
    let mut loose = Loose::new();
    for f in found {
        report.wrapped_longitudes += f.wrapped;
        report.cut_units.extend(f.cut);
        report.duplicate_vertices += f.duplicates;
        loose.extend(f.loose);
    }
    report.originals = loose.clone();
    let settled = settle(polygons, extents, &mut loose, grid);
    report.crossings = settled.crossings.len();
    for &unit in loose.keys() {
        loosen(polygons, &mut report.originals, unit);
    }
    let made = put_together(&loose, grid);
    let mut replacements = Vec::with_capacity(made.len());
    let mut errors = Vec::new();
    for ((&unit, bag), result) in loose.iter().zip(made) {
        let result = if settled.hopeless.contains(&unit) { Err(GeometryFault::Tangled) } else { result };
        match result {
            Err(fault) => errors.push(GeometryError { unit, fault }),
            Ok(parts) => {
                let kept: usize = parts.iter().flatten().map(Vec::len).sum();
                report.removed_segments += bag.len().saturating_sub(kept);
                // Rings that merely touch in a vertex, as they may, come back as they were.
                let rings = |p: &Polygons| (p.parts_of(unit as usize).len(), p.rings_of_unit(unit as usize).len());
                let same = kept == polygons.vertices_of_unit(unit as usize).len()
                    && rings(polygons) == (parts.len(), parts.iter().map(Vec::len).sum());
                if !same {
                    report.units.push(unit);
                }
                replacements.push((unit, parts));
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    polygons.replace_units(&replacements);
    extents.update(polygons, replacements.iter().map(|r| r.0));
    Ok(report)
}

/// Directs the rings of all units that are in order; takes the others apart.
fn look_at_all(polygons: &mut Polygons, extents: &Extents, grid: &Grid) -> Vec<Found> {
    let mut vertices = polygons.take_vertices();
    let units = pieces_of(polygons, &vertices);
    let mut slices = Vec::with_capacity(units.len() - 1);
    let mut rest = &mut vertices[..];
    for w in units.windows(2) {
        let size = (w[0]..w[1]).map(|u| polygons.vertices_of_unit(u as usize).len()).sum();
        let (slice, others) = rest.split_at_mut(size);
        rest = others;
        slices.push((w[0]..w[1], slice, None));
    }
    let layout = &*polygons;
    parallel::for_each(&mut slices, |_, (units, vertices, found)| {
        *found = Some(look_at(layout, extents, units.clone(), vertices, grid))
    });
    let found = slices.into_iter().filter_map(|s| s.2).collect();
    polygons.put_vertices(vertices);
    found
}

fn pieces_of(polygons: &mut Polygons, vertices: &[Point]) -> Vec<u32> {
    // The layout alone decides.
    debug_assert!(polygons.is_empty() || polygons.vertices_of_unit(polygons.len() - 1).end == vertices.len());
    pieces(polygons)
}

fn look_at(
    layout: &Polygons,
    extents: &Extents,
    units: std::ops::Range<u32>,
    vertices: &mut [Point],
    grid: &Grid,
) -> Found {
    let mut found = Found { loose: Vec::new(), wrapped: 0, cut: Vec::new(), duplicates: 0 };
    let mut scratch = Scratch::default();
    let mut rings = Vec::new();
    let base = if units.is_empty() { 0 } else { layout.vertices_of_unit(units.start as usize).start };
    for unit in units {
        let all = layout.vertices_of_unit(unit as usize);
        let own = &mut vertices[all.start - base..all.end - base];
        rings.clear();
        for part in layout.parts_of(unit as usize) {
            for (i, ring) in layout.rings_of(part).enumerate() {
                let range = layout.ring_range(ring);
                rings.push((range.start - all.start..range.end - all.start, i == 0));
            }
        }
        let bounds = *extents.of(unit);
        let mut outline = Outline { vertices: own, rings: &rings, bounds };
        let past = layout.space() == Space::Geographic
            && antimeridian::may_run_past(&bounds)
            && rings.iter().any(|(r, _)| antimeridian::runs_past(&outline.vertices[r.clone()]));
        if !past && outline.settle(&mut scratch) {
            continue;
        }
        let mut bag = Vec::with_capacity(own.len());
        for (range, _) in &rings {
            let mut ring = own[range.clone()].to_vec();
            ring.dedup();
            while ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            found.duplicates += range.len() - ring.len();
            if past {
                found.wrapped += antimeridian::cut(&ring, grid, &mut bag);
            } else {
                bag.extend((0..ring.len()).map(|i| [ring[i], ring[(i + 1) % ring.len()]]).filter(|s| s[0] != s[1]));
            }
        }
        if past {
            found.cut.push(unit);
        }
        found.loose.push((unit, bag));
    }
    found
}

/// Polygons of units taken apart, in order of the units.
pub(crate) fn put_together(loose: &Loose, grid: &Grid) -> Vec<Result<Vec<Part>, GeometryFault>> {
    let bags: Vec<&Vec<Segment>> = loose.values().collect();
    parallel::map(bags.len(), |i| polygons_of(bags[i], grid))
}

/// Polygons that a bag of segments bounds under the even-odd rule.
fn polygons_of(bag: &[Segment], grid: &Grid) -> Result<Vec<Part>, GeometryFault> {
    let parts = even_odd(bag)?;
    if is_wide(&parts, grid) {
        return Ok(parts);
    }
    // Rings given twice cancel: then each segment counts once. What is merely flat has no area either way.
    let mut once: Vec<Segment> = bag.iter().map(|&s| ordered(s)).collect();
    once.sort_by(|s, t| lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1])));
    once.dedup();
    even_odd(&once).ok().filter(|parts| is_wide(parts, grid)).ok_or(GeometryFault::Vanishes)
}

/// Whether the parts are on average wider than half a cell of the grid: what is thinner is an accident of rounding.
fn is_wide(parts: &[Part], grid: &Grid) -> bool {
    let (mut area, mut length) = (0.0, 0.0);
    for ring in parts.iter().flatten() {
        let Some(&o) = ring.first() else { continue };
        for i in 0..ring.len() {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            area += (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1]);
            length += (a[0] - b[0]).hypot(a[1] - b[1]);
        }
    }
    area > 0.5 * grid.step() * length
}

fn even_odd(bag: &[Segment]) -> Result<Vec<Part>, GeometryFault> {
    let labelled = label(bag, Rule::EvenOdd).map_err(|_| GeometryFault::Tangled)?;
    let border: Vec<Segment> = labelled.iter().filter_map(Labelled::border).collect();
    assemble(&border).map_err(|_| GeometryFault::Tangled)
}

/// Polygons of loose units, ascending; one that cannot be put together is left out and keeps what it had.
pub(crate) fn made(loose: &Loose, grid: &Grid) -> Vec<(u32, Vec<Part>)> {
    let made = loose.keys().zip(put_together(loose, grid));
    made.filter_map(|(&unit, parts)| parts.ok().map(|parts| (unit, parts))).collect()
}

/// The segments of a unit, unless it is loose already.
pub(crate) fn loosen(polygons: &Polygons, loose: &mut Loose, unit: u32) {
    loose.entry(unit).or_insert_with(|| segments_of(polygons, unit as usize));
}
