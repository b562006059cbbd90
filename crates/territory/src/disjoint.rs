//! Disjoint sets (union–find) over 0..n. The representative is the smallest member, so that it does not depend on the order.

pub(crate) struct DisjointSets {
    parent: Vec<u32>,
}

impl DisjointSets {
    pub(crate) fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect() }
    }

    /// The smallest member of the set of `x`.
    #[inline]
    pub(crate) fn find(&mut self, x: u32) -> u32 {
        smallest(&mut self.parent, x)
    }

    /// Joins two sets; whether they were apart.
    #[inline]
    pub(crate) fn unite(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
        a != b
    }
}

/// The smallest member of the set of `x`, where every member says one that is no larger. Paths are halved on the way.
#[inline]
pub(crate) fn smallest(parent: &mut [u32], mut x: u32) -> u32 {
    while parent[x as usize] != x {
        let above = parent[parent[x as usize] as usize];
        parent[x as usize] = above;
        x = above;
    }
    x
}
