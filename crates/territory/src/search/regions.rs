//! Disjoint pieces of work: groups of neighbouring territories, each searched by itself while the others are, in rounds whose
//! groups differ so that every border is inside one of them now and then.
//!
//! Groups depend on the plan, the round and the size of the problem alone, and what a view of a group does depends on nothing
//! outside of it ([`State::split`]): the result is the same on any number of threads. Groups are as small as the cache of a
//! core likes, which makes them worth while on a single thread, too.

use super::anneal::Scratch;
use super::random::Random;
use super::state::State;
use crate::parallel;

/// Units whose columns fit a core's cache together.
const UNITS: usize = 1 << 14;
/// Fewer territories than this have most of their borders outside of their group.
const TERRITORIES: usize = 8;

/// Number of groups for a state.
pub(crate) fn count(state: &State<'_>) -> usize {
    (state.instance.len() / UNITS).min(state.instance.k() / TERRITORIES).max(1)
}

/// Scratch of every group, kept from round to round.
#[derive(Clone, Debug, Default)]
pub struct Scratches(Vec<Scratch>);

impl Scratches {
    /// For work on the whole.
    pub fn one(&mut self) -> &mut Scratch {
        if self.0.is_empty() {
            self.0.push(Scratch::default());
        }
        &mut self.0[0]
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
        scratches.0.resize_with(groups, Scratch::default);
    }
    let group_of = group(state, groups, random);
    let mut views = state.split(&group_of, groups);
    let mut pieces: Vec<(&mut State<'_>, &mut Scratch)> = views.iter_mut().zip(&mut scratches.0).collect();
    parallel::for_each(&mut pieces, |g, (view, scratch)| work(g, view, scratch));
    state.join(views);
}

/// Groups of about equally many units, by halving along the widest of a few random directions.
fn group(state: &State<'_>, groups: usize, random: &mut Random) -> Vec<u32> {
    let k = state.instance.k();
    let directions: Vec<[f64; 3]> = (0..3).map(|_| [0; 3].map(|_| random.unit() - 0.5)).collect();
    let along = |d: &[f64; 3]| -> Vec<f64> {
        let project = |t: u32| {
            let c = state.moments_of(t).centroid();
            c[0] * d[0] + c[1] * d[1] + c[2] * d[2]
        };
        (0..k as u32).map(project).collect()
    };
    let columns: Vec<Vec<f64>> = directions.iter().map(along).collect();
    let mut order: Vec<u32> = (0..k as u32).collect();
    let mut group_of = vec![0; k];
    let mut waiting = vec![(0, k, 0, groups)];
    while let Some((from, to, first, groups)) = waiting.pop() {
        if groups == 1 {
            order[from..to].iter().for_each(|&t| group_of[t as usize] = first as u32);
            continue;
        }
        let spread = |column: &Vec<f64>| {
            let at = order[from..to].iter().map(|&t| column[t as usize]);
            at.clone().fold(f64::NEG_INFINITY, f64::max) - at.fold(f64::INFINITY, f64::min)
        };
        let widest = (0..3).max_by(|&a, &b| spread(&columns[a]).total_cmp(&spread(&columns[b]))).unwrap_or(0);
        let column = &columns[widest];
        order[from..to].sort_by(|&a, &b| column[a as usize].total_cmp(&column[b as usize]).then(a.cmp(&b)));
        let units: usize = order[from..to].iter().map(|&t| state.size(t) as usize).sum();
        let half = groups / 2;
        // Every group keeps a territory at least.
        let (least, most) = (from + half, to - (groups - half));
        let (mut at, mut sum) = (from, 0);
        while at < most && (at < least || sum * groups < units * half) {
            sum += state.size(order[at]) as usize;
            at += 1;
        }
        waiting.push((from, at, first, half));
        waiting.push((at, to, first + half, groups - half));
    }
    group_of
}
