//! An instance: units with locations, links and measures, and the hash by which results name it.

use crate::random::mix;
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::{Locations, Measure, Objective, Problem, ProblemErrors, ProblemSpec, Space};

/// Units to be partitioned. k and tolerance belong to the [`crate::catalog::Case`].
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name in tables.
    pub name: String,
    /// What the locations are in.
    pub space: Space,
    /// Locations in km, as [`Space::locate`] gives them.
    pub points: Vec<[f64; 3]>,
    /// Links between units, each pair once; connected.
    pub links: Vec<Link>,
    /// Measures: name and one value per unit. The first one weights compactness.
    pub measures: Vec<(String, Vec<f64>)>,
}

/// A link between two units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The smaller unit index.
    pub a: u32,
    /// The larger unit index.
    pub b: u32,
    /// Length of the shared border in km; 0 where there is none.
    pub border_km: f32,
}

impl Link {
    /// Ends put in order.
    pub fn new(a: u32, b: u32, border_km: f32) -> Self {
        Self { a: a.min(b), b: a.max(b), border_km }
    }
}

impl Instance {
    /// Number of units.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no unit.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The measure that weights compactness.
    pub fn weights(&self) -> &[f64] {
        self.measures.first().map_or(&[], |m| &m.1)
    }

    /// Hash over the bits of locations, links and measures in order: two instances with the same hash are the same input.
    pub fn hash(&self) -> u64 {
        let mut hash = mix(self.points.len() as u64 ^ 0x7465_7272_6974_6F72);
        let mut add = |word: u64| hash = mix(hash.rotate_left(5) ^ word);
        self.points.iter().flatten().for_each(|x| add(x.to_bits()));
        for link in &self.links {
            add(u64::from(link.a) << 32 | u64::from(link.b));
            add(u64::from(link.border_km.to_bits()));
        }
        self.measures.iter().flat_map(|m| &m.1).for_each(|x| add(x.to_bits()));
        hash
    }

    /// The engine's graph.
    pub fn graph(&self) -> Graph {
        let edges: Vec<Edge> = self.links.iter().map(|l| Edge::new(l.a, l.b, EdgeKind::Border, l.border_km)).collect();
        Graph::from_edges(self.len(), &edges)
    }

    /// The engine's problem with the same tolerance on every measure.
    ///
    /// # Errors
    /// What the engine's validation finds.
    pub fn problem(&self, k: usize, tolerance: f64, objective: Objective) -> Result<Problem, ProblemErrors> {
        let locations = Locations::from_points(self.space, self.points.clone());
        let mut spec = ProblemSpec::new(locations, self.graph(), k).objective(objective);
        for (name, values) in &self.measures {
            spec = spec.measure(Measure::new(name.clone(), values.clone()).tolerance(tolerance));
        }
        spec.build()
    }

    /// Keeps the largest component only, so that the graph is connected.
    pub fn keep_largest_component(&mut self) {
        let (component, sizes) = components(self.len(), &self.links);
        let Some(largest) = (0..sizes.len()).max_by_key(|&c| (sizes[c], std::cmp::Reverse(c))) else { return };
        if sizes.len() == 1 {
            return;
        }
        let mut next = 0;
        let index: Vec<u32> = component
            .iter()
            .map(|&c| {
                let kept = c as usize == largest;
                next += u32::from(kept);
                if kept { next - 1 } else { u32::MAX }
            })
            .collect();
        let kept = |unit: &usize| index[*unit] != u32::MAX;
        self.points = (0..self.points.len()).filter(kept).map(|u| self.points[u]).collect();
        for (_, values) in &mut self.measures {
            *values = (0..values.len()).filter(kept).map(|u| values[u]).collect();
        }
        self.links.retain(|l| index[l.a as usize] != u32::MAX);
        for link in &mut self.links {
            (link.a, link.b) = (index[link.a as usize], index[link.b as usize]);
        }
    }

