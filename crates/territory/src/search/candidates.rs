//! The centres of a power diagram that may still win below a node of a tree, filtered on the way down.

use super::tree::{Centres, Node, TiltBox};

/// Surviving candidates of the nodes on the path from the root, in columns, so that evaluating them vectorises: a node's are
/// `from..to`, in ascending order of their centres.
#[derive(Default)]
pub(super) struct Stack {
    pub(super) len: usize,
    at: [Vec<f64>; 3],
    /// |c|² − λ.
    pub(super) offset: Vec<f64>,
    pub(super) spacing: Vec<f64>,
    /// Places among the centres that the stack was made of.
    pub(super) id: Vec<u32>,
    /// Prices of tilts, one column a dimension.
    pub(super) tilts: Vec<Vec<f64>>,
    value: Vec<f64>,
    limit: Vec<f64>,
    /// Positions of those that stay.
    kept: Vec<u32>,
}

impl Stack {
    /// Some of the centres.
    pub(super) fn of(centres: &Centres, near: &[u32]) -> Self {
        fn column(near: &[u32], of: impl Fn(usize) -> f64) -> Vec<f64> {
            near.iter().map(|&j| of(j as usize)).collect()
        }
        let axis = |axis: usize| column(near, |j| centres.at[j][axis]);
        let squared = |c: &[f64; 3]| c[0] * c[0] + c[1] * c[1] + c[2] * c[2];
        Self {
            len: near.len(),
            at: [axis(0), axis(1), axis(2)],
            offset: column(near, |j| squared(&centres.at[j]) - centres.lambda[j]),
            spacing: column(near, |j| centres.spacing[j]),
            id: (0..near.len() as u32).collect(),
            tilts: centres.tilt_prices.iter().map(|prices| column(near, |j| prices[j])).collect(),
            value: Vec::new(),
            limit: Vec::new(),
            kept: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn centre(&self, i: usize) -> [f64; 3] {
        [self.at[0][i], self.at[1][i], self.at[2][i]]
    }

    /// Makes room for `more` candidates on top.
    #[inline]
    fn reserve(&mut self, more: usize) {
        let size = self.len + more;
        if self.id.len() >= size {
            return;
        }
        let size = 2 * size;
        let columns = self.at.iter_mut().chain([&mut self.offset, &mut self.spacing]).chain(&mut self.tilts);
        columns.for_each(|c| c.resize(size, 0.0));
        self.id.resize(size, 0);
    }

    /// Copies the kept ones, positions from `from` on, to the top.
    #[inline]
    fn copy_kept(&mut self, from: usize, kept: usize) {
        let (to, kept) = (self.len, &self.kept[..kept]);
        fn ends<T>(column: &mut [T], from: usize, to: usize, kept: usize) -> (&[T], &mut [T]) {
            let (below, top) = column.split_at_mut(to);
            (&below[from..], &mut top[..kept])
        }
        let count = kept.len();
        let [x, y, z] = &mut self.at;
        let (x, y, z) = (ends(x, from, to, count), ends(y, from, to, count), ends(z, from, to, count));
        let (offset, spacing) = (ends(&mut self.offset, from, to, count), ends(&mut self.spacing, from, to, count));
        let id = ends(&mut self.id, from, to, count);
        for (at, &i) in kept.iter().enumerate() {
            let i = i as usize;
            (x.1[at], y.1[at], z.1[at]) = (x.0[i], y.0[i], z.0[i]);
            (offset.1[at], spacing.1[at], id.1[at]) = (offset.0[i], spacing.0[i], id.0[i]);
        }
        for column in &mut self.tilts {
            let (below, top) = ends(column, from, to, count);
            top.iter_mut().zip(kept).for_each(|(t, &i)| *t = below[i as usize]);
        }
        self.len += count;
    }

    /// Power distances less |p|² of candidates `from..to` at `p`; returns the position of the least, ties to the smaller id.
    #[inline]
    fn evaluate(&mut self, from: usize, to: usize, p: [f64; 3], tilts: impl Iterator<Item = f64>) -> usize {
        let n = to - from;
        if self.value.len() < n {
            self.value.resize(n, 0.0);
        }
        let value = &mut self.value[..n];
        let [x, y, z] = &self.at;
        let (x, y, z, offset) = (&x[from..to], &y[from..to], &z[from..to], &self.offset[from..to]);
        for i in 0..n {
            value[i] = offset[i] - 2.0 * (x[i] * p[0] + y[i] * p[1] + z[i] * p[2]);
        }
        for (column, tilt) in self.tilts.iter().zip(tilts) {
            for (v, price) in value.iter_mut().zip(&column[from..to]) {
                *v -= price * tilt;
            }
        }
        let (mut best, mut least) = (0, value[0]);
        for (i, &v) in value.iter().enumerate() {
            if v < least {
                (best, least) = (i, v);
            }
        }
        best
    }

    /// Puts those of `range` on top that may win somewhere in the node's box, or come within the band of winning.
    #[inline]
    pub(super) fn narrow(&mut self, range: (usize, usize), node: &Node, boxes: &[TiltBox], band: f64) {
        let best = self.evaluate(range.0, range.1, node.centre, boxes.iter().map(|b| b.centre));
        self.filter(range, best, node, boxes, band);
    }

    /// Puts those of `from..to` on top that may win somewhere in the node's box, or come within the band of winning.
    /// `best` wins at the box's centre, where [`Stack::evaluate`] was asked last.
    #[inline]
    fn filter(&mut self, (from, to): (usize, usize), best: usize, node: &Node, boxes: &[TiltBox], band: f64) {
        let n = to - from;
        self.reserve(n);
        if self.limit.len() < n {
            self.limit.resize(n, 0.0);
            self.kept.resize(n, 0);
        }
        let c = self.centre(from + best);
        let (least, own) = (self.value[best], self.spacing[from + best]);
        let h = node.half.map(|h| 2.0 * h);
        // The winner at a point may be another than at the box's centre: twice the band is enough near by.
        let band = 2.0 * band;
        let limit = &mut self.limit[..n];
        let [x, y, z] = &self.at;
        let (x, y, z, spacing) = (&x[from..to], &y[from..to], &z[from..to], &self.spacing[from..to]);
        let least_of = |a: f64, b: f64| if a < b { a } else { b };
        for i in 0..n {
            let (dx, dy, dz) = (x[i] - c[0], y[i] - c[1], z[i] - c[2]);
            let (dx, dy, dz) = (dx.abs(), dy.abs(), dz.abs());
            let reach = dx * h[0] + dy * h[1] + dz * h[2];
            // At least the distance, without a root: the band only grows by that.
            let distance = dx + dy + dz;
            limit[i] = least + reach + band * distance * least_of(distance, least_of(own, spacing[i]));
        }
        for (column, b) in self.tilts.iter().zip(boxes) {
            let own = column[from + best];
            for (l, price) in limit.iter_mut().zip(&column[from..to]) {
                *l += (price - own).abs() * b.half;
            }
        }
        // Without branches, which could not be foretold.
        let (mut kept, list) = (0, &mut self.kept[..n]);
        for (i, (value, limit)) in (0u32..).zip(self.value[..n].iter().zip(&*limit)) {
            list[kept] = i;
            kept += usize::from(value <= limit);
        }
        self.copy_kept(from, kept);
    }
}
