//! Who gets which territory: least travel and least loss of relations, under qualifications, solved exactly as an assignment problem
//! (the engine's: Jonker & Volgenant 1987).

use crate::{SalesError, check};
use territory::Space;
use territory::flow::maximum_weight_matching;

/// A rep.
#[derive(Clone, Debug, PartialEq)]
pub struct Rep {
    /// The rep's name, as customers' owners are named.
    pub name: String,
    /// Home, `[longitude, latitude]` or `[x, y]`.
    pub home: [f64; 2],
    /// What the rep is qualified for: languages, licences, product lines.
    pub qualifications: Vec<String>,
}

/// A territory to be given to a rep.
#[derive(Clone, Debug, PartialEq)]
pub struct Vacancy {
    /// Its name.
    pub name: String,
    /// Where its work is, `[longitude, latitude]` or `[x, y]`: its centroid.
    pub centre: [f64; 2],
    /// What its rep must be qualified for.
    pub requires: Vec<String>,
    /// Relations at stake: sales with customers of each present owner, currency per year.
    pub sales_by_owner: Vec<(String, f64)>,
}

/// What a pair costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairCosts {
    /// Of a kilometre between home and the territory's centre, currency per year: trips there and back × cost per km × circuity.
    pub per_km: f64,
    /// Share of the sales with a customer that is lost when another rep comes, 0 to 1.
    pub relation_loss: f64,
    /// What is left of a unit of lost sales, 0 to 1.
    pub margin: f64,
}

/// A rep's territory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Placement {
    /// The rep, a row index.
    pub rep: usize,
    /// The territory, a row index.
    pub territory: usize,
    /// Cost of travel, currency per year.
    pub travel: f64,
    /// Margin lost with customers who knew another rep, currency per year.
    pub relations: f64,
    /// What all placements together cost more if this rep may not have this territory; none if then a territory would stay without a rep.
    pub second_best: Option<f64>,
}

/// Who gets what.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Placements {
    /// One per territory, in territory order.
    pub placements: Vec<Placement>,
    /// What they cost together, currency per year.
    pub cost: f64,
    /// Reps without a territory.
    pub idle: Vec<usize>,
}

/// Places reps so that all territories have one, at the least total cost of travel and lost relations.
///
/// ```
/// use territory::Space;
/// use territory_sales::reps::{PairCosts, Rep, Vacancy, place};
/// let rep = |name: &str, x: f64| Rep { name: name.into(), home: [x, 0.0], qualifications: vec![] };
/// let vacancy = |name: &str, x: f64, owner: &str| Vacancy {
///     name: name.into(), centre: [x, 0.0], requires: vec![], sales_by_owner: vec![(owner.into(), 1000.0)],
/// };
/// let reps = [rep("R01", 0.0), rep("R02", 10_000.0)];
/// let territories = [vacancy("West", 0.0, "R02"), vacancy("East", 10_000.0, "R01")];
/// // Relations outweigh ten kilometres of way …
/// let costs = PairCosts { per_km: 5.0, relation_loss: 0.2, margin: 0.5 };
/// let placed = place(Space::Planar, &reps, &territories, &costs)?;
/// assert_eq!([placed.placements[0].rep, placed.placements[1].rep], [1, 0]);
/// assert_eq!((placed.cost, placed.placements[0].second_best), (100.0, Some(100.0)));
/// // … unless kilometres are dear.
/// let placed = place(Space::Planar, &reps, &territories, &PairCosts { per_km: 50.0, ..costs })?;
/// assert_eq!([placed.placements[0].rep, placed.placements[1].rep], [0, 1]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Parameters out of range, negative sales, homes or centres at no place or with longitude and latitude swapped; [`SalesError::Unassignable`] where qualifications or numbers leave a territory without a
/// rep.
pub fn place(space: Space, reps: &[Rep], territories: &[Vacancy], costs: &PairCosts) -> Result<Placements, SalesError> {
    check::at_least_zero("the cost per km", costs.per_km)?;
    check::share("the loss of relations", costs.relation_loss)?;
    check::share("the margin", costs.margin)?;
    for v in territories {
        let sales: Vec<f64> = v.sales_by_owner.iter().map(|o| o.1).collect();
        check::values(
            "the sales by owner",
            &sales,
            check::NOT_NEGATIVE,
            |s| s.is_finite() && s >= 0.0,
            |_| v.name.clone(),
        )?;
    }
    let homes: Vec<[f64; 2]> = reps.iter().map(|r| r.home).collect();
    check::places(space, &homes, |row| reps[row].name.clone())?;
    let centres: Vec<[f64; 2]> = territories.iter().map(|v| v.centre).collect();
    check::places(space, &centres, |row| territories[row].name.clone())?;
    let table = Table::new(space, reps, territories, costs);
    let best = table.solve(None)?;
    let cost = table.total(&best);
    let placement = |(territory, &rep): (usize, &usize)| Placement {
        rep,
        territory,
        travel: table.pairs[territory][rep].map_or(0.0, |p| p.0),
        relations: table.pairs[territory][rep].map_or(0.0, |p| p.1),
        second_best: table.solve(Some((territory, rep))).ok().map(|other| (table.total(&other) - cost).max(0.0)),
    };
    let placements: Vec<Placement> = best.iter().enumerate().map(placement).collect();
    let idle = (0..reps.len()).filter(|rep| !best.contains(rep)).collect();
    Ok(Placements { placements, cost, idle })
}

