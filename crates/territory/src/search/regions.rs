//! Disjoint pieces of work: groups of neighbouring territories, each searched by itself while the others are, in rounds whose
//! groups differ so that every border is inside one of them now and then.
//!
//! Groups depend on the plan, the round and the size of the problem alone, and what a view of a group does depends on nothing
//! outside of it ([`State::in_views`]): the result is the same on any number of threads. Groups are as small as the cache of a
//! core likes, which makes them worth while on a single thread, too; on coarse levels there are as many as threads like.

use super::anneal::Scratch;
use super::random::Random;
use super::state::{State, ViewBooks};

/// Units whose columns fit a core's cache together.
const UNITS: usize = 1 << 14;
/// Fewer territories than this have most of their borders outside of their group.
const TERRITORIES: usize = 8;
/// So few are sorted rather than halved.
const FEW: usize = 32;

/// Groups of a coarse level where the finest one has groups, as far as there are territories for them: they are more than its size asks
/// for, but other threads would have nothing to do.
const OF_CLUSTERS: usize = 8;
/// Territories a group of these, on average: coarse levels decide where territories lie, and among few there is no room for that.
const FAR: usize = 64;

/// Number of groups for a state.
pub(crate) fn count(state: &State<'_>) -> usize {
    let (n, k, finest) = (state.instance.len(), state.instance.k(), state.instance.finest);
    let groups = (n / UNITS).min(k / TERRITORIES);
    if finest >= 2 * UNITS { groups.max(OF_CLUSTERS.min(k / FAR)).max(1) } else { groups.max(1) }
}

/// Books and scratch of every group, kept from round to round.
#[derive(Clone, Debug, Default)]
pub struct Scratches(Vec<(ViewBooks, Scratch)>);

impl Scratches {
    /// For work on the whole.
    pub fn one(&mut self) -> &mut Scratch {
        if self.0.is_empty() {
            self.0.push(Default::default());
        }
        &mut self.0[0].1
    }
}

/// Does `work(group, view, scratch)` for every group of a round.
pub(crate) fn in_regions(
    state: &mut State<'_>,
    random: &mut Random,
    scratches: &mut Scratches,
    work: impl Fn(usize, &mut State<'_>, &mut Scratch) + Sync + Send,
) {
    let groups = count(state);
    if groups == 1 {
        work(0, state, scratches.one());
        return;
    }
    if scratches.0.len() < groups {
        scratches.0.resize_with(groups, Default::default);
    }
    let group_of = group(state, groups, random);
    state.in_views(&group_of, &mut scratches.0[..groups], work);
}

/// Groups of about equally many units, by halving along the widest of a few random directions.
fn group(state: &State<'_>, groups: usize, random: &mut Random) -> Vec<u32> {
    let k = state.instance.k();
    let directions: Vec<[f64; 3]> = (0..3).map(|_| [0; 3].map(|_| random.unit() - 0.5)).collect();
    let centres: Vec<[f64; 3]> = (0..k as u32).map(|t| state.moments_of(t).centroid()).collect();
    let along =
        |d: &[f64; 3]| -> Vec<f64> { centres.iter().map(|c| c[0] * d[0] + c[1] * d[1] + c[2] * d[2]).collect() };
    let columns: Vec<Vec<f64>> = directions.iter().map(along).collect();
    // With what they are sorted by.
    let mut order: Vec<(f64, u32)> = (0..k as u32).map(|t| (0.0, t)).collect();
    let mut group_of = vec![0; k];
    let mut waiting = vec![(0, k, 0, groups)];
    while let Some((from, to, first, groups)) = waiting.pop() {
        if groups == 1 {
            order[from..to].iter().for_each(|&(_, t)| group_of[t as usize] = first as u32);
            continue;
        }
        let spread = |column: &Vec<f64>| {
            let at = order[from..to].iter().map(|&(_, t)| column[t as usize]);
            at.clone().fold(f64::NEG_INFINITY, f64::max) - at.fold(f64::INFINITY, f64::min)
        };
        let widest = (0..3).max_by(|&a, &b| spread(&columns[a]).total_cmp(&spread(&columns[b]))).unwrap_or(0);
        order[from..to].iter_mut().for_each(|(along, t)| *along = columns[widest][*t as usize]);
        let units: usize = order[from..to].iter().map(|&(_, t)| state.size(t) as usize).sum();
        let half = groups / 2;
        // Every group keeps a territory at least.
        let (least, most) = (from + half, to - (groups - half));
        let is_enough = |at: usize, sum: usize| at >= most || (at >= least && sum * groups >= units * half);
        // Only around the place where they are parted need territories be in order.
        let compare = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let (mut at, mut end, mut sum) = (from, to, 0);
        while end - at > FEW {
            let middle = at + (end - at) / 2;
            order[at..end].select_nth_unstable_by(middle - at, compare);
            let more = sum + order[at..middle].iter().map(|&(_, t)| state.size(t) as usize).sum::<usize>();
            if is_enough(middle, more) {
                end = middle;
            } else {
                (at, sum) = (middle, more);
            }
        }
        order[at..end].sort_unstable_by(compare);
        while !is_enough(at, sum) {
            sum += state.size(order[at].1) as usize;
            at += 1;
        }
        waiting.push((from, at, first, half));
        waiting.push((at, to, first + half, groups - half));
    }
    group_of
}
