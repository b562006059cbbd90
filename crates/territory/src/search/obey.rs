//! From cells to contiguous territories that keep the rules: units whose territories are narrowed, or that are kept apart, get
//! one they may be in; corridors join them to the body of their territory; everything else grows back.
//!
//! Corridors of different territories may be in each other's way. They are laid in rounds: what a round took away from another
//! territory costs more in the next one, so that each finds its own way (negotiated congestion, after McMurchie & Ebeling
//! 1995, doi:10.1145/201310.201328).

use super::bonds::Bonds;
use super::construct::Diagram;
use super::contiguity::{grow, key};
use super::instance::Instance;
use super::pieces::{FREE, Pieces, pieces};
use crate::space::squared_distance;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Rounds of laying corridors.
const ROUNDS: u32 = 60;
/// Units that the search for corridors looks at before it gives up, beside twenty times all.
const WORK: u64 = 40_000_000;
/// Rise of what it costs to take from another territory, per unit that was taken.
const STRIFE: f64 = 0.5;
/// Passes over corridors and growth: what pairs that are kept apart leave without a place near by is led there in the next one.
const PASSES: usize = 3;
/// Places at which the order of corridors begins.
const ORDERS: usize = 3;
/// One round in so many is without new choices.
const TURNS: u32 = 5;
/// Most units that a search for a way to keep them apart takes on, one call deeper with each; more are settled one after another.
const DEEPEST: usize = 200;
/// Steps of the search for a way to keep units apart, for every set of them.
const STEPS: u32 = 20_000;

/// Makes the diagram's parts keep the rules, contiguous as far as corridors can be found, and non-empty where units allow.
/// `order` is one of several orders in which corridors can be laid. Says whether it had time enough: if not, another order will not
/// have it either.
pub(super) fn obey(instance: &Instance, bonds: &Bonds, diagram: &mut Diagram, order: usize) -> bool {
    let n = instance.len();
    let bound = (0..n as u32).map(|u| bonds.is_narrow(u)).collect();
    let mut obey = Obey {
        instance,
        bonds,
        bound,
        held: vec![false; n],
        crossed: vec![0.0; n],
        strife: BTreeMap::new(),
        order,
        work: WORK + 20 * n as u64,
        diagram,
    };
    obey.choose();
    obey.fill_empty();
    let kept = obey.diagram.parts.clone();
    let mut walk = Walk { distance: vec![f64::INFINITY; n], from: vec![FREE; n], ..Walk::default() };
    for _ in 0..PASSES {
        for round in 0..ROUNDS {
            if obey.join_pieces(round, &mut walk) || obey.work == 0 {
                break;
            }
        }
        obey.free_pieces();
        grow(instance, obey.diagram);
        obey.place_the_rest();
        obey.fill_empty();
        if obey.bind_stray() == 0 || obey.work == 0 {
            break;
        }
    }
    if obey.breaks_rules() {
        // Contiguity is worth less than a rule.
        obey.diagram.parts = kept;
    }
    obey.work > 0
}

/// Scratch of the search for a corridor (Dijkstra).
#[derive(Default)]
struct Walk {
    distance: Vec<f64>,
    from: Vec<u32>,
    reached: Vec<u32>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Walk {
    fn clear(&mut self) {
        self.heap.clear();
        for u in self.reached.drain(..) {
            self.distance[u as usize] = f64::INFINITY;
            self.from[u as usize] = FREE;
        }
    }

    fn reach(&mut self, unit: u32, from: u32, distance: f64) {
        let known = &mut self.distance[unit as usize];
        if distance < *known {
            if known.is_infinite() {
                self.reached.push(unit);
            }
            *known = distance;
            self.from[unit as usize] = from;
            self.heap.push(Reverse((key(distance), unit)));
        }
    }
}

struct Obey<'a> {
    instance: &'a Instance,
    bonds: &'a Bonds,
    diagram: &'a mut Diagram,
    /// Units whose territories are narrowed.
    bound: Vec<bool>,
    /// Units of corridors.
    held: Vec<bool>,
    /// What it costs to take a unit from a corridor of another territory.
    crossed: Vec<f64>,
    /// What it costs the first territory to take a unit from the second, beyond the usual: rises with every unit it took.
    strife: BTreeMap<(u32, u32), f64>,
    order: usize,
    /// Units that the search for corridors may still look at.
    work: u64,
}

