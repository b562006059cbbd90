//! Views of a state for parallel work, and other looks at all of the border that are shared out in runs: what comes out does not
//! depend on how many threads share it.

use super::{RUN, State};
use crate::parallel;
use crate::terms::Moments;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A run of the border, sorted by group, and where every group begins.
struct Dealt {
    sorted: Vec<u32>,
    begins: Vec<u32>,
}

impl Dealt {
    fn of(&self, group: usize) -> &[u32] {
        &self.sorted[self.begins[group] as usize..self.begins[group + 1] as usize]
    }
}

/// Pairs of territories that are remembered while those of a run are listed.
const LATELY: usize = 1 << 11;
/// Border units whose neighbours are a piece of parallel work.
const LOOK: usize = 1 << 12;

/// Books of a view, kept from round to round for their memory. What they say of territories that are not the group's own is of no
/// use: it is left from other rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct ViewBooks {
    /// Territories of the group.
    own: Vec<u32>,
    sizes: Vec<u32>,
    sums: Vec<f64>,
    moments: Vec<Moments>,
    border: Vec<u32>,
    open: Vec<bool>,
}

impl ViewBooks {
    /// Empties the group.
    fn clear(&mut self) {
        for t in self.own.drain(..) {
            self.open[t as usize] = false;
        }
    }

    /// Makes room for `k` territories and `m` measures.
    fn resize(&mut self, k: usize, m: usize) {
        self.sizes.resize(k, 0);
        self.sums.resize(k * m, 0.0);
        self.moments.resize(k, Moments::default());
        self.open.resize(k, false);
    }
}

impl<'a> State<'a> {
    /// Does `work(group, view, scratch)` on a view of every group of territories, given the group of every territory, with books
    /// and scratch of every group.
    pub(crate) fn in_views<S: Send>(
        &mut self,
        group_of: &[u32],
        kept: &mut [(ViewBooks, S)],
        work: impl Fn(usize, &mut State<'a>, &mut S) + Sync + Send,
    ) {
        if self.generation.get() > u32::MAX / 2 {
            self.columns.stamps.iter().for_each(|s| s.store(0, Relaxed));
            self.generation.set(1);
        }
        let Self { instance, columns, sizes, sums, moments, in_areas, pin, scales, open, .. } = &*self;
        let (generation, k, m) = (self.generation.get(), sizes.len(), instance.measures);
        kept.iter_mut().for_each(|(books, _)| books.clear());
        (0..).zip(group_of).for_each(|(t, &g)| kept[g as usize].0.own.push(t));
        let dealt = self.deal_border(group_of, kept.len());
        // Centres that are kept apart ask for those of all others, as they were when the round began.
        let asks_others = instance.bonds.as_ref().is_some_and(|bonds| bonds.centres_apart_km.is_some());
        let mut generations = vec![generation; kept.len()];
        let mut pieces: Vec<(&mut (ViewBooks, S), &mut u32)> = kept.iter_mut().zip(&mut generations).collect();
        parallel::for_each(&mut pieces, |g, ((books, scratch), generation)| {
            let mut rows = std::mem::take(books);
            rows.resize(k, m);
            for t in rows.own.iter().map(|&t| t as usize) {
                rows.sizes[t] = sizes[t];
                rows.moments[t] = moments[t];
                rows.sums[t * m..][..m].copy_from_slice(&sums[t * m..][..m]);
                rows.open[t] = open.get(t).is_none_or(|open| *open);
            }
            if asks_others {
                rows.moments.copy_from_slice(moments);
            }
            rows.border.clear();
            let mut view = State {
                instance,
                columns: Arc::clone(columns),
                sizes: rows.sizes,
                sums: rows.sums,
                moments: rows.moments,
                in_areas: Arc::clone(in_areas),
                pin: *pin,
                border: rows.border,
                places_known: true,
                are_exact: false,
                open: rows.open,
                generation: Cell::new(**generation),
                scales: *scales,
            };
            for run in &dealt {
                run.of(g).iter().for_each(|&u| view.enter_border(u));
            }
            work(g, &mut view, scratch);
            **generation = view.generation.get();
            let State { sizes, sums, moments, border, open, .. } = view;
            *books = ViewBooks { own: rows.own, sizes, sums, moments, border, open };
        });
        self.generation.set(generations.into_iter().fold(generation, u32::max));
        self.take_back(kept);
    }

    /// The border in runs, each sorted by group.
    fn deal_border(&self, group_of: &[u32], groups: usize) -> Vec<Dealt> {
        let Self { columns, border, .. } = self;
        parallel::map(border.len().div_ceil(RUN), |run| {
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
            Dealt { sorted, begins }
        })
    }

    /// Takes over what the views did.
    fn take_back<S>(&mut self, kept: &[(ViewBooks, S)]) {
        let m = self.instance.measures;
        self.border.clear();
        for (books, _) in kept {
            for t in books.own.iter().map(|&t| t as usize) {
                self.sizes[t] = books.sizes[t];
                self.moments[t] = books.moments[t];
                self.sums[t * m..][..m].copy_from_slice(&books.sums[t * m..][..m]);
            }
            self.border.extend_from_slice(&books.border);
        }
        (self.places_known, self.are_exact) = (false, false);
    }

    /// Says of every border unit where it stands: nobody asks before the whole moves on, be it fresh or between rounds of views.
    #[cold]
    pub(super) fn set_places(&mut self) {
        for (at, &u) in (0..).zip(&self.border) {
            self.columns.place[u as usize].store(at, Relaxed);
        }
        self.places_known = true;
    }

    /// Pairs of neighbouring territories, the smaller first, ascending.
    pub(crate) fn neighbouring(&self) -> Vec<(u32, u32)> {
        let Self { instance, columns, border, .. } = self;
        let part = |u: u32| columns.parts[u as usize].load(Relaxed);
        let runs = parallel::map(border.len().div_ceil(LOOK), |run| {
            let mut pairs: Vec<u64> = Vec::new();
            let mut count = 0;
            // Pairs met lately: most borders are met again and again.
            let mut lately = [u64::MAX; LATELY];
            for &u in border[run * LOOK..].iter().take(LOOK) {
                let own = part(u);
                let neighbours = instance.neighbours(u);
                if pairs.len() < count + neighbours.len() {
                    pairs.resize(2 * (count + neighbours.len()), 0);
                }
                for &v in neighbours {
                    let other = part(v);
                    let pair = u64::from(own) << 32 | u64::from(other);
                    let slot = &mut lately[(own.wrapping_mul(31) ^ other) as usize % LATELY];
                    // Without branches, which could not be foretold.
                    let is_new = other > own && *slot != pair;
                    *slot = if is_new { pair } else { *slot };
                    pairs[count] = pair;
                    count += usize::from(is_new);
                }
            }
            pairs.truncate(count);
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
