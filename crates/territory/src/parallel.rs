//! The only file that names rayon, with a serial twin for builds without the feature `parallel`.
//!
//! Work is cut into pieces by the caller, by the size of the input alone, and results come back in piece order: what is
//! computed never depends on how many threads there are. The caller's pool is used; none is built here.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Threads that do long pieces of work beside the one that calls. Only for work done ahead, which leaves no trace in what comes out.
pub(crate) struct Threads {
    count: usize,
    /// Where it stands how many are lent, if they are to be given back.
    lent: Option<&'static AtomicUsize>,
}

/// Threads of the global pool that are lent to callers from outside of it.
static LENT: AtomicUsize = AtomicUsize::new(0);

impl Threads {
    /// As many as there are, up to `most`. Callers from outside of a pool cannot help with what they wait for: so that the long pieces
    /// of one seldom hold up the short ones of others, they together get all threads of the global pool but one.
    pub(crate) fn beside(most: usize) -> Self {
        #[cfg(feature = "parallel")]
        let (others, inside) =
            (rayon::current_num_threads().saturating_sub(1), rayon::current_thread_index().is_some());
        #[cfg(not(feature = "parallel"))]
        let (others, inside) = (0, true);
        if inside { Self { count: most.min(others), lent: None } } else { Self::lend(&LENT, most, others) }
    }

    fn lend(lent: &'static AtomicUsize, most: usize, all: usize) -> Self {
        let mut count = 0;
        // The update cannot fail: whoever gets none has a count of 0.
        let _ = lent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            count = most.min(all.saturating_sub(taken));
            Some(taken + count)
        });
        Self { count, lent: Some(lent) }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(lent) = self.lent {
            lent.fetch_sub(self.count, Ordering::Relaxed);
        }
    }
}

/// Runs `f` on `0..n` and returns the results in index order.
pub(crate) fn map<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        (0..n).into_par_iter().with_max_len(1).map(f).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        (0..n).map(f).collect()
    }
}

/// Items, or comparisons, too cheap to be a piece of work each are done in runs of this many.
#[cfg(feature = "parallel")]
const RUN: usize = 1 << 12;

/// [`map`] for so many cheap calls that they are done in runs.
pub(crate) fn map_runs<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        (0..n).into_par_iter().with_min_len(RUN).map(f).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        (0..n).map(f).collect()
    }
}

/// [`map_runs`] of items with their rows of `width` numbers; such columns are gone through quicker side by side than by index.
pub(crate) fn map_rows<A: Sync, B: Sync, T: Send>(
    items: &[A],
    (rows, width): (&[B], usize),
    f: impl Fn(&A, &[B]) -> T + Sync + Send,
) -> Vec<T> {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        let rows = rows.par_chunks_exact(width);
        items.par_iter().zip(rows).with_min_len(RUN).map(|(item, row)| f(item, row)).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        items.iter().zip(rows.chunks_exact(width)).map(|(item, row)| f(item, row)).collect()
    }
}

/// Adds copies of `items` behind those of a column. Fresh memory costs more than the copying, and several threads share that too.
pub(crate) fn extend<T: Copy + Send + Sync>(column: &mut Vec<T>, items: &[T]) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        column.par_extend(items.par_iter().with_min_len(RUN).copied());
    }
    #[cfg(not(feature = "parallel"))]
    {
        column.extend_from_slice(items);
    }
}

/// Whether several threads go through so many cheap items together. Only where the outcome is the same whoever does what.
pub(crate) fn is_shared(items: usize) -> bool {
    #[cfg(feature = "parallel")]
    {
        items > RUN && rayon::current_num_threads() > 1
    }
    #[cfg(not(feature = "parallel"))]
    {
        let _ = items;
        false
    }
}

/// Numbers by index: `to[i]`, which are all different and below their count, gets `values[i]`.
pub(crate) fn scatter(to: &[u32], values: &[u32]) -> Vec<u32> {
    let all = map_runs(to.len(), |_| AtomicU32::new(0));
    let put = |(&to, &value): (&u32, &u32)| all[to as usize].store(value, Ordering::Relaxed);
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        to.par_iter().zip(values).with_min_len(RUN).for_each(put);
    }
    #[cfg(not(feature = "parallel"))]
    to.iter().zip(values).for_each(put);
    all.into_iter().map(AtomicU32::into_inner).collect()
}

/// A stable sort; its outcome is the same whoever does it, so here the number of threads may decide how.
pub(crate) fn sort_by<T: Send>(items: &mut [T], compare: impl Fn(&T, &T) -> std::cmp::Ordering + Sync) {
    #[cfg(feature = "parallel")]
    if is_shared(items.len()) {
        use rayon::prelude::*;
        return items.par_sort_by(compare);
    }
    items.sort_by(compare);
}

/// Runs `f(index, chunk)` over consecutive chunks of `size` items (the last may be shorter).
pub(crate) fn for_each_chunk<T: Send>(items: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Sync + Send) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        items.par_chunks_mut(size.max(1)).enumerate().with_max_len(1).for_each(|(i, chunk)| f(i, chunk));
    }
    #[cfg(not(feature = "parallel"))]
    {
        items.chunks_mut(size.max(1)).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}

/// Runs `f(index, part)` over consecutive parts of the items, which end at `ends`, ascending; what is beyond the last is left alone.
pub(crate) fn for_each_part<T: Send>(items: &mut [T], ends: &[usize], f: impl Fn(usize, &mut [T]) + Sync + Send) {
    let (mut parts, mut rest, mut begin) = (Vec::with_capacity(ends.len()), items, 0);
    for &end in ends {
        let (part, more) = rest.split_at_mut(end - begin);
        parts.push(part);
        (rest, begin) = (more, end);
    }
    for_each(&mut parts, |index, part| f(index, part));
}

/// Runs `f(index, item)` on every item, one item a piece of work.
pub(crate) fn for_each<T: Send>(items: &mut [T], f: impl Fn(usize, &mut T) + Sync + Send) {
    for_each_chunk(items, 1, |i, chunk| {
        for item in chunk {
            f(i, item);
        }
    });
}

/// Runs both and returns both results.
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    #[cfg(feature = "parallel")]
    {
        rayon::join(a, b)
    }
    #[cfg(not(feature = "parallel"))]
    {
        (a(), b())
    }
}

/// Runs `first` on the thread that calls, and `f(index, item)` on every item beside it; returns when all are done.
pub(crate) fn beside<T: Send>(first: impl FnOnce(), items: &mut [T], f: impl Fn(usize, &mut T) + Sync) {
    #[cfg(feature = "parallel")]
    {
        let f = &f;
        rayon::in_place_scope(|scope| {
            for (i, item) in items.iter_mut().enumerate() {
                scope.spawn(move |_| f(i, item));
            }
            first();
        });
    }
    #[cfg(not(feature = "parallel"))]
    {
        first();
        items.iter_mut().enumerate().for_each(|(i, item)| f(i, item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_lent_until_they_are_given_back() {
        static OF_FOUR: AtomicUsize = AtomicUsize::new(0);
        let lend = |most: usize| Threads::lend(&OF_FOUR, most, 4);
        let first = lend(3);
        assert_eq!((first.count(), lend(0).count()), (3, 0));
        let second = lend(3);
        assert_eq!((second.count(), lend(3).count()), (1, 0));
        drop(first);
        assert_eq!(lend(7).count(), 3);
        drop(second);
        assert_eq!(OF_FOUR.load(Ordering::Relaxed), 0);
    }
}