impl Obey<'_> {
    fn cost(&self, unit: u32, territory: u32) -> f64 {
        self.diagram.cost(self.instance, unit, territory as usize)
    }

    fn part(&self, unit: u32) -> u32 {
        self.diagram.parts[unit as usize]
    }

    fn may(&self, unit: u32, territory: u32) -> bool {
        self.bonds.may(unit, territory, |v| self.part(v))
    }

    /// Binds what did not grow back to where it should be, so that corridors are laid to it; how many units that are.
    fn bind_stray(&mut self) -> usize {
        let pieces = self.pieces();
        let stray = |u: &usize| pieces.main[self.diagram.parts[*u] as usize] != pieces.of[*u];
        let stray: Vec<usize> = (0..self.instance.len()).filter(stray).collect();
        stray.iter().for_each(|&u| self.bound[u] = true);
        stray.len()
    }

    /// Whether a rule is broken or a territory empty.
    fn breaks_rules(&self) -> bool {
        let mut sizes = vec![0u32; self.instance.k()];
        self.diagram.parts.iter().for_each(|&part| sizes[part as usize] += 1);
        let broken = |u: u32| {
            !self.bonds.allows(u, self.part(u)) || self.bonds.apart.of(u).any(|(v, _)| self.part(u) == self.part(v))
        };
        sizes.contains(&0) || (0..self.instance.len() as u32).any(broken)
    }

    /// Every unit that rules bind gets the cheapest territory they leave it.
    fn choose(&mut self) {
        let k = self.instance.k() as u32;
        for u in 0..self.instance.len() as u32 {
            if !self.bonds.is_narrow(u) {
                continue;
            }
            if self.part(u) == FREE || !self.bonds.allows(u, self.part(u)) {
                let allowed = (0..k).filter(|&t| self.bonds.allows(u, t));
                let cheapest = allowed.min_by(|&a, &b| self.cost(u, a).total_cmp(&self.cost(u, b)));
                if let Some(cheapest) = cheapest {
                    self.diagram.parts[u as usize] = cheapest;
                }
            }
        }
        if !self.bonds.apart.is_empty() {
            self.keep_apart();
        }
    }

    /// Sets of units that pairs connect, each given territories that keep them apart, cheap ones first.
    fn keep_apart(&mut self) {
        let n = self.instance.len();
        let mut seen = vec![false; n];
        for start in 0..n as u32 {
            if seen[start as usize] || self.bonds.apart.of(start).next().is_none() {
                continue;
            }
            let mut set = vec![start];
            seen[start as usize] = true;
            let mut at = 0;
            while at < set.len() {
                for (v, _) in self.bonds.apart.of(set[at]) {
                    if !std::mem::replace(&mut seen[v as usize], true) {
                        set.push(v);
                    }
                }
                at += 1;
            }
            let conflict = |&u: &u32| self.bonds.apart.of(u).any(|(v, _)| self.part(u) == self.part(v));
            if set.iter().any(conflict) {
                self.colour(&set);
            }
        }
    }

    /// Gives the units of a set territories that keep them apart: the one of fewest choices first, cheapest territories first,
    /// back where none is left.
    fn colour(&mut self, set: &[u32]) {
        if set.len() > DEEPEST {
            return self.colour_many(set);
        }
        let before: Vec<u32> = set.iter().map(|&u| self.part(u)).collect();
        let k = self.instance.k() as u32;
        let mut ranked = Vec::with_capacity(set.len());
        for &u in set {
            let mut allowed: Vec<u32> = (0..k).filter(|&t| self.bonds.allows(u, t)).collect();
            allowed.sort_by(|&a, &b| self.cost(u, a).total_cmp(&self.cost(u, b)).then(a.cmp(&b)));
            ranked.push((u, allowed));
        }
        ranked.iter().for_each(|r| self.diagram.parts[r.0 as usize] = FREE);
        let mut steps = STEPS;
        if !self.colour_rest(&mut ranked, &mut steps) {
            // Not found in time: the plan that comes out says what it violates.
            set.iter().zip(before).for_each(|(&u, part)| self.diagram.parts[u as usize] = part);
        }
    }

    /// The same for many units, never going back: what is next to others of the set comes soon after them, what finds a territory
    /// whatever the others get comes last. A unit that finds none stays where it is.
    fn colour_many(&mut self, set: &[u32]) {
        let k = self.instance.k() as u32;
        let choices: BTreeMap<u32, usize> =
            set.iter().map(|&u| (u, (0..k).filter(|&t| self.bonds.allows(u, t)).count())).collect();
        let mut degree: BTreeMap<u32, usize> = set.iter().map(|&u| (u, self.bonds.apart.of(u).count())).collect();
        let mut last: Vec<u32> = set.iter().copied().filter(|u| choices[u] > degree[u]).collect();
        let mut at = 0;
        degree.retain(|u, links| choices[u] <= *links);
        while at < last.len() {
            for (v, _) in self.bonds.apart.of(last[at]) {
                let Some(links) = degree.get_mut(&v) else { continue };
                *links -= 1;
                if choices.get(&v).is_some_and(|c| c > links) {
                    degree.remove(&v);
                    last.push(v);
                }
            }
            at += 1;
        }
        last.reverse();
        let before: BTreeMap<u32, u32> = set.iter().map(|&u| (u, self.part(u))).collect();
        set.iter().for_each(|&u| self.diagram.parts[u as usize] = FREE);
        // `set` lists units in the order in which pairs lead from one to the next.
        for u in set.iter().copied().filter(|u| degree.contains_key(u)).chain(last) {
            let taken: BTreeSet<u32> = self.bonds.apart.of(u).map(|e| self.part(e.0)).collect();
            let able = (0..k).filter(|t| self.bonds.allows(u, *t) && !taken.contains(t));
            let cheapest = able.min_by(|&a, &b| self.cost(u, a).total_cmp(&self.cost(u, b)).then(a.cmp(&b)));
            self.diagram.parts[u as usize] = cheapest.unwrap_or(before[&u]);
        }
    }

    fn colour_rest(&mut self, ranked: &mut Vec<(u32, Vec<u32>)>, steps: &mut u32) -> bool {
        let open = |this: &Self, r: &(u32, Vec<u32>)| {
            let taken = |t: u32| this.bonds.apart.of(r.0).any(|(v, _)| this.part(v) == t);
            r.1.iter().filter(|&&t| !taken(t)).count()
        };
        let least = (0..ranked.len()).min_by_key(|&i| (open(self, &ranked[i]), ranked[i].0));
        let Some(least) = least else { return true };
        let (unit, allowed) = ranked.swap_remove(least);
        for &t in &allowed {
            if *steps == 0 {
                return false;
            }
            *steps -= 1;
            if self.bonds.apart.of(unit).any(|(v, _)| self.part(v) == t) {
                continue;
            }
            self.diagram.parts[unit as usize] = t;
            if self.colour_rest(ranked, steps) {
                return true;
            }
        }
        self.diagram.parts[unit as usize] = FREE;
        ranked.push((unit, allowed));
        false
    }

    /// Gives every empty territory the cheapest unit that may go there and is not the last of its own.
    fn fill_empty(&mut self) {
        let k = self.instance.k();
        let mut sizes = vec![0u32; k];
        for &part in &self.diagram.parts {
            if let Some(size) = sizes.get_mut(part as usize) {
                *size += 1;
            }
        }
        for t in 0..k as u32 {
            if sizes[t as usize] > 0 {
                continue;
            }
            let free = |u: &u32| {
                let part = self.part(*u);
                !self.bound[*u as usize] && sizes.get(part as usize).is_none_or(|&s| s > 1) && self.may(*u, t)
            };
            let bound = |u: &u32| sizes.get(self.part(*u) as usize).is_none_or(|&s| s > 1) && self.may(*u, t);
            let units = || 0..self.instance.len() as u32;
            let cheapest = |units: &mut dyn Iterator<Item = u32>| {
                units.min_by(|&a, &b| self.cost(a, t).total_cmp(&self.cost(b, t)).then(a.cmp(&b)))
            };
            let whole = |u: &u32| self.leaves_whole(*u);
            let unit = cheapest(&mut units().filter(free).filter(whole))
                .or_else(|| cheapest(&mut units().filter(bound).filter(whole)))
                .or_else(|| cheapest(&mut units().filter(bound)));
            if let Some(unit) = unit {
                if let Some(size) = sizes.get_mut(self.part(unit) as usize) {
                    *size -= 1;
                }
                sizes[t as usize] = 1;
                self.diagram.parts[unit as usize] = t;
            }
        }
    }

    /// Whether the neighbours of a unit in its part are linked among themselves: it leaves no gap, as far as one can see.
    fn leaves_whole(&self, unit: u32) -> bool {
        let part = self.part(unit);
        let same: Vec<u32> = self.instance.neighbours(unit).iter().copied().filter(|&v| self.part(v) == part).collect();
        let Some(&first) = same.first() else { return true };
        let mut reached = vec![first];
        let mut at = 0;
        while at < reached.len() {
            for &v in self.instance.neighbours(reached[at]) {
                if same.contains(&v) && !reached.contains(&v) {
                    reached.push(v);
                }
            }
            at += 1;
        }
        reached.len() == same.len()
    }

    /// Joins pieces with bound units to the main piece of their part; whether nothing was left to join.
    fn join_pieces(&mut self, round: u32, walk: &mut Walk) -> bool {
        // Remains of corridors that lead nowhere any more are let go.
        self.free_pieces();
        let pieces = self.pieces();
        // A unit of every piece that has bound ones and is not the main one, territory after territory.
        let mut waiting = Vec::new();
        let mut told = vec![false; self.instance.len()];
        for u in 0..self.instance.len() as u32 {
            let piece = pieces.of[u as usize];
            let part = self.part(u);
            if self.bound[u as usize] && part != FREE && pieces.main[part as usize] != piece && !told[piece as usize] {
                told[piece as usize] = true;
                waiting.push((part, u));
            }
        }
        waiting.sort_unstable();
        if self.order % 2 == 1 {
            waiting.reverse();
        }
        let turn = if waiting.is_empty() { 0 } else { self.order / 2 * waiting.len() / ORDERS % waiting.len() };
        waiting.rotate_left(turn);
        let done = waiting.is_empty();
        for (part, unit) in waiting {
            if self.part(unit) != part {
                continue;
            }
            // Whoever has a choice goes where it is, but for a round now and then: choices may be in each other's way, too.
            let again = round % TURNS != TURNS - 1 && self.bonds.locked(unit).is_none();
            let exchange = round % TURNS == TURNS - 2;
            if (again && (self.choose_again(unit) || (exchange && self.exchange_choices(unit))))
                || self.lay_corridor(unit, round, &pieces, walk).is_some()
            {
                continue;
            }
            self.choose_again(unit);
        }
        done
    }

    /// A corridor from `unit` to the main piece of its part: the cheapest way over units that may be taken. Pieces are those at the
    /// beginning of the round.
    fn lay_corridor(&mut self, unit: u32, round: u32, pieces: &Pieces, walk: &mut Walk) -> Option<()> {
        let part = self.part(unit);
        let goal = pieces.main[part as usize];
        let centre = self.diagram.centres[part as usize];
        walk.clear();
        walk.reach(unit, FREE, 0.0);
        let end = loop {
            let Reverse((at, u)) = walk.heap.pop()?;
            self.work = self.work.saturating_sub(1);
            if self.work == 0 {
                return None;
            }
            if at != key(walk.distance[u as usize]) {
                continue;
            }
            if pieces.of[u as usize] == goal && self.part(u) == part {
                break u;
            }
            for &v in self.instance.neighbours(u) {
                if let Some(price) = self.price(v, part) {
                    let far = squared_distance(self.instance.masses[v as usize].at, centre);
                    walk.reach(v, u, walk.distance[u as usize] + price + 1e-9 * far.sqrt());
                }
            }
        };
        let (mut u, mut way) = (end, Vec::new());
        while u != FREE {
            let at = u as usize;
            let other = self.part(u);
            if other != part {
                if self.held[at] || self.bound[at] {
                    self.crossed[at] += 2.0 + f64::from(round);
                }
                if other != FREE && round > 0 {
                    *self.strife.entry((part, other)).or_default() += STRIFE;
                }
            }
            self.held[at] = true;
            self.diagram.parts[at] = part;
            way.push(u);
            u = walk.from[at];
        }
        for &u in &way {
            let rivals: Vec<u32> = self.bonds.apart.of(u).map(|e| e.0).filter(|&w| self.part(w) == part).collect();
            for w in rivals {
                self.crossed[w as usize] += 2.0 + f64::from(round);
                if !self.choose_again(w) {
                    self.choose_anywhere(w);
                }
            }
        }
        Some(())
    }

    /// What it costs a corridor of `part` to go over a unit; none where it cannot.
    fn price(&self, unit: u32, part: u32) -> Option<f64> {
        let other = self.part(unit);
        if other == part {
            return Some(0.01);
        }
        if !self.bonds.allows(unit, part) {
            return None;
        }
        // A unit that it may not share the part with has to leave, if it can.
        let mut rivals = 0;
        for (w, _) in self.bonds.apart.of(unit).filter(|&(w, _)| self.part(w) == part) {
            if self.bonds.locked(w) == Some(part) {
                return None;
            }
            rivals += 1;
        }
        // What another territory holds can be had where rules allow it, for more and more.
        let bound = self.held[unit as usize] || self.bound[unit as usize];
        let price = if bound { 4.0 + 8.0 * f64::from(rivals) + self.crossed[unit as usize] } else { 1.0 };
        Some(price + self.strife.get(&(part, other)).copied().unwrap_or(0.0))
    }

    /// Lets a unit go to the part of a neighbour that may have it; whether there is one.
    fn choose_again(&mut self, unit: u32) -> bool {
        let around = self.instance.neighbours(unit).iter().map(|&v| self.part(v));
        let able = around.filter(|&t| t != FREE && t != self.part(unit) && self.may(unit, t));
        let cheapest = able.min_by(|&a, &b| self.cost(unit, a).total_cmp(&self.cost(unit, b)).then(a.cmp(&b)));
        if let Some(cheapest) = cheapest {
            self.diagram.parts[unit as usize] = cheapest;
        }
        cheapest.is_some()
    }

    /// Lets a unit go to the part of a neighbour from which those that it is kept apart from can leave; whether there is one.
    fn exchange_choices(&mut self, unit: u32) -> bool {
        let own = self.part(unit);
        let around: Vec<u32> = self.instance.neighbours(unit).iter().map(|&v| self.part(v)).collect();
        for t in around {
            let rivals = || self.bonds.apart.of(unit).map(|e| e.0).filter(|&w| self.part(w) == t);
            let movable = t != FREE && t != own && self.bonds.allows(unit, t);
            if !movable || rivals().any(|w| self.bonds.locked(w) == Some(t)) {
                continue;
            }
            let rivals: Vec<u32> = rivals().collect();
            self.diagram.parts[unit as usize] = t;
            for w in rivals {
                if !self.choose_again(w) {
                    self.choose_anywhere(w);
                }
            }
            return true;
        }
        false
    }

    /// Lets a unit go to the cheapest part that may have it.
    fn choose_anywhere(&mut self, unit: u32) {
        let able = (0..self.instance.k() as u32).filter(|&t| t != self.part(unit) && self.may(unit, t));
        let cheapest = able.min_by(|&a, &b| self.cost(unit, a).total_cmp(&self.cost(unit, b)).then(a.cmp(&b)));
        if let Some(cheapest) = cheapest {
            self.diagram.parts[unit as usize] = cheapest;
        }
    }

    fn pieces(&self) -> Pieces {
        pieces(self.instance, &self.diagram.parts)
    }

    /// Frees all that is in no main piece, but for bound units: what has been cut off is in nobody's way.
    fn free_pieces(&mut self) {
        let pieces = self.pieces();
        for u in 0..self.instance.len() as u32 {
            let (part, piece) = (self.part(u), pieces.of[u as usize]);
            if part != FREE && pieces.main[part as usize] != piece && !self.bound[u as usize] {
                self.diagram.parts[u as usize] = FREE;
                self.held[u as usize] = false;
            }
        }
    }

    /// What could not grow back, since rules forbid all parts around it, goes to the cheapest that it may be in.
    fn place_the_rest(&mut self) {
        let k = self.instance.k() as u32;
        for u in 0..self.instance.len() as u32 {
            if self.part(u) == FREE && !self.exchange_choices(u) {
                let able = (0..k).filter(|&t| self.may(u, t));
                let any = || (0..k).find(|&t| self.bonds.allows(u, t));
                let best = able.min_by(|&a, &b| self.cost(u, a).total_cmp(&self.cost(u, b))).or_else(any);
                self.diagram.parts[u as usize] = best.unwrap_or(0);
            }
        }
    }
}
