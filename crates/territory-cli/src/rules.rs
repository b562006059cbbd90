//! Rules as the files say them: by names of units and territories. Which territories there are is known only with their number,
//! so names become indices last, in [`NamedRules::bind`].

use crate::args::RuleOptions;
use crate::failure::{Failure, lines};
use crate::input::{Units, property};
use crate::reps::Reps;
use crate::tables::{NameIndex, Pair, plain_name, read_pairs};
use std::collections::HashMap;
use std::path::Path;
use territory::{Areas, Rules};
use territory_geojson::PropertyValue;

/// The rules of a run.
#[derive(Default)]
pub(crate) struct NamedRules {
    pub(crate) reps: Option<Reps>,
    /// What names territories: locks, allowed and forbidden sets, in the order of the units.
    named: Vec<Named>,
    /// What is of units alone.
    of_units: Rules,
    /// What a reader should know.
    pub(crate) notes: Vec<String>,
}

/// A unit and the territories that a rule of it names.
struct Named {
    unit: u32,
    rule: Rule,
    /// Where that stands: `"rep"`.
    property: String,
    territories: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Lock,
    Allow,
    Forbid,
}

impl NamedRules {
    /// Reads what the options name.
    pub(crate) fn read(options: &RuleOptions, reps: Option<Reps>, units: &Units) -> Result<Self, Failure> {
        let mut rules = Self { notes: reps.iter().flat_map(|r| r.notes.clone()).collect(), reps, ..Self::default() };
        let mut faults = Vec::new();
        for (option, name, rule) in [
            ("--lock", &options.lock, Rule::Lock),
            ("--allow", &options.allow, Rule::Allow),
            ("--forbid", &options.forbid, Rule::Forbid),
        ] {
            let Some(name) = name else { continue };
            for (unit, list) in values(units, name, option, rule == Rule::Lock, &mut faults)? {
                let territories = list.iter().map(|t| plain_name(t)).collect();
                rules.named.push(Named { unit, rule, property: name.clone(), territories });
            }
        }
        // A stable sort: a unit's lock comes before its sets.
        rules.named.sort_by_key(|n| n.unit);
        if let Some(name) = &options.needs {
            let needed = values(units, name, "--needs", false, &mut faults)?;
            let pairs = needed.into_iter().flat_map(|(unit, skills)| skills.into_iter().map(move |s| (unit, s)));
            rules.of_units.needs = pairs.collect();
        }
        if let Some(name) = &options.together {
            rules.of_units.together = groups(values(units, name, "--together", true, &mut faults)?);
        }
        for name in &options.keep_whole {
            rules.of_units.areas.push(areas(units, name, &mut faults)?);
        }
        if !faults.is_empty() {
            return Err(Failure::Input(lines(faults.iter())));
        }
        let index = NameIndex::new(&units.names);
        if let Some(path) = &options.apart {
            rules.of_units.apart = apart(path, &read_pairs(path, &index)?, units)?;
        }
        if let Some(path) = &options.ties {
            let read = read_pairs(path, &index)?;
            rules.of_units.ties = ties(path, &read)?;
            let left_out = read.len() - rules.of_units.ties.len();
            if left_out > 0 {
                let file = path.display();
                rules
                    .notes
                    .push(format!("{file}: {left_out} tie(s) of weight 0 or of a unit with itself count for nothing"));
            }
        }
        rules.of_units.centres_apart_km = options.centres_apart;
        Ok(rules)
    }

    /// The territories that rules of units name, in order of first appearance.
    pub(crate) fn used(&self) -> Vec<String> {
        let mut used: Vec<String> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for name in self.named.iter().flat_map(|n| &n.territories) {
            if seen.insert(name.as_str()) {
                used.push(name.clone());
            }
        }
        used
    }

