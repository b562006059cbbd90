//! Why a live plan refuses a change. Each error names the unit or the territory, the rule, and what to do.

use crate::error::ProblemErrors;
use crate::ids::{TerritoryId, UnitId};
use std::fmt;

/// A rule that says where a unit may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceRule {
    /// It is locked to a territory, of this name.
    LockedTo(String),
    /// It is allowed in some territories only; their names.
    AllowedIn(Vec<String>),
    /// It is forbidden there.
    ForbiddenThere,
    /// It needs a skill that the territory does not have.
    Needs(String),
    /// It lies beyond the territory's radius.
    BeyondRadius,
}

impl fmt::Display for PlaceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LockedTo(territory) => write!(f, "it is locked to territory {territory:?}"),
            Self::AllowedIn(territories) => write!(f, "it is allowed in {territories:?} only"),
            Self::ForbiddenThere => write!(f, "it is forbidden there"),
            Self::Needs(skill) => write!(f, "it needs {skill:?}, which the territory does not have"),
            Self::BeyondRadius => write!(f, "it lies beyond the territory's radius"),
        }
    }
}

/// Why a change was refused. The plan is then as it was, bit for bit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// There is no such unit.
    #[error("there is no unit number {unit}, only {units}, counted from 0: correct it")]
    UnknownUnit {
        /// Its position.
        unit: UnitId,
        /// Number of units.
        units: usize,
    },
    /// There is no such territory, or no longer.
    #[error("territory number {territory} does not stand: name one of those that do")]
    UnknownTerritory {
        /// Its position.
        territory: TerritoryId,
    },
    /// There is no such measure.
    #[error("there is no measure number {measure}, only {measures}, counted from 0: correct it")]
    UnknownMeasure {
        /// Its position.
        measure: usize,
        /// Number of measures.
        measures: usize,
    },
    /// No unit is given.
    #[error("no unit is given to begin territory {territory:?} with: name one at least")]
    NoUnits {
        /// The territory's name.
        territory: String,
    },
    /// One change sends a unit, or a group that stays together, to two territories.
    #[error("unit {unit} is sent to two territories at once, itself or with its group: keep one")]
    SentTwice {
        /// The unit's name.
        unit: String,
    },
    /// A rule of the problem keeps a unit out of a territory.
    #[error("unit {unit} may not be in territory {territory:?}: {rule}")]
    NotAllowed {
        /// The unit's name; of a group the member that the rule is about.
        unit: String,
        /// The territory's name.
        territory: String,
        /// The rule.
        rule: PlaceRule,
    },
    /// A unit was locked where it is.
    #[error("unit {unit} was locked in territory {territory:?}: unlock it first")]
    Locked {
        /// The unit's name.
        unit: String,
        /// Name of the territory that it is in.
        territory: String,
    },
    /// A group that came in split cannot be locked where it is.
    #[error(
        "unit {unit} cannot be locked: unit {other} stays together with it but is in another territory; move them first"
    )]
    SplitGroup {
        /// The unit's name.
        unit: String,
        /// Name of a unit of its group in another territory.
        other: String,
    },
    /// Two units that are kept apart would share a territory.
    #[error(
        "units {unit} and {other} are kept apart, but both would be in territory {territory:?}: move one elsewhere"
    )]
    Apart {
        /// Name of a unit that was to move.
        unit: String,
        /// The other's name.
        other: String,
        /// The territory's name.
        territory: String,
    },
    /// A territory would lose its last unit.
    #[error("territory {territory:?} would have no unit left: remove the territory instead")]
    Empties {
        /// The territory's name.
        territory: String,
    },
    /// The last territory cannot be removed.
    #[error("territory {territory:?} is the last one: add another before it is removed")]
    LastTerritory {
        /// The territory's name.
        territory: String,
    },
    /// No other territory may have a unit of the one to be removed.
    #[error(
        "territory {territory:?} cannot be removed: no other place was found for unit {unit}; loosen its rules or move it first"
    )]
    NoPlace {
        /// The territory's name.
        territory: String,
        /// The unit's name.
        unit: String,
    },
    /// What the problem itself would be refused for with other territories.
    #[error(transparent)]
    Territories(#[from] ProblemErrors),
}
