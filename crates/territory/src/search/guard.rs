//! May a unit leave its territory without cutting it? Settled among its neighbours in most cases, else by walks that start at
//! all of them at once and end as soon as they meet, or as one of them has seen all of a cut-off pocket.

use super::state::State;
use std::sync::atomic::Ordering::Relaxed;

/// What happens to a territory when a unit leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It stays contiguous.
    Whole,
    /// It loses contact with pockets, all found: [`Guard::pockets`].
    Pockets,
    /// It was the last unit.
    Last,
    /// The walks were too long: taken as if it were cut.
    Unknown,
}

/// Scratch of the contiguity check.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    walks: Vec<Walk>,
    pockets: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct Walk {
    met: Vec<u32>,
    next: usize,
    group: u32,
}

impl Guard {
    /// Units of the pockets that the last check found.
    pub fn pockets(&self) -> &[u32] {
        &self.pockets
    }

    /// What happens to its territory when `unit` leaves; walks of more than `cap` units are given up.
    pub fn leaving(&mut self, state: &State<'_>, unit: u32, cap: usize) -> Leaving {
        let part = state.part(unit);
        let neighbours = state.instance.neighbours(unit);
        self.pockets.clear();
        let mut count = 0u32;
        let mut first = u32::MAX;
        for &v in neighbours {
            if state.part(v) == part {
                count += 1;
                first = v;
            }
        }
        match count {
            // The whole graph may have several components: size tells.
            0 if state.size(part) == 1 => return Leaving::Last,
            0 => return Leaving::Whole,
            1 => return Leaving::Whole,
            _ => {}
        }
        if count == 2 {
            let other = neighbours.iter().find(|&&v| state.part(v) == part && v != first);
            if other.is_some_and(|&v| linked(state, first, v)) {
                return Leaving::Whole;
            }
        }
        self.walk(state, unit, part, count as usize, cap)
    }

    /// One walk per neighbour in the territory, a step each in turns.
    fn walk(&mut self, state: &State<'_>, unit: u32, part: u32, count: usize, cap: usize) -> Leaving {
        // `base + label` marks what a walk has met; smaller numbers are from earlier checks. A number out of every walk's
        // range keeps them from passing through the unit itself.
        let Some((stamps, base)) = state.stamps(count as u32 + 1) else { return Leaving::Unknown };
        stamps[unit as usize].store(base + count as u32, Relaxed);
        if self.walks.len() < count {
            self.walks.resize_with(count, Walk::default);
        }
        let mut label = 0;
        for &v in state.instance.neighbours(unit) {
            if state.part(v) == part {
                let walk = &mut self.walks[label];
                walk.met.clear();
                walk.met.push(v);
                walk.next = 0;
                walk.group = label as u32;
                stamps[v as usize].store(base + label as u32, Relaxed);
                label += 1;
            }
        }
        let mut groups = count;
        let mut steps = 0;
        loop {
            let mut moved = false;
            for label in 0..count {
                let walk = &mut self.walks[label];
                let Some(&at) = walk.met.get(walk.next) else { continue };
                walk.next += 1;
                moved = true;
                steps += 1;
                for &v in state.instance.neighbours(at) {
                    if state.part(v) != part {
                        continue;
                    }
                    let stamp = stamps[v as usize].load(Relaxed);
                    if stamp < base {
                        stamps[v as usize].store(base + label as u32, Relaxed);
                        self.walks[label].met.push(v);
                    } else if stamp < base + count as u32 {
                        let (a, b) = (self.walks[label].group, self.walks[(stamp - base) as usize].group);
                        if a != b {
                            for walk in &mut self.walks[..count] {
                                if walk.group == b {
                                    walk.group = a;
                                }
                            }
                            groups -= 1;
                            if groups == 1 {
                                return Leaving::Whole;
                            }
                        }
                    }
                }
            }
            if !moved || self.groups_alive(count) <= 1 {
                self.collect_pockets(count);
                return Leaving::Pockets;
            }
            if steps > cap {
                return Leaving::Unknown;
            }
        }
    }

    fn is_alive(&self, count: usize, group: u32) -> bool {
        self.walks[..count].iter().any(|w| w.group == group && w.next < w.met.len())
    }

    /// Number of groups of walks that have more to see.
    fn groups_alive(&self, count: usize) -> usize {
        let groups = (0..count).filter(|&label| self.is_first_of_group(label)).map(|label| self.walks[label].group);
        groups.filter(|&group| self.is_alive(count, group)).count()
    }

    fn is_first_of_group(&self, label: usize) -> bool {
        self.walks[..label].iter().all(|w| w.group != self.walks[label].group)
    }

    /// All groups but the living one (or, where all have ended, the largest) are pockets.
    fn collect_pockets(&mut self, count: usize) {
        let size = |g: u32| self.walks[..count].iter().filter(|w| w.group == g).map(|w| w.met.len()).sum::<usize>();
        let mut stays = (false, 0, 0);
        for label in 0..count {
            let group = self.walks[label].group;
            let rank = (self.is_alive(count, group), size(group), group);
            if label == 0 || (rank.0, rank.1) > (stays.0, stays.1) {
                stays = rank;
            }
        }
        for walk in &self.walks[..count] {
            if walk.group != stays.2 {
                self.pockets.extend_from_slice(&walk.met);
            }
        }
    }
}

/// Whether two units are neighbours, from the row of the one.
#[inline]
fn linked(state: &State<'_>, a: u32, b: u32) -> bool {
    state.instance.neighbours(a).contains(&b)
}
