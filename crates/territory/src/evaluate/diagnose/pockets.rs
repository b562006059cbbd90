//! Proofs from cut units. What a unit v cuts off can only be in territories of its own, or in v's. A pocket in which q
//! territories fit at most leaves at least (its sum − q × upper bound) for v's territory: where v and all these remainders are
//! above the upper bound, no plan meets the bounds.
//!
//! Cut units and what lies behind them come from one depth-first search (Hopcroft & Tarjan 1973, doi:10.1145/362248.362272).

use super::super::words::{count, figure};
use super::{Finding, FindingKind, Limits, certified_deviation};
use crate::ids::UnitId;
use crate::problem::Problem;

/// Findings per measure.
const MOST: usize = 16;

/// All such proofs, the worst of each measure first.
pub(super) fn findings(problem: &Problem, limits: &[Limits], found: &mut Vec<Finding>) {
    let tree = Tree::new(problem);
    let measures = limits.len();
    let bounds: Vec<(f64, f64)> = limits.iter().map(|l| (l.lower(), l.upper())).collect();
    let mut worst: Vec<Vec<(f64, u32)>> = vec![Vec::new(); measures];
    let mut stuck = vec![0.0; measures];
    for unit in 0..problem.units() as u32 {
        if !tree.is_cut(problem, unit) {
            continue;
        }
        stuck.fill(0.0);
        tree.pockets(problem, unit, &mut |pocket| {
            let most = pocket.most_territories(&bounds, problem.k());
            for (m, stuck) in stuck.iter_mut().enumerate() {
                *stuck += (pocket.sums[m] - most * bounds[m].1).max(0.0);
            }
        });
        for (m, worst) in worst.iter_mut().enumerate() {
            let alone = problem.measures()[m].values[unit as usize];
            let over = alone + stuck[m] - 1e-12 * limits[m].total;
            if over > bounds[m].1 && alone <= bounds[m].1 {
                worst.push((over, unit));
            }
        }
    }
    for (l, mut worst) in limits.iter().zip(worst) {
        worst.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        worst.truncate(MOST);
        found.extend(worst.into_iter().map(|(value, unit)| finding(problem, &tree, l, &bounds, value, unit)));
    }
}

fn finding(problem: &Problem, tree: &Tree, l: &Limits, bounds: &[(f64, f64)], value: f64, unit: u32) -> Finding {
    let m = l.measure;
    let (mut units, mut sum, mut left, mut whole, mut among) = (0, 0.0, 0.0, 0.0, unit);
    // (sum, units) of every pocket, for the best deviation.
    let mut pockets: Vec<(f64, usize)> = Vec::new();
    tree.pockets(problem, unit, &mut |pocket| {
        pockets.push((pocket.sums[m], pocket.units));
        let most = pocket.most_territories(bounds, problem.k());
        let remainder = (pocket.sums[m] - most * bounds[m].1).max(0.0);
        if remainder > 0.0 {
            if left == 0.0 {
                among = pocket.unit;
            }
            (units, sum, left, whole) = (units + pocket.units, sum + pocket.sums[m], left + remainder, whole + most);
        }
    });
    let alone = problem.measures()[m].values[unit as usize];
    let impossible = |deviation: f64| {
        let (lower, upper) = l.at(deviation);
        let remainder = |&(sum, units): &(f64, usize)| {
            (sum - most_territories(&[sum], &[(lower, upper)], units, problem.k()) * upper).max(0.0)
        };
        alone + pockets.iter().map(remainder).sum::<f64>() - 1e-12 * l.total > upper
    };
    let fit = match whole as usize {
        0 => "they cannot make a territory of their own, and".to_owned(),
        1 => "at most 1 territory fits among them, and".to_owned(),
        q => format!("at most {q} territories fit among them, and"),
    };
    let name = |unit: u32| problem.unit_name(unit as usize);
    let text = format!(
        "unit {} is the only way to {} (among them {}) with {} of {}: {fit} at least {} of it shares its territory, \
         which then has {} or more, above the maximum {}",
        name(unit),
        count(units, "unit"),
        name(among),
        figure(sum),
        problem.measures()[m].name,
        figure(left),
        figure(value),
        figure(bounds[m].1)
    );
    Finding {
        kind: FindingKind::Pocket,
        measure: Some(m),
        unit: Some(UnitId(unit)),
        value,
        bound: bounds[m].1,
        best_deviation: certified_deviation(impossible),
        text,
    }
}

/// A part of the graph that hangs together without the cut unit.
struct Pocket<'a> {
    /// One of its units.
    unit: u32,
    units: usize,
    sums: &'a [f64],
}

impl Pocket<'_> {
    fn most_territories(&self, bounds: &[(f64, f64)], k: usize) -> f64 {
        most_territories(self.sums, bounds, self.units, k)
    }
}

