//! Sums of costs to members: what the terms that are measured from a medoid share.
//!
//! For every territory t and candidate j the row S[t][j] = Σ over members i of wᵢ·c(i, j) is kept; the medoid is the member of
//! least S, and a move changes two rows. Where a problem has few units every unit is a candidate and the medoid is always the
//! best member. Else candidates are the members nearest to the medoid, looked up anew when it wanders off among them: the
//! medoid is then the best of the candidates, and [`Medoids::reset`] finds it from all members at stated points.
//!
//! A territory that is measured from a given place has that as its only candidate: places stand behind the units, as positions that
//! are nobody's members.
//!
//! Knows costs and weights; knows no bounds and no contiguity.

/// Cost c(i, j) of measuring unit i from unit j, by positions.
pub struct Costs<'a> {
    /// Units and places.
    n: usize,
    /// Position of the place that a territory is measured from; empty: all are measured from members.
    places: Vec<Option<u32>>,
    /// All pairs, row after row; empty: computed when asked for.
    dense: Vec<f64>,
    compute: Box<dyn Fn(u32, u32) -> f64 + Send + Sync + 'a>,
}

/// Units up to which all pairs are kept: 8·n² bytes, 32 MiB at most.
const DENSE: usize = 2048;
/// Units up to which every unit is a candidate of every territory: 8·n·k bytes.
const ALL: usize = 320;
/// Candidates of a territory beyond that.
const CANDIDATES: usize = 64;
/// Nothing weighs less than this share of the mean weight: units without weight would cost nothing and grow tendrils.
const LEAST_WEIGHT: f64 = 1e-6;
/// Steps from member to better member when a medoid is looked for.
const CLIMB: usize = 16;

impl<'a> Costs<'a> {
    /// Costs among `n` units. They must be ≥ 0 and symmetric.
    pub fn new(n: usize, compute: impl Fn(u32, u32) -> f64 + Send + Sync + 'a) -> Self {
        Self::with_places(n, &[], compute)
    }

    /// The same where some territories are measured from given places, in territory order; the first of them stands at position
    /// `n`, the next one at `n` + 1.
    pub fn with_places(n: usize, anchored: &[bool], compute: impl Fn(u32, u32) -> f64 + Send + Sync + 'a) -> Self {
        let mut positions = n as u32..;
        let places: Vec<Option<u32>> = anchored.iter().map(|&is| if is { positions.next() } else { None }).collect();
        let n = n + anchored.iter().filter(|&&is| is).count();
        let mut costs = Self { n, places, dense: Vec::new(), compute: Box::new(compute) };
        if n <= DENSE {
            let units = 0..n as u32;
            costs.dense = units
                .clone()
                .flat_map(|i| units.clone().map(move |j| (i, j)))
                .map(|(i, j)| costs.between(i, j))
                .collect();
        }
        costs
    }

    /// Cost of a pair.
    #[inline]
    pub fn between(&self, i: u32, j: u32) -> f64 {
        match self.dense.get(i as usize * self.n + j as usize) {
            Some(&cost) => cost,
            None => (self.compute)(i, j),
        }
    }

    /// Position of the place that a territory is measured from, if it is not from a member.
    #[inline]
    fn place_of(&self, territory: u32) -> Option<u32> {
        self.places.get(territory as usize).copied().flatten()
    }

    /// Costs from `unit` to all, where they are kept.
    #[inline]
    fn row(&self, unit: u32) -> Option<&[f64]> {
        self.dense.get(unit as usize * self.n..(unit as usize + 1) * self.n)
    }
}

impl std::fmt::Debug for Costs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Costs").field("n", &self.n).field("kept", &!self.dense.is_empty()).finish_non_exhaustive()
    }
}

/// Weights for sums over members: those given, but never quite nothing.
pub fn member_weights(weights: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let (sum, count) = weights.clone().fold((0.0, 0u32), |(sum, count), w| (sum + w, count + 1));
    let least = LEAST_WEIGHT * sum / f64::from(count.max(1));
    weights.map(|w| w.max(least)).collect()
}

#[derive(Clone, Debug, Default)]
struct Cell {
    members: Vec<u32>,
    /// Units that may become the medoid.
    candidates: Vec<u32>,
    /// Σ over members of weight × cost, beside `candidates`.
    sums: Vec<f64>,
    /// Place of the medoid among the candidates.
    at: usize,
    value: f64,
}

/// Territories with their medoids.
#[derive(Clone, Debug)]
pub struct Medoids<'a> {
    costs: &'a Costs<'a>,
    weights: &'a [f64],
    /// Every unit is a candidate, in unit order.
    all: bool,
    parts: Vec<u32>,
    places: Vec<u32>,
    cells: Vec<Cell>,
    total: f64,
    scratch: Vec<(f64, u32)>,
}

