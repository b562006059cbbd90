//! Ways that begin with a move against the grain: a unit is made to change, or to go home, and surplus is carried anew.
//!
//! A territory of a few large units that has a little too much cannot give just that: it gives a large unit and takes several
//! smaller ones back, from the same neighbour or over several territories. No flow says so, and sets of a few units seldom fit. So the large
//! unit goes first, whatever it breaks, and flow and exchanges mend the rest: ruin and recreate (Schrimpf et al. 2000,
//! doi:10.1006/jcph.1999.6413). What is better stays, less violation before less change; the rest is taken back.

use super::NOWHERE;
use super::carry::{Manner, carry, send_home};
use crate::control::Control;
use crate::search::{Guard, Leaving, Random, Scratches, State, polish};

/// Work of the search for less change, in rounds times units: as many rounds as there are units, but no more than that.
const WORK: usize = 6_000_000;
/// Work of the search inside bounds, in units that are made to change times all units.
const RESTORE: usize = 1_500_000;
/// Where bounds stay violated exchanges are tried in vain: so many times fewer rounds.
const IN_VAIN: usize = 8;
/// Rounds at least.
const ROUNDS: usize = 24;
/// Units that are made to change for one territory that is outside its bounds.
const LUMPS: usize = 24;
/// Times that surplus is carried after a move.
const CARRIES: usize = 6;
/// Rounds of exchanges after a move.
const EXCHANGES: usize = 4;
/// How much the order in which units go is shaken.
const SHAKE: f64 = 1.0;
/// Less violation than this is rounding.
const LEAST: f64 = 1e-12;
/// Random streams.
const PHASE: u64 = 36;

/// The plan under search with the best one so far.
pub(super) struct Iterate<'s, 'a, 'c> {
    pub(super) state: &'s mut State<'a>,
    pub(super) scratches: &'s mut Scratches,
    pub(super) seed: u64,
    pub(super) control: &'s Control<'c>,
}

/// A plan and what it is worth.
struct Held {
    violation: f64,
    /// Energy with the price of change in it.
    energy: f64,
    parts: Vec<u32>,
}

impl Held {
    fn of(state: &State<'_>) -> Self {
        Self { violation: state.violation(), energy: state.energy(), parts: state.parts() }
    }

    fn is_below(&self, other: &Self) -> bool {
        let more = self.violation - other.violation;
        more < -LEAST || (more <= LEAST && self.energy < other.energy * (1.0 - 1e-9))
    }
}

