//! Bounding boxes and a packed tree of them (an R-tree whose leaves keep the caller's order): finds pairs of boxes that meet.
//! Items that follow one another along a ring lie close together, so the tree needs no sorting to be good.

use super::curve;
use crate::parallel;
use std::ops::ControlFlow;

/// An axis-parallel box, edges included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min: [f64; 2],
    pub(crate) max: [f64; 2],
}

impl Bounds {
    /// Contains nothing.
    pub(crate) const EMPTY: Bounds = Bounds { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    pub(crate) fn of_segment(a: [f64; 2], b: [f64; 2]) -> Self {
        Bounds { min: [a[0].min(b[0]), a[1].min(b[1])], max: [a[0].max(b[0]), a[1].max(b[1])] }
    }

    pub(crate) fn of_points(points: &[[f64; 2]]) -> Self {
        points.iter().fold(Bounds::EMPTY, |all, &p| all.union(&Bounds { min: p, max: p }))
    }

    pub(crate) fn union(&self, other: &Bounds) -> Self {
        Bounds {
            min: [self.min[0].min(other.min[0]), self.min[1].min(other.min[1])],
            max: [self.max[0].max(other.max[0]), self.max[1].max(other.max[1])],
        }
    }

    pub(crate) fn expanded(&self, by: [f64; 2]) -> Self {
        Bounds { min: [self.min[0] - by[0], self.min[1] - by[1]], max: [self.max[0] + by[0], self.max[1] + by[1]] }
    }

    /// Whether the two have a point in common.
    #[inline]
    pub(crate) fn meets(&self, other: &Bounds) -> bool {
        self.min[0] <= other.max[0]
            && self.max[0] >= other.min[0]
            && self.min[1] <= other.max[1]
            && self.max[1] >= other.min[1]
    }

    pub(crate) fn contains(&self, p: [f64; 2]) -> bool {
        self.min[0] <= p[0] && p[0] <= self.max[0] && self.min[1] <= p[1] && p[1] <= self.max[1]
    }
}

const FAN: usize = 8;

/// Boxes of `n` items, the boxes of each eight consecutive items, and so on up to one.
pub(crate) struct BoxTree {
    levels: Vec<Vec<Bounds>>,
    /// Numbers of the items in the order of the boxes; empty if they are in their own order.
    order: Vec<u32>,
}

impl BoxTree {
    /// Items in an order in which neighbours are near one another, like the edges of a ring.
    pub(crate) fn new(items: Vec<Bounds>) -> Self {
        Self::build(items, Vec::new())
    }

    /// Items in any order.
    pub(crate) fn scattered(items: Vec<Bounds>) -> Self {
        let centres: Vec<[f64; 2]> =
            items.iter().map(|b| [(b.min[0] + b.max[0]) / 2.0, (b.min[1] + b.max[1]) / 2.0]).collect();
        let order: Vec<u32> = curve::order(&centres).into_iter().map(|o| o.1).collect();
        Self::build(order.iter().map(|&i| items[i as usize]).collect(), order)
    }

    fn build(items: Vec<Bounds>, order: Vec<u32>) -> Self {
        let mut levels = vec![items];
        while let Some(last) = levels.last().filter(|l| l.len() > 1) {
            let above = last.chunks(FAN).map(|boxes| boxes.iter().fold(Bounds::EMPTY, |all, b| all.union(b))).collect();
            levels.push(above);
        }
        BoxTree { levels, order }
    }

    fn at(&self, level: usize, index: usize) -> &Bounds {
        &self.levels[level][index]
    }

    fn children(&self, level: usize, index: usize) -> std::ops::Range<usize> {
        index * FAN..((index + 1) * FAN).min(self.levels[level - 1].len())
    }

    fn item(&self, position: usize) -> usize {
        self.order.get(position).map_or(position, |&item| item as usize)
    }