impl<'a> Medoids<'a> {
    /// Territories of a plan of `k` non-empty parts.
    pub fn new(costs: &'a Costs<'a>, weights: &'a [f64], parts: &[u32], k: usize) -> Self {
        let n = parts.len();
        let mut medoids = Self {
            costs,
            weights,
            all: n <= ALL,
            parts: vec![0; costs.n],
            places: vec![0; n],
            cells: vec![Cell::default(); k],
            total: 0.0,
            scratch: Vec::new(),
        };
        for (t, cell) in (0u32..).zip(&mut medoids.cells) {
            if let Some(place) = costs.place_of(t) {
                // Its own for good, and a member of none.
                medoids.parts[place as usize] = t;
                cell.candidates = vec![place];
                cell.sums = vec![0.0];
            } else if medoids.all {
                cell.candidates = (0..n as u32).collect();
                cell.sums = vec![0.0; n];
            }
        }
        medoids.reset(parts);
        medoids
    }

    /// Takes up a plan, forms all sums anew and finds its medoids from all members.
    pub fn reset(&mut self, parts: &[u32]) {
        self.parts[..parts.len()].copy_from_slice(parts);
        self.cells.iter_mut().for_each(|cell| cell.members.clear());
        for (unit, &part) in (0u32..).zip(parts) {
            let members = &mut self.cells[part as usize].members;
            self.places[unit as usize] = members.len() as u32;
            members.push(unit);
        }
        self.total = 0.0;
        for t in 0..self.cells.len() as u32 {
            self.cells[t as usize].value = 0.0;
            if self.all || self.costs.place_of(t).is_some() {
                self.sum_up(t);
                self.refresh(t);
            } else {
                self.search(t);
            }
        }
    }

    /// Value of the term: Σ over territories of Σ over members of weight × cost from the medoid.
    #[inline]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Medoid of a territory, or the position of the place that it is measured from.
    #[inline]
    pub fn medoid(&self, territory: u32) -> u32 {
        let cell = &self.cells[territory as usize];
        cell.candidates.get(cell.at).copied().unwrap_or(u32::MAX)
    }

    /// What moving `units` adds to the term, exact for the medoids that are held, an upper bound where others become better;
    /// where a medoid itself moves, its territory is measured from the best candidate that stays.
    #[inline]
    pub fn change(&self, units: &[u32], from: u32, to: u32) -> f64 {
        let (home, away) = (self.medoid(from), self.medoid(to));
        if units.contains(&home) {
            return self.change_with_medoid(units, from, away);
        }
        let of = |&u: &u32| self.weights[u as usize] * (self.costs.between(away, u) - self.costs.between(home, u));
        units.iter().map(of).sum()
    }

    #[cold]
    fn change_with_medoid(&self, units: &[u32], from: u32, away: u32) -> f64 {
        let cost = |c: u32| units.iter().map(|&u| self.weights[u as usize] * self.costs.between(c, u)).sum::<f64>();
        let cell = &self.cells[from as usize];
        let mut best = f64::INFINITY;
        for (&c, &sum) in cell.candidates.iter().zip(&cell.sums) {
            if self.parts[c as usize] == from && !units.contains(&c) {
                best = best.min(sum - cost(c));
            }
        }
        if !best.is_finite() {
            // No candidate stays: any member does as a bound.
            let stays = cell.members.iter().find(|u| !units.contains(u));
            let about = |&c: &u32| {
                cell.members.iter().map(|&u| self.weights[u as usize] * self.costs.between(c, u)).sum::<f64>() - cost(c)
            };
            best = stays.map_or(0.0, about);
        }
        best - cell.value + cost(away)
    }

    /// What moving `unit` adds to the term when both territories choose their medoids anew: exact where every unit is a
    /// candidate.
    pub fn change_exactly(&self, unit: u32, from: u32, to: u32) -> f64 {
        let w = self.weights[unit as usize];
        let least = |t: u32, sign: f64, itself: bool| {
            let cell = &self.cells[t as usize];
            let mut best = f64::INFINITY;
            for (&c, &sum) in cell.candidates.iter().zip(&cell.sums) {
                let counts = if c == unit { itself } else { self.parts[c as usize] == t };
                if counts {
                    best = best.min(sum + sign * w * self.costs.between(unit, c));
                }
            }
            if best.is_finite() { best - cell.value } else { -cell.value }
        };
        least(from, -1.0, false) + least(to, 1.0, true)
    }

