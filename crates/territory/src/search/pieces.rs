//! Connected pieces of the parts of a plan, found by union: inside of runs of units that lie near one another, by several threads,
//! then over the few links that lead from run to run.

use super::instance::Instance;
use super::state::RUN;
use crate::disjoint::smallest;
use crate::parallel;

/// A unit without a part.
pub(super) const FREE: u32 = u32::MAX;

/// The pieces of all parts.
pub(super) struct Pieces {
    /// First unit of every piece, ascending.
    pub(super) firsts: Vec<u32>,
    /// First unit of every unit's piece; [`FREE`] for those without a part.
    pub(super) of: Vec<u32>,
    /// First unit of the main piece of every part: the piece of largest load (ties: more units, then the first); [`FREE`] for
    /// empty parts.
    pub(super) main: Vec<u32>,
}

impl Pieces {
    /// Whether any part is torn.
    pub(super) fn is_torn(&self) -> bool {
        self.main.iter().filter(|&&first| first != FREE).count() < self.firsts.len()
    }
}

/// Finds the pieces of all parts, which are below k or [`FREE`].
pub(super) fn pieces(instance: &Instance, parts: &[u32]) -> Pieces {
    let (of, firsts) = first_units(instance, parts, RUN);
    let main = main_pieces(instance, parts, &of, &firsts);
    Pieces { firsts, of, main }
}

/// A run of units.
struct Run<'a> {
    /// Its first unit.
    begin: u32,
    /// Of every unit the first one of its piece, as far as it is known.
    of: &'a mut [u32],
    /// Units with those of earlier runs that they are linked to in the same part.
    met: Vec<(u32, u32)>,
    /// First units of pieces.
    firsts: Vec<u32>,
}

/// First unit of every unit's piece, and those of all pieces; `size` units are a run.
fn first_units(instance: &Instance, parts: &[u32], size: usize) -> (Vec<u32>, Vec<u32>) {
    let mut of = vec![0; parts.len()];
    let mut runs = runs_of(&mut of, size);
    parallel::for_each(&mut runs, |_, run| run.join(instance, parts));
    let met: Vec<Vec<(u32, u32)>> = runs.into_iter().map(|run| run.met).collect();
    let mut joined = Vec::new();
    for &(u, v) in met.iter().flatten() {
        // Only what first units of runs say is changed: they stand for the others.
        let (a, b) = (of[u as usize], of[v as usize]);
        let (a, b) = (smallest(&mut of, a), smallest(&mut of, b));
        if a != b {
            of[a.max(b) as usize] = a.min(b);
            joined.push(a.max(b));
        }
    }
    for u in joined {
        of[u as usize] = smallest(&mut of, u);
    }
    let mut runs = runs_of(&mut of, size);
    parallel::for_each(&mut runs, |_, run| run.finish(parts));
    let firsts = runs.into_iter().flat_map(|run| run.firsts).collect();
    (of, firsts)
}

fn runs_of(of: &mut [u32], size: usize) -> Vec<Run<'_>> {
    let run = |(run, of)| Run { begin: (run * size) as u32, of, met: Vec::new(), firsts: Vec::new() };
    of.chunks_mut(size).enumerate().map(run).collect()
}

impl Run<'_> {
    /// Joins the units of the run, which are numbered from its begin on the way.
    fn join(&mut self, instance: &Instance, parts: &[u32]) {
        let (begin, of) = (self.begin, &mut *self.of);
        (0..).zip(&mut *of).for_each(|(u, of)| *of = u);
        for u in 0..of.len() as u32 {
            let (part, neighbours) = (parts[(begin + u) as usize], instance.neighbours(begin + u));
            // The last one of those before it, by how far it lies behind in wrapping numbers.
            let (mut first, mut last, mut meets) = (u, 0u32, false);
            // Without branches, which could not be foretold: who is not before the unit in the run counts as the unit itself.
            for &v in neighbours {
                let is_same = parts[v as usize] == part;
                let before = of[u.min(v.wrapping_sub(begin)) as usize];
                let before = if is_same { before } else { u };
                first = first.min(before);
                last = last.max(before.wrapping_sub(u));
                meets |= is_same & (v < begin);
            }
            of[u as usize] = first;
            let same = neighbours.iter().filter(|&&v| v < begin + u && parts[v as usize] == part);
            if first < u.wrapping_add(last) {
                for &v in same.clone().filter(|&&v| v >= begin) {
                    let (a, b) = (smallest(of, u), smallest(of, v - begin));
                    of[a.max(b) as usize] = a.min(b);
                }
            }
            if meets {
                self.met.extend(same.filter(|&&v| v < begin).map(|&v| (begin + u, v)));
            }
        }
        // Those before have their first ones already.
        for at in 0..of.len() {
            let first = of[at] as usize;
            of[at] = if first == at { begin + at as u32 } else { of[first] };
        }
    }

    /// Hands on what first units of the run have become.
    fn finish(&mut self, parts: &[u32]) {
        for at in 0..self.of.len() {
            let u = self.begin + at as u32;
            let first = self.of[at];
            if parts[u as usize] == FREE {
                self.of[at] = FREE;
            } else if first == u {
                self.firsts.push(u);
            } else if first >= self.begin {
                self.of[at] = self.of[(first - self.begin) as usize];
            }
        }
    }
}

