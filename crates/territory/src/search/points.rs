//! What a power diagram is made of: points, and an order of them in which a tree over them is quick.

use super::tree::LEAF;
use crate::parallel;
use crate::terms::Mass;
use std::borrow::Cow;

/// Points in columns: location and weight of compactness, the load that is balanced, and `dims` tilts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points<'a> {
    pub masses: Cow<'a, [Mass]>,
    pub loads: Cow<'a, [f64]>,
    pub tilts: Vec<f64>,
    pub dims: usize,
}

impl Points<'_> {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.masses.len()
    }

    /// Tilts of a point.
    #[inline]
    pub(super) fn tilt(&self, point: usize) -> &[f64] {
        &self.tilts[point * self.dims..][..self.dims]
    }

    /// The same points in an order in which the nodes of a tree have the smallest boxes: halved across where they are widest,
    /// again and again. Worth it where a tree is gone through often.
    pub(crate) fn arranged(&self) -> Points<'static> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        halve(&self.masses, &mut order);
        let at = |&p: &u32| p as usize;
        Points {
            masses: order.iter().map(|p| self.masses[at(p)]).collect(),
            loads: order.iter().map(|p| self.loads[at(p)]).collect(),
            tilts: order.iter().flat_map(|p| self.tilt(at(p))).copied().collect(),
            dims: self.dims,
        }
    }
}

/// Halves of more points than this are a piece of parallel work.
const SHARED: usize = 1 << 12;

/// Orders points so that every node of a tree over them holds what is on one side of a line; the first half is a full one.
fn halve(masses: &[Mass], order: &mut [u32]) {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for &p in &*order {
        let at = masses[p as usize].at;
        for i in 0..3 {
            low[i] = low[i].min(at[i]);
            high[i] = high[i].max(at[i]);
        }
    }
    let axis = (0..3).max_by(|&a, &b| (high[a] - low[a]).total_cmp(&(high[b] - low[b]))).unwrap_or(0);
    let mut half = LEAF;
    while 2 * half < order.len() {
        half *= 2;
    }
    let along = |p: u32| masses[p as usize].at[axis];
    let compare = |&a: &u32, &b: &u32| along(a).total_cmp(&along(b)).then(a.cmp(&b));
    if order.len() <= 2 * LEAF {
        // Sums go by the order inside leaves too: how a selection leaves it is not told.
        return order.sort_unstable_by(compare);
    }
    order.select_nth_unstable_by(half, compare);
    let (left, right) = order.split_at_mut(half);
    if left.len() > SHARED {
        parallel::join(|| halve(masses, left), || halve(masses, right));
    } else {
        halve(masses, left);
        halve(masses, right);
    }
}
