//! Finds equal items among millions without a hash table: hashes are dealt into buckets, each bucket is sorted and its equal runs
//! are handed out. Input made to collide costs a longer sort of one bucket, never a quadratic walk.

use super::predicates::Point;
use crate::parallel;
use std::cmp::Ordering;

/// Hash of a point's bits; 0 and −0 must not both occur.
#[inline]
pub(crate) fn hash(p: Point) -> u64 {
    mix(p[0].to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ p[1].to_bits().rotate_left(29))
}

/// Spreads all bits over all bits (the finaliser of splitmix64: Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195).
#[inline]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Buckets hold about this many records: a few tens of kilobytes, so that work on one stays in the nearest cache.
const BUCKET: usize = 2048;

struct Piece {
    /// Lower half of the hash above, item below, bucket after bucket.
    records: Vec<u64>,
    /// Where each bucket begins in `records`.
    starts: Vec<u32>,
}

/// Finds equal items. Items are numbers; piece `p` holds the items from `pieces[p]` to `pieces[p + 1]`, and `hashes(p, out)` pushes
/// one hash for each; equal items must have equal hashes. `pair` is called with any two items that have the same hash and share it
/// with no third: they may be equal or not, which the caller looks up when it passes them, in an order kinder to the cache.
/// `group` is called with every group of equal items among three and more of the same hash, members ascending; `compare` decides which
/// are equal. Calls come in no particular order and from several threads.
pub(crate) fn for_each_group(
    pieces: &[u32],
    hashes: impl Fn(usize, &mut Vec<u64>) + Sync + Send,
    compare: impl Fn(u32, u32) -> Ordering + Sync + Send,
    pair: impl Fn(u32, u32) + Sync + Send,
    group: impl Fn(&[u32]) + Sync + Send,
) {
    let total = pieces.last().map_or(0, |&n| n as usize);
    let bits = (total / BUCKET).next_power_of_two().trailing_zeros().min(14);
    let buckets = 1usize << bits;
    let bucket = |hash: u64| (hash.checked_shr(64 - bits).unwrap_or(0)) as usize;
    let dealt = parallel::map(pieces.len().saturating_sub(1), |p| {
        let mut keys = Vec::with_capacity((pieces[p + 1] - pieces[p]) as usize);
        hashes(p, &mut keys);
        let mut starts = vec![0u32; buckets + 1];
        for &key in &keys {
            starts[bucket(key) + 1] += 1;
        }
        for b in 0..buckets {
            starts[b + 1] += starts[b];
        }
        let mut next = starts.clone();
        let mut records = vec![0u64; keys.len()];
        for (&key, item) in keys.iter().zip(pieces[p]..) {
            let slot = &mut next[bucket(key)];
            records[*slot as usize] = key << 32 | u64::from(item);
            *slot += 1;
        }
        Piece { records, starts }
    });
    const BATCH: usize = 16;
    parallel::map(buckets.div_ceil(BATCH), |batch| {
        let mut sorter = Sorter::default();
        let mut items = Vec::new();
        for b in batch * BATCH..((batch + 1) * BATCH).min(buckets) {
            let slices = dealt.iter().map(|p| &p.records[p.starts[b] as usize..p.starts[b + 1] as usize]);
            sorter.runs(slices, |run| {
                if let &[a, b] = run {
                    pair(a as u32, b as u32);
                    return;
                }
                items.clear();
                items.extend(run.iter().map(|&record| record as u32));
                // A stable sort keeps members ascending.
                items.sort_by(|&a, &b| compare(a, b));
                let equal = items.chunk_by(|&a, &b| compare(a, b) == Ordering::Equal);
                equal.filter(|equal| equal.len() > 1).for_each(&group);
            });
        }
    });
}

/// Sorts the records of a bucket by dealing them once more, each of which then holds one or two.
#[derive(Default)]
struct Sorter {
    starts: Vec<u32>,
    records: Vec<u64>,
}

const SLOTS: usize = 2048;

impl Sorter {
    /// Calls `visit` with every run of two or more records of one hash, items ascending.
    fn runs<'a>(&mut self, slices: impl Iterator<Item = &'a [u64]> + Clone, mut visit: impl FnMut(&[u64])) {
        let slot = |record: u64| (record >> 53) as usize;
        self.starts.clear();
        self.starts.resize(SLOTS + 1, 0);
        let mut total = 0;
        for slice in slices.clone() {
            total += slice.len();
            for &record in slice {
                self.starts[slot(record)] += 1;
            }
        }
        // Ends of the slots; dealing from the back turns them into their beginnings and keeps the order.
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        self.records.clear();
        self.records.resize(total, 0);
        for slice in slices.collect::<Vec<_>>().into_iter().rev() {
            for &record in slice.iter().rev() {
                let start = &mut self.starts[slot(record)];
                *start -= 1;
                self.records[*start as usize] = record;
            }
        }
        for s in 0..SLOTS {
            let own = &mut self.records[self.starts[s] as usize..self.starts[s + 1] as usize];
            match own {
                [] | [_] => {}
                [a, b] => {
                    if *a >> 32 == *b >> 32 {
                        visit(own);
                    }
                }
                _ => {
                    own.sort_unstable();
                    own.chunk_by(|x, y| x >> 32 == y >> 32).filter(|run| run.len() > 1).for_each(&mut visit);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn groups_are_found_even_if_all_hashes_collide() {
        let values: Vec<u32> = (0..5000u32).map(|i| i.wrapping_mul(2654435761) % 3000).collect();
        for collide in [false, true] {
            let found = Mutex::new(Vec::new());
            for_each_group(
                &[0, 1000, 1000, 5000],
                |p, out| {
                    let range = [0..1000, 1000..1000, 1000..5000][p].clone();
                    out.extend(values[range].iter().map(|&v| if collide { 1 } else { mix(u64::from(v)) }));
                },
                |a, b| values[a as usize].cmp(&values[b as usize]),
                |a, b| {
                    if let (true, Ok(mut found)) = (values[a as usize] == values[b as usize], found.lock()) {
                        found.push(vec![a, b]);
                    }
                },
                |group| {
                    if let Ok(mut found) = found.lock() {
                        found.push(group.to_vec());
                    }
                },
            );
            let mut found = found.into_inner().unwrap_or_default();
            found.sort();
            let mut expected: Vec<Vec<u32>> = vec![Vec::new(); 3000];
            values.iter().zip(0..).for_each(|(&v, i)| expected[v as usize].push(i));
            expected.retain(|group| group.len() > 1);
            expected.sort();
            assert_eq!(found, expected);
        }
    }
}
