//! Diameter: the largest distance between two members of a territory, over all territories.
//!
//! A largest distance hardly ever changes by a move, so it gives a search nothing to go by. What is kept here is how far a
//! plan is from a *limit*: Σ over pairs of members of max(0, d² − limit²), the excess. It is 0 exactly if no diameter is
//! above the limit, and a move changes it by two sums over members.
//!
//! Few members can be farther than the limit from anybody. With a centre c and every unit that is asked for within ρ of
//! it, those within limit − ρ of c cannot: they are the core, the others the rim, and sums go over the rim alone. In a
//! round territory of just the diameter allowed the rim is next to nothing. A unit that is farther out than ρ is compared
//! with the core as well, so that sums are always exact.

use super::Mass;
use super::columns::Columns;
use crate::problem::Problem;

/// What distances are measured by.
#[derive(Clone, Copy, Debug)]
pub enum Metric<'a> {
    /// Straight lines between locations, km. On the sphere the chord, which grows with the great circle.
    Locations(&'a [Mass]),
    /// The problem's own distance; its unit at every position.
    Own(&'a Problem, &'a [u32]),
}

/// Members of a territory.
#[derive(Clone, Debug, Default)]
struct Cell {
    rim: Columns,
    core: Columns,
    centre: [f64; 3],
    /// Members nearer to the centre than this are core; squared. 0 without a core.
    core2: f64,
    /// Units within this of the centre are too near to the core for an excess; squared.
    reach2: f64,
}

/// Members of all territories, and how far they are over a limit.
#[derive(Clone, Debug)]
pub struct Diameters<'a> {
    metric: Metric<'a>,
    /// All locations lie in a plane of equal z.
    flat: bool,
    cells: Vec<Cell>,
    /// Place in the rim's or the core's columns; core places are marked by the highest bit.
    places: Vec<u32>,
    limit2: f64,
    members: Vec<u32>,
}

const CORE: u32 = 1 << 31;
/// Steps towards the farthest member when a centre is looked for.
const CENTRE_STEPS: usize = 12;
/// Units may come from this share of the radius beyond it before cores have to be asked.
const MARGIN: f64 = 0.08;

impl<'a> Diameters<'a> {
    /// Members of `k` territories by the part of every unit; the limit is 0 until [`Diameters::set_limit`].
    pub fn new(metric: Metric<'a>, parts: &[u32], k: usize) -> Self {
        let flat = match metric {
            Metric::Locations(masses) => masses.iter().all(|m| m.at[2] == masses[0].at[2]),
            Metric::Own(..) => true,
        };
        let mut diameters = Self {
            metric,
            flat,
            cells: vec![Cell::default(); k],
            places: vec![0; parts.len()],
            limit2: 0.0,
            members: Vec::new(),
        };
        for cell in &mut diameters.cells {
            cell.rim.reserve(2 * parts.len() / k.max(1));
            cell.core.reserve(2 * parts.len() / k.max(1));
        }
        diameters.set_parts(parts);
        diameters
    }

    /// Takes up another plan.
    pub fn set_parts(&mut self, parts: &[u32]) {
        for cell in &mut self.cells {
            cell.rim.clear();
            cell.core.clear();
            cell.core2 = 0.0;
        }
        for (unit, &part) in parts.iter().enumerate() {
            self.enter(unit as u32, part);
        }
        // Centres in the middle make diameters cheap.
        self.set_limit(self.limit2.sqrt());
    }

    /// Pairs that are looked at when all excess is recomputed.
    pub fn pairs(&self) -> u64 {
        self.cells.iter().map(|cell| (cell.rim.units.len() as u64).pow(2)).sum()
    }

    fn at(&self, unit: u32) -> [f64; 3] {
        match self.metric {
            Metric::Locations(masses) => masses[unit as usize].at,
            Metric::Own(..) => [0.0; 3],
        }
    }

    /// Squared distance between two units.
    pub fn squared(&self, a: u32, b: u32) -> f64 {
        match self.metric {
            Metric::Locations(masses) => squared(masses[a as usize].at, masses[b as usize].at),
            Metric::Own(problem, units) => {
                problem.distance(units[a as usize] as usize, units[b as usize] as usize).powi(2)
            }
        }
    }

    fn enter(&mut self, unit: u32, territory: u32) {
        let at = self.at(unit);
        let cell = &mut self.cells[territory as usize];
        let (columns, mark) =
            if squared(at, cell.centre) < cell.core2 { (&mut cell.core, CORE) } else { (&mut cell.rim, 0) };
        self.places[unit as usize] = columns.units.len() as u32 | mark;
        columns.push(unit, at);
    }

