//! The graph of the units: from their shapes or a table, changed as the user says, islands dealt with.

use crate::args::{self, Adjacency};
use crate::barriers::{Changed, change};
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units};
use crate::tables::{NameIndex, read_pairs};
use std::collections::HashMap;
use territory::ComponentRule;
use territory::adjacency::{
    Bridge, Contact, EdgeFault, Graph, IslandError, Islands, Neighbourhood, PointsError, bridge_within, components,
    from_edges, from_points, resolve_islands,
};

/// Neighbours, as the plan will be judged by them.
pub(crate) struct Network {
    pub(crate) graph: Graph,
    pub(crate) bridges: Vec<Bridge>,
    pub(crate) components: ComponentRule,
    /// What a reader should know.
    pub(crate) notes: Vec<String>,
}

/// Builds the graph.
pub(crate) fn network(input: &args::Input, units: &Units, shape: &Shape) -> Result<Network, Failure> {
    let Changed { graph, barriers, notes } = change(input, units, shape, links(input, units, shape)?)?;
    let bridged = match (&input.bridge_within, input.islands) {
        (Some(property), Islands::Bridge) => bridge_within(&graph, shape.shapes(), &areas(property, units)?),
        (_, islands) => resolve_islands(&graph, shape.shapes(), islands),
    };
    let bridged = bridged.map_err(|e| island_failure(&e, &graph, units))?;
    let name = |unit: territory::UnitId| units.names.get(unit.index()).map_or("", String::as_str);
    if let Some(bridge) = barriers.first_barred(&bridged.bridges, &shape.locations()) {
        let [a, b] = [name(bridge.a), name(bridge.b)];
        return Err(Failure::Input(format!(
            "the barriers cut off a part whose shortest link to the rest, between \"{a}\" and \"{b}\", is barred itself: remove that barrier, give a crossing (--crossings) or a link (--links), or keep the parts apart with --islands separate"
        )));
    }
    let components = match input.islands {
        Islands::Separate => ComponentRule::Separate,
        Islands::Bridge | Islands::Refuse => ComponentRule::Connected,
    };
    Ok(Network { graph: bridged.graph, bridges: bridged.bridges, components, notes })
}

/// The area of every unit, by a property; none where it is null or absent.
fn areas(property: &str, units: &Units) -> Result<Vec<Option<u32>>, Failure> {
    let column = units.table.property(property).filter(|_| units.table.has_property(property));
    let Some(column) = column else {
        return Err(Failure::Input(format!(
            "{}: no feature has the property \"{property}\", within which bridges are to be preferred: choose another with --bridge-within",
            units.table.file()
        )));
    };
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let area = |&row: &u32| {
        let name = column.get(row as usize).name()?.into_owned();
        let next = numbers.len() as u32;
        Some(*numbers.entry(name).or_insert(next))
    };
    Ok(units.rows.iter().map(area).collect())
}

fn links(input: &args::Input, units: &Units, shape: &Shape) -> Result<Graph, Failure> {
    let adjacency = &input.adjacency;
    match (adjacency, shape) {
        (Some(Adjacency::Table(path)), _) => {
            let pairs = read_pairs(path, &NameIndex::new(&units.names))?;
            let rows: Vec<_> = pairs.iter().map(|p| (p.a, p.b, p.weight)).collect();
            from_edges(units.len(), &rows).map_err(|error| {
                let message = |row: &territory::adjacency::EdgeRowError| {
                    let line = pairs.get(row.row).map_or(0, |pair| pair.line);
                    format!("{}, line {line}: {}", path.display(), edge_fault(&row.fault, units, &pairs))
                };
                Failure::Input(lines(error.rows.iter().map(message)))
            })
        }
        (Some(Adjacency::Nearest(_)), Shape::Areas(_)) => Err(Failure::Arguments(format!(
            "{}: the units are polygons; --adjacency nearest is for points: choose rook, queen or a table of pairs",
            units.table.file()
        ))),
        (adjacency, Shape::Areas(coverage)) => Ok(coverage.graph(match adjacency {
            Some(Adjacency::Queen) => Contact::Queen,
            _ => Contact::Rook,
        })),
        (None | Some(Adjacency::Nearest(_)), Shape::Points(locations)) => {
            let neighbourhood = match adjacency {
                Some(Adjacency::Nearest(count)) => Neighbourhood::Nearest { count: *count },
                _ => Neighbourhood::default(),
            };
            from_points(locations, neighbourhood).map_err(|error| match error {
                PointsError::NotFinite { unit } => Failure::Input(format!(
                    "{}: {}: a coordinate is not finite: correct it",
                    units.table.file(),
                    units.feature(unit.0)
                )),
                other => Failure::Other(other.to_string()),
            })
        }
        (Some(_), Shape::Points(_)) => Err(Failure::Arguments(format!(
            "{}: the units are points, which share no borders: leave --adjacency out (Delaunay neighbours), choose nearest=N, or give a table of pairs",
            units.table.file()
        ))),
    }
}

fn edge_fault(fault: &EdgeFault, units: &Units, pairs: &[crate::tables::Pair]) -> String {
    let name = |unit: u32| units.names.get(unit as usize).map_or("", String::as_str);
    match *fault {
        EdgeFault::Loop { unit } => format!("unit \"{}\" is linked to itself: remove the row", name(unit)),
        EdgeFault::Weight { weight } => format!("the weight {weight} is not a finite number ≥ 0: correct it"),
        EdgeFault::OtherWeight { a, b, weight, first, first_row } => {
            let line = pairs.get(first_row).map_or(0, |pair| pair.line);
            format!(
                "\"{}\" and \"{}\" have the weight {weight} here and {first} in line {line}: keep one of them",
                name(a),
                name(b)
            )
        }
        ref other => other.to_string(),
    }
}

fn island_failure(error: &IslandError, graph: &Graph, units: &Units) -> Failure {
    let list = |some: &[territory::UnitId]| {
        let shown =
            some.iter().take(5).map(|u| format!("\"{}\"", units.names[u.index()])).collect::<Vec<_>>().join(", ");
        if some.len() > 5 { format!("{shown} and {} more", some.len() - 5) } else { shown }
    };
    let file = units.table.file();
    match error {
        IslandError::Refused { islands } => {
            let islands = islands.iter().map(|island| format!("{} unit(s): {}", island.len(), list(island)));
            let islands: Vec<String> = islands.collect();
            Failure::Input(format!(
                "{file}: the units form {} components; apart from the largest:\n{}\njoin them (--islands bridge) or keep them apart (--islands separate)",
                components(graph).len(),
                lines(islands.iter())
            ))
        }
        IslandError::NoGeometry { units: some } => {
            Failure::Input(format!("{file}: {} have no geometry to measure a bridge from: give them one", list(some)))
        }
        IslandError::NotFinite { unit } => {
            Failure::Input(format!("{file}: {}: a coordinate is not finite: correct it", units.feature(unit.0)))
        }
        other => Failure::Other(other.to_string()),
    }
}
