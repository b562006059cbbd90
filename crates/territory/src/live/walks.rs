//! How many pieces a unit holds together: an exact answer, without walking a whole territory in the common case.
//!
//! One walk begins at every neighbour of the unit in the territory, and they take a step each in turns. Walks that meet are one
//! group. It ends as soon as all have met – mostly within the neighbourhood, after as many steps as there are neighbours – or when at
//! most one group has anything left to see: the others have then been seen whole and are pieces of their own. So the cost is
//! that of the smaller sides of a cut, times the number of walks; only a ring that closes far away has to be walked to the end.

use crate::adjacency::Graph;

/// Scratch of the walks, and the pieces of whole territories.
#[derive(Clone, Debug, Default)]
pub(super) struct Walks {
    /// `base + walk` marks what a walk has met; smaller numbers are from earlier questions.
    stamps: Vec<u32>,
    base: u32,
    met: Vec<Vec<u32>>,
    next: Vec<usize>,
    /// Representatives of groups of walks.
    group: Vec<u32>,
    /// Walks of a group that have more to see, at its representative.
    open: Vec<u32>,
    /// Walks that have more to see.
    turn: Vec<u32>,
}

impl Walks {
    pub(super) fn new(units: usize) -> Self {
        Self { stamps: vec![0; units], base: 1, ..Self::default() }
    }

    /// Makes room for `count` marks that no unit has yet.
    fn fresh(&mut self, count: u32) -> u32 {
        if self.base > u32::MAX - count {
            self.stamps.fill(0);
            self.base = 1;
        }
        let base = self.base;
        self.base += count;
        base
    }

    /// Number of pieces of a territory beside `unit` that touch it, when `unit` itself is not there: 0 where it has no neighbour in
    /// the territory, 1 where its neighbours hold together without it.
    pub(super) fn pieces_beside(&mut self, graph: &Graph, part: &[u32], unit: u32, territory: u32) -> u32 {
        let inside = |v: &&u32| part[**v as usize] == territory;
        let count = graph.neighbours(unit).iter().filter(inside).count() as u32;
        if count < 2 {
            return count;
        }
        let base = self.begin(graph.neighbours(unit).iter().filter(inside), count);
        // A mark of no walk keeps all of them from passing through the unit.
        self.stamps[unit as usize] = base + count;
        let (mut groups, mut alive) = (count, count);
        loop {
            let mut at_turn = 0;
            while at_turn < self.turn.len() {
                let walk = self.turn[at_turn];
                let at = self.met[walk as usize][self.next[walk as usize]];
                self.next[walk as usize] += 1;
                for &v in graph.neighbours(at) {
                    if part[v as usize] != territory {
                        continue;
                    }
                    let stamp = self.stamps[v as usize];
                    if stamp < base {
                        self.stamps[v as usize] = base + walk;
                        self.met[walk as usize].push(v);
                    } else if stamp < base + count && self.unite(walk, stamp - base, &mut alive) {
                        groups -= 1;
                        if groups == 1 {
                            return 1;
                        }
                    }
                }
                if self.next[walk as usize] < self.met[walk as usize].len() {
                    at_turn += 1;
                } else {
                    self.turn.swap_remove(at_turn);
                    let group = self.find(walk) as usize;
                    self.open[group] -= 1;
                    alive -= u32::from(self.open[group] == 0);
                }
                if alive <= 1 {
                    return groups;
                }
            }
        }
    }

    /// Puts a walk at every one of `count` units.
    fn begin<'a>(&mut self, starts: impl Iterator<Item = &'a u32>, count: u32) -> u32 {
        let base = self.fresh(count + 1);
        if self.met.len() < count as usize {
            self.met.resize_with(count as usize, Vec::new);
        }
        self.next.clear();
        self.next.resize(count as usize, 0);
        self.open.clear();
        self.open.resize(count as usize, 1);
        self.group.clear();
        self.group.extend(0..count);
        self.turn.clear();
        self.turn.extend(0..count);
        for (walk, &v) in (0..).zip(starts) {
            let met = &mut self.met[walk as usize];
            met.clear();
            met.push(v);
            self.stamps[v as usize] = base + walk;
        }
        base
    }

    fn find(&mut self, mut walk: u32) -> u32 {
        while self.group[walk as usize] != walk {
            let above = self.group[self.group[walk as usize] as usize];
            self.group[walk as usize] = above;
            walk = above;
        }
        walk
    }

    /// Makes the groups of two walks one; whether they were two.
    fn unite(&mut self, a: u32, b: u32, alive: &mut u32) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return false;
        }
        let (keep, gone) = (a.min(b) as usize, a.max(b));
        *alive -= u32::from(self.open[keep] > 0 && self.open[gone as usize] > 0);
        self.open[keep] += self.open[gone as usize];
        self.group[gone as usize] = keep as u32;
        true
    }

    /// The pieces of a territory, each in breadth-first order from its first unit, by that unit ascending.
    pub(super) fn pieces_of(&mut self, graph: &Graph, part: &[u32], territory: u32) -> Vec<Vec<u32>> {
        let mut pieces = Vec::new();
        self.sweep(graph, part, |t| t == territory, |piece| pieces.push(piece.to_vec()));
        pieces
    }

    /// Shows every piece of the territories that are wanted, in the order of their first units.
    pub(super) fn sweep(
        &mut self,
        graph: &Graph,
        part: &[u32],
        wanted: impl Fn(u32) -> bool,
        mut show: impl FnMut(&[u32]),
    ) {
        let base = self.fresh(1);
        let mut piece = Vec::new();
        for (unit, &territory) in (0..).zip(part) {
            if !wanted(territory) || self.stamps[unit as usize] >= base {
                continue;
            }
            self.stamps[unit as usize] = base;
            piece.clear();
            piece.push(unit);
            let mut at = 0;
            while at < piece.len() {
                for &v in graph.neighbours(piece[at]) {
                    if part[v as usize] == territory && self.stamps[v as usize] < base {
                        self.stamps[v as usize] = base;
                        piece.push(v);
                    }
                }
                at += 1;
            }
            show(&piece);
        }
    }
}
