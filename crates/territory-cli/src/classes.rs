//! Classes of units or customers (a grade, a life-cycle): every value of a property becomes a measure that counts it, `--at-most` and
//! `--spread` bound it.

use crate::args::{AtMost, RuleOptions, Spread};
use crate::failure::{Failure, lines};
use crate::input::{Units, property};
use crate::measures::{Column, Customers, Measured, Wanted};
use crate::rules::one_name;
use std::collections::HashSet;
use territory::Territory;
use territory_geojson::FeatureTable;

/// Classes of one property; every one is a measure.
const MOST: usize = 100;

/// A class that is shared out evenly.
pub(crate) struct ClassBounds {
    /// Name of its measure.
    measure: String,
    tolerance: f64,
}

/// Adds the measures of the classes to those that are wanted. The result is what is shared out evenly.
pub(crate) fn want(
    rules: &RuleOptions,
    units: &Units,
    customers: Option<&Customers>,
    wanted: &mut Vec<Wanted>,
) -> Result<Vec<ClassBounds>, Failure> {
    let mut twice = Vec::new();
    for AtMost { property, count } in &rules.at_most {
        for at in classes(property, "--at-most", units, customers, wanted)? {
            if wanted[at].maximum.replace(f64::from(*count)).is_some() {
                twice.push(format!("--at-most {property} is given twice: give it once"));
            }
        }
    }
    let mut spread: Vec<ClassBounds> = Vec::new();
    for Spread { property, tolerance } in &rules.spread {
        for at in classes(property, "--spread", units, customers, wanted)? {
            let measure = wanted[at].name.clone();
            if spread.iter().any(|s| s.measure == measure) {
                twice.push(format!("--spread {property} is given twice: give it once"));
            }
            spread.push(ClassBounds { measure, tolerance: *tolerance });
        }
    }
    twice.dedup();
    if twice.is_empty() { Ok(spread) } else { Err(Failure::Arguments(lines(twice.iter()))) }
}

/// Positions of the measures of a property's classes, in order of first appearance.
fn classes(
    name: &str,
    option: &str,
    units: &Units,
    customers: Option<&Customers>,
    wanted: &mut Vec<Wanted>,
) -> Result<Vec<usize>, Failure> {
    let no_customers = || Failure::Arguments(format!("{option} {name} needs --customers FILE"));
    let of_customers = customers.filter(|c| c.table.has_property(name));
    let (own, of) = match (name.strip_prefix("units:"), name.strip_prefix("customers:")) {
        (Some(own), _) => (own, None),
        (_, Some(own)) => (own, Some(customers.ok_or_else(no_customers)?)),
        _ if units.table.has_property(name) && of_customers.is_some() => {
            return Err(Failure::Arguments(format!(
                "both {} and the customers have the property \"{name}\": write units:{name} or customers:{name}",
                units.table.file()
            )));
        }
        _ => (name, of_customers),
    };
    let (table, rows) = of.map_or((&units.table, &units.rows), |c| (&c.table, &c.rows));
    let column = property(table, own, option)?;
    let (mut seen, mut values) = (HashSet::new(), Vec::new());
    for &row in rows {
        let value = one_name(column.get(row as usize)).map_err(|what| {
            let feature = crate::input::feature(table, row as usize);
            Failure::Input(format!("{}: {feature}: \"{own}\" is {what}, but a class is one name", table.file()))
        })?;
        if let Some(value) = value.filter(|value| seen.insert(value.clone())) {
            values.push(value);
        }
    }
    if values.is_empty() || values.len() > MOST {
        return Err(Failure::Input(format!(
            "{}: \"{own}\" has {} different values, but {option} takes classes, 1 to {MOST} of them: choose another property",
            table.file(),
            values.len()
        )));
    }
    let measure = |value: String| {
        let (measure, property) = (format!("{name}={value}"), own.to_owned());
        let column = match of {
            Some(_) => Column::ClassOfCustomers { property, value },
            None => Column::ClassOfUnits { property, value },
        };
        wanted.iter().position(|w| w.column == column).unwrap_or_else(|| {
            wanted.push(Wanted::new(measure, column));
            wanted.len() - 1
        })
    };
    Ok(values.into_iter().map(measure).collect())
}

/// 1 on the rows that have this value, 0 on the others.
pub(crate) fn indicator(table: &FeatureTable, rows: &[u32], property: &str, value: &str) -> Vec<f64> {
    let column = table.property(property);
    let is = |&row: &u32| {
        let found = column.and_then(|column| one_name(column.get(row as usize)).ok().flatten());
        f64::from(found.as_deref() == Some(value))
    };
    rows.iter().map(is).collect()
}

/// Gives every territory its bounds on the classes that are shared out: its share, within the tolerance or within one.
pub(crate) fn bound(measured: &Measured, territories: &mut [Territory]) {
    let capacities: f64 = territories.iter().map(|t| t.capacity).sum();
    for class in &measured.spread {
        let Some(m) = measured.measures.iter().position(|m| m.name == class.measure) else { continue };
        let carried: f64 = measured.accounts.iter().map(|a| a.loads[m]).sum();
        let total = measured.measures[m].values.iter().sum::<f64>() + carried;
        for t in &mut *territories {
            let (lower, upper) = around(total * t.capacity / capacities, class.tolerance);
            *t = std::mem::replace(t, Territory::new("")).bounds(class.measure.as_str(), Some(lower), Some(upper));
        }
    }
}

/// What is near enough to a target: within the tolerance, or within one of what is counted.
fn around(target: f64, tolerance: f64) -> (f64, f64) {
    let room = (target * tolerance).max(1.0);
    ((target - room).max(0.0), target + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_within_its_tolerance_or_within_one() {
        assert_eq!(around(2.5, 0.1), (1.5, 3.5));
        assert_eq!(around(100.0, 0.1), (90.0, 110.0));
        assert_eq!(around(0.3, 0.5), (0.0, 1.3));
    }
}
