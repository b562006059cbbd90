//! A simple router for day trips: every customer once, at most m a day, from and to the base, as short as it finds.
//!
//! Trips are built by savings (Clarke & Wright 1964) and by cheapest insertion in sweep order from several angles; the better start is
//! improved by 2-opt within trips, by moving runs of one to three customers, by exchanging two customers and by crossing over
//! the ends of two trips, until nothing helps; then, repeatedly, the customers around a random one are taken out and put back in by cheapest
//! insertion (ruin and recreate, Schrimpf et al. 2000), which is kept where it helps. It is no optimiser to be used elsewhere: near-optimal tours are what the formula
//! is judged by.

use territory::search::Random;

type Point = [f64; 2];

/// Length in km of near-optimal trips.
pub(crate) fn trips_km(base: Point, customers: &[Point], calls_per_trip: usize, rounds: usize) -> f64 {
    if customers.is_empty() {
        return 0.0;
    }
    let router = Router { base, customers, most: calls_per_trip };
    let mut starts = vec![router.savings()];
    starts.extend((0..6).map(|turn| router.sweep(f64::from(turn) * std::f64::consts::TAU / 6.0)));
    let improved = starts.into_iter().map(|mut trips| {
        router.improve(&mut trips);
        trips
    });
    let best = improved.min_by(|a, b| router.length(a).total_cmp(&router.length(b)));
    let mut best = best.unwrap_or_default();
    let (mut length, mut random) = (router.length(&best), Random::stream(5, 5, customers.len() as u64));
    for _ in 0..rounds {
        let mut other = router.ruin_and_recreate(&best, &mut random);
        if router.length(&other) < length * 1.02 {
            router.improve(&mut other);
        }
        let found = router.length(&other);
        if found < length - 1e-9 {
            (best, length) = (other, found);
        }
    }
    length
}

struct Router<'a> {
    base: Point,
    customers: &'a [Point],
    most: usize,
}

type Trips = Vec<Vec<usize>>;

/// The base among the stops of a trip.
const BASE: usize = usize::MAX;