/// Costs of all pairs, travel and relations; none where the rep is not qualified.
struct Table<'a> {
    territories: &'a [Vacancy],
    reps: usize,
    pairs: Vec<Vec<Option<(f64, f64)>>>,
}

impl<'a> Table<'a> {
    fn new(space: Space, reps: &[Rep], territories: &'a [Vacancy], costs: &PairCosts) -> Self {
        let pair = |v: &Vacancy, rep: &Rep| {
            if !v.requires.iter().all(|q| rep.qualifications.contains(q)) {
                return None;
            }
            let km = space.distance_km(space.locate(rep.home), space.locate(v.centre));
            let others: f64 = v.sales_by_owner.iter().filter(|o| o.0 != rep.name).map(|o| o.1).sum();
            Some((km * costs.per_km, others * costs.relation_loss * costs.margin))
        };
        let pairs = territories.iter().map(|v| reps.iter().map(|r| pair(v, r)).collect()).collect();
        Self { territories, reps: reps.len(), pairs }
    }

    fn cost(&self, territory: usize, rep: usize) -> f64 {
        self.pairs[territory][rep].map_or(0.0, |(travel, relations)| travel + relations)
    }

    fn total(&self, rep_of: &[usize]) -> f64 {
        rep_of.iter().enumerate().map(|(territory, &rep)| self.cost(territory, rep)).sum()
    }

