//! The graph of the units: from their shapes or a table, without barriers, islands dealt with.

use crate::args::{self, Adjacency};
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units};
use crate::tables::{UnitIndex, read_pairs};
use territory::ComponentRule;
use territory::adjacency::{
    Bridge, Contact, EdgeFault, Graph, IslandError, Islands, Neighbourhood, PointsError, components, from_edges,
    from_points, resolve_islands, without,
};
use territory::geometry::Shapes;

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
    let mut graph = links(input, units, shape)?;
    let mut notes = Vec::new();
    let mut barriers = Vec::new();
    if let Some(path) = &input.barriers {
        let pairs = read_pairs(path, &UnitIndex::new(&units.names))?;
        barriers = pairs.iter().map(|p| (p.a.min(p.b), p.a.max(p.b))).collect();
        let cut = without(&graph, &barriers);
        if !cut.not_linked.is_empty() {
            notes.push(format!("{}: {} pair(s) were no neighbours anyway", path.display(), cut.not_linked.len()));
        }
        graph = cut.graph;
    }
    let shapes = match shape {
        Shape::Areas(coverage) => Shapes::Polygons(coverage.polygons()),
        Shape::Points(locations) => Shapes::Points(locations),
    };
    let bridged = resolve_islands(&graph, shapes, input.islands).map_err(|e| island_failure(&e, &graph, units))?;
    let name = |unit: territory::UnitId| units.names.get(unit.index()).map_or("", String::as_str);
    if let Some(bridge) = bridged.bridges.iter().find(|b| barriers.contains(&(b.a.0, b.b.0))) {
        let [a, b] = [name(bridge.a), name(bridge.b)];
        return Err(Failure::Input(format!(
            "the barriers cut off a part whose shortest link to the rest is the barrier between \"{a}\" and \"{b}\" itself: remove that pair, or keep the parts apart with --islands separate"
        )));
    }
    let components = match input.islands {
        Islands::Separate => ComponentRule::Separate,
        Islands::Bridge | Islands::Refuse => ComponentRule::Connected,
    };
    Ok(Network { graph: bridged.graph, bridges: bridged.bridges, components, notes })
}

fn links(input: &args::Input, units: &Units, shape: &Shape) -> Result<Graph, Failure> {
    match (&input.adjacency, shape) {
        (Some(Adjacency::Table(path)), _) => {
            let pairs = read_pairs(path, &UnitIndex::new(&units.names))?;
            let rows: Vec<_> = pairs.iter().map(|p| (p.a, p.b, p.weight)).collect();
            from_edges(units.len(), &rows).map_err(|error| {
                let message = |row: &territory::adjacency::EdgeRowError| {
                    let line = pairs.get(row.row).map_or(0, |pair| pair.line);
                    format!("{}, line {line}: {}", path.display(), edge_fault(&row.fault, units, &pairs))
                };
                Failure::Input(lines(error.rows.iter().map(message)))
            })
        }
        (adjacency, Shape::Areas(coverage)) => Ok(coverage.graph(match adjacency {
            Some(Adjacency::Queen) => Contact::Queen,
            _ => Contact::Rook,
        })),
        (None, Shape::Points(locations)) => {
            from_points(locations, Neighbourhood::default()).map_err(|error| match error {
                PointsError::NotFinite { unit } => Failure::Input(format!(
                    "{}: {}: a coordinate is not finite: correct it",
                    units.table.file(),
                    units.feature(unit.0)
                )),
                other => Failure::Other(other.to_string()),
            })
        }
        (Some(_), Shape::Points(_)) => Err(Failure::Arguments(format!(
            "{}: the units are points, which share no borders: leave --adjacency out (Delaunay neighbours), or give a table of pairs",
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