impl Router<'_> {
    fn km(&self, a: usize, b: usize) -> f64 {
        let at = |i: usize| if i == BASE { self.base } else { self.customers[i] };
        let ([x, y], [u, v]) = (at(a), at(b));
        ((x - u) * (x - u) + (y - v) * (y - v)).sqrt()
    }

    fn trip(&self, trip: &[usize]) -> f64 {
        let Some((first, last)) = trip.first().zip(trip.last()) else { return 0.0 };
        self.km(BASE, *first) + trip.windows(2).map(|w| self.km(w[0], w[1])).sum::<f64>() + self.km(*last, BASE)
    }

    fn length(&self, trips: &Trips) -> f64 {
        trips.iter().map(|t| self.trip(t)).sum()
    }

    /// Trips of one customer each, joined end to end where that saves most.
    fn savings(&self) -> Trips {
        let n = self.customers.len();
        let mut trips: Trips = (0..n).map(|i| vec![i]).collect();
        let mut trip_of: Vec<usize> = (0..n).collect();
        let saving = |i: usize, j: usize| self.km(BASE, i) + self.km(BASE, j) - self.km(i, j);
        let mut pairs: Vec<(f64, usize, usize)> =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| (saving(i, j), i, j)).collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, i, j) in pairs {
            let (a, b) = (trip_of[i], trip_of[j]);
            let is_end = |trip: &[usize], x: usize| trip.first() == Some(&x) || trip.last() == Some(&x);
            if a == b || trips[a].len() + trips[b].len() > self.most || !is_end(&trips[a], i) || !is_end(&trips[b], j) {
                continue;
            }
            let mut tail = std::mem::take(&mut trips[b]);
            if trips[a].last() != Some(&i) {
                trips[a].reverse();
            }
            if tail.first() != Some(&j) {
                tail.reverse();
            }
            tail.iter().for_each(|&x| trip_of[x] = a);
            trips[a].append(&mut tail);
        }
        trips.retain(|t| !t.is_empty());
        trips
    }

    /// Customers in order of their angle, m to a trip, each inserted where it is cheapest.
    fn sweep(&self, start: f64) -> Trips {
        let angle = |i: &usize| {
            let c = self.customers[*i];
            ((c[1] - self.base[1]).atan2(c[0] - self.base[0]) - start).rem_euclid(std::f64::consts::TAU)
        };
        let mut order: Vec<usize> = (0..self.customers.len()).collect();
        order.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
        let mut trips = Trips::new();
        for day in order.chunks(self.most) {
            let mut trip = Vec::new();
            for &i in day {
                let (at, _) = self.cheapest(&trip, i);
                trip.insert(at, i);
            }
            trips.push(trip);
        }
        trips
    }

    /// Where in a trip a customer costs least, and how much.
    fn cheapest(&self, trip: &[usize], i: usize) -> (usize, f64) {
        let stop = |at: usize| at.checked_sub(1).and_then(|at| trip.get(at)).copied().unwrap_or(BASE);
        let cost = |at: usize| self.km(stop(at), i) + self.km(i, stop(at + 1)) - self.km(stop(at), stop(at + 1));
        (0..=trip.len()).map(|at| (at, cost(at))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    }

    fn improve(&self, trips: &mut Trips) {
        loop {
            let before = self.length(trips);
            for trip in trips.iter_mut() {
                self.two_opt(trip);
            }
            for a in 0..trips.len() {
                for b in 0..trips.len() {
                    self.move_runs(trips, a, b);
                    if a < b {
                        self.exchange(trips, a, b);
                        self.cross(trips, a, b);
                    }
                }
            }
            trips.retain(|t| !t.is_empty());
            if self.length(trips) > before - 1e-9 {
                return;
            }
        }
    }

    fn two_opt(&self, trip: &mut [usize]) {
        let mut better = true;
        while better {
            better = false;
            for i in 0..trip.len() {
                for j in i + 1..trip.len() {
                    let before = if i == 0 { BASE } else { trip[i - 1] };
                    let after = trip.get(j + 1).copied().unwrap_or(BASE);
                    let gain = self.km(before, trip[i]) + self.km(trip[j], after)
                        - self.km(before, trip[j])
                        - self.km(trip[i], after);
                    if gain > 1e-9 {
                        trip[i..=j].reverse();
                        better = true;
                    }
                }
            }
        }
    }

    /// Moves runs of up to three customers from trip `a` to where they cost least in `b`.
    fn move_runs(&self, trips: &mut Trips, a: usize, b: usize) {
        for size in 1..=3 {
            let mut from = 0;
            while from + size <= trips[a].len() {
                let old = if a == b { self.trip(&trips[a]) } else { self.trip(&trips[a]) + self.trip(&trips[b]) };
                let mut rest = trips[a].clone();
                let run: Vec<usize> = rest.drain(from..from + size).collect();
                let target = if a == b { rest.clone() } else { trips[b].clone() };
                from += 1;
                if target.len() + size > self.most {
                    continue;
                }
                let kept = if a == b { 0.0 } else { self.trip(&rest) };
                let mut best: Option<(f64, Vec<usize>)> = None;
                for at in 0..=target.len() {
                    for turned in [false, true] {
                        let mut run = run.clone();
                        if turned {
                            run.reverse();
                        }
                        let mut new = target.clone();
                        new.splice(at..at, run);
                        let length = kept + self.trip(&new);
                        if length < old - 1e-9 && best.as_ref().is_none_or(|b| length < b.0) {
                            best = Some((length, new));
                        }
                    }
                }
                if let Some((_, new)) = best {
                    if a != b {
                        trips[a] = rest;
                    }
                    trips[b] = new;
                }
            }
        }
    }

    fn exchange(&self, trips: &mut Trips, a: usize, b: usize) {
        for i in 0..trips[a].len() {
            for j in 0..trips[b].len() {
                let old = self.trip(&trips[a]) + self.trip(&trips[b]);
                let (x, y) = (trips[a][i], trips[b][j]);
                (trips[a][i], trips[b][j]) = (y, x);
                if self.trip(&trips[a]) + self.trip(&trips[b]) > old - 1e-9 {
                    (trips[a][i], trips[b][j]) = (x, y);
                }
            }
        }
    }

    /// Gives each trip the other's end, the right way round or turned.
    fn cross(&self, trips: &mut Trips, a: usize, b: usize) {
        for i in 0..=trips[a].len() {
            for j in 0..=trips[b].len() {
                let (Some(head), Some(end)) = (trips[a].get(..i), trips[a].get(i..)) else { continue };
                let (Some(other_head), Some(other_end)) = (trips[b].get(..j), trips[b].get(j..)) else { continue };
                let turned = |part: &[usize]| part.iter().rev().copied().collect::<Vec<_>>();
                let plain = ([head, other_end].concat(), [other_head, end].concat());
                let crossed = ([head, &turned(other_head)].concat(), [&turned(end), other_end].concat());
                let old = self.trip(&trips[a]) + self.trip(&trips[b]);
                for (x, y) in [plain, crossed] {
                    if x.len().max(y.len()) <= self.most && self.trip(&x) + self.trip(&y) < old - 1e-9 {
                        (trips[a], trips[b]) = (x, y);
                        break;
                    }
                }
            }
        }
    }

    /// Takes out the customers around a random one, and puts them back where they cost least.
    fn ruin_and_recreate(&self, trips: &Trips, random: &mut Random) -> Trips {
        let n = self.customers.len();
        let centre = random.below(n);
        let mut near: Vec<usize> = (0..n).collect();
        near.sort_by(|&a, &b| self.km(centre, a).total_cmp(&self.km(centre, b)));
        near.truncate(2 + random.below((n / 3).clamp(1, 25)));
        let mut trips: Trips =
            trips.iter().map(|t| t.iter().copied().filter(|i| !near.contains(i)).collect()).collect();
        trips.retain(|t| !t.is_empty());
        for left in (1..=near.len()).rev() {
            let i = near.swap_remove(random.below(left));
            let open = (0..trips.len()).filter(|&t| trips[t].len() < self.most);
            let places = open.map(|t| (t, self.cheapest(&trips[t], i)));
            let best = places.min_by(|x, y| x.1.1.total_cmp(&y.1.1));
            match best {
                Some((t, (at, cost))) if cost < 2.0 * self.km(BASE, i) => trips[t].insert(at, i),
                _ => trips.push(vec![i]),
            }
        }
        trips
    }
}
