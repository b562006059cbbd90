//! One annealed round under a falling limit.

use super::super::guard::{Guard, Leaving};
use super::super::instance::Instance;
use super::super::random::{Exponential, Random};
use super::super::state::State;
use super::super::ways::Moved;
use super::best::{Best, SLACK, Worth};
use crate::control::Control;
use crate::terms::Diameters;

/// How a round presses: from the first value to the second in geometric steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pressure {
    /// Temperature.
    pub temperature: (f64, f64),
    /// Energy of the excess under which the limit falls: at the start per territory, at the end of all together.
    pub excess: (f64, f64),
    /// Share by which the limit changes at a time.
    pub pace: (f64, f64),
    /// Share of the round in which the limit follows the plan.
    pub follows: f64,
}

impl Pressure {
    /// For a plan far from the best.
    pub const FIRST: Self = Self { temperature: (0.5, 0.02), excess: (30.0, 0.3), pace: (0.02, 0.001), follows: 0.8 };
    /// For a plan that has been annealed.
    pub const AGAIN: Self = Self { temperature: (0.03, 0.005), excess: (0.5, 0.3), pace: (0.01, 0.001), follows: 0.8 };
}

/// Times in a round when the limit is set.
const SETTINGS: u64 = 400;
/// Pairs that may be recomputed for every proposal made.
const PAIRS: u64 = 512;
/// Proposals between looks at the balance and at the control.
const BLOCK: u64 = 1000;
/// Share by which the limit falls when it is met in the last part of a round.
const NOTCH: f64 = 5e-4;
/// Proposals that are swaps.
const SWAPS: f64 = 0.3;
/// Steps a walk of the contiguity check may take.
const WALK_CAP: usize = 32;
/// Most neighbours in the territory that contiguity is looked for among.
const CLOSE: usize = 12;

/// Scratch of rounds, reusable over instances.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    guard: Guard,
    exponential: Exponential,
    /// Excess over the limit per territory.
    excess: Vec<f64>,
    loads: Vec<f64>,
}

/// One round.
pub struct Round<'r, 'a> {
    /// The plan.
    pub state: &'r mut State<'a>,
    /// Its diameters.
    pub diameters: &'r mut Diameters<'a>,
    /// The best plan of the line.
    pub best: &'r mut Best,
    /// What makes a plan better.
    pub worth: &'r Worth,
    /// Scratch.
    pub scratch: &'r mut Scratch,
    /// The round's own stream.
    pub random: Random,
    /// How it presses.
    pub pressure: Pressure,
    /// Proposals.
    pub steps: u64,
}

/// What changes from proposal to proposal.
struct Course {
    limit: f64,
    /// Energy per excess.
    scale: f64,
    /// Excess of all territories.
    excess: f64,
    violation: f64,
    /// Energy per violation.
    lambda: f64,
    temperature: f64,
}

impl Round<'_, '_> {
    /// Anneals from the limit given. Returns false when stopped from outside.
    pub fn run(&mut self, limit: f64, control: &Control<'_>) -> bool {
        let pressure = self.pressure;
        let geometric = |(a, b): (f64, f64), share: f64| a * libm::pow(b / a, share);
        let mut course = Course { limit, scale: 0.0, excess: 0.0, violation: 0.0, lambda: 50.0, temperature: 0.0 };
        self.set_limit(&mut course, limit);
        let interval = (self.steps / SETTINGS).max(1);
        let (mut inside, mut last_part, mut setting) = (0u64, false, interval);
        for step in 0..self.steps {
            if step % BLOCK == 0 {
                let share = step as f64 / self.steps as f64;
                course.temperature = geometric(pressure.temperature, share);
                course.violation = self.state.violation();
                if step > 0 {
                    // A third of the time inside the bounds: near enough to come in, free enough to go round.
                    let stiffer = inside * 3 < BLOCK;
                    course.lambda = (course.lambda * if stiffer { 1.05 } else { 1.0 / 1.05 }).clamp(5.0, 2000.0);
                }
                inside = 0;
                if control.stopped().is_some() {
                    return false;
                }
                control.report(share, "diameter");
            }
            if step == setting {
                setting += interval.max(self.diameters.pairs() / PAIRS);
                let share = step as f64 / self.steps as f64 / pressure.follows;
                if share < 1.0 {
                    let k = self.state.instance.k() as f64;
                    let wanted = geometric((k * pressure.excess.0, pressure.excess.1), share);
                    let pace = geometric(pressure.pace, share);
                    let change = if course.excess * course.scale > wanted { pace } else { -pace };
                    let limit = course.limit * (1.0 + change);
                    self.set_limit(&mut course, limit);
                } else if !last_part {
                    last_part = true;
                    let limit = course.limit.min(self.best.diameter * (1.0 - NOTCH));
                    self.set_limit(&mut course, limit);
                }
            }
            inside += u64::from(course.violation <= self.best.violation + SLACK);
            if self.propose(&mut course) && course.violation <= self.best.violation + SLACK {
                let bound = self.best.diameter * self.best.diameter - course.limit * course.limit;
                // An excess under that of a pair at the best diameter: every pair is nearer.
                if course.excess < 0.999 * bound
                    && self.best.keep(self.state, self.diameters, self.worth)
                    && last_part
                    && self.best.diameter <= course.limit
                {
                    let limit = self.best.diameter * (1.0 - NOTCH);
                    self.set_limit(&mut course, limit);
                }
            }
        }
        if self.worth.energy > 0.0 {
            self.best.keep(self.state, self.diameters, self.worth);
        }
        true
    }

