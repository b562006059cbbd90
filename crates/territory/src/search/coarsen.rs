//! Coarsening: clusters of a few linked units become the units of a smaller instance of the same problem.
//!
//! What a cluster has of inertia about its own centroid never changes by moves of whole clusters, so the energies of both
//! levels differ by a constant only. Searches on the coarse level move whole neighbourhoods at once and see loads from which
//! the noise of single units is averaged out; the fine level then settles borders.

use super::instance::Instance;
use super::ways::Ways;
use crate::parallel;
use crate::terms::{Mass, Moments};

const NONE: u32 = u32::MAX;

/// A coarse instance and the cluster of every fine unit.
#[derive(Clone, Debug)]
pub struct Level {
    /// The coarse instance.
    pub instance: Instance,
    /// Coarse unit of every fine one.
    pub cluster: Vec<u32>,
}

impl Level {
    /// Parts of the fine units, from parts of the coarse ones.
    pub fn project(&self, parts: &[u32]) -> Vec<u32> {
        self.cluster.iter().map(|&c| parts[c as usize]).collect()
    }

    /// Parts of the coarse units, from parts of the fine ones that agree inside of each; none from none.
    pub(super) fn restrict(&self, parts: &[u32]) -> Vec<u32> {
        let mut coarse = vec![0; if parts.is_empty() { 0 } else { self.instance.len() }];
        self.cluster.iter().zip(parts).for_each(|(&c, &part)| coarse[c as usize] = part);
        coarse
    }
}

/// Clusters of about `size` units each, connected, none with a load above `heaviest` targets unless a unit alone has it. Where
/// `parts` are given (they may be empty) no cluster has units of several.
pub fn coarsen(instance: &Instance, size: usize, heaviest: f64, parts: &[u32]) -> Level {
    let alike = |a: u32, b: u32| {
        (parts.is_empty() || parts[a as usize] == parts[b as usize])
            && instance.bonds.as_ref().is_none_or(|bonds| bonds.may_merge(a, b))
    };
    let cluster = merge_small(instance, grow_clusters(instance, size, heaviest, alike), size, heaviest, alike);
    let instance = contract(instance, &cluster);
    Level { instance, cluster }
}

fn largest_load(loads: &[f64]) -> f64 {
    loads.iter().copied().fold(0.0, f64::max)
}

/// Breadth-first clusters, seeds in Hilbert order.
fn grow_clusters(instance: &Instance, size: usize, heaviest: f64, alike: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let mut cluster = vec![NONE; instance.len()];
    let mut count = 0;
    let mut queue: Vec<u32> = Vec::with_capacity(size);
    let mut loads = vec![0.0; instance.measures];
    for seed in 0..instance.len() as u32 {
        if cluster[seed as usize] != NONE {
            continue;
        }
        queue.clear();
        queue.push(seed);
        cluster[seed as usize] = count;
        loads.copy_from_slice(instance.loads_of(seed));
        let mut at = 0;
        'grow: while at < queue.len() {
            for &v in instance.neighbours(queue[at]) {
                if cluster[v as usize] != NONE {
                    continue;
                }
                if queue.len() == size {
                    break 'grow;
                }
                let more = instance.loads_of(v);
                if loads.iter().zip(more).any(|(a, b)| a + b > heaviest) || !alike(seed, v) {
                    continue;
                }
                loads.iter_mut().zip(more).for_each(|(a, b)| *a += b);
                cluster[v as usize] = count;
                queue.push(v);
            }
            at += 1;
        }
        count += 1;
    }
    cluster
}

