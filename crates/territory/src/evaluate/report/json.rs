//! How the report's numbers are written: null where they are not finite, and never −0.

use serde::Serializer;
use serde::ser::SerializeMap;

fn finite_or_none(value: f64) -> Option<f64> {
    // Adding 0.0 turns −0.0 into 0.0.
    value.is_finite().then_some(value + 0.0)
}

pub(super) fn finite<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    finite_option(&Some(*value), to)
}

pub(super) fn finite_option<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value.and_then(finite_or_none) {
        Some(v) => to.serialize_some(&v),
        None => to.serialize_none(),
    }
}

pub(super) fn by_name<S: Serializer>(values: &[(String, f64)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(values.len()))?;
    for (name, value) in values {
        map.serialize_entry(name, &finite_or_none(*value))?;
    }
    map.end()
}

pub(super) fn pairs_by_name<S: Serializer>(values: &[(String, [f64; 2])], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(values.len()))?;
    for (name, pair) in values {
        map.serialize_entry(name, &pair.map(finite_or_none))?;
    }
    map.end()
}

pub(super) fn series<S: Serializer>(values: &[f64], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().copied().map(finite_or_none))
}
