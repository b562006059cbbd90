//! A plan under search: the parts of an instance's units with the books that moves keep current. [`State::apply`] is the only
//! place that changes a part.

use super::instance::Instance;
use crate::terms::{Mass, Moments};

/// Weights that turn the objective's terms into energy: the plan they were taken from has an energy of k.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scales {
    /// Energy per measure·km² (in the instance's mass unit) of inertia.
    pub inertia: f64,
    /// Energy per km of border between territories.
    pub border: f64,
    /// Energy per unit of cut.
    pub cut: f64,
}

/// Values of the objective's terms, in the instance's units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermValues {
    /// Σ over territories of the moment of inertia.
    pub inertia: f64,
    /// Border between territories, km.
    pub border: f64,
    /// Cut: links between territories, or their weights.
    pub cut: f64,
}

/// The books of a plan under search.
#[derive(Clone, Debug)]
pub struct State<'a> {
    /// What is partitioned.
    pub instance: &'a Instance,
    parts: Vec<u32>,
    sizes: Vec<u32>,
    sums: Vec<f64>,
    moments: Vec<Moments>,
    /// Neighbours in other territories, per unit.
    outside: Vec<u32>,
    /// Units with such neighbours, in no particular but reproducible order, and where each stands there.
    border: Vec<u32>,
    place: Vec<u32>,
    /// Energy weights of the terms.
    pub scales: Scales,
}

const NOWHERE: u32 = u32::MAX;

impl<'a> State<'a> {
    /// Books of `parts`, each below k.
    pub fn new(instance: &'a Instance, parts: Vec<u32>, scales: Scales) -> Self {
        let (n, k, m) = (instance.len(), instance.k(), instance.measures);
        let mut state = Self {
            instance,
            parts,
            sizes: vec![0; k],
            sums: vec![0.0; k * m],
            moments: vec![Moments::default(); k],
            outside: vec![0; n],
            border: Vec::new(),
            place: vec![NOWHERE; n],
            scales,
        };
        for u in 0..n as u32 {
            let part = state.parts[u as usize];
            let outside = instance.neighbours(u).iter().filter(|&&v| state.parts[v as usize] != part).count();
            state.outside[u as usize] = outside as u32;
            if outside > 0 {
                state.enter_border(u);
            }
        }
        state.recompute();
        state
    }

    /// Forms all sums anew in unit order: what moves have gathered in rounding errors goes.
    pub fn recompute(&mut self) {
        self.sizes.fill(0);
        self.sums.fill(0.0);
        self.moments.fill(Moments::default());
        for (u, &part) in self.parts.iter().enumerate() {
            let part = part as usize;
            self.sizes[part] += 1;
            self.moments[part].add(&self.instance.masses[u]);
            for (sum, load) in
                self.sums[part * self.instance.measures..].iter_mut().zip(self.instance.loads_of(u as u32))
            {
                *sum += load;
            }
        }
    }

    /// Weights that give this plan the energy k, by the objective's weights `[inertia, border, cut]`.
    pub fn scales_for(&self, weights: [f64; 3]) -> Scales {
        let values = self.terms();
        let total = weights.iter().sum::<f64>();
        let scale = |weight: f64, value: f64| {
            if weight > 0.0 && value > 0.0 { self.instance.k() as f64 * weight / total / value } else { 0.0 }
        };
        Scales {
            inertia: scale(weights[0], values.inertia),
            border: scale(weights[1], values.border),
            cut: scale(weights[2], values.cut),
        }
    }

    /// Part of every unit.
    pub fn parts(&self) -> &[u32] {
        &self.parts
    }

    /// Takes the parts out.
    pub fn into_parts(self) -> Vec<u32> {
        self.parts
    }

    /// Part of a unit.
    #[inline]
    pub fn part(&self, unit: u32) -> u32 {
        self.parts[unit as usize]
    }

    /// Units of a territory.
    #[inline]
    pub fn size(&self, territory: u32) -> u32 {
        self.sizes[territory as usize]
    }

    /// Sums of the measures in a territory, in units of the mean target.
    #[inline]
    pub fn sums_of(&self, territory: u32) -> &[f64] {
        &self.sums[territory as usize * self.instance.measures..][..self.instance.measures]
    }

    /// Moments of a territory.
    #[inline]
    pub fn moments_of(&self, territory: u32) -> &Moments {
        &self.moments[territory as usize]
    }

    /// Units that have neighbours in other territories.
    #[inline]
    pub fn border(&self) -> &[u32] {
        &self.border
    }

    /// Whether a unit has neighbours in other territories.
    #[inline]
    pub fn is_border(&self, unit: u32) -> bool {
        self.outside[unit as usize] > 0
    }

    /// Violation of a territory's bounds, summed over measures, relative to the targets.
    pub fn violation_of(&self, territory: u32) -> f64 {
        let m = self.instance.measures;
        let windows = &self.instance.windows[territory as usize * m..][..m];
        windows.iter().zip(self.sums_of(territory)).map(|(w, &s)| w.violation(s)).sum()
    }

    /// Violation of all bounds.
    pub fn violation(&self) -> f64 {
        (0..self.instance.k() as u32).map(|t| self.violation_of(t)).sum()
    }

