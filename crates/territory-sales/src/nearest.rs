//! Points in a balanced k-d tree (Bentley 1975, doi:10.1145/361002.361007): the nearest few, and all within a distance.
//!
//! Kept beside the R-tree that the workspace has (`rstar`) because it is faster at what is asked here, by a factor of 2.2 for the stores
//! within 100 km of 100,000 customers and of 3.1 for the three nearest of each, building included (`cargo bench -p territory-bench --bench sales`
//! runs both and compares their answers): it holds points only, halved along the widest side until at most eight are left, and needs
//! no boxes and no allocation per query. Knows locations in km as [`territory::Space::locate`] gives them; distances are straight (chords on the sphere).

use territory::squared_distance;

/// Points per leaf at most.
const LEAF: usize = 8;

/// An index over points.
///
/// ```
/// use territory_sales::PointIndex;
/// let index = PointIndex::new(&[[0.0; 3], [3.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
/// assert_eq!(index.nearest::<2>([0.9, 0.0, 0.0], None).map(|n| n.0), [2, 0]);
/// let mut near = Vec::new();
/// index.within([0.0; 3], 1.0, |point, _| near.push(point));
/// assert_eq!(near, [0, 2]);
/// ```
#[derive(Clone, Debug)]
pub struct PointIndex {
    /// Points in tree order, with the index that each had.
    points: Vec<([f64; 3], u32)>,
    /// Inner nodes in heap order (children of `i` are `2i + 1` and `2i + 2`): axis and coordinate of the cut.
    cuts: Vec<(u8, f64)>,
}

/// No neighbour: fewer points than asked for.
pub(crate) const NOBODY: (u32, f64) = (u32::MAX, f64::INFINITY);

impl PointIndex {
    /// Over `points`, which must be finite.
    pub fn new(points: &[[f64; 3]]) -> Self {
        let mut inner = 0;
        while points.len() > LEAF * (inner + 1) {
            inner = 2 * inner + 1;
        }
        let points = points.iter().enumerate().map(|(i, &p)| (p, i as u32)).collect();
        let mut index = Self { points, cuts: vec![(0, 0.0); inner] };
        let (points, cuts) = (&mut index.points, &mut index.cuts);
        split(points, cuts, 0);
        index
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The `N` points nearest to `at`, nearest first, of equals the smaller index, as (index, squared distance in km²); `except` is left
    /// out. Where there are fewer, the rest is (`u32::MAX`, infinity).
    pub fn nearest<const N: usize>(&self, at: [f64; 3], except: Option<u32>) -> [(u32, f64); N] {
        let mut found = Nearest { at, except, best: [NOBODY; N] };
        if N > 0 {
            self.descend(0, 0..self.points.len(), [0.0; 3], &mut found);
        }
        found.best
    }

    fn descend<const N: usize>(
        &self,
        node: usize,
        range: std::ops::Range<usize>,
        offset: [f64; 3],
        found: &mut Nearest<N>,
    ) {
        let Some(&(axis, cut)) = self.cuts.get(node) else {
            self.points[range].iter().for_each(|&(p, i)| found.offer(p, i));
            return;
        };
        let middle = range.start + range.len() / 2;
        let (low, high) = ((2 * node + 1, range.start..middle), (2 * node + 2, middle..range.end));
        let past = found.at[axis as usize] - cut;
        let (near, far) = if past < 0.0 { (low, high) } else { (high, low) };
        self.descend(near.0, near.1, offset, found);
        // Least squared distance to the far side: offsets to the cuts passed on the way, one per axis.
        let mut beyond = offset;
        beyond[axis as usize] = past;
        if beyond.iter().map(|o| o * o).sum::<f64>() <= found.worst() {
            self.descend(far.0, far.1, beyond, found);
        }
    }

    /// Calls `visit` with every point at most `radius_km` from `at` and its squared distance in km², in tree order: the same for
    /// equal inputs.
    pub fn within(&self, at: [f64; 3], radius_km: f64, mut visit: impl FnMut(u32, f64)) {
        let mut open = [(0usize, 0usize, 0usize); 64];
        let (mut depth, squared) = (1, radius_km * radius_km);
        open[0] = (0, 0, self.points.len());
        while depth > 0 {
            depth -= 1;
            let (node, start, end) = open[depth];
            let Some(&(axis, cut)) = self.cuts.get(node) else {
                for &(p, i) in &self.points[start..end] {
                    let d = squared_distance(p, at);
                    if d <= squared {
                        visit(i, d);
                    }
                }
                continue;
            };
            let (middle, past) = (start + (end - start) / 2, at[axis as usize] - cut);
            if past >= -radius_km {
                open[depth] = (2 * node + 2, middle, end);
                depth += 1;
            }
            if past <= radius_km {
                open[depth] = (2 * node + 1, start, middle);
                depth += 1;
            }
        }
    }

    /// Indices of all points in tree order: neighbours in it are neighbours in space.
    pub(crate) fn order(&self) -> impl Iterator<Item = (u32, [f64; 3])> + '_ {
        self.points.iter().map(|&(p, i)| (i, p))
    }
}

