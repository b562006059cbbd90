//! The specification of a problem, and its validation: all faults at once.

use super::limits::Limits;
use super::ways::Ways;
use super::{Distance, Measure, Objective, Problem, RuleBook, Rules, Territory, contradictions, rulebook};
use crate::adjacency::{Graph, components};
use crate::error::{ProblemError, ProblemErrors};
use crate::space::Locations;
use std::collections::BTreeSet;

/// Locations farther than this from the origin are no place on a planet, in km.
const FARTHEST_KM: f64 = 1e9;

/// What holds for components of the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ComponentRule {
    /// The graph must be connected: bridge its islands before.
    #[default]
    Connected,
    /// No territory spans components; there must be as many territories as components at least.
    Separate,
}

/// What a problem is made of. Fields are public: fill them in, then [`ProblemSpec::build`].
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ProblemSpec {
    /// One location per unit; their number is the number of units.
    pub locations: Locations,
    /// Which units are neighbours.
    pub graph: Graph,
    /// Names of units in messages; empty: their indices.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unit_names: Vec<String>,
    /// What is balanced; at least one.
    pub measures: Vec<Measure>,
    /// The territories asked for; their number is k.
    pub territories: Vec<Territory>,
    /// Name of the measure that weights compactness; none: the first.
    #[cfg_attr(feature = "serde", serde(default))]
    pub weight: Option<String>,
    /// What is minimised inside the bounds.
    #[cfg_attr(feature = "serde", serde(default))]
    pub objective: Objective,
    /// What holds for components of the graph.
    #[cfg_attr(feature = "serde", serde(default))]
    pub components: ComponentRule,
    /// A distance between units that medoids, medians and diameters are measured by; none: that between the locations.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub distance: Option<Distance>,
    /// Rules beside bounds.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Rules::is_empty"))]
    pub rules: Rules,
}

impl ProblemSpec {
    /// A problem of `k` equal territories named `"1"` to `"k"`, without measures yet.
    pub fn new(locations: Locations, graph: Graph, k: usize) -> Self {
        let territories = (1..=k).map(|t| Territory::new(t.to_string())).collect();
        Self { locations, graph, territories, ..Self::default() }
    }

    /// Adds a measure.
    pub fn measure(mut self, measure: Measure) -> Self {
        self.measures.push(measure);
        self
    }

    /// Names the territories and gives them capacities; their number becomes k.
    pub fn territories(mut self, territories: Vec<Territory>) -> Self {
        self.territories = territories;
        self
    }

    /// Names the units, in unit order.
    pub fn unit_names(mut self, names: Vec<String>) -> Self {
        self.unit_names = names;
        self
    }

    /// Weights compactness by the measure of this name.
    pub fn weight(mut self, name: impl Into<String>) -> Self {
        self.weight = Some(name.into());
        self
    }

    /// Sets what is minimised inside the bounds.
    pub fn objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// Says what holds for components of the graph.
    pub fn components(mut self, components: ComponentRule) -> Self {
        self.components = components;
        self
    }

    /// Measures medoids, medians and diameters by a distance of the caller's own.
    pub fn distance(mut self, distance: Distance) -> Self {
        self.distance = Some(distance);
        self
    }

    /// Sets the rules beside bounds.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Name of a unit: the given one, else its index.
    pub(crate) fn unit_name(&self, unit: usize) -> String {
        self.unit_names.get(unit).cloned().unwrap_or_else(|| unit.to_string())
    }

    /// Validates everything.
    ///
    /// # Errors
    /// All faults found, each naming what is wrong, where, and what to do.
    pub fn build(self) -> Result<Problem, ProblemErrors> {
        let mut errors = Vec::new();
        self.check_units(&mut errors);
        self.check_measures(&mut errors);
        self.check_territories(&mut errors);
        let weight = match &self.weight {
            None => 0,
            Some(name) => self.measures.iter().position(|m| m.name == *name).unwrap_or_else(|| {
                let known = self.measures.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
                errors.push(ProblemError::UnknownWeight { name: name.clone(), known });
                0
            }),
        };
        self.check_ways(&mut errors);
        if let Some(m) = self.measures.get(weight)
            && m.per_km.iter().any(|&v| v > 0.0)
            && m.values.iter().all(|&v| v == 0.0)
        {
            errors.push(ProblemError::WeightlessWeight { measure: m.name.clone() });
        }
        self.check_objective(&mut errors);
        if errors.is_empty() {
            self.check_components(&mut errors);
        }
        let well_formed = errors.is_empty() && contradictions::check_form(&self, &mut errors);
        let rule_book = if well_formed { rulebook::compile(&self) } else { RuleBook::default() };
        if well_formed {
            contradictions::check(&self, &rule_book, &mut errors);
        }
        let totals: Vec<f64> = self.measures.iter().map(|m| m.values.iter().sum()).collect();
        let ways = if well_formed { Ways::of(&self) } else { Ways::default() };
        let mut problem = Problem { totals, limits: Limits::default(), weight, rule_book, ways, spec: self };
        if well_formed {
            let anchored = (0..problem.measures().len()).filter(|&m| problem.is_anchored(m)).collect::<Vec<_>>();
            for m in anchored {
                let total: f64 = (0..problem.units()).map(|unit| problem.least_load(m, unit)).sum();
                if !(total > 0.0 && total.is_finite()) {
                    let measure = problem.measures()[m].name.clone();
                    errors.push(ProblemError::MeasureTotal { measure, total });
                }
                problem.totals[m] = total;
            }
            problem.set_bounds(&mut errors);
        }
        if errors.is_empty() { Ok(problem) } else { Err(ProblemErrors(errors)) }
    }