    /// Moves a unit.
    pub fn apply(&mut self, unit: u32, from: u32, to: u32) {
        let place = self.places[unit as usize];
        let cell = &mut self.cells[from as usize];
        let columns = if place & CORE == 0 { &mut cell.rim } else { &mut cell.core };
        if let Some(moved) = columns.remove((place & !CORE) as usize) {
            self.places[moved as usize] = place;
        }
        self.enter(unit, to);
    }

    /// Σ over the members of a territory of max(0, d² − limit²) to `unit`, which may be one of them.
    #[inline]
    pub fn excess(&self, unit: u32, territory: u32) -> f64 {
        let cell = &self.cells[territory as usize];
        if let Metric::Own(..) = self.metric {
            return cell.rim.units.iter().map(|&v| self.over(unit, v)).sum();
        }
        let at = self.at(unit);
        let rim = cell.rim.excess(at, self.limit2, self.flat);
        if squared(at, cell.centre) <= cell.reach2 { rim } else { rim + cell.core.excess(at, self.limit2, self.flat) }
    }

    /// max(0, d² − limit²) of a pair.
    #[inline]
    pub fn over(&self, a: u32, b: u32) -> f64 {
        (self.squared(a, b) - self.limit2).max(0.0)
    }

    /// Sets the limit, puts centres in the middle and parts rims from cores anew.
    pub fn set_limit(&mut self, limit: f64) {
        self.limit2 = limit * limit;
        if let Metric::Own(..) = self.metric {
            return;
        }
        let mut members = std::mem::take(&mut self.members);
        for t in 0..self.cells.len() {
            let cell = &mut self.cells[t];
            members.clear();
            members.extend_from_slice(&cell.rim.units);
            members.extend_from_slice(&cell.core.units);
            cell.rim.clear();
            cell.core.clear();
            let (centre, radius) = self.middle(&members, self.cells[t].centre);
            let reach = radius * (1.0 + MARGIN);
            // Never beyond the reach: core members have no excess among themselves.
            let core = (limit - reach).clamp(0.0, reach);
            let cell = &mut self.cells[t];
            cell.centre = centre;
            cell.core2 = core * core;
            // Rounding must not let a pair at the very limit be passed over.
            cell.reach2 = reach * reach * (1.0 - 1e-9);
            for &unit in &members {
                self.enter(unit, t as u32);
            }
        }
        self.members = members;
    }

    /// About the centre of the smallest ball around some units (Bădoiu & Clarkson 2003: ever shorter steps towards the
    /// farthest one), from an old one if that is near, and the radius that holds them all.
    fn middle(&self, members: &[u32], old: [f64; 3]) -> ([f64; 3], f64) {
        let farthest = |c: [f64; 3]| {
            let mut best = (0.0, c);
            for &u in members {
                let at = self.at(u);
                let d2 = squared(at, c);
                if d2 > best.0 {
                    best = (d2, at);
                }
            }
            best
        };
        let Some(&first) = members.first() else { return (old, 0.0) };
        let from_old = farthest(old);
        let mut centre = old;
        let mut begin = 6;
        if from_old.0 > 2.0 * farthest(self.at(first)).0 || from_old.0 > self.limit2 {
            centre = self.at(first);
            begin = 1;
        }
        let mut best = (f64::INFINITY, centre);
        for step in begin..begin + CENTRE_STEPS {
            let (d2, at) = farthest(centre);
            if d2 < best.0 {
                best = (d2, centre);
            }
            let share = 1.0 / (step + 1) as f64;
            for i in 0..3 {
                centre[i] += share * (at[i] - centre[i]);
            }
        }
        (best.1, best.0.sqrt())
    }

    /// Σ over pairs of members of max(0, d² − limit²), recomputed.
    pub fn excess_of(&self, territory: u32) -> f64 {
        let cell = &self.cells[territory as usize];
        let both = |columns: &Columns| columns.units.iter().map(|&u| self.excess(u, territory)).sum::<f64>();
        // A pair of core and rim is seen once from the rim if that end is out of reach, and once from the core then.
        let core = if cell.rim.units.is_empty() { 0.0 } else { self.core_excess(territory) };
        (both(&cell.rim) + core) / 2.0
    }

    /// What core members have with rim members that are out of reach.
    fn core_excess(&self, territory: u32) -> f64 {
        let cell = &self.cells[territory as usize];
        if cell.core.units.is_empty() {
            return 0.0;
        }
        let far = |&&u: &&u32| squared(self.at(u), cell.centre) > cell.reach2;
        cell.rim.units.iter().filter(far).map(|&u| cell.core.excess(self.at(u), self.limit2, self.flat)).sum()
    }

