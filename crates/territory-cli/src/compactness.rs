//! `--compactness`: the terms that are minimised, mixed by weight.

use crate::args::{Goal, number};
use std::str::FromStr;
use territory::Objective;

/// `KIND[=WEIGHT]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compactness {
    kind: Kind,
    weight: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Inertia,
    InertiaMedoid,
    Median,
    Diameter,
    Border,
    Cut,
}

/// The mix that was asked for; the default one where nothing was. What counts beside compactness keeps its weight.
pub(crate) fn objective(goal: &Goal) -> Objective {
    let usual = Objective::default();
    let mut start = if goal.compactness.is_empty() { usual } else { Objective::NONE };
    start.ties = goal.ties_weight.unwrap_or(usual.ties);
    start.splits = goal.splits_weight.unwrap_or(usual.splits);
    goal.compactness.iter().fold(start, |mut mix, term| {
        let weight = match term.kind {
            Kind::Inertia => &mut mix.inertia,
            Kind::InertiaMedoid => &mut mix.inertia_medoid,
            Kind::Median => &mut mix.median,
            Kind::Diameter => &mut mix.diameter,
            Kind::Border => &mut mix.border,
            Kind::Cut => &mut mix.cut,
        };
        *weight += term.weight;
        mix
    })
}

impl FromStr for Compactness {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, weight) = match text.rsplit_once('=') {
            None => (text, 1.0),
            Some((kind, weight)) => (kind, number(weight).map_err(|e| format!("the weight {e}"))?),
        };
        let kind = match kind {
            "inertia" => Kind::Inertia,
            "inertia-medoid" => Kind::InertiaMedoid,
            "median" => Kind::Median,
            "diameter" => Kind::Diameter,
            "border" => Kind::Border,
            "cut" => Kind::Cut,
            _ => return Err("choose inertia, inertia-medoid, median, diameter, border or cut".to_owned()),
        };
        Ok(Self { kind, weight })
    }
}