    /// Calls `visit` with every item whose box meets `window`.
    pub(crate) fn query(&self, window: &Bounds, mut visit: impl FnMut(usize)) {
        let top = self.levels.len() - 1;
        if self.levels[top].is_empty() || !self.at(top, 0).meets(window) {
            return;
        }
        let mut stack = vec![(top, 0)];
        while let Some((level, index)) = stack.pop() {
            if level == 0 {
                visit(self.item(index));
                continue;
            }
            // Reversed, so that items come in ascending order.
            for child in self.children(level, index).rev() {
                if self.at(level - 1, child).meets(window) {
                    stack.push((level - 1, child));
                }
            }
        }
    }

    /// Whether the box of any item for which `wanted` holds meets `window`.
    pub(crate) fn meets(&self, window: &Bounds, wanted: impl Fn(usize) -> bool) -> bool {
        let top = self.levels.len() - 1;
        !self.levels[top].is_empty() && self.any_meets(top, 0, window, &wanted)
    }

    fn any_meets(&self, level: usize, index: usize, window: &Bounds, wanted: &impl Fn(usize) -> bool) -> bool {
        if !self.at(level, index).meets(window) {
            return false;
        }
        if level == 0 {
            return wanted(self.item(index));
        }
        self.children(level, index).any(|child| self.any_meets(level - 1, child, window, wanted))
    }