/// Joins what is left over between clusters (under a third of the size) to its smallest neighbour; numbers stay in the order
/// of first units.
fn merge_small(
    instance: &Instance,
    mut cluster: Vec<u32>,
    size: usize,
    heaviest: f64,
    alike: impl Fn(u32, u32) -> bool,
) -> Vec<u32> {
    let count = cluster.iter().copied().max().map_or(0, |c| c as usize + 1);
    let m = instance.measures;
    let mut sizes = vec![0u32; count];
    let mut loads = vec![0.0; count * m];
    for (u, &c) in cluster.iter().enumerate() {
        sizes[c as usize] += 1;
        for (sum, load) in loads[c as usize * m..].iter_mut().zip(instance.loads_of(u as u32)) {
            *sum += load;
        }
    }
    let (starts, members) = group(&cluster, count);
    let mut target: Vec<u32> = (0..count as u32).collect();
    for c in 0..count {
        if sizes[c] as usize * 3 >= size || largest_load(&loads[c * m..][..m]) > 0.5 * heaviest {
            continue;
        }
        let mut best: Option<(u32, u32)> = None;
        for &u in &members[starts[c] as usize..starts[c + 1] as usize] {
            for &v in instance.neighbours(u) {
                let other = cluster[v as usize];
                // Only whole clusters take others in, so that no chains form.
                if other as usize == c || target[other as usize] != other || sizes[other as usize] as usize * 3 < size {
                    continue;
                }
                let fits = (0..m).all(|j| loads[other as usize * m + j] + loads[c * m + j] <= heaviest) && alike(u, v);
                if fits && best.is_none_or(|b| (sizes[other as usize], other) < b) {
                    best = Some((sizes[other as usize], other));
                }
            }
        }
        if let Some((_, other)) = best {
            target[c] = other;
            sizes[other as usize] += sizes[c];
            for j in 0..m {
                loads[other as usize * m + j] += loads[c * m + j];
            }
        }
    }
    let mut number = vec![NONE; count];
    let mut next = 0;
    for c in &mut cluster {
        let to = target[*c as usize] as usize;
        if number[to] == NONE {
            number[to] = next;
            next += 1;
        }
        *c = number[to];
    }
    cluster
}

/// Members of every cluster, one after another, and where each begins.
fn group(cluster: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; count + 1];
    for &c in cluster {
        starts[c as usize + 1] += 1;
    }
    for c in 0..count {
        starts[c + 1] += starts[c];
    }
    let mut next = starts.clone();
    let mut members = vec![0u32; cluster.len()];
    for (u, &c) in cluster.iter().enumerate() {
        members[next[c as usize] as usize] = u as u32;
        next[c as usize] += 1;
    }
    (starts, members)
}

/// The instance whose units are clusters, numbered from 0 in order of their first units.
pub(super) fn contract(fine: &Instance, cluster: &[u32]) -> Instance {
    let count = cluster.iter().copied().max().map_or(0, |c| c as usize + 1);
    let (starts, members) = group(cluster, count);
    let mut coarse = Instance {
        order: (0..count as u32).collect(),
        masses: Vec::with_capacity(count),
        offsets: Vec::with_capacity(count + 1),
        links: Vec::new(),
        borders: Vec::new(),
        weights: Vec::new(),
        loads: Vec::with_capacity(count * fine.measures),
        measures: fine.measures,
        shares: fine.shares.clone(),
        windows: fine.windows.clone(),
        bonds: fine.bonds.as_ref().map(|bonds| {
            // What is bound speaks for all: it is what the others go along with.
            let speaker = |c: usize| {
                let units = &members[starts[c] as usize..starts[c + 1] as usize];
                units.iter().copied().find(|&u| bonds.is_narrow(u)).unwrap_or(units[0])
            };
            let first: Vec<u32> = (0..count).map(speaker).collect();
            Box::new(bonds.contract(cluster, &first))
        }),
        ways: None,
        finest: 0,
    };
    coarse.offsets.push(0);
    let size = count.div_ceil(PIECES).max(1);
    let pieces = parallel::map(count.div_ceil(size), |piece| {
        let clusters = piece * size..count.min((piece + 1) * size);
        let units = |c: usize| (c as u32, &members[starts[c] as usize..starts[c + 1] as usize]);
        Clusters::of(fine, (cluster, count), clusters.map(units))
    });
    let links = pieces.iter().map(|piece| piece.links.len()).sum();
    coarse.links.reserve_exact(links);
    coarse.weights.reserve_exact(links);
    for piece in pieces {
        let before = coarse.links.len() as u32;
        coarse.offsets.extend(piece.ends.iter().map(|end| before + end));
        coarse.masses.extend(piece.masses);
        coarse.loads.extend(piece.loads);
        coarse.links.extend(piece.links);
        coarse.borders.extend(piece.borders);
        coarse.weights.extend(piece.weights);
    }
    let ways = |ways: &Ways| Box::new(ways.contract(&fine.masses, &coarse.masses, &starts, &members));
    coarse.ways = fine.ways.as_deref().map(ways);
    coarse
}