    /// Names of `k` territories: those of the reps, else those that rules use, then the unused of 1…k.
    pub(crate) fn names(&self, k: u32) -> Result<Vec<String>, Failure> {
        if let Some(reps) = &self.reps {
            return Ok(reps.territories.iter().map(|t| t.name.clone()).collect());
        }
        let mut names = self.used();
        if names.len() > k as usize {
            let (count, shown) = (names.len(), names.iter().take(6).map(String::as_str).collect::<Vec<_>>().join(", "));
            let more = if count > 6 { ", …" } else { "" };
            return Err(Failure::Arguments(format!(
                "-k {k}, but --lock, --allow and --forbid name {count} territories ({shown}{more}): ask for at least {count}, or correct the names"
            )));
        }
        let unused: Vec<String> = (1..=k).map(|t| t.to_string()).filter(|t| !names.contains(t)).collect();
        let missing = k as usize - names.len();
        names.extend(unused.into_iter().take(missing));
        Ok(names)
    }

    /// The rules for territories of these names; `place` is what should have named them.
    pub(crate) fn bind(&self, names: &[String], place: &str, units: &Units) -> Result<Rules, Failure> {
        let mut rules = self.of_units.clone();
        let index = NameIndex::new(names);
        let mut faults = Vec::new();
        for named in &self.named {
            let mut territories = Vec::new();
            for name in &named.territories {
                match index.find(name) {
                    Some(territory) => territories.push(territory),
                    None => faults.push(format!(
                        "{}: {}: \"{}\" names the territory \"{name}\", which {place} does not have{}",
                        units.table.file(),
                        units.feature(named.unit),
                        named.property,
                        index.hint(name)
                    )),
                }
            }
            match named.rule {
                Rule::Lock => rules.locked.extend(territories.iter().map(|&t| (named.unit, t))),
                Rule::Allow => rules.allowed.push((named.unit, territories)),
                Rule::Forbid => rules.forbidden.push((named.unit, territories)),
            }
        }
        if faults.is_empty() { Ok(rules) } else { Err(Failure::Input(lines(faults.iter()))) }
    }
}

/// The names that a property gives every unit, where it gives any: one name, or as many as there are.
fn values(
    units: &Units,
    name: &str,
    option: &str,
    single: bool,
    faults: &mut Vec<String>,
) -> Result<Vec<(u32, Vec<String>)>, Failure> {
    let column = property(&units.table, name, option)?;
    let mut found = Vec::new();
    for (&row, unit) in units.rows.iter().zip(0u32..) {
        let value = column.get(row as usize);
        match if single { one_name(value).map(|one| one.map(|name| vec![name])) } else { several_names(value) } {
            Ok(None) => {}
            Ok(Some(names)) => found.push((unit, names)),
            Err(what) => {
                let wanted = if single { "one name" } else { "a name, several split at ;, or a JSON array of names" };
                faults.push(format!(
                    "{}: {}: \"{name}\" is {what}, but {option} takes {wanted}",
                    units.table.file(),
                    units.feature(unit)
                ));
            }
        }
    }
    Ok(found)
}

/// The name that a value is, without blanks around it; none where it is null, absent or blank.
pub(crate) fn one_name(value: PropertyValue<'_>) -> Result<Option<String>, &'static str> {
    match value {
        PropertyValue::Missing | PropertyValue::Null => Ok(None),
        PropertyValue::Array(_) | PropertyValue::Object(_) => Err(value.kind()),
        _ => Ok(value.name().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())),
    }
}