    /// Calls `visit(i, j)`, i < j, with every pair of items whose boxes meet, until it breaks. False if it broke, or if so many
    /// boxes meet that the search was given up after some seconds.
    pub(crate) fn pairs(&self, mut visit: impl FnMut(usize, usize) -> ControlFlow<()>) -> bool {
        let top = self.levels.len() - 1;
        if self.levels[top].is_empty() {
            return true;
        }
        let mut left = (16 * self.levels[0].len()).max(1 << 25);
        let mut stack = vec![(top, 0, 0)];
        while let Some((level, a, b)) = stack.pop() {
            left -= 1;
            if left == 0 {
                return false;
            }
            if level == 0 {
                let (i, j) = (self.item(a), self.item(b));
                if a != b && visit(i.min(j), i.max(j)).is_break() {
                    return false;
                }
                continue;
            }
            let below = level - 1;
            for i in self.children(level, a) {
                if a != b && !self.at(below, i).meets(self.at(level, b)) {
                    continue;
                }
                let from = if a == b { i } else { self.children(level, b).start };
                for j in from..self.children(level, b).end {
                    if i == j || self.at(below, i).meets(self.at(below, j)) {
                        stack.push((below, i, j));
                    }
                }
            }
        }
        true
    }
}

/// Numbers of the boxes, ascending, that meet the box around those of another owner: no other can meet a box of another owner. Boxes
/// of one owner that follow one another are taken together; `owners` stand beside the boxes.
pub(crate) fn near_others(boxes: &[Bounds], owners: &[u32]) -> Vec<usize> {
    let (mut runs, mut owner_of_run, mut starts) = (Vec::<Bounds>::new(), Vec::<u32>::new(), Vec::<usize>::new());
    for (i, (own, &owner)) in boxes.iter().zip(owners).enumerate() {
        match (runs.last_mut(), owner_of_run.last()) {
            (Some(run), Some(&last)) if last == owner => *run = run.union(own),
            _ => {
                runs.push(*own);
                owner_of_run.push(owner);
                starts.push(i);
            }
        }
    }
    starts.push(boxes.len());
    let tree = BoxTree::scattered(runs.clone());
    const CHUNK: usize = 1 << 8;
    // Beyond that many others the tree is faster than comparing with each.
    const FEW: usize = 32;
    let found = parallel::map(runs.len().div_ceil(CHUNK), |chunk| {
        let (mut near, mut others) = (Vec::new(), Vec::new());
        for run in chunk * CHUNK..((chunk + 1) * CHUNK).min(runs.len()) {
            // What meets a box of the run meets the run: the tree is asked once for all of them.
            others.clear();
            tree.query(&runs[run], |other| {
                if owner_of_run[other] != owner_of_run[run] {
                    others.push(runs[other]);
                }
            });
            let own = starts[run]..starts[run + 1];
            if others.len() <= FEW {
                near.extend(own.filter(|&i| others.iter().any(|other| other.meets(&boxes[i]))));
            } else {
                near.extend(own.filter(|&i| tree.meets(&boxes[i], |other| owner_of_run[other] != owners[i])));
            }
        }
        near
    });
    found.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tree_finds_what_brute_force_finds() {
        let mut seed = 7u64;
        let mut random = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 40) as f64 / (1u64 << 24) as f64
        };
        for n in [0usize, 1, 2, 8, 9, 64, 65, 300] {
            let boxes: Vec<Bounds> = (0..n)
                .map(|_| {
                    let p = [random(), random()];
                    Bounds::of_segment(p, [p[0] + 0.1 * random(), p[1] - 0.1 * random()])
                })
                .collect();
            let pairs = |tree: &BoxTree| {
                let mut found = Vec::new();
                let all = tree.pairs(|i, j| {
                    found.push((i, j));
                    ControlFlow::Continue(())
                });
                assert!(all);
                found.sort_unstable();
                found
            };
            let tree = BoxTree::new(boxes.clone());
            let found = pairs(&tree);
            assert_eq!(found, pairs(&BoxTree::scattered(boxes.clone())));
            let expected: Vec<_> = (0..n)
                .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
                .filter(|&(i, j)| boxes[i].meets(&boxes[j]))
                .collect();
            assert_eq!(found, expected);
            let window = Bounds { min: [0.2, 0.3], max: [0.5, 0.6] };
            let mut hits = Vec::new();
            tree.query(&window, |i| hits.push(i));
            assert_eq!(tree.meets(&window, |_| true), !hits.is_empty());
            assert_eq!(hits, (0..n).filter(|&i| boxes[i].meets(&window)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn boxes_near_those_of_others_are_what_brute_force_finds() {
        // One owner all over, with more runs of others around it than are compared one by one, and owners that come twice.
        let at = |i: usize| {
            let p = [(i * 37 % 101) as f64, (i * 53 % 103) as f64];
            Bounds { min: p, max: [p[0] + 2.0, p[1] + 1.0] }
        };
        let boxes: Vec<Bounds> = (0..600).map(at).collect();
        for owners in [|i: usize| if i < 200 { 0 } else { i as u32 / 2 }, |i: usize| i as u32 / 7 % 40] {
            let owners: Vec<u32> = (0..600).map(owners).collect();
            // Consecutive boxes of one owner are taken together.
            let mut runs: Vec<(Bounds, u32)> = Vec::new();
            for (own, &owner) in boxes.iter().zip(&owners) {
                match runs.last_mut().filter(|last| last.1 == owner) {
                    Some(last) => last.0 = last.0.union(own),
                    None => runs.push((*own, owner)),
                }
            }
            let near = |i: &usize| runs.iter().any(|(run, owner)| *owner != owners[*i] && run.meets(&boxes[*i]));
            let expected: Vec<usize> = (0..600).filter(near).collect();
            assert!(!expected.is_empty());
            assert_eq!(near_others(&boxes, &owners), expected);
        }
    }

    #[test]
    fn boxes_near_those_of_others_are_kept() {
        let at = |x: f64| Bounds { min: [x, 0.0], max: [x + 1.0, 1.0] };
        let boxes = [0.0, 2.0, 1.5, 9.0, 9.5, 20.0].map(at);
        // The run of the first owner spans what lies between its boxes.
        assert_eq!(near_others(&boxes, &[0, 0, 1, 1, 2, 3]), [1, 2, 3, 4]);
        assert_eq!(near_others(&boxes, &[7; 6]), [0; 0]);
        assert_eq!(near_others(&[], &[]), [0; 0]);
    }
}