    fn set_limit(&mut self, course: &mut Course, limit: f64) {
        let instance = self.state.instance;
        self.state.recompute();
        self.diameters.set_limit(limit);
        let excess = &mut self.scratch.excess;
        excess.clear();
        excess.extend((0..instance.k() as u32).map(|t| self.diameters.excess_of(t)));
        course.excess = excess.iter().sum();
        course.violation = self.state.violation();
        course.limit = limit;
        // Energy 1: a pair about one mean distance between neighbours over the limit, if units lie evenly.
        course.scale = 0.62 * (instance.len() as f64 / instance.k() as f64).sqrt() / (limit * limit);
    }

    #[inline]
    fn propose(&mut self, course: &mut Course) -> bool {
        let (state, random) = (&*self.state, &mut self.random);
        let instance = state.instance;
        if state.border().is_empty() {
            return false;
        }
        let unit = state.border()[random.below(state.border().len())];
        let from = state.part(unit);
        let neighbours = instance.neighbours(unit);
        let (head, tail) = neighbours.split_at(random.below(neighbours.len()));
        let Some(to) = tail.iter().chain(head).map(|&v| state.part(v)).find(|&part| part != from) else {
            return false;
        };
        if !state.may(unit, to) {
            return false;
        }
        let threshold = course.temperature * self.scratch.exponential.sample(random);
        if random.unit() < SWAPS {
            return match partner(state, unit, from, to, random) {
                Some(partner) => self.swap(course, unit, partner, threshold),
                None => false,
            };
        }
        if state.size(from) < 2 {
            return false;
        }
        let violation = state.violation_change(instance.moved(&unit), from, to);
        let mut energy = course.lambda * violation;
        if self.worth.energy > 0.0 {
            energy += state.inertia_change(&instance.masses[unit as usize], from, to);
            energy += state.link_change(unit, from, to);
        }
        // The cheap parts first; most proposals end before members are looked at.
        let over = self.scratch.excess[from as usize];
        if energy - over * course.scale > threshold {
            return false;
        }
        let leaves = if over > 0.0 { self.diameters.excess(unit, from) } else { 0.0 };
        energy -= leaves * course.scale;
        if energy > threshold {
            return false;
        }
        let enters = self.diameters.excess(unit, to);
        if energy + enters * course.scale > threshold || !whole_without(state, &mut self.scratch.guard, unit) {
            return false;
        }
        self.state.apply(unit, to);
        self.diameters.apply(unit, from, to);
        self.book(course, from, -leaves);
        self.book(course, to, enters);
        course.violation += violation;
        true
    }

    #[inline]
    fn book(&mut self, course: &mut Course, territory: u32, change: f64) {
        self.scratch.excess[territory as usize] += change;
        course.excess += change;
    }

    /// `unit` and `partner` change places.
    fn swap(&mut self, course: &mut Course, unit: u32, partner: u32, threshold: f64) -> bool {
        let state = &*self.state;
        let instance = state.instance;
        let (from, to) = (state.part(unit), state.part(partner));
        if !state.may(partner, from) {
            return false;
        }
        let loads = &mut self.scratch.loads;
        loads.clear();
        loads.extend(instance.loads_of(unit).iter().zip(instance.loads_of(partner)).map(|(a, b)| a - b));
        let moved = Moved { loads, there: &[unit], back: &[partner] };
        let violation = state.violation_change(moved, from, to);
        let mut energy = course.lambda * violation;
        if self.worth.energy > 0.0 {
            // Each as if the other stayed: near enough for what breaks ties.
            for (unit, from, to) in [(unit, from, to), (partner, to, from)] {
                energy += state.inertia_change(&instance.masses[unit as usize], from, to);
                energy += state.link_change(unit, from, to);
            }
        }
        let over = (self.scratch.excess[from as usize], self.scratch.excess[to as usize]);
        if energy - (over.0 + over.1) * course.scale > threshold {
            return false;
        }
        let leaves = if over.0 > 0.0 { self.diameters.excess(unit, from) } else { 0.0 };
        let returns = if over.1 > 0.0 { self.diameters.excess(partner, to) } else { 0.0 };
        energy -= (leaves + returns) * course.scale;
        if energy > threshold {
            return false;
        }
        // The two are not together afterwards, though each meets the other where it goes.
        let pair = self.diameters.over(unit, partner);
        let enters = self.diameters.excess(unit, to) - pair;
        let comes = self.diameters.excess(partner, from) - pair;
        if energy + (enters + comes) * course.scale > threshold || !whole_without(state, &mut self.scratch.guard, unit)
        {
            return false;
        }
        self.state.apply(unit, to);
        if !whole_without(self.state, &mut self.scratch.guard, partner) {
            self.state.apply(unit, from);
            return false;
        }
        self.state.apply(partner, from);
        self.diameters.apply(unit, from, to);
        self.diameters.apply(partner, to, from);
        self.book(course, from, comes - leaves);
        self.book(course, to, enters - returns);
        course.violation += violation;
        true
    }
}