/// The names in a value; an empty array holds none, which is not the same as no value.
fn several_names(value: PropertyValue<'_>) -> Result<Option<Vec<String>>, &'static str> {
    match value {
        PropertyValue::Array(text) => {
            let items: Vec<serde_json::Value> =
                serde_json::from_str(text).map_err(|_| "an array that cannot be read")?;
            let name = |item: &serde_json::Value| match item {
                serde_json::Value::String(text) => Ok(text.trim().to_owned()),
                serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Ok(item.to_string()),
                _ => Err("an array with other things than names"),
            };
            items.iter().map(name).collect::<Result<_, _>>().map(Some)
        }
        PropertyValue::Text(text) => {
            let names: Vec<String> = text.split(';').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
            Ok((!names.is_empty()).then_some(names))
        }
        other => Ok(one_name(other)?.map(|name| vec![name])),
    }
}

/// Units with equal names, in order of first appearance; those alone are no group.
fn groups(names: Vec<(u32, Vec<String>)>) -> Vec<Vec<u32>> {
    let mut number: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (unit, name) in
        names.into_iter().flat_map(|(unit, names)| names.into_iter().map(move |n| (unit, plain_name(&n))))
    {
        let at = *number.entry(name).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(unit);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// The areas of the units by a property.
fn areas(units: &Units, name: &str, faults: &mut Vec<String>) -> Result<Areas, Failure> {
    let mut areas = Areas { name: name.to_owned(), names: Vec::new(), area_of: vec![None; units.len()] };
    let mut number: HashMap<String, u32> = HashMap::new();
    for (unit, of) in values(units, name, "--keep-whole", true, faults)? {
        for area in of {
            let next = areas.names.len() as u32;
            areas.area_of[unit as usize] = Some(*number.entry(area).or_insert_with_key(|area| {
                areas.names.push(area.clone());
                next
            }));
        }
    }
    Ok(areas)
}

/// Pairs that are kept apart.
fn apart(path: &Path, pairs: &[Pair], units: &Units) -> Result<Vec<(u32, u32)>, Failure> {
    let fault = |pair: &Pair| {
        let name = units.names.get(pair.a as usize).map_or("", String::as_str);
        format!(
            "{}, line {}: unit \"{name}\" cannot be kept apart from itself: remove the row",
            path.display(),
            pair.line
        )
    };
    let faults: Vec<String> = pairs.iter().filter(|p| p.a == p.b).map(fault).collect();
    if faults.is_empty() {
        Ok(pairs.iter().map(|p| (p.a, p.b)).collect())
    } else {
        Err(Failure::Input(lines(faults.iter())))
    }
}

/// Ties that count.
fn ties(path: &Path, pairs: &[Pair]) -> Result<Vec<(u32, u32, f64)>, Failure> {
    let weight = |pair: &Pair| pair.weight.unwrap_or(1.0);
    let wrong = |pair: &&Pair| !(weight(pair).is_finite() && weight(pair) >= 0.0);
    let fault = |pair: &Pair| {
        let (file, line, weight) = (path.display(), pair.line, weight(pair));
        format!("{file}, line {line}: the weight {weight} is not a finite number ≥ 0: correct it")
    };
    let faults: Vec<String> = pairs.iter().filter(wrong).map(fault).collect();
    if !faults.is_empty() {
        return Err(Failure::Input(lines(faults.iter())));
    }
    let counts = pairs.iter().filter(|p| p.a != p.b && weight(p) > 0.0);
    Ok(counts.map(|p| (p.a, p.b, weight(p))).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_value_are_split_and_plain() {
        let several = |value| several_names(value).unwrap();
        let owned = |names: &[&str]| Some(names.iter().map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(several(PropertyValue::Text(" North ; 3;")), owned(&["North", "3"]));
        assert_eq!(several(PropertyValue::Array(r#"["North", 3, 3.0, true]"#)), owned(&["North", "3", "3.0", "true"]));
        assert_eq!(several(PropertyValue::Array("[]")), owned(&[]), "none at all is not the same as no rule");
        assert_eq!(several(PropertyValue::Text(" ; ")), None);
        assert_eq!(several(PropertyValue::Number { value: 3.0, text: "3.0" }), owned(&["3"]));
        assert!(several_names(PropertyValue::Array(r#"[["North"]]"#)).is_err());
        assert!(several_names(PropertyValue::Object("{}")).is_err());
        assert_eq!(plain_name(" 3.0 "), "3");
        assert_eq!(plain_name("03"), "03");
    }

    #[test]
    fn territories_are_named_by_rules_first() {
        let named = |unit, territories: &[&str]| Named {
            unit,
            rule: Rule::Allow,
            property: "reps".into(),
            territories: territories.iter().map(|t| t.to_string()).collect(),
        };
        let rules =
            NamedRules { named: vec![named(0, &["North", "2"]), named(4, &["2", "South"])], ..Default::default() };
        assert_eq!(rules.names(5).unwrap(), ["North", "2", "South", "1", "3"]);
        assert_eq!(rules.names(3).unwrap(), ["North", "2", "South"]);
        assert!(rules.names(2).is_err());
    }
}