    /// Values of all terms, recomputed; links are counted once.
    pub fn terms(&self) -> TermValues {
        let mut values =
            TermValues { inertia: self.moments.iter().map(Moments::inertia).sum(), ..TermValues::default() };
        let instance = self.instance;
        for u in 0..instance.len() {
            for link in instance.offsets[u] as usize..instance.offsets[u + 1] as usize {
                let v = instance.links[link] as usize;
                if v > u && self.parts[v] != self.parts[u] {
                    values.border += instance.borders.get(link).map_or(0.0, |&b| f64::from(b));
                    values.cut += instance.weights.get(link).map_or(1.0, |&w| f64::from(w));
                }
            }
        }
        values
    }

    /// Energy of the compactness terms, recomputed.
    pub fn energy(&self) -> f64 {
        let values = self.terms();
        self.scales.inertia * values.inertia + self.scales.border * values.border + self.scales.cut * values.cut
    }

    /// What moving the mass `m`, part of `from`, to `to` adds to the energy of inertia. A group moves like its own mass at
    /// its centroid: what it has of inertia about that stays the same.
    #[inline]
    pub fn inertia_change(&self, m: &Mass, from: u32, to: u32) -> f64 {
        if self.scales.inertia == 0.0 {
            return 0.0;
        }
        self.scales.inertia * (self.moments[to as usize].gain(m) - self.moments[from as usize].loss(m))
    }

    /// What moving a single unit adds to the energy of the link terms.
    #[inline]
    pub fn link_change(&self, unit: u32, from: u32, to: u32) -> f64 {
        let instance = self.instance;
        let range = instance.offsets[unit as usize] as usize..instance.offsets[unit as usize + 1] as usize;
        let mut change = 0.0;
        if self.scales.cut > 0.0 {
            if instance.weights.is_empty() {
                let mut links = 0i32;
                for &v in &instance.links[range.clone()] {
                    let part = self.parts[v as usize];
                    links += i32::from(part == from) - i32::from(part == to);
                }
                change += self.scales.cut * f64::from(links);
            } else {
                change += self.scales.cut * self.weighted_change(&instance.weights, range.clone(), from, to);
            }
        }
        if self.scales.border > 0.0 {
            change += self.scales.border * self.weighted_change(&instance.borders, range, from, to);
        }
        change
    }

    #[inline]
    fn weighted_change(&self, column: &[f32], range: std::ops::Range<usize>, from: u32, to: u32) -> f64 {
        let mut change = 0.0;
        for (&v, &w) in self.instance.links[range.clone()].iter().zip(&column[range]) {
            let part = self.parts[v as usize];
            if part == from {
                change += f64::from(w);
            } else if part == to {
                change -= f64::from(w);
            }
        }
        change
    }

    /// Moves `unit` to territory `to`.
    pub fn apply(&mut self, unit: u32, to: u32) {
        let instance = self.instance;
        let from = std::mem::replace(&mut self.parts[unit as usize], to);
        if from == to {
            return;
        }
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        let mass = &instance.masses[unit as usize];
        self.moments[from as usize].remove(mass);
        self.moments[to as usize].add(mass);
        let m = instance.measures;
        for (j, &load) in instance.loads_of(unit).iter().enumerate() {
            self.sums[from as usize * m + j] -= load;
            self.sums[to as usize * m + j] += load;
        }
        let mut outside = 0;
        for &v in instance.neighbours(unit) {
            let part = self.parts[v as usize];
            outside += u32::from(part != to);
            if part == from {
                self.outside[v as usize] += 1;
                if self.outside[v as usize] == 1 {
                    self.enter_border(v);
                }
            } else if part == to {
                self.outside[v as usize] -= 1;
                if self.outside[v as usize] == 0 {
                    self.leave_border(v);
                }
            }
        }
        let before = std::mem::replace(&mut self.outside[unit as usize], outside);
        if before == 0 && outside > 0 {
            self.enter_border(unit);
        } else if before > 0 && outside == 0 {
            self.leave_border(unit);
        }
    }

    #[inline]
    fn enter_border(&mut self, unit: u32) {
        self.place[unit as usize] = self.border.len() as u32;
        self.border.push(unit);
    }

    #[inline]
    fn leave_border(&mut self, unit: u32) {
        let place = std::mem::replace(&mut self.place[unit as usize], NOWHERE);
        if let Some(last) = self.border.pop()
            && last != unit
        {
            self.border[place as usize] = last;
            self.place[last as usize] = place;
        }
    }

    /// Compares the books with a recomputation, for tests: the largest difference.
    #[cfg(test)]
    pub(crate) fn book_error(&self) -> f64 {
        let fresh = State::new(self.instance, self.parts.clone(), self.scales);
        assert_eq!(fresh.sizes, self.sizes);
        assert_eq!(fresh.outside, self.outside);
        let (mut a, mut b) = (fresh.border.clone(), self.border.clone());
        a.sort_unstable();
        b.sort_unstable();
        assert_eq!(a, b);
        let sums = fresh.sums.iter().zip(&self.sums).map(|(x, y)| (x - y).abs());
        let inertia = fresh
            .moments
            .iter()
            .zip(&self.moments)
            .map(|(x, y)| (x.inertia() - y.inertia()).abs() / (1e-12 + x.inertia().max(x.second * 1e-9)));
        sums.chain(inertia).fold(0.0, f64::max)
    }
}