    fn check_units(&self, errors: &mut Vec<ProblemError>) {
        let units = self.locations.len();
        if units == 0 {
            errors.push(ProblemError::NoUnits);
        }
        let mut length = |what: String, found: usize| {
            if found != units {
                errors.push(ProblemError::Length { what, found, expected: units });
            }
        };
        length("the graph".into(), self.graph.len());
        for m in &self.measures {
            length(format!("measure {:?}", m.name), m.values.len());
        }
        if !self.unit_names.is_empty() {
            length("the list of unit names".into(), self.unit_names.len());
        }
        for (unit, p) in self.locations.points().iter().enumerate() {
            // Farther away squared distances lose all meaning, and their sums may overflow.
            if p.iter().any(|c| !c.is_finite() || c.abs() > FARTHEST_KM) {
                errors.push(ProblemError::Location { unit: self.unit_name(unit) });
            }
        }
        if let Some(distance) = &self.distance {
            distance.check(units, |unit| self.unit_name(unit), errors);
        }
        duplicates("unit", self.unit_names.iter().map(String::as_str), errors);
    }

    fn check_measures(&self, errors: &mut Vec<ProblemError>) {
        if self.measures.is_empty() {
            errors.push(ProblemError::NoMeasures);
        }
        duplicates("measure", self.measures.iter().map(|m| m.name.as_str()), errors);
        for m in &self.measures {
            let name = || m.name.clone();
            if m.tolerance.is_nan() || m.tolerance < 0.0 {
                errors.push(ProblemError::Tolerance { measure: name(), value: m.tolerance });
            }
            if let Some(value) = m.wish
                && !(value.is_finite() && value > 0.0 && m.tolerance.is_finite())
            {
                let what = format!("the weight of the wish for measure {:?} (tolerance {})", m.name, m.tolerance);
                let range = "a finite number > 0, beside a finite tolerance";
                errors.push(ProblemError::RuleValue { what, value, range });
            }
            let mut valid = true;
            for (unit, &value) in m.values.iter().enumerate() {
                if !value.is_finite() || value < 0.0 {
                    valid = false;
                    errors.push(ProblemError::MeasureValue { measure: name(), unit: self.unit_name(unit), value });
                }
            }
            let total: f64 = m.values.iter().sum();
            // What is nothing but its anchored part may add up to zero here.
            let some = total > 0.0 || m.per_km.iter().any(|&v| v > 0.0);
            if valid && !m.values.is_empty() && !(some && total.is_finite()) {
                errors.push(ProblemError::MeasureTotal { measure: name(), total });
            }
        }
    }

    /// Faults of the territories themselves and of what they say of measures; units are not looked at.
    pub(crate) fn territory_faults(&self) -> Vec<ProblemError> {
        let mut errors = Vec::new();
        self.check_territories(&mut errors);
        contradictions::check_territories(self, &mut errors);
        errors
    }

    fn check_territories(&self, errors: &mut Vec<ProblemError>) {
        let (territories, units) = (self.territories.len(), self.locations.len());
        if territories == 0 {
            errors.push(ProblemError::NoTerritories);
        } else if territories > units && units > 0 {
            errors.push(ProblemError::MoreTerritoriesThanUnits { territories, units });
        }
        duplicates("territory", self.territories.iter().map(|t| t.name.as_str()), errors);
        for t in &self.territories {
            if !(t.capacity.is_finite() && t.capacity > 0.0) {
                errors.push(ProblemError::Capacity { territory: t.name.clone(), value: t.capacity });
            }
        }
    }

    fn check_objective(&self, errors: &mut Vec<ProblemError>) {
        let mut sum = 0.0;
        for (term, value) in self.objective.terms() {
            if !value.is_finite() || value < 0.0 {
                errors.push(ProblemError::TermWeight { term, value });
            }
            sum += value;
        }
        if sum == 0.0 {
            errors.push(ProblemError::TermWeight { term: "inertia", value: 0.0 });
        }
    }

    fn check_components(&self, errors: &mut Vec<ProblemError>) {
        let found = components(&self.graph);
        let count = found.sizes.len();
        if self.components == ComponentRule::Separate {
            if self.territories.len() < count {
                let territories = self.territories.len();
                errors.push(ProblemError::FewerTerritoriesThanComponents { territories, components: count });
            }
        } else if count > 1 {
            let smallest = (0..count).min_by_key(|&c| (found.sizes[c], c)).unwrap_or(0) as u32;
            let unit = found.component_of.iter().position(|&c| c == smallest).unwrap_or(0);
            errors.push(ProblemError::Disconnected { components: count, unit: self.unit_name(unit) });
        }
    }
}

impl Problem {
    fn set_bounds(&mut self, errors: &mut Vec<ProblemError>) {
        let territories: Vec<&Territory> = self.spec.territories.iter().collect();
        self.limits = Limits::of(&territories, &self.spec.measures, &self.totals, errors);
    }
}

fn duplicates<'a>(what: &'static str, names: impl Iterator<Item = &'a str>, errors: &mut Vec<ProblemError>) {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for name in names {
        if !seen.insert(name) && twice.insert(name) {
            errors.push(ProblemError::DuplicateName { what, name: name.to_owned() });
        }
    }
}

impl TryFrom<ProblemSpec> for Problem {
    type Error = ProblemErrors;

    fn try_from(spec: ProblemSpec) -> Result<Self, ProblemErrors> {
        spec.build()
    }
}

impl From<Problem> for ProblemSpec {
    fn from(problem: Problem) -> Self {
        problem.spec
    }
}