/// Pieces of the work of [`contract`], each with a slot for every cluster.
const PIECES: usize = 8;

/// A run of clusters, in columns.
#[derive(Default)]
struct Clusters {
    masses: Vec<Mass>,
    loads: Vec<f64>,
    /// Where the row of every cluster ends.
    ends: Vec<u32>,
    links: Vec<u32>,
    borders: Vec<f32>,
    weights: Vec<f32>,
}

impl Clusters {
    /// Those with these units.
    fn of<'a>(
        fine: &Instance,
        (cluster, count): (&[u32], usize),
        clusters: impl Iterator<Item = (u32, &'a [u32])>,
    ) -> Self {
        let (mut columns, m) = (Self::default(), fine.measures);
        // Where the row of the current cluster has a neighbour.
        let mut slot = vec![NONE; count];
        for (c, units) in clusters {
            let (first, own) = (columns.links.len(), columns.loads.len());
            let mut moments = Moments::default();
            columns.loads.resize(own + m, 0.0);
            for &u in units {
                moments.add(&fine.masses[u as usize]);
                for (sum, load) in columns.loads[own..].iter_mut().zip(fine.loads_of(u)) {
                    *sum += load;
                }
                for link in fine.offsets[u as usize] as usize..fine.offsets[u as usize + 1] as usize {
                    let other = cluster[fine.links[link] as usize];
                    if other == c {
                        continue;
                    }
                    let mut at = slot[other as usize] as usize;
                    if slot[other as usize] == NONE || at < first {
                        at = columns.links.len();
                        slot[other as usize] = at as u32;
                        columns.links.push(other);
                        if !fine.borders.is_empty() {
                            columns.borders.push(0.0);
                        }
                        columns.weights.push(0.0);
                    }
                    if !fine.borders.is_empty() {
                        columns.borders[at] += fine.borders[link];
                    }
                    columns.weights[at] += fine.weights.get(link).copied().unwrap_or(1.0);
                }
            }
            columns.masses.push(Mass { at: moments.centroid(), weight: moments.weight });
            columns.ends.push(columns.links.len() as u32);
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::State;
    use crate::search::tests::grid;

    #[test]
    fn levels_differ_by_a_constant_only() {
        let fine = grid(20, 20, 4);
        let level = coarsen(&fine, 6, 0.5, &[]);
        assert!(level.instance.len() < 100);
        let scales = crate::search::Scales { inertia: 1.0, border: 1.0, cut: 1.0, ..Default::default() };
        let plans = [|c: u32| c % 4, |c: u32| (c / 7) % 4];
        let gaps: Vec<f64> = plans
            .iter()
            .map(|plan| {
                let parts: Vec<u32> = (0..level.instance.len() as u32).map(plan).collect();
                let coarse = State::new(&level.instance, parts.clone(), scales);
                let fine = State::new(&fine, level.project(&parts), scales);
                fine.energy() - coarse.energy()
            })
            .collect();
        assert!(gaps[0] > 0.0 && (gaps[0] - gaps[1]).abs() < 1e-6, "{gaps:?}");
    }
}