    /// The rep of every territory at the least total cost, without a forbidden pair.
    fn solve(&self, forbidden: Option<(usize, usize)>) -> Result<Vec<usize>, SalesError> {
        let n = self.territories.len();
        let all = || (0..n).flat_map(|t| (0..self.reps).map(move |r| (t, r)));
        let dearest = all().map(|(t, r)| self.cost(t, r)).fold(0.0, f64::max);
        // One territory more outweighs any saving in cost: the heaviest matching is complete where one can be.
        let prize = (n as f64 + 1.0) * (dearest + 1.0);
        let entries: Vec<(u32, u32, f64)> = all()
            .filter(|&(t, r)| self.pairs[t][r].is_some() && forbidden != Some((t, r)))
            .map(|(t, r)| (t as u32, r as u32, prize - self.cost(t, r)))
            .collect();
        let matching = maximum_weight_matching(n, self.reps, &entries);
        match matching.column_of.iter().position(Option::is_none) {
            Some(without) => Err(SalesError::Unassignable {
                assigned: matching.column_of.iter().flatten().count(),
                territories: n,
                territory: self.territories[without].name.clone(),
            }),
            None => Ok(matching.column_of.iter().flatten().map(|&r| r as usize).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Least total cost over all injective placements, by trying them.
    fn brute(table: &Table<'_>, territory: usize, used: u32, forbidden: Option<(usize, usize)>) -> Option<f64> {
        if territory == table.territories.len() {
            return Some(0.0);
        }
        (0..table.reps)
            .filter(|&r| {
                used & (1 << r) == 0 && table.pairs[territory][r].is_some() && forbidden != Some((territory, r))
            })
            .filter_map(|r| Some(table.cost(territory, r) + brute(table, territory + 1, used | 1 << r, forbidden)?))
            .min_by(f64::total_cmp)
    }

    fn letters(mask: u8) -> Vec<String> {
        (0..2).filter(|b| mask & (1 << b) != 0).map(|b| format!("q{b}")).collect()
    }

    proptest! {
        /// Protects optimality, the second-best costs and the refusal against trying everything.
        #[test]
        fn placements_are_the_cheapest(
            reps in prop::collection::vec((0.0f64..9e4, 0.0f64..9e4, 0u8..4), 1..6),
            territories in prop::collection::vec((0.0f64..9e4, 0.0f64..9e4, prop::sample::select(vec![0u8, 0, 0, 1, 2]), 0usize..6, 0.0f64..1e3), 1..6),
        ) {
            let name = |i: usize| format!("rep {i}");
            let reps: Vec<Rep> = reps.iter().enumerate()
                .map(|(i, r)| Rep { name: name(i), home: [r.0, r.1], qualifications: letters(r.2) }).collect();
            let vacancies: Vec<Vacancy> = territories.iter().enumerate()
                .map(|(i, v)| Vacancy {
                    name: i.to_string(), centre: [v.0, v.1], requires: letters(v.2), sales_by_owner: vec![(name(v.3), v.4)],
                }).collect();
            let costs = PairCosts { per_km: 3.0, relation_loss: 0.5, margin: 0.4 };
            let table = Table::new(Space::Planar, &reps, &vacancies, &costs);
            match place(Space::Planar, &reps, &vacancies, &costs) {
                Err(_) => prop_assert_eq!(brute(&table, 0, 0, None), None),
                Ok(placed) => {
                    let best = brute(&table, 0, 0, None).unwrap();
                    prop_assert!((placed.cost - best).abs() < 1e-6);
                    for p in &placed.placements {
                        let other = brute(&table, 0, 0, Some((p.territory, p.rep))).map(|c| c - best);
                        prop_assert_eq!(other.is_some(), p.second_best.is_some());
                        prop_assert!((other.unwrap_or(0.0) - p.second_best.unwrap_or(0.0)).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn a_territory_that_nobody_may_have_is_named() {
        let rep = Rep { name: "R01".into(), home: [0.0, 0.0], qualifications: vec!["oncology".into()] };
        let vacancy = |name: &str, requires: &str| Vacancy {
            name: name.into(),
            centre: [0.0, 0.0],
            requires: vec![requires.into()],
            sales_by_owner: vec![],
        };
        let costs = PairCosts { per_km: 1.0, relation_loss: 0.1, margin: 0.5 };
        let both = [vacancy("North", "oncology"), vacancy("South", "cardiology")];
        let fault = place(Space::Geographic, std::slice::from_ref(&rep), &both, &costs).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "only 1 of 2 territories can get a rep; \"South\" stays without: loosen its qualifications or add reps"
        );
        let swapped = Rep { home: [39.9, 116.4], ..rep.clone() };
        let fault = place(Space::Geographic, &[swapped], &both[..1], &costs).unwrap_err();
        assert!(matches!(&fault, SalesError::SwappedCoordinates { row, count: 1, .. } if row == "R01"), "{fault}");
        let astray = Vacancy { centre: [39.9, 116.4], ..both[0].clone() };
        let fault = place(Space::Geographic, std::slice::from_ref(&rep), &[astray], &costs).unwrap_err();
        assert!(matches!(&fault, SalesError::SwappedCoordinates { row, .. } if row == "North"), "{fault}");
        let nowhere = Vacancy { centre: [400.0, 100.0], ..both[0].clone() };
        let fault = place(Space::Geographic, std::slice::from_ref(&rep), &[nowhere], &costs).unwrap_err();
        assert!(matches!(&fault, SalesError::NoPlace { row, .. } if row == "North"), "{fault}");
        let dear = PairCosts { margin: 1.5, ..costs };
        assert!(matches!(place(Space::Geographic, &[rep], &both, &dear), Err(SalesError::Parameter { .. })));
    }
}