impl Iterate<'_, '_, '_> {
    /// Brings territories into their bounds that neither flow nor exchanges did.
    pub(super) fn restore(&mut self) {
        let mut best = Held::of(self.state);
        let mut tries = (RESTORE / self.state.instance.len().max(1)).max(LUMPS);
        while best.violation > LEAST && tries > 0 && !self.is_stopped() {
            let base = best.parts.clone();
            let mut better = false;
            for t in self.outside() {
                for (unit, to) in self.lumps(t) {
                    if tries == 0 || self.is_stopped() {
                        break;
                    }
                    tries -= 1;
                    self.reset(&base);
                    if self.force(unit, to, false) {
                        self.mend(&Manner::default());
                        better |= self.hold(&mut best);
                    }
                }
                // What is better for one is the ground for the next.
                if better {
                    break;
                }
            }
            self.reset(&best.parts);
            if !better {
                return;
            }
        }
    }

    /// Looks for less change.
    pub(super) fn improve(&mut self) {
        let units = self.state.instance.len();
        let mut best = Held::of(self.state);
        let share = if best.violation > LEAST { IN_VAIN } else { 1 };
        let rounds = (units.min(WORK / units.max(1)) / share).max(ROUNDS);
        for round in 0..rounds {
            if self.is_stopped() {
                break;
            }
            let mut random = Random::stream(self.seed, PHASE, round as u64);
            let mut kept = if random.below(3) > 0 { self.ruin_pair(&mut random) } else { self.ruin_any(&mut random) };
            if kept.is_empty() {
                continue;
            }
            if random.below(2) == 0 {
                kept.extend(self.force_lump(&mut random));
            }
            let margin = if random.below(2) == 0 { 0.0 } else { Manner::default().margin };
            let manner = Manner { margin, shake: SHAKE, seed: random.bits(), kept };
            self.mend(&manner);
            if !self.hold(&mut best) {
                let parts = std::mem::take(&mut best.parts);
                self.reset(&parts);
                best.parts = parts;
            }
        }
        self.reset(&best.parts);
    }

    fn is_stopped(&self) -> bool {
        self.control.stopped().is_some()
    }

    /// Territories outside their bounds, the farthest first.
    fn outside(&self) -> Vec<u32> {
        let state = &*self.state;
        let of = |t| (state.violation_of(t), t);
        let mut outside: Vec<(f64, u32)> = (0..state.instance.k() as u32).map(of).filter(|v| v.0 > LEAST).collect();
        outside.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        outside.into_iter().map(|v| v.1).collect()
    }

    /// Units at the border of a territory that would bring it inside its bounds or beyond, with where they would go; the smallest
    /// first.
    fn lumps(&self, t: u32) -> Vec<(u32, u32)> {
        let state = &*self.state;
        let (instance, m) = (state.instance, state.instance.measures);
        let mut found: Vec<(f64, u32, u32)> = Vec::new();
        for (j, window) in instance.windows[t as usize * m..][..m].iter().enumerate() {
            let sum = state.sums_of(t)[j];
            if window.violation(sum) <= LEAST {
                continue;
            }
            let (too_much, amount) =
                if sum > window.upper { (true, sum - window.upper) } else { (false, window.lower - sum) };
            for &u in state.border() {
                let load = instance.load_in(u, j, t);
                if load < amount || (state.part(u) == t) != too_much {
                    continue;
                }
                for &v in instance.neighbours(u) {
                    let to = state.part(v);
                    let open = state.is_open(state.part(u)) && state.is_open(to);
                    if open && to != state.part(u) && (too_much || to == t) {
                        found.push((load, u, to));
                    }
                }
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        found.dedup();
        // The smallest need least in return; beyond these a few of all sizes.
        let step = found.len().saturating_sub(LUMPS / 2).div_ceil(LUMPS / 2).max(1);
        let chosen = |(at, f): (usize, (f64, u32, u32))| {
            (at < LUMPS / 2 || (at - LUMPS / 2).is_multiple_of(step)).then_some((f.1, f.2))
        };
        found.into_iter().enumerate().filter_map(chosen).collect()
    }

    /// Moves a unit where rules and contiguity let it.
    fn force(&mut self, unit: u32, to: u32, home_only: bool) -> bool {
        let state = &mut *self.state;
        let from = state.part(unit);
        let touches = state.instance.neighbours(unit).iter().any(|&v| state.part(v) == to);
        let free = !home_only || state.instance.home_of(unit) == to;
        let may = from != to && free && touches && state.size(from) > 1 && state.may(unit, to);
        if !may || Guard::default().leaving(state, unit, usize::MAX) != Leaving::Whole {
            return false;
        }
        state.apply(unit, to);
        true
    }

    /// A territory outside its bounds gives or takes a unit that brings it inside or beyond.
    fn force_lump(&mut self, random: &mut Random) -> Option<u32> {
        let outside = self.outside();
        let t = *outside.get(random.below(outside.len()))?;
        let lumps = self.lumps(t);
        let (unit, to) = *lumps.get(random.below(lumps.len()))?;
        self.force(unit, to, false).then_some(unit)
    }

    /// Two territories that have exchanged units get some or all of them back. Returns what went home.
    fn ruin_pair(&mut self, random: &mut Random) -> Vec<u32> {
        let state = &*self.state;
        let instance = state.instance;
        let away: Vec<u32> = (0..instance.len() as u32)
            .filter(|&u| instance.home_of(u) != NOWHERE && instance.home_of(u) != state.part(u))
            .collect();
        if away.is_empty() {
            return Vec::new();
        }
        let chosen = away[random.below(away.len())];
        let pair = [instance.home_of(chosen), state.part(chosen)];
        let all = random.below(2) == 0;
        let mut list: Vec<u32> = away
            .into_iter()
            .filter(|&u| pair.contains(&instance.home_of(u)) && pair.contains(&state.part(u)))
            .filter(|&u| u == chosen || all || random.below(2) == 0)
            .collect();
        let mut home = Vec::new();
        loop {
            let before = home.len();
            list.retain(|&u| {
                let goes = self.force(u, self.state.instance.home_of(u), true);
                if goes {
                    home.push(u);
                }
                !goes
            });
            if home.len() == before || list.is_empty() {
                break;
            }
        }
        // All of them stay, or only the heaviest.
        if random.below(2) == 0 {
            home.sort_by(|&a, &b| {
                self.state.instance.stay_of(b).total_cmp(&self.state.instance.stay_of(a)).then(a.cmp(&b))
            });
            home.truncate(1);
        }
        home
    }

    /// A unit at a border of a territory that changes goes to a neighbour.
    fn ruin_any(&mut self, random: &mut Random) -> Vec<u32> {
        for _ in 0..64 {
            let border = self.state.border();
            if border.is_empty() {
                break;
            }
            let unit = border[random.below(border.len())];
            let neighbours = self.state.instance.neighbours(unit);
            let to = self.state.part(neighbours[random.below(neighbours.len())]);
            if self.force(unit, to, false) {
                return vec![unit];
            }
        }
        Vec::new()
    }

    /// Carries surplus, exchanges what is left, sends home what may go.
    fn mend(&mut self, manner: &Manner) {
        let mut least = f64::INFINITY;
        for _ in 0..CARRIES {
            let violation = self.state.violation();
            if violation <= LEAST || violation >= least * (1.0 - 1e-6) || !carry(self.state, manner) {
                break;
            }
            least = violation;
        }
        if self.state.violation() > 0.0 {
            polish(self.state, self.scratches.one(), EXCHANGES, self.control);
        }
        send_home(self.state, self.control);
    }

    /// Keeps the plan if it is better than the best.
    fn hold(&mut self, best: &mut Held) -> bool {
        let held = Held::of(self.state);
        let better = held.is_below(best);
        if better {
            *best = held;
        }
        better
    }

    /// Back to other parts.
    fn reset(&mut self, parts: &[u32]) {
        for (unit, &part) in (0u32..).zip(parts) {
            if self.state.part(unit) != part {
                self.state.apply(unit, part);
            }
        }
        self.state.recompute();
    }
}
