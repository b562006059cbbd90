//! Merging two territories and splitting them anew: a random spanning tree of both is cut where penalty and inertia about the
//! centroids (and links, where they count) are least (after DeFord, Duchin & Solomon 2021, doi:10.1162/99608f92.eb30390f, who
//! cut at random).

use super::super::random::Random;
use super::books::Books;
use crate::terms::Moments;

/// Scratch of splits.
#[derive(Debug)]
pub(super) struct Splitter {
    /// Units of both territories in the order in which the tree grew.
    units: Vec<u32>,
    /// Place in `units`; `ABSENT` for all others, between splits for all.
    places: Vec<u32>,
    /// Place of the parent.
    parents: Vec<u32>,
    depths: Vec<u32>,
    /// Links that may carry the tree on: from a place to a unit.
    open: Vec<(u32, u32)>,
    moments: Vec<Moments>,
    /// Measures of subtrees in either of the two: `[place * measures + measure]`; the second empty: alike.
    loads: [Vec<f64>; 2],
    /// Energy of the links that leave a subtree within both territories.
    links: Vec<f64>,
    inside: Vec<bool>,
    moved: Vec<u32>,
}

const ABSENT: u32 = u32::MAX;

impl Splitter {
    pub(super) fn new(units: usize) -> Self {
        Self {
            units: Vec::new(),
            places: vec![ABSENT; units],
            parents: Vec::new(),
            depths: Vec::new(),
            open: Vec::new(),
            moments: Vec::new(),
            loads: Default::default(),
            links: Vec::new(),
            inside: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// Splits two neighbouring territories anew if that adds no more than `threshold` to energy and penalty.
    pub(super) fn split(
        &mut self,
        books: &mut Books<'_>,
        pair: [u32; 2],
        penalty: f64,
        threshold: f64,
        random: &mut Random,
    ) -> bool {
        let most = (books.state.size(pair[0]) + books.state.size(pair[1])) as usize;
        self.grow(books, pair, random);
        let done = self.units.len() == most && self.cut(books, pair, penalty, threshold);
        for &u in &self.units {
            self.places[u as usize] = ABSENT;
        }
        done
    }

    /// A random spanning tree of both territories.
    fn grow(&mut self, books: &Books<'_>, pair: [u32; 2], random: &mut Random) {
        let state = &books.state;
        self.units.clear();
        self.parents.clear();
        self.depths.clear();
        self.open.clear();
        let border = state.border();
        // Any unit of the two does as root; one at the border is at hand.
        let begin = random.below(border.len());
        let (head, tail) = border.split_at(begin);
        let Some(&root) = tail.iter().chain(head).find(|&&u| pair.contains(&state.part(u))) else { return };
        self.open.push((0, root));
        while !self.open.is_empty() {
            let (parent, unit) = self.open.swap_remove(random.below(self.open.len()));
            if self.places[unit as usize] != ABSENT {
                continue;
            }
            let place = self.units.len() as u32;
            self.places[unit as usize] = place;
            self.units.push(unit);
            self.parents.push(parent);
            self.depths.push(self.depths.get(parent as usize).map_or(0, |d| d + 1));
            for &v in state.instance.neighbours(unit) {
                if pair.contains(&state.part(v)) && self.places[v as usize] == ABSENT {
                    self.open.push((place, v));
                }
            }
        }
    }

    /// Sums over subtrees, from the leaves up.
    fn sum_up(&mut self, books: &Books<'_>, pair: [u32; 2]) {
        let state = &books.state;
        let (instance, m, count) = (state.instance, state.instance.measures, self.units.len());
        self.moments.clear();
        self.moments.resize(count, Moments::default());
        self.loads.iter_mut().for_each(Vec::clear);
        self.links.clear();
        self.links.resize(count, 0.0);
        for (place, &u) in self.units.iter().enumerate() {
            self.moments[place].add(&instance.masses[u as usize]);
            if instance.ways.is_none() {
                self.loads[0].extend_from_slice(instance.loads_of(u));
            } else {
                let of = |t: u32| (0..m).map(move |j| instance.load_in(u, j, t));
                self.loads.iter_mut().zip(pair).for_each(|(loads, t)| loads.extend(of(t)));
            }
        }
        if state.scales.cut > 0.0 || state.scales.border > 0.0 {
            self.add_links(books);
        }
        for place in (1..count).rev() {
            let parent = self.parents[place] as usize;
            let moments = self.moments[place];
            self.moments[parent].merge(&moments);
            self.links[parent] += self.links[place];
            for loads in self.loads.iter_mut().filter(|loads| !loads.is_empty()) {
                for j in 0..m {
                    loads[parent * m + j] += loads[place * m + j];
                }
            }
        }
    }

    /// A link leaves all subtrees from its ends up to where they meet: summed up from the ends, taken off twice there.
    fn add_links(&mut self, books: &Books<'_>) {
        let state = &books.state;
        let instance = state.instance;
        for place in 0..self.units.len() {
            let unit = self.units[place] as usize;
            for link in instance.offsets[unit] as usize..instance.offsets[unit + 1] as usize {
                let other = self.places[instance.links[link] as usize];
                if other == ABSENT || other as usize >= place {
                    continue;
                }
                let energy = state.scales.cut * instance.weights.get(link).map_or(1.0, |&w| f64::from(w))
                    + state.scales.border * instance.borders.get(link).map_or(0.0, |&b| f64::from(b));
                let (mut a, mut b) = (place, other as usize);
                self.links[a] += energy;
                self.links[b] += energy;
                while a != b {
                    if self.depths[a] >= self.depths[b] {
                        a = self.parents[a] as usize;
                    } else {
                        b = self.parents[b] as usize;
                    }
                }
                self.links[a] -= 2.0 * energy;
            }
        }
    }

    /// Cuts the tree where it is best and takes the split if it pays.
    fn cut(&mut self, books: &mut Books<'_>, pair: [u32; 2], penalty: f64, threshold: f64) -> bool {
        self.sum_up(books, pair);
        let count = self.units.len();
        let scale = books.centroid_scale();
        let mut best = (f64::INFINITY, 0, false);
        for place in 1..count {
            let inertia = self.moments[place].inertia() + self.rest(place).inertia();
            let energy = scale * inertia + self.links[place];
            if energy >= best.0 {
                continue;
            }
            for turned in [false, true] {
                let energy = energy + penalty * self.violation(books, place, pair, turned);
                if energy < best.0 {
                    best = (energy, place, turned);
                }
            }
        }
        let (_, place, mut turned) = best;
        if place == 0 {
            return false;
        }
        self.mark(place);
        // Where either way round is as good, more units stay where they are.
        let stay = self.staying(books, pair);
        let other = self.violation(books, place, pair, !turned);
        if (other - self.violation(books, place, pair, turned)).abs() < 1e-12 {
            turned = 2 * stay < count;
        }
        self.take(books, pair, turned, penalty, threshold)
    }

    fn rest(&self, place: usize) -> Moments {
        let (all, part) = (&self.moments[0], &self.moments[place]);
        let mut rest = *all;
        rest.weight -= part.weight;
        rest.second -= part.second;
        (0..3).for_each(|i| rest.first[i] -= part.first[i]);
        rest
    }

    /// Violation of both territories when the subtree goes to the first of them (`turned`: the second).
    fn violation(&self, books: &Books<'_>, place: usize, pair: [u32; 2], turned: bool) -> f64 {
        let instance = books.state.instance;
        let m = instance.measures;
        let [a, b] = if turned { [pair[1], pair[0]] } else { pair };
        let windows = |t: u32| &instance.windows[t as usize * m..][..m];
        let alike = self.loads[1].is_empty();
        let loads = |second: bool| &self.loads[usize::from(second && !alike)];
        let (here, there) = (loads(turned), loads(!turned));
        let mut violation = 0.0;
        for j in 0..m {
            let (part, rest) = (here[place * m + j], there[j] - there[place * m + j]);
            violation += windows(a)[j].violation(part) + windows(b)[j].violation(rest);
        }
        violation
    }

    /// Marks the subtree of a place.
    fn mark(&mut self, place: usize) {
        self.inside.clear();
        self.inside.resize(self.units.len(), false);
        self.inside[place] = true;
        for at in place + 1..self.units.len() {
            self.inside[at] = self.inside[self.parents[at] as usize];
        }
    }

    /// Units that stay where they are if the marked ones go to the first territory.
    fn staying(&self, books: &Books<'_>, pair: [u32; 2]) -> usize {
        let marked = self.units.iter().zip(&self.inside);
        marked.filter(|&(&u, &inside)| books.state.part(u) == if inside { pair[0] } else { pair[1] }).count()
    }

    /// Makes the split; takes it back if it adds too much.
    fn take(&mut self, books: &mut Books<'_>, pair: [u32; 2], turned: bool, penalty: f64, threshold: f64) -> bool {
        let worth = |books: &Books<'_>| books.energy() + penalty * books.violation;
        let before = worth(books);
        self.moved.clear();
        for (&u, &inside) in self.units.iter().zip(&self.inside) {
            if books.state.part(u) != pair[usize::from(inside == turned)] {
                self.moved.push(u);
            }
        }
        if self.moved.is_empty() || !self.may_move(books, pair) {
            return false;
        }
        self.exchange(books, pair);
        books.settle(pair);
        if worth(books) - before <= threshold {
            return true;
        }
        self.exchange(books, pair);
        books.settle(pair);
        false
    }

    /// Whether rules let every moved unit go to the other of the two; taken strictly: as if none of them had moved yet.
    fn may_move(&self, books: &Books<'_>, pair: [u32; 2]) -> bool {
        let other = |u: u32| if books.state.part(u) == pair[0] { pair[1] } else { pair[0] };
        self.moved.iter().all(|&u| books.state.may(u, other(u)))
    }

    /// Every moved unit goes to the other of the two.
    fn exchange(&self, books: &mut Books<'_>, pair: [u32; 2]) {
        for &u in &self.moved {
            let to = if books.state.part(u) == pair[0] { pair[1] } else { pair[0] };
            books.apply(u, to);
        }
    }
}