    /// Moves `unit`; medoids stay until [`Medoids::refresh`], which both territories need before anything else is asked.
    pub fn apply(&mut self, unit: u32, to: u32) {
        let from = std::mem::replace(&mut self.parts[unit as usize], to);
        let members = &mut self.cells[from as usize].members;
        let place = self.places[unit as usize];
        members.swap_remove(place as usize);
        if let Some(&moved) = members.get(place as usize) {
            self.places[moved as usize] = place;
        }
        let members = &mut self.cells[to as usize].members;
        self.places[unit as usize] = members.len() as u32;
        members.push(unit);
        let w = self.weights[unit as usize];
        for (t, w) in [(from, -w), (to, w)] {
            let Cell { candidates, sums, .. } = &mut self.cells[t as usize];
            match self.costs.row(unit) {
                Some(row) if self.all && self.costs.place_of(t).is_none() => {
                    sums.iter_mut().zip(row).for_each(|(sum, cost)| *sum += w * cost)
                }
                Some(row) => sums.iter_mut().zip(candidates).for_each(|(sum, &mut c)| *sum += w * row[c as usize]),
                None => {
                    sums.iter_mut().zip(candidates).for_each(|(sum, &mut c)| *sum += w * self.costs.between(unit, c))
                }
            }
        }
    }

    /// Lets a territory choose the best of its candidates.
    pub fn refresh(&mut self, territory: u32) {
        let cell = &mut self.cells[territory as usize];
        let mut best = (f64::INFINITY, usize::MAX);
        for (at, (&c, &sum)) in cell.candidates.iter().zip(&cell.sums).enumerate() {
            if sum < best.0 && self.parts[c as usize] == territory {
                best = (sum, at);
            }
        }
        if best.1 == usize::MAX {
            self.search(territory);
            return;
        }
        self.total += best.0 - cell.value;
        cell.value = best.0;
        cell.at = best.1;
        // Candidates stand nearest first: far back in the list there may be better ones beyond it.
        if !self.all && best.1 > cell.candidates.len() / 2 && cell.members.len() > cell.candidates.len() {
            let medoid = cell.candidates[best.1];
            self.recentre(territory, medoid);
            self.choose(territory);
        }
    }

    /// Finds the medoid of a territory from candidates around ever better members.
    fn search(&mut self, territory: u32) {
        let Some(&first) = self.cells[territory as usize].members.first() else {
            let cell = &mut self.cells[territory as usize];
            self.total -= std::mem::take(&mut cell.value);
            return;
        };
        let mut medoid = if self.all { first } else { self.spread(territory).unwrap_or(first) };
        for _ in 0..CLIMB {
            self.recentre(territory, medoid);
            self.choose(territory);
            let next = self.medoid(territory);
            if std::mem::replace(&mut medoid, next) == next {
                break;
            }
        }
    }

    /// The best of a few members spread over the territory.
    fn spread(&self, territory: u32) -> Option<u32> {
        let members = &self.cells[territory as usize].members;
        let step = members.len().div_ceil(CANDIDATES / 4).max(1);
        let few = || members.iter().step_by(step).copied();
        let about = |c: u32| few().map(|u| self.weights[u as usize] * self.costs.between(c, u)).sum::<f64>();
        few().map(|c| (about(c), c)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|best| best.1)
    }

    /// Best candidate, all of them members.
    fn choose(&mut self, territory: u32) {
        let cell = &mut self.cells[territory as usize];
        let better = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        let members =
            cell.sums.iter().copied().enumerate().filter(|s| self.parts[cell.candidates[s.0] as usize] == territory);
        if let Some((at, sum)) = members.min_by(better) {
            self.total += sum - cell.value;
            cell.value = sum;
            cell.at = at;
        }
    }

    /// Candidates are the members nearest to `centre`.
    fn recentre(&mut self, territory: u32, centre: u32) {
        if !self.all {
            let mut near = std::mem::take(&mut self.scratch);
            let cell = &mut self.cells[territory as usize];
            near.clear();
            near.extend(cell.members.iter().map(|&u| (self.costs.between(centre, u), u)));
            let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            if near.len() > CANDIDATES {
                near.select_nth_unstable_by(CANDIDATES - 1, order);
                near.truncate(CANDIDATES);
            }
            near.sort_unstable_by(order);
            cell.candidates.clear();
            cell.candidates.extend(near.iter().map(|c| c.1));
            self.scratch = near;
        }
        self.sum_up(territory);
    }

    fn sum_up(&mut self, territory: u32) {
        let Cell { members, candidates, sums, .. } = &mut self.cells[territory as usize];
        sums.clear();
        sums.resize(candidates.len(), 0.0);
        for &u in members.iter() {
            let w = self.weights[u as usize];
            sums.iter_mut().zip(candidates.iter()).for_each(|(sum, &c)| *sum += w * self.costs.between(u, c));
        }
    }
}