/// A unit of `to` at the same border, that touches `from` without `unit` as well.
#[inline]
fn partner(state: &State<'_>, unit: u32, from: u32, to: u32, random: &mut Random) -> Option<u32> {
    let instance = state.instance;
    let mut partner = None;
    let mut at = unit;
    for _ in 0..8 {
        let neighbours = instance.neighbours(at);
        let next = neighbours[random.below(neighbours.len())];
        let touches = |v: u32| instance.neighbours(v).iter().any(|&w| w != unit && state.part(w) == from);
        let part = state.part(next);
        if part == to && state.is_border(next) && touches(next) {
            partner = Some(next);
            if random.below(2) == 0 {
                break;
            }
        }
        if part == from || part == to {
            at = next;
        }
    }
    partner
}

/// Whether the unit's territory stays contiguous without it. Nearly always its neighbours there hang together directly.
#[inline]
fn whole_without(state: &State<'_>, guard: &mut Guard, unit: u32) -> bool {
    let part = state.part(unit);
    let instance: &Instance = state.instance;
    let (mut close, mut count) = ([0u32; CLOSE], 0);
    for &v in instance.neighbours(unit) {
        if state.part(v) == part {
            if count == CLOSE {
                return guard.leaving(state, unit, WALK_CAP) == Leaving::Whole;
            }
            close[count] = v;
            count += 1;
        }
    }
    if count < 2 {
        return count == 1 || state.size(part) > 1;
    }
    // Those reached stand in front.
    let (mut reached, mut next) = (1, 0);
    while next < reached && reached < count {
        for &w in instance.neighbours(close[next]) {
            if let Some(place) = close[reached..count].iter().position(|&v| v == w) {
                close.swap(reached, reached + place);
                reached += 1;
            }
        }
        next += 1;
    }
    reached == count || guard.leaving(state, unit, WALK_CAP) == Leaving::Whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::search::tests::grid;
    use crate::search::{Scales, construct, make_contiguous};
    use crate::terms::Metric;

    #[test]
    fn books_equal_recomputation_after_every_proposal() {
        let instance = grid(12, 11, 5);
        let mut diagram = construct(&instance, 40, 0);
        make_contiguous(&instance, &mut diagram);
        let mut state = State::new(&instance, diagram.parts, Scales::default());
        let mut diameters = Diameters::new(Metric::Locations(&instance.masses), &state.parts(), 5);
        let worth = Worth::new([0.0; 3], 1.0, 5);
        let mut best = Best::new(&state, &diameters, &worth);
        let mut round = Round {
            state: &mut state,
            diameters: &mut diameters,
            best: &mut best,
            worth: &worth,
            scratch: &mut Scratch::default(),
            random: Random::stream(5, 0, 0),
            pressure: Pressure::FIRST,
            steps: 0,
        };
        let mut course = Course { limit: 0.0, scale: 0.0, excess: 0.0, violation: 0.0, lambda: 5.0, temperature: 0.5 };
        let mut accepted = 0;
        for step in 0..6000 {
            if step % 2000 == 0 {
                // A limit under the distance of neighbours: then the two of a swap count as well.
                round.set_limit(&mut course, if step == 2000 { 0.5 } else { 5.0 });
            }
            if !round.propose(&mut course) {
                continue;
            }
            accepted += 1;
            let excess: f64 = (0..5).map(|t| round.diameters.excess_of(t)).sum();
            assert!((excess - course.excess).abs() < 1e-6, "{} kept, {excess} recomputed", course.excess);
            assert!((round.state.violation() - course.violation).abs() < 1e-6);
        }
        assert!(accepted > 200, "only {accepted} moves");
    }
}
