//! Files: every one is written under a temporary name, and all get their names at the end.

use crate::args;
use crate::auto::HowManyReport;
use crate::choices::Choices;
use crate::compare::Compared;
use crate::drawing::Drawing;
use crate::failure::Failure;
use crate::input::{Part, Shape};
use crate::monitor::Monitored;
use crate::nested::{self, JudgedRegions};
use crate::report::{self, FullReport};
use crate::run::Prepared;
use crate::session::Session;
use crate::summary;
use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;
use territory::evaluate::{CellsReport, Evaluation, Health, Report};
use territory::geometry::Polygons;
use territory::{Effort, Problem, SolveOptions, Space, Stopped};
use territory_geojson::{
    IdSource, OutputFile, PlanProperty, SplitUnit, WriteError, commit, write_split_plan, write_territories,
};
use territory_render::{Map, Shapes};

/// A plan with its judgement.
pub(crate) struct Judged<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) problem: &'a Problem,
    pub(crate) assignment: &'a [u32],
    pub(crate) evaluation: Evaluation,
    /// How it was searched, where it was.
    pub(crate) search: Option<Searched>,
    /// How many territories it takes, where that was looked for.
    pub(crate) how_many: Option<HowManyReport>,
    /// The plans beside it, where there are several to choose from.
    pub(crate) choices: Option<&'a Choices<'a>>,
    /// Its regions, where it has two levels.
    pub(crate) regions: Option<JudgedRegions>,
    /// What changes against a plan before.
    pub(crate) comparison: Option<&'a Compared<'a>>,
    /// How it bears a series of periods.
    pub(crate) monitored: Option<&'a Monitored>,
}

/// How a plan was searched.
#[derive(Clone, Copy)]
pub(crate) struct Searched {
    pub(crate) seed: u64,
    /// None where there is no effort to choose.
    pub(crate) effort: Option<Effort>,
    pub(crate) stopped: Stopped,
}

impl Searched {
    pub(crate) fn new(options: SolveOptions, stopped: Stopped) -> Self {
        Self { seed: options.seed, effort: Some(options.effort), stopped }
    }
}

impl Judged<'_> {
    /// Name of a territory.
    pub(crate) fn territory(&self, territory: u32) -> &str {
        self.problem.territories().get(territory as usize).map_or("", |t| t.name.as_str())
    }

    /// Whether all that is asked holds: in the last period, where there is a series.
    fn holds(&self) -> bool {
        match self.monitored {
            Some(monitored) => monitored.health != Health::Broken,
            None => {
                let enough = self.how_many.as_ref().is_none_or(|h| h.lacks.is_none());
                let regions = self.regions.as_ref().is_none_or(|regions| regions.violations.is_empty());
                enough && regions && self.evaluation.violations.is_empty()
            }
        }
    }

    /// Where the list of moves goes.
    fn moves_to(&self) -> Option<&PathBuf> {
        self.comparison.and_then(|compared| compared.moves_to)
    }
}