/// First units of the main pieces. Loads are asked for only where a part is torn.
fn main_pieces(instance: &Instance, parts: &[u32], of: &[u32], firsts: &[u32]) -> Vec<u32> {
    let k = instance.k();
    let (mut main, mut is_torn) = (vec![FREE; k], vec![false; k]);
    for &first in firsts {
        let part = parts[first as usize] as usize;
        if main[part] == FREE {
            main[part] = first;
        } else {
            is_torn[part] = true;
        }
    }
    let is_in_torn = |u: &u32| is_torn.get(parts[*u as usize] as usize).is_some_and(|&torn| torn);
    let torn: Vec<u32> = firsts.iter().copied().filter(is_in_torn).collect();
    if torn.is_empty() {
        return main;
    }
    let runs = parallel::map(parts.len().div_ceil(RUN), |run| {
        let units = (run * RUN) as u32..parts.len().min((run + 1) * RUN) as u32;
        units.filter(is_in_torn).collect::<Vec<u32>>()
    });
    // Loads and numbers of units.
    let mut sums = vec![(0.0, 0u32); torn.len()];
    for &u in runs.iter().flatten() {
        if let Ok(piece) = torn.binary_search(&of[u as usize]) {
            sums[piece].0 += instance.mean_load(u);
            sums[piece].1 += 1;
        }
    }
    let mut largest = vec![(f64::NEG_INFINITY, 0); k];
    for (&first, &sum) in torn.iter().zip(&sums) {
        let part = parts[first as usize] as usize;
        if sum > largest[part] {
            (largest[part], main[part]) = (sum, first);
        }
    }
    main
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Random;
    use crate::search::tests::grid;

    #[test]
    fn pieces_are_what_walks_reach() {
        let mut random = Random::stream(7, 0, 0);
        for round in 0..60 {
            let instance = grid(17, 13, 3);
            // Few parts make large pieces that wind about, many make small ones; some units have none.
            let parts: Vec<u32> = (0..instance.len())
                .map(|_| if random.below(9) == 0 { FREE } else { random.below(1 + round % 3) as u32 })
                .collect();
            let mut of = vec![FREE; instance.len()];
            let (mut firsts, mut main) = (Vec::new(), [(f64::NEG_INFINITY, 0, FREE); 3]);
            for first in 0..instance.len() as u32 {
                if parts[first as usize] == FREE || of[first as usize] != FREE {
                    continue;
                }
                let (mut walk, mut at) = (vec![first], 0);
                of[first as usize] = first;
                while at < walk.len() {
                    for &v in instance.neighbours(walk[at]) {
                        if parts[v as usize] == parts[first as usize] && of[v as usize] == FREE {
                            of[v as usize] = first;
                            walk.push(v);
                        }
                    }
                    at += 1;
                }
                firsts.push(first);
                walk.sort_unstable();
                let load: f64 = walk.iter().map(|&u| instance.mean_load(u)).sum();
                let best = &mut main[parts[first as usize] as usize];
                if (load, walk.len()) > (best.0, best.1) {
                    *best = (load, walk.len(), first);
                }
            }
            // In one run, in some, and unit by unit.
            for size in [RUN, 40, 7, 1] {
                assert_eq!(first_units(&instance, &parts, size), (of.clone(), firsts.clone()), "round {round}");
            }
            let found = pieces(&instance, &parts);
            assert_eq!((found.of, found.firsts), (of, firsts));
            assert_eq!(found.main, main.map(|best| best.2), "round {round}");
        }
    }
}
