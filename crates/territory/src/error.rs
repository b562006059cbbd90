//! What can be wrong with a problem. Every error says what, where, and what to do.

/// One fault of a problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// There are no units.
    #[error("there are no units: give at least one")]
    NoUnits,
    /// There is no measure.
    #[error("no measure is given: name at least one to balance")]
    NoMeasures,
    /// k is zero.
    #[error("0 territories are asked for: ask for at least 1")]
    NoTerritories,
    /// More territories than units.
    #[error("{territories} territories are asked for, but there are only {units} units: ask for at most {units}")]
    MoreTerritoriesThanUnits {
        /// Territories asked for.
        territories: usize,
        /// Units there are.
        units: usize,
    },
    /// A column or the graph has another length than the locations.
    #[error("{what} has {found} rows, but there are {expected} units: give one row per unit")]
    Length {
        /// Which column.
        what: String,
        /// Its rows.
        found: usize,
        /// Number of units.
        expected: usize,
    },
    /// A location is not a finite number, or beyond 10⁹ km.
    #[error("unit {unit} has a location that is not finite or beyond 1e9 km: check its coordinates")]
    Location {
        /// The unit's name.
        unit: String,
    },
    /// The matrix of the problem's own distance is not square in the units.
    #[error("the distance matrix has {found} numbers, but {units} units need {units} rows of {units}: give every pair")]
    DistanceSize {
        /// Its numbers.
        found: usize,
        /// Number of units.
        units: usize,
    },
    /// An own distance is negative, infinite, not a number, or not zero from a unit to itself.
    #[error(
        "the distance from unit {from} to unit {to} is {value}: it must be a finite number ≥ 0, and 0 from a unit to itself"
    )]
    DistanceValue {
        /// One unit's name.
        from: String,
        /// The other's.
        to: String,
        /// The distance.
        value: f64,
    },
    /// An own distance differs between the two directions.
    #[error("the distance from unit {from} to unit {to} is {there}, but {back} the other way: give one for both")]
    DistanceAsymmetric {
        /// One unit's name.
        from: String,
        /// The other's.
        to: String,
        /// The distance.
        there: f64,
        /// The other way.
        back: f64,
    },
    /// A measure is negative, infinite or not a number.
    #[error("measure {measure:?} is {value} on unit {unit}: it must be a finite number ≥ 0")]
    MeasureValue {
        /// The measure.
        measure: String,
        /// The unit's name.
        unit: String,
        /// Its value.
        value: f64,
    },
    /// A measure adds up to zero or to infinity.
    #[error("measure {measure:?} adds up to {total} over all units: it cannot be balanced, leave it out or correct it")]
    MeasureTotal {
        /// The measure.
        measure: String,
        /// Its sum.
        total: f64,
    },
    /// Two measures, territories or units have the same name.
    #[error("{what} {name:?} is given twice: names must differ")]
    DuplicateName {
        /// `measure`, `territory` or `unit`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A tolerance is negative, infinite or not a number.
    #[error("the tolerance of measure {measure:?} is {value}: it must be a finite number ≥ 0, 0.05 means ±5 %")]
    Tolerance {
        /// The measure.
        measure: String,
        /// The tolerance.
        value: f64,
    },
    /// A bound is not a number, or the lower one is above the upper one.
    #[error(
        "measure {measure:?} has no value between its minimum {lower} and its maximum {upper} in territory {territory:?}: widen them or the tolerance"
    )]
    EmptyBounds {
        /// The measure.
        measure: String,
        /// The territory.
        territory: String,
        /// Larger of minimum and target × (1 − tolerance).
        lower: f64,
        /// Smaller of maximum and target × (1 + tolerance).
        upper: f64,
    },
    /// A territory's share is zero, negative, infinite or not a number.
    #[error("territory {territory:?} has the capacity {value}: it must be a finite number > 0")]
    Capacity {
        /// The territory.
        territory: String,
        /// Its capacity.
        value: f64,
    },
    /// The weight names a measure that there is not.
    #[error("the compactness weight {name:?} is none of the measures ({known}): name one of them")]
    UnknownWeight {
        /// The name.
        name: String,
        /// The measures.
        known: String,
    },
    /// The measure that weights compactness is nothing but its part per km.
    #[error(
        "measure {measure:?} weights compactness, but without its part per km it is 0 everywhere: name another measure as weight"
    )]
    WeightlessWeight {
        /// The measure.
        measure: String,
    },
    /// An objective weight is negative, infinite or not a number, or all are zero.
    #[error(
        "the weight of compactness term {term} is {value}: weights must be finite numbers ≥ 0, one of them positive"
    )]
    TermWeight {
        /// The term.
        term: &'static str,
        /// Its weight.
        value: f64,
    },
    /// The graph has several components and they were not declared separate.
    #[error(
        "the graph has {components} components (the smallest holds unit {unit}): bridge them, or declare them separate"
    )]
    Disconnected {
        /// Number of components.
        components: usize,
        /// A unit of the smallest one.
        unit: String,
    },
    /// Separate components need a territory each.
    #[error(
        "{territories} territories cannot cover {components} separate components: ask for at least {components}, or bridge them"
    )]
    FewerTerritoriesThanComponents {
        /// Territories asked for.
        territories: usize,
        /// Number of components.
        components: usize,
    },
    /// A rule names a unit that there is not.
    #[error("{rule} names unit number {unit}, but there are only {units} units: correct it")]
    RuleUnit {
        /// Which rule.
        rule: &'static str,
        /// The unit's position.
        unit: u32,
        /// Number of units.
        units: usize,
    },
    /// A rule names a territory that there is not.
    #[error("{rule} of unit {unit} names territory number {territory}, but there are only {territories}: correct it")]
    RuleTerritory {
        /// Which rule.
        rule: &'static str,
        /// The unit's name.
        unit: String,
        /// The territory's position.
        territory: u32,
        /// Number of territories.
        territories: usize,
    },
    /// A number of a rule or a territory is out of range.
    #[error("{what} is {value}: it must be {range}")]
    RuleValue {
        /// Which number, of what.
        what: String,
        /// Its value.
        value: f64,
        /// What it must be.
        range: &'static str,
    },
    /// A territory has bounds on, or carries a load of, a measure that there is not.
    #[error("{what} of territory {territory:?} names the measure {measure:?}, but there are only {known}: correct it")]
    UnknownMeasure {
        /// `a bound` or `a carried load`.
        what: &'static str,
        /// The territory.
        territory: String,
        /// The name.
        measure: String,
        /// The measures.
        known: String,
    },
    /// A radius needs a place to measure it from.
    #[error("territory {territory:?} has a radius but no anchor to measure it from: give it one")]
    RadiusWithoutAnchor {
        /// The territory.
        territory: String,
    },
    /// An anchored measure needs an anchor of every territory.
    #[error(
        "measure {measure:?} grows with the distance from anchors, but territory {territory:?} has none: give it one, or leave the part per km out"
    )]
    Unanchored {
        /// The measure.
        measure: String,
        /// A territory without anchor.
        territory: String,
    },
    /// Two anchors are nearer than centres may be.
    #[error(
        "the anchors of territories {a:?} and {b:?} are {km:.3} km apart, but centres must be {least} km apart: move one or ask for less"
    )]
    AnchorsTooNear {
        /// One territory.
        a: String,
        /// The other.
        b: String,
        /// Their distance in km.
        km: f64,
        /// What is asked for, in km.
        least: f64,
    },
    /// A unit is locked to two territories.
    #[error("unit {unit} is locked to territory {first:?} and to territory {second:?}: take one of the locks away")]
    LockedTwice {
        /// The unit's name.
        unit: String,
        /// One territory.
        first: String,
        /// The other.
        second: String,
    },
    /// No territory may have a unit.
    #[error("unit {unit} may be in no territory: {because}; loosen one of them")]
    NowhereAllowed {
        /// The unit's name.
        unit: String,
        /// Which rules leave nothing.
        because: String,
    },
    /// No territory may have all units of a group.
    #[error("units {units} stay together, but no territory may have all of them: {because}; loosen one of them")]
    TogetherNowhere {
        /// Names of the units.
        units: String,
        /// Which rules leave nothing.
        because: String,
    },
    /// Two units must be together and apart.
    #[error(
        "units {a} and {b} must be kept apart, but stay together by the groups they are in: take one of the rules away"
    )]
    TogetherAndApart {
        /// One unit's name.
        a: String,
        /// The other's.
        b: String,
    },
    /// Units cannot be kept apart in the territories that they may be in.
    #[error(
        "units {units} cannot be kept apart in {territories}: take one of the pairs away, or allow more territories"
    )]
    ApartImpossible {
        /// Names of the units.
        units: String,
        /// The territories that they may be in.
        territories: String,
    },
    /// Territories that too few units may be in.
    #[error("territories {territories} cannot all have a unit: {units} may be in them; allow more units")]
    Unfillable {
        /// Names of the territories.
        territories: String,
        /// The units in words.
        units: String,
        /// How many units, groups counted as one.
        found: usize,
    },
    /// Rules that hold one by one but not together; all possibilities were tried.
    #[error(
        "no plan gives every territory a unit and keeps all locks, allowed sets, groups and pairs that are apart: all were tried; loosen one of them"
    )]
    RulesContradict,
    /// A given plan has another length, or names a territory that there is not.
    #[error("the given plan puts unit {unit} into territory {territory}, but there are {territories}: correct it")]
    PlanTerritory {
        /// The unit's name.
        unit: String,
        /// Index of the territory.
        territory: u32,
        /// Number of territories.
        territories: usize,
    },
}

/// All faults found in a problem, never empty.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", join(.0))]
pub struct ProblemErrors(pub Vec<ProblemError>);

fn join(errors: &[ProblemError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