/// Writes what was asked for and the summary. The result is the exit code.
pub(crate) fn finish(
    mut judged: Judged<'_>,
    outputs: &args::Outputs,
    input: &args::Input,
    session: &mut Session,
) -> Result<u8, Failure> {
    session.stage("write")?;
    let wanted = outputs.territories.is_some() || outputs.report.is_some() || input.no_enclaves;
    let drawing = match wanted.then(|| judged.prepared.draw(judged.assignment, judged.problem.k())).transpose() {
        Ok(drawing) => drawing,
        // A report can do without the shapes of points.
        Err(failure) if outputs.territories.is_some() || input.no_enclaves => return Err(failure),
        Err(_) => None,
    };
    if let (Some(drawing), true) = (&drawing, input.no_enclaves) {
        judged.evaluation.forbid_enclaves(&drawing.enclaves);
    }
    let judged = &judged;
    let mut report = report(judged, drawing.as_ref());
    session.writing(
        |session| files(judged, outputs, input, (&mut report, drawing.as_ref()), session),
        |files| Ok(commit(files)?),
    )?;
    session.clear();
    let text = summary::summary(judged, &report, &session.seconds());
    if outputs.paths().into_iter().chain(judged.moves_to()).any(|path| path.as_os_str() == "-") {
        eprint!("{text}");
    } else {
        // Nobody may be listening any more.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
    Ok(if judged.holds() { 0 } else { 4 })
}

/// All files, complete but without their names. The report comes last: it tells how long the others took.
fn files(
    judged: &Judged<'_>,
    outputs: &args::Outputs,
    input: &args::Input,
    (report, drawing): (&mut Report, Option<&Drawing>),
    session: &mut Session,
) -> Result<Vec<OutputFile>, Failure> {
    let mut files = Vec::new();
    let mut write = |path: Option<&PathBuf>, content: &mut dyn FnMut(&mut OutputFile) -> Result<(), Failure>| {
        if let Some(path) = path {
            let mut file = OutputFile::create(path)?;
            content(&mut file)?;
            files.push(file);
        }
        Ok::<(), Failure>(())
    };
    write(outputs.out.as_ref(), &mut |file| plan(judged, judged.assignment, &input.property, file))?;
    for (path, assignment) in judged.choices.iter().flat_map(|choices| choices.others()) {
        write(Some(path), &mut |file| plan(judged, assignment, &input.property, file))?;
    }
    write(outputs.graph.as_ref(), &mut |file| graph(judged, file))?;
    write(outputs.table.as_ref(), &mut |file| table(judged, file))?;
    if let Some(compared) = judged.comparison {
        write(judged.moves_to(), &mut |file| compared.write_moves(judged, file))?;
    }
    if let Some(drawing) = drawing {
        write(outputs.territories.as_ref(), &mut |file| territories(judged, report, &drawing.territories, file))?;
    }
    write(outputs.map.as_ref(), &mut |file| Ok(file.write_all(map(judged).as_bytes()).map_err(WriteError::from)?))?;
    write(outputs.report.as_ref(), &mut |file| {
        report.seconds = session.seconds();
        let full = FullReport {
            report,
            rules: report::rules(judged),
            how_many: judged.how_many.as_ref(),
            choices: judged.choices.map(Choices::report),
            regions: judged.regions.as_ref().map(|r| &r.report),
        };
        let written = serde_json::to_writer_pretty(&mut *file, &full).map_err(std::io::Error::from);
        Ok(written.and_then(|()| file.write_all(b"\n")).map_err(WriteError::from)?)
    })?;
    Ok(files)
}

/// The input's features with their territory, and the one before where a plan of today was changed.
fn plan(judged: &Judged<'_>, assignment: &[u32], property: &str, out: &mut OutputFile) -> Result<(), Failure> {
    let units = &judged.prepared.units;
    let mut unit_of: Vec<Option<usize>> = vec![None; units.table.len()];
    units.rows.iter().enumerate().for_each(|(unit, &row)| unit_of[row as usize] = Some(unit));
    let unit = |row: usize| unit_of.get(row).copied().flatten();
    let now = |row: usize| Some(Cow::from(judged.territory(*assignment.get(unit(row)?)?)));
    let before = |row: usize| judged.comparison.and_then(|c| c.before(unit(row)?)).map(Cow::from);
    let region = |row: usize| {
        let regions = judged.regions.as_ref()?;
        Some(Cow::from(regions.name(*regions.of_unit().get(unit(row)?)?)))
    };
    let name_before = format!("{property}_before");
    let mut added = vec![PlanProperty { name: property, value: &now }];
    if judged.comparison.is_some_and(Compared::tells_before) {
        added.push(PlanProperty { name: &name_before, value: &before });
    }
    if judged.regions.is_some() {
        added.push(PlanProperty { name: nested::PROPERTY, value: &region });
    }
    Ok(write_split_plan(&units.table, &added, &splits(judged, assignment, property), out)?)
}

/// Features that the plan holds in parts.
fn splits(judged: &Judged<'_>, assignment: &[u32], property: &str) -> Vec<SplitUnit> {
    let units = &judged.prepared.units;
    let Shape::Areas(coverage) = &judged.prepared.shape else { return Vec::new() };
    let parts: Vec<(u32, &Part)> =
        units.parts.iter().zip(0u32..).filter_map(|(part, unit)| Some((unit, part.as_ref()?))).collect();
    // Parts of one feature stand side by side.
    let of_feature = |parts: &[(u32, &Part)]| {
        let of: Vec<u32> = parts.iter().map(|p| p.0).collect();
        let told = |&(unit, part): &(u32, &Part)| {
            let territory = assignment.get(unit as usize).map_or("", |&t| judged.territory(t));
            let number = format!("{} of {}", part.number, part.of);
            let region = judged.regions.iter().filter_map(|regions| {
                let region = regions.name(*regions.of_unit().get(unit as usize)?);
                Some((nested::PROPERTY.to_owned(), region.to_owned()))
            });
            let told = [(property.to_owned(), territory.to_owned()), ("part".to_owned(), number)];
            told.into_iter().chain(region).collect()
        };
        let row = of.first().and_then(|&unit| units.rows.get(unit as usize)).map_or(0, |&row| row as usize);
        SplitUnit { row, parts: coverage.polygons().select(&of), properties: parts.iter().map(told).collect() }
    };
    parts.chunk_by(|a, b| b.1.number > 1 && b.0 == a.0 + 1).map(of_feature).collect()
}

/// The graph that was used.
fn graph(judged: &Judged<'_>, out: &mut OutputFile) -> Result<(), Failure> {
    let name = |unit: u32| judged.prepared.units.names.get(unit as usize).map_or("", String::as_str);
    let edges = judged.problem.graph().edges();
    rows(
        out,
        ["a", "b", "kind", "border_km"],
        edges.map(|e| {
            let km = if e.border_km > 0.0 { e.border_km.to_string() } else { "0".to_owned() };
            [name(e.a).to_owned(), name(e.b).to_owned(), e.kind.name().to_owned(), km]
        }),
    )
}

/// Units and their territories, in file order.
fn table(judged: &Judged<'_>, out: &mut OutputFile) -> Result<(), Failure> {
    let units = judged.prepared.units.names.iter().zip(judged.assignment);
    let units = units.map(|(name, &t)| [name.clone(), judged.territory(t).to_owned()]);
    match &judged.regions {
        None => rows(out, ["id", "territory"], units),
        Some(regions) => {
            let with_region = units.zip(regions.of_unit()).map(|([name, t], &r)| [name, t, regions.name(r).to_owned()]);
            rows(out, ["id", "territory", nested::PROPERTY], with_region)
        }
    }
}

fn rows<const N: usize>(
    out: &mut OutputFile,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(&mut *out);
    let written = writer.write_record(header).and_then(|()| {
        for row in rows {
            writer.write_record(row)?;
        }
        Ok(writer.flush()?)
    });
    drop(writer);
    written.map_err(|e| Failure::Other(format!("{}: cannot be written ({e})", out.name())))
}

/// One polygon per territory with its figures.
fn territories(
    judged: &Judged<'_>,
    report: &Report,
    dissolved: &Polygons,
    out: &mut OutputFile,
) -> Result<(), Failure> {
    const FIGURES: [&str; 8] =
        ["territory", "units", "inertia_km2", "diameter_km", "area_km2", "perimeter_km", "polsby_popper", "reock"];
    let properties: Vec<geojson::JsonObject> = report
        .territories
        .iter()
        .map(|t| {
            let mut properties = geojson::JsonObject::new();
            for ((name, sum), (_, deviation)) in t.sums.iter().zip(&t.deviations) {
                // A measure that is called like a figure steps aside.
                let key = if FIGURES.contains(&name.as_str()) { format!("{name}_sum") } else { name.clone() };
                properties.insert(key, (*sum).into());
                properties.insert(format!("{name}_deviation"), (*deviation).into());
            }
            let figures = [
                t.territory.clone().into(),
                t.units.into(),
                t.inertia_km2.into(),
                t.diameter_km.into(),
                t.area_km2.into(),
                t.perimeter_km.into(),
                t.polsby_popper.into(),
                t.reock.into(),
            ];
            properties.extend(FIGURES.map(str::to_owned).into_iter().zip(figures));
            properties
        })
        .collect();
    Ok(write_territories(dissolved, &properties, judged.prepared.units.table.crs_member(), out)?)
}

/// A picture of the plan.
fn map(judged: &Judged<'_>) -> String {
    let names: Vec<String> = judged.problem.territories().iter().map(|t| t.name.clone()).collect();
    let shapes = match &judged.prepared.shape {
        Shape::Areas(coverage) => Shapes::Polygons(coverage.polygons()),
        Shape::Points(locations) => Shapes::Points(locations),
    };
    let notes = summary::notes(judged);
    let mut map = Map::new(shapes, judged.problem.graph(), judged.assignment, &names)
        .title(summary::title(judged))
        .subtitle(summary::compactness(judged))
        .notes(&notes);
    for (name, text, holds) in summary::balance(judged) {
        map = map.legend(name, text, holds);
    }
    map.to_svg()
}

/// All figures of the plan.
fn report(judged: &Judged<'_>, drawing: Option<&Drawing>) -> Report {
    let prepared = judged.prepared;
    let mut report = Report::new(judged.problem, &judged.evaluation);
    if let Some(Searched { seed, effort, stopped }) = judged.search {
        (report.seed, report.effort) = (Some(seed), effort.map(Effort::name));
        report.stopped = Some(stopped.name());
    }
    let name = |unit: territory::UnitId| prepared.units.names.get(unit.index()).cloned().unwrap_or_default();
    report.violations.extend(judged.regions.iter().flat_map(|regions| regions.violations.iter().cloned()));
    if let Some(compared) = judged.comparison {
        report = compared.report(judged, report);
    }
    if let Some(monitored) = judged.monitored {
        report = monitored.report(judged.problem, report);
    }
    if let Some(drawing) = drawing {
        report = report.shapes(&drawing.territories);
        let named =
            |&(inner, outer): &(u32, u32)| (judged.territory(inner).to_owned(), judged.territory(outer).to_owned());
        report.enclaves = drawing.enclaves.iter().map(named).collect();
        report.input.cells = drawing.cells.as_ref().map(|cells| {
            let mut told = CellsReport::default();
            told.projection = (prepared.units.table.space() == Space::Geographic).then_some("stereographic");
            (told.error_km, told.strip_km) = (cells.error_km, cells.strip_km);
            told
        });
    }
    report.input.space = match prepared.units.table.space() {
        Space::Geographic => "sphere",
        Space::Planar => "plane",
    };
    report.input.crs = prepared.units.table.coordinate_reference().name().map(str::to_owned);
    report.graph.bridges = prepared.network.bridges.iter().map(|b| (name(b.a), name(b.b), b.length_km)).collect();
    report.input.features = prepared.units.table.len();
    report.input.id = match &prepared.units.id {
        IdSource::Property(name) => name.clone(),
        IdSource::Feature => "feature id".to_owned(),
        IdSource::Index => "index".to_owned(),
    };
    report.input.skipped = prepared.units.skipped.clone();
    report.input.skipped.extend(prepared.skipped_customers.iter().map(|c| format!("customers: {c}")));
    if let Shape::Areas(coverage) = &prepared.shape {
        let found = coverage.report();
        report.graph.snapped = found.snapped_vertices;
        let units = |units: &[u32], what: &str| -> Vec<String> {
            units.iter().map(|&unit| format!("{}: {what}", prepared.units.feature(unit))).collect()
        };
        report.input.repaired = units(&found.repaired, "rings repaired");
        report.input.repaired.extend(units(&found.cut_units, "cut at ±180 degrees"));
    }
    let parts = prepared.units.parts.iter().zip(0u32..).filter_map(|(part, unit)| Some((unit, part.as_ref()?)));
    let first = parts.filter(|(_, part)| part.number == 1);
    report.input.split = first.map(|(u, part)| format!("{}: {} parts", prepared.units.feature(u), part.of)).collect();
    if let Some(join) = &prepared.join {
        report.input.customers.joined = join.joined;
        report.input.customers.nearest = join.nearest;
        report.input.customers.dropped = join.dropped;
    }
    report
}