    /// Largest distance between two members, recomputed.
    pub fn diameter_of(&self, territory: u32) -> f64 {
        let cell = &self.cells[territory as usize];
        let members = || cell.rim.units.iter().chain(&cell.core.units).copied();
        let Some(mut from) = members().next() else { return 0.0 };
        // Sweeps to the farthest member and back give a distance that few pairs can beat.
        let mut best = 0.0;
        for _ in 0..4 {
            let mut far = (-1.0, from);
            for v in members() {
                let d2 = self.squared(from, v);
                if d2 > far.0 {
                    far = (d2, v);
                }
            }
            best = far.0.max(best);
            from = far.1;
        }
        let mut near = 0.0;
        if let Metric::Locations(_) = self.metric {
            let radius = members().map(|u| squared(self.at(u), cell.centre)).fold(0.0, f64::max).sqrt();
            near = (best.sqrt() - radius).max(0.0) * (1.0 - 1e-9);
        }
        let outer = |&u: &u32| near == 0.0 || squared(self.at(u), cell.centre) >= near * near;
        for (i, u) in members().filter(outer).enumerate() {
            for v in members().filter(outer).take(i) {
                best = best.max(self.squared(u, v));
            }
        }
        best.sqrt()
    }

    /// Largest diameter of all territories, recomputed.
    pub fn largest(&self) -> f64 {
        (0..self.cells.len() as u32).map(|t| self.diameter_of(t)).fold(0.0, f64::max)
    }
}

#[inline]
fn squared(a: [f64; 3], b: [f64; 3]) -> f64 {
    crate::space::squared_distance(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Random;

    const K: usize = 4;

    fn scattered(count: usize, flat: bool, random: &mut Random) -> Vec<Mass> {
        let mut coordinate = || 100.0 * random.unit();
        let at = (0..count).map(|_| [coordinate(), coordinate(), if flat { 7.0 } else { coordinate() }]);
        at.map(|at| Mass { at, weight: 1.0 }).collect()
    }

    fn pairs(masses: &[Mass], parts: &[u32], territory: u32) -> Vec<f64> {
        let members: Vec<usize> = (0..parts.len()).filter(|&u| parts[u] == territory).collect();
        let pair = |(i, &u): (usize, &usize)| {
            members[..i].iter().map(move |&v| squared(masses[u].at, masses[v].at)).collect::<Vec<_>>()
        };
        members.iter().enumerate().flat_map(pair).collect()
    }

    /// Compares books and changes with all pairs, over moves and limits.
    #[test]
    fn excess_and_diameters_equal_all_pairs() {
        let mut random = Random::stream(2, 0, 0);
        for flat in [true, false] {
            let masses = scattered(90, flat, &mut random);
            // Territories are near corners, so that some have a core; moves go anywhere.
            let corner = |m: &Mass| u32::from(m.at[0] > 50.0) + 2 * u32::from(m.at[1] > 50.0);
            let mut parts: Vec<u32> = masses.iter().map(corner).collect();
            let mut diameters = Diameters::new(Metric::Locations(&masses), &parts, K);
            let mut cores = 0;
            for step in 0..600 {
                if step % 20 == 0 {
                    diameters.set_limit(60.0 + 80.0 * random.unit());
                    cores += diameters.cells.iter().map(|c| c.core.units.len()).sum::<usize>();
                }
                let (unit, to) = (random.below(90) as u32, random.below(K) as u32);
                // What has strayed soon comes back: territories stay where they are.
                let to = if step % 10 > 0 { corner(&masses[unit as usize]) } else { to };
                let from = parts[unit as usize];
                let over = |t: u32, parts: &[u32]| {
                    pairs(&masses, parts, t).iter().map(|d2| (d2 - diameters.limit2).max(0.0)).sum::<f64>()
                };
                let before = [over(from, &parts), over(to, &parts)];
                let change = [diameters.excess(unit, from), diameters.excess(unit, to)];
                parts[unit as usize] = to;
                if from != to {
                    let after = [over(from, &parts), over(to, &parts)];
                    assert!((before[0] - change[0] - after[0]).abs() < 1e-6);
                    assert!((before[1] + change[1] - after[1]).abs() < 1e-6);
                }
                diameters.apply(unit, from, to);
                for t in [from, to] {
                    let all = pairs(&masses, &parts, t);
                    let excess: f64 = all.iter().map(|d2| (d2 - diameters.limit2).max(0.0)).sum();
                    assert!((diameters.excess_of(t) - excess).abs() < 1e-6 * (1.0 + excess));
                    let diameter = all.iter().copied().fold(0.0, f64::max).sqrt();
                    assert!((diameters.diameter_of(t) - diameter).abs() < 1e-9);
                }
            }
            assert!(cores > 100, "cores were hardly used");
        }
    }
}
