//! Views of a state for parallel work, and other looks at all of the border that are shared out in runs: what comes out does not
//! depend on how many threads share it.

use super::{RUN, State};
use crate::parallel;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Pairs of territories that are remembered while those of a run are listed.
const LATELY: usize = 1 << 11;

impl<'a> State<'a> {
    /// Views of groups of territories: group of every territory in, one view a group out, in group order. The whole is not to
    /// be used before [`State::join`] has taken the views back.
    pub(crate) fn split(&mut self, group_of: &[u32], groups: usize) -> Vec<State<'a>> {
        if self.generation.get() > u32::MAX / 2 {
            self.columns.stamps.iter().for_each(|s| s.store(0, Relaxed));
            self.generation.set(1);
        }
        let Self { instance, columns, sizes, sums, moments, border, in_areas, pin, scales, open, .. } = &*self;
        let generation = self.generation.get();
        // Runs of the border, each sorted by group and with the begin of every group.
        let dealt = parallel::map(border.len().div_ceil(RUN), |run| {
            let units = &border[run * RUN..];
            let units = &units[..units.len().min(RUN)];
            let group = |&u: &u32| group_of[columns.parts[u as usize].load(Relaxed) as usize];
            let of: Vec<u32> = units.iter().map(group).collect();
            let mut begins = vec![0u32; groups + 1];
            of.iter().for_each(|&g| begins[g as usize + 1] += 1);
            (0..groups).for_each(|g| begins[g + 1] += begins[g]);
            let mut next = begins.clone();
            let mut sorted = vec![0u32; units.len()];
            for (&u, &g) in units.iter().zip(&of) {
                let slot = &mut next[g as usize];
                sorted[*slot as usize] = u;
                *slot += 1;
            }
            (sorted, begins)
        });
        parallel::map(groups, |g| {
            let own = |(sorted, begins): &'_ (Vec<u32>, Vec<u32>)| {
                begins[g] as usize..(begins[g + 1] as usize).min(sorted.len())
            };
            let mut view = State {
                instance,
                columns: Arc::clone(columns),
                sizes: sizes.clone(),
                sums: sums.clone(),
                moments: moments.clone(),
                in_areas: Arc::clone(in_areas),
                pin: *pin,
                border: Vec::with_capacity(dealt.iter().map(|run| own(run).len()).sum::<usize>() * 5 / 4),
                open: group_of
                    .iter()
                    .enumerate()
                    .map(|(t, &other)| other as usize == g && open.get(t).is_none_or(|o| *o))
                    .collect(),
                generation: Cell::new(generation),
                scales: *scales,
            };
            dealt.iter().for_each(|run| run.0[own(run)].iter().for_each(|&u| view.enter_border(u)));
            view
        })
    }

    /// Takes the views of [`State::split`] back.
    pub(crate) fn join(&mut self, views: Vec<State<'a>>) {
        let m = self.instance.measures;
        self.border.clear();
        for view in views {
            for t in (0..view.open.len()).filter(|&t| view.open[t]) {
                self.sizes[t] = view.sizes[t];
                self.moments[t] = view.moments[t];
                self.sums[t * m..][..m].copy_from_slice(&view.sums[t * m..][..m]);
            }
            self.border.extend_from_slice(&view.border);
            self.generation.set(self.generation.get().max(view.generation.get()));
        }
        let place = &self.columns.place;
        parallel::for_each_chunk(&mut self.border, RUN, |run, units| {
            for (at, &mut u) in (run * RUN..).zip(units) {
                place[u as usize].store(at as u32, Relaxed);
            }
        });
    }

    /// Pairs of neighbouring territories, the smaller first, ascending.
    pub(crate) fn neighbouring(&self) -> Vec<(u32, u32)> {
        let Self { instance, columns, border, .. } = self;
        let part = |u: u32| columns.parts[u as usize].load(Relaxed);
        let runs = parallel::map(border.len().div_ceil(RUN), |run| {
            let mut pairs = Vec::new();
            // Pairs met lately: most borders are met again and again.
            let mut lately = [u64::MAX; LATELY];
            for &u in border[run * RUN..].iter().take(RUN) {
                let own = part(u);
                let mut last = own;
                for &v in instance.neighbours(u) {
                    let other = part(v);
                    if other > own && other != last {
                        last = other;
                        let pair = u64::from(own) << 32 | u64::from(other);
                        let slot = &mut lately[(own.wrapping_mul(31) ^ other) as usize % LATELY];
                        if *slot != pair {
                            *slot = pair;
                            pairs.push(pair);
                        }
                    }
                }
            }
            pairs.sort_unstable();
            pairs.dedup();
            pairs
        });
        let mut pairs = runs.concat();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.into_iter().map(|pair| ((pair >> 32) as u32, pair as u32)).collect()
    }
}

/// Neighbours of each of `k` territories, from the pairs of [`State::neighbouring`].
pub(crate) fn beside(k: usize, pairs: &[(u32, u32)]) -> Vec<Vec<u32>> {
    let mut beside = vec![Vec::new(); k];
    for &(a, b) in pairs {
        beside[a as usize].push(b);
        beside[b as usize].push(a);
    }
    beside
}