/// Halves `points` along their widest side, and so on below `node`.
fn split(points: &mut [([f64; 3], u32)], cuts: &mut [(u8, f64)], node: usize) {
    if node >= cuts.len() {
        return;
    }
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for (p, _) in points.iter() {
        for a in 0..3 {
            low[a] = low[a].min(p[a]);
            high[a] = high[a].max(p[a]);
        }
    }
    let widest = (0..3).fold(0, |best, a| if high[a] - low[a] > high[best] - low[best] { a } else { best });
    let middle = points.len() / 2;
    let (_, at, _) =
        points.select_nth_unstable_by(middle, |x, y| x.0[widest].total_cmp(&y.0[widest]).then(x.1.cmp(&y.1)));
    cuts[node] = (widest as u8, at.0[widest]);
    let (left, right) = points.split_at_mut(middle);
    split(left, cuts, 2 * node + 1);
    split(right, cuts, 2 * node + 2);
}

struct Nearest<const N: usize> {
    at: [f64; 3],
    except: Option<u32>,
    best: [(u32, f64); N],
}

impl<const N: usize> Nearest<N> {
    fn worst(&self) -> f64 {
        self.best[N - 1].1
    }

    fn offer(&mut self, p: [f64; 3], index: u32) {
        let d = squared_distance(p, self.at);
        if d > self.worst() || self.except == Some(index) {
            return;
        }
        let after = |other: &(u32, f64)| other.1.total_cmp(&d).then(other.0.cmp(&index)).is_gt();
        if let Some(rank) = self.best.iter().position(after) {
            self.best[rank..].rotate_right(1);
            self.best[rank] = (index, d);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Protects the pruning: both queries against a look at every point, with many equal coordinates.
        #[test]
        fn queries_equal_a_full_scan(
            points in prop::collection::vec(prop::array::uniform3(-4i8..4), 0..120),
            at in prop::array::uniform3(-5.0f64..5.0),
            radius in 0.0f64..6.0,
        ) {
            let points: Vec<[f64; 3]> = points.into_iter().map(|p| p.map(f64::from)).collect();
            let index = PointIndex::new(&points);
            let mut all: Vec<(u32, f64)> =
                points.iter().enumerate().map(|(i, &p)| (i as u32, squared_distance(p, at))).collect();
            let mut inside = Vec::new();
            index.within(at, radius, |i, d| inside.push((i, d)));
            inside.sort_by_key(|x| x.0);
            let expected: Vec<_> = all.iter().copied().filter(|x| x.1 <= radius * radius).collect();
            prop_assert_eq!(inside, expected);
            all.retain(|x| x.0 != 3);
            all.sort_by(|x, y| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0)));
            all.resize(all.len().max(4), NOBODY);
            prop_assert_eq!(index.nearest::<4>(at, Some(3)).to_vec(), all[..4].to_vec());
        }
    }
}