    /// Joins components: the smallest one gets the shortest link between locations to any other, until one is left.
    /// Returns the links that were added.
    pub fn join_components(&mut self) -> Vec<Link> {
        let mut added = Vec::new();
        loop {
            let (component, sizes) = components(self.len(), &self.links);
            if sizes.len() < 2 {
                return added;
            }
            let smallest = (0..sizes.len()).min_by_key(|&c| (sizes[c], c)).unwrap_or(0) as u32;
            let (inside, outside): (Vec<u32>, Vec<u32>) =
                (0..self.len() as u32).partition(|&u| component[u as usize] == smallest);
            let mut best = (f64::INFINITY, 0, 0);
            for &a in &inside {
                for &b in &outside {
                    let d2 = territory::squared_distance(self.points[a as usize], self.points[b as usize]);
                    if d2 < best.0 {
                        best = (d2, a, b);
                    }
                }
            }
            let link = Link::new(best.1, best.2, 0.0);
            self.links.push(link);
            added.push(link);
        }
    }
}

/// Component of every unit (numbered by first unit) and units per component, by union-find.
pub fn components(units: usize, links: &[Link]) -> (Vec<u32>, Vec<u32>) {
    let mut sets = DisjointSets::new(units);
    for link in links {
        sets.join(link.a, link.b);
    }
    sets.numbered()
}

/// Union-find with path halving; the smaller index leads.
pub(crate) struct DisjointSets(Vec<u32>);

impl DisjointSets {
    pub(crate) fn new(len: usize) -> Self {
        Self((0..len as u32).collect())
    }

    fn leader(&mut self, mut unit: u32) -> u32 {
        while self.0[unit as usize] != unit {
            let up = self.0[self.0[unit as usize] as usize];
            self.0[unit as usize] = up;
            unit = up;
        }
        unit
    }

    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.leader(a), self.leader(b));
        self.0[a.max(b) as usize] = a.min(b);
    }

    /// Set of every element, numbered by first element, and elements per set.
    pub(crate) fn numbered(mut self) -> (Vec<u32>, Vec<u32>) {
        let (mut number, mut sizes) = (vec![u32::MAX; self.0.len()], Vec::new());
        for unit in 0..self.0.len() as u32 {
            let leader = self.leader(unit) as usize;
            if number[leader] == u32::MAX {
                number[leader] = sizes.len() as u32;
                sizes.push(0);
            }
            number[unit as usize] = number[leader];
            sizes[number[leader] as usize] += 1;
        }
        (number, sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(points: &[f64], links: &[(u32, u32)]) -> Instance {
        Instance {
            name: "path".into(),
            space: Space::Planar,
            points: points.iter().map(|&x| [x, 0.0, 0.0]).collect(),
            links: links.iter().map(|&(a, b)| Link::new(a, b, 1.0)).collect(),
            measures: vec![("weight".into(), points.to_vec())],
        }
    }

    #[test]
    fn islands_are_joined_by_their_shortest_link() {
        let mut instance = path(&[0.0, 1.0, 5.0, 6.0, 9.0], &[(0, 1), (2, 3)]);
        let added: Vec<_> = instance.join_components().iter().map(|l| (l.a, l.b)).collect();
        assert_eq!(added, [(3, 4), (1, 2)]);
    }

    #[test]
    fn small_components_are_dropped_with_their_columns() {
        let mut instance = path(&[0.0, 1.0, 5.0, 6.0, 7.0], &[(0, 1), (2, 3), (3, 4)]);
        instance.keep_largest_component();
        assert_eq!(instance.weights(), [5.0, 6.0, 7.0]);
        assert_eq!(instance.links.iter().map(|l| (l.a, l.b)).collect::<Vec<_>>(), [(0, 1), (1, 2)]);
    }

    #[test]
    fn the_hash_sees_every_column() {
        let instance = path(&[0.0, 1.0, 5.0], &[(0, 1), (1, 2)]);
        let mut other = instance.clone();
        other.measures[0].1[2] = 5.000_000_1;
        assert_ne!(instance.hash(), other.hash());
        other.clone_from(&instance);
        other.links[1].border_km = 2.0;
        assert_ne!(instance.hash(), other.hash());
    }
}