/// How many territories fit wholly into a pocket: each has a unit and its minimum of every measure, and one is outside.
fn most_territories(sums: &[f64], bounds: &[(f64, f64)], units: usize, k: usize) -> f64 {
    let cap = units.min(k.saturating_sub(1)) as f64;
    let fit = |(sum, bounds): (&f64, &(f64, f64))| {
        if bounds.0 > 0.0 { (sum / bounds.0 + 1e-12).floor() } else { f64::INFINITY }
    };
    sums.iter().zip(bounds).map(fit).fold(cap, f64::min)
}

/// Depth-first search tree with what lies below every unit.
struct Tree {
    /// Order of discovery.
    found: Vec<u32>,
    /// Parent; the unit itself for a root.
    parent: Vec<u32>,
    /// Earliest unit (by discovery) that its subtree touches.
    low: Vec<u32>,
    /// Root of its tree.
    root: Vec<u32>,
    /// Units of the subtree.
    units: Vec<u32>,
    /// Sums of the subtree: `[unit * measures + measure]`.
    sums: Vec<f64>,
    measures: usize,
}

impl Tree {
    fn new(problem: &Problem) -> Self {
        let (n, measures) = (problem.units(), problem.measures());
        let graph = problem.graph();
        let mut tree = Self {
            found: vec![u32::MAX; n],
            parent: (0..n as u32).collect(),
            low: vec![u32::MAX; n],
            root: (0..n as u32).collect(),
            units: vec![1; n],
            sums: (0..n).flat_map(|unit| measures.iter().map(move |m| m.values[unit])).collect(),
            measures: measures.len(),
        };
        let mut order: Vec<u32> = Vec::with_capacity(n);
        // A unit and the next of its neighbours to look at.
        let mut path: Vec<(u32, usize)> = Vec::new();
        for first in 0..n as u32 {
            if tree.found[first as usize] != u32::MAX {
                continue;
            }
            tree.discover(first, first, &mut order);
            path.push((first, 0));
            while let Some((unit, next)) = path.last_mut() {
                let unit = *unit;
                let Some(&other) = graph.neighbours(unit).get(*next) else {
                    path.pop();
                    continue;
                };
                *next += 1;
                if tree.found[other as usize] == u32::MAX {
                    tree.parent[other as usize] = unit;
                    tree.discover(other, first, &mut order);
                    path.push((other, 0));
                } else if other != tree.parent[unit as usize] {
                    tree.low[unit as usize] = tree.low[unit as usize].min(tree.found[other as usize]);
                }
            }
        }
        for &unit in order.iter().rev() {
            let (child, parent) = (unit as usize, tree.parent[unit as usize] as usize);
            if child != parent {
                tree.low[parent] = tree.low[parent].min(tree.low[child]);
                tree.units[parent] += tree.units[child];
                for m in 0..tree.measures {
                    tree.sums[parent * tree.measures + m] += tree.sums[child * tree.measures + m];
                }
            }
        }
        tree
    }

    fn discover(&mut self, unit: u32, root: u32, order: &mut Vec<u32>) {
        self.found[unit as usize] = order.len() as u32;
        self.low[unit as usize] = order.len() as u32;
        self.root[unit as usize] = root;
        order.push(unit);
    }

    /// Whether `child` and what is below it hangs on `unit` alone.
    fn hangs(&self, child: u32, unit: u32) -> bool {
        child != unit && self.parent[child as usize] == unit && self.low[child as usize] >= self.found[unit as usize]
    }

    fn is_cut(&self, problem: &Problem, unit: u32) -> bool {
        let hanging = problem.graph().neighbours(unit).iter().filter(|&&c| self.hangs(c, unit)).count();
        hanging > usize::from(self.root[unit as usize] == unit)
    }

    /// Calls `each` for every part of the component without `unit`.
    fn pockets(&self, problem: &Problem, unit: u32, each: &mut dyn FnMut(Pocket<'_>)) {
        let row = |unit: u32| &self.sums[unit as usize * self.measures..(unit as usize + 1) * self.measures];
        let root = self.root[unit as usize];
        let mut rest: Vec<f64> = row(root).to_vec();
        let mut rest_units = self.units[root as usize] as usize - 1;
        for (rest, m) in rest.iter_mut().zip(problem.measures()) {
            *rest -= m.values[unit as usize];
        }
        for &child in problem.graph().neighbours(unit).iter().filter(|&&c| self.hangs(c, unit)) {
            let units = self.units[child as usize] as usize;
            rest_units -= units;
            rest.iter_mut().zip(row(child)).for_each(|(rest, sum)| *rest -= sum);
            each(Pocket { unit: child, units, sums: row(child) });
        }
        if rest_units > 0 {
            let sums: Vec<f64> = rest.iter().map(|r| r.max(0.0)).collect();
            each(Pocket { unit: root, units: rest_units, sums: &sums });
        }
    }
}
