//! The whole way on real data: the hospitals of the United States as customers of a medical sales force, counties as units.
//! `cargo run --release -p territory-sales --example us_hospitals`
//!
//! Discharges are the potential, payments the sales. Value classes → workload → force size → territories balanced on potential (±10 %) and
//! workload (±5 %), travel inside → quotas → fairness audit. Hospitals, places and money are counted; the rest is assumed, all of it here:
//!
//! | assumption | value | why it is plausible |
//! |---|---|---|
//! | classes | cut at 50, 80, 95 % of discharges | a fine ABC: 464 hospitals hold the first half |
//! | A | 24 calls a year of 2 h | every other week, several departments a call |
//! | B, C, D | 12 of 1.5 h, 6 of 1 h, 2 of 1 h | monthly; every other month; twice a year: hours follow discharges within a third |
//! | day | 4 calls | an hour and a half each on average, and the road |
//! | trips | home every night where the mean way is under 45 min, else four days away | a night costs 150 $, an hour of a rep 100 $: a night away pays where it saves 90 min |
//! | roads | circuity 1.2, 80 km/h | interstates at 105 to 120 km/h, slow at both ends |
//! | year of a rep | 1,800 h | 225 days of 8 h |
//! | worth of a discharge | 30 $ a year of what all suppliers sell | sets the scale of money alone |
//! | response | elasticity 0.3, share 20 % at the average effort | between the means of all and of pharmaceutical studies that [`Response`] names |
//! | a rep costs | 180,000 $ a year; margin 35 % | pay, car, nights and share of management |
//! | quota | last year's sales + 4 %, half by potential, buffer 2 % | a common blend |
//! | attainable | a fifth more than is sold, by potential | no competitor is modelled |

use std::error::Error;
use std::io::Write;
use std::time::Instant;
use territory::adjacency::{Contact, Graph, Islands, resolve_islands};
use territory::evaluate::{Evaluation, evaluate};
use territory::geometry::{Coverage, CoverageOptions, Outside};
use territory::{Control, Effort, Locations, Measure, Problem, ProblemSpec, SolveOptions, solve};
use territory_geojson::{Geometry, PropertyValue, ReadOptions, Source, read};
use territory_sales::audit::{AuditInput, audit};
use territory_sales::classes::{CallPolicy, ClassCalls, abc};
use territory_sales::customers::{Cell, CustomerOptions, CustomerTable, Customers, Field, TableColumns, UnitTotals};
use territory_sales::force::{Economics, SideBySide, build_up, carried_by_potential, marginal};
use territory_sales::quota::{QuotaPlan, quotas};
use territory_sales::response::Response;
use territory_sales::workload::{
    Balanced, Bases, DayTrips, Settlement, TerritoryHours, TravelBooks, Workload, balance_in_rounds,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const HOURS_PER_REP: f64 = 1_800.0;
const POTENTIAL_TOLERANCE: f64 = 0.10;
const WORKLOAD_TOLERANCE: f64 = 0.05;
/// Share of the year that goes on ways out and back, to begin with; the plan then says what it is.
const WAYS_GUESS: f64 = 0.2;
/// Part of the tolerances that the search balances to, so that what settling gives back for shorter ways stays inside them.
const AIM: f64 = 0.9;
/// Part of the tolerances inside which a plan is good enough.
const ENOUGH: f64 = 0.955;
/// Tries at most, of a second or so each; every one goes on from the best plan so far.
const SEEDS: u64 = 8;
const TRIPS: DayTrips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 80.0 };
/// One-way hours from which a trip lasts four days.
const NIGHT_PAYS_HOURS: f64 = 0.75;
const DAYS_AWAY: f64 = 4.0;

fn main() -> Outcome<()> {
    let begin = Instant::now();
    let mut out = std::io::stdout().lock();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
    let coverage = counties(&format!("{data}/us-counties.geojson"))?;
    let (customers, left_out) = hospitals(&format!("{data}/us-hospitals.geojson.gz"))?;
    let units = customers.join(coverage.polygons(), Outside::Nearest { limit_km: 50.0 })?;
    writeln!(
        out,
        "{} hospitals in {} counties ({} nearest to one, {left_out} in Alaska and Hawaii left out)",
        customers.len(),
        coverage.len(),
        units.join.nearest
    )?;

    // 1. Classes by potential, and what each class gets.
    let potential = customers.get(Field::Potential)?;
    let classing = abc(potential, &[0.5, 0.8, 0.95])?;
    let policy = CallPolicy(vec![
        ClassCalls::new("A", 24.0, 2.0),
        ClassCalls::new("B", 12.0, 1.5),
        ClassCalls::new("C", 6.0, 1.0),
        ClassCalls::new("D", 2.0, 1.0),
    ]);
    let calls = policy.apply(&classing)?;
    let borderline = classing.borderline(&[0.002])?;
    writeln!(out, "classes A, B, C, D: {:?}, {} within 0.2 % of a cut-off", classing.counts(), borderline.len())?;

    // 2. Workload, as far as it does not depend on where territories are.
    let workload = Workload::of_calls(customers.locations(), &calls, TRIPS)?;
    writeln!(out, "{:.0} h of calls and {:.0} h between them", sum(workload.call_hours()), sum(workload.step_hours()))?;

    // 3. The force: ways depend on the number of territories, and the number on the ways.
    let market = Market {
        customers: &customers,
        units: &units,
        workload: &workload,
        graph: network(&coverage)?,
        locations: coverage.locations(),
    };
    let mut force = build_up(sum(&workload.fixed_hours()) / (1.0 - WAYS_GUESS), HOURS_PER_REP)?;
    let mut plan = market.plan(force.reps as usize)?;
    for _ in 0..2 {
        let reps = force.reps;
        force = build_up(plan.total_hours(), HOURS_PER_REP)?;
        if force.reps == reps {
            break;
        }
        plan = market.plan(force.reps as usize)?;
    }
    let k = plan.hours.len();
    let sales = customers.get(Field::Sales)?;
    let (total_potential, total_sales) = (sum(potential), sum(sales));
    let response = Response::Power { share: 0.2, at_effort: force.hours / total_potential, elasticity: 0.3 };
    let money = Economics { cost_per_rep: 180_000.0, margin: 0.35, most_reps: 120 };
    let sold = |reps: u32| 30.0 * total_potential * response.share(f64::from(reps) * HOURS_PER_REP / total_potential);
    let sizes = SideBySide {
        workload_needs: force.reps,
        potential_carries: carried_by_potential(30.0 * 0.2 * total_potential, money.cost_per_rep / money.margin)?,
        pays_best: Some(marginal(&money, sold)?.reps),
    };
    writeln!(out, "force: {:.1} posts of work; {sizes:?}", plan.total_hours() / HOURS_PER_REP)?;

    // 4. Territories.
    let [most_workload, most_potential] = [plan.deviation(0), plan.deviation(1)];
    writeln!(
        out,
        "{k} territories, contiguous: {}; potential within {:.1} %, workload within {:.1} % (exact ways; seed {})",
        plan.evaluation.contiguous,
        100.0 * most_potential,
        100.0 * most_workload,
        plan.seed,
    )?;
    let ways: f64 = plan.hours.iter().map(|h| h.ways).sum();
    let estimated: f64 = plan.hours.iter().map(|h| h.estimated_ways).sum();
    writeln!(
        out,
        "ways out and back {ways:.0} h, by inertia {estimated:.0} h ({:+.1} %)",
        100.0 * (estimated / ways - 1.0)
    )?;

    // 5. Quotas: 4 % more than last year, half by potential. A fifth more than is sold can be captured.
    let of = |column: &[f64]| territory_sums(column, &plan.territory_of, k);
    let (territory_sales, territory_potential) = (of(sales), of(potential));
    let quota_plan = QuotaPlan { total: 1.04 * total_sales, potential_weight: 0.5, buffer: 0.02, step: 10_000.0 };
    let captured: Vec<f64> = territory_potential.iter().map(|p| 1.2 * total_sales * p / total_potential).collect();
    let quotas = quotas(&quota_plan, &territory_sales, &territory_potential, &captured)?;

    // 6. Audit.
    let hours: Vec<f64> = plan.hours.iter().map(TerritoryHours::total).collect();
    let input = AuditInput {
        potential: &territory_potential,
        workload_hours: &hours,
        sales: &territory_sales,
        capacity_hours: &vec![HOURS_PER_REP; k],
    };
    let audit = audit(&input, 0.15, &response)?;
    writeln!(out, "\nterritory hospitals  discharges   hours  of them road   sales M$   quota M$")?;
    for (t, quota) in quotas.iter().enumerate() {
        let hospitals = plan.territory_of.iter().filter(|x| **x as usize == t).count();
        let unattainable = if quota.attainable { "" } else { "  not attainable" };
        writeln!(
            out,
            "{:>9} {hospitals:9} {:11.0} {:7.0} {:11.0} % {:10.1} {:10.2}{unattainable}",
            t + 1,
            territory_potential[t],
            hours[t],
            100.0 * plan.hours[t].travel() / hours[t],
            territory_sales[t] / 1e6,
            quota.quota / 1e6,
        )?;
    }
    let all: f64 = quotas.iter().map(|q| q.quota).sum();
    writeln!(out, "quotas add up to {:.2} M$ of {:.2} M$", all / 1e6, 1.02 * quota_plan.total / 1e6)?;
    for m in &audit.measures {
        let f = &m.fairness;
        writeln!(
            out,
            "audit of {:11} max deviation {:4.1} %, CV {:.3}, Gini {:.3}, Hoover {:.3}, too large/right/too small {:?}",
            m.name,
            100.0 * f.max_deviation,
            f.cv,
            f.gini,
            f.hoover,
            m.counts()
        )?;
    }
    writeln!(out, "imbalance costs {:.2} % of sales under the response function", 100.0 * audit.cost.lost_share)?;
    for (name, found, asked) in
        [("potential", most_potential, POTENTIAL_TOLERANCE), ("workload", most_workload, WORKLOAD_TOLERANCE)]
    {
        let verdict = if found <= asked { "kept" } else { "VIOLATED" };
        writeln!(out, "{name} ±{:.0} %: {verdict}, {:.2} %", 100.0 * asked, 100.0 * found)?;
    }
    writeln!(out, "{:.1} s in all", begin.elapsed().as_secs_f64())?;
    Ok(())
}

fn sum(column: &[f64]) -> f64 {
    column.iter().sum()
}

/// Sums of a column of customers per territory.
fn territory_sums(column: &[f64], territory_of: &[u32], k: usize) -> Vec<f64> {
    let mut sums = vec![0.0; k];
    column.iter().zip(territory_of).for_each(|(v, &t)| sums[t as usize] += v);
    sums
}

fn counties(path: &str) -> Outcome<Coverage> {
    let mut table = read(Source::open(path)?, &ReadOptions::default())?;
    let Geometry::Polygons(polygons) = table.take_geometry() else { return Err("counties should be polygons".into()) };
    Ok(Coverage::new(polygons, &CoverageOptions::default())?)
}

/// The graph of counties, island counties joined by the shortest links.
fn network(coverage: &Coverage) -> Outcome<Graph> {
    Ok(resolve_islands(&coverage.graph(Contact::Rook), coverage.polygons(), Islands::Bridge)?.graph)
}

/// The hospitals of the lower 48 states, and how many are elsewhere.
fn hospitals(path: &str) -> Outcome<(Customers, usize)> {
    let columns = TableColumns::default().field(Field::Potential, "discharges").field(Field::Sales, "payments_usd");
    let properties = columns.wanted().into_iter().chain(["state".to_owned()]).collect();
    let table = read(Source::open(path)?, &ReadOptions { properties, ..ReadOptions::default() })?;
    let Geometry::Points(points) = table.geometry() else { return Err("hospitals should be points".into()) };
    let cell = |row: usize, property: &str| match table.property(property).map(|column| column.get(row)) {
        Some(PropertyValue::Number { value, .. }) => Cell::Number(value),
        Some(PropertyValue::Text(text)) => Cell::Text(text),
        _ => Cell::Empty,
    };
    let outside = |row: &usize| matches!(cell(*row, "state"), Cell::Text("AK" | "HI"));
    let inside: Vec<usize> = (0..table.len()).filter(|row| !outside(row)).collect();
    let points: Vec<[f64; 2]> = inside.iter().map(|&row| points[row]).collect();
    let known: Vec<&str> = table.property_names().collect();
    let customers = CustomerTable::from_features(table.space(), &points, &known, &columns, |at, property| {
        cell(inside[at], property)
    })?
    .build(&CustomerOptions::default())?;
    Ok((customers, table.len() - inside.len()))
}

/// Everything that stays while plans come and go.
struct Market<'a> {
    customers: &'a Customers,
    units: &'a UnitTotals,
    workload: &'a Workload,
    graph: Graph,
    locations: Locations,
}

struct Plan {
    /// Of every hospital.
    territory_of: Vec<u32>,
    evaluation: Evaluation,
    /// Of every territory, ways from its centre.
    hours: Vec<TerritoryHours>,
    seed: u64,
}

impl Market<'_> {
    /// `k` territories balanced on potential and on `hours`, one number per hospital, to nine tenths of the tolerances.
    fn problem(&self, k: usize, hours: &[f64]) -> Outcome<Problem> {
        let potential = self.customers.sum_onto(Field::Potential, self.units)?;
        Ok(ProblemSpec::new(self.locations.clone(), self.graph.clone(), k)
            .measure(Measure::new("workload", self.units.sum(hours)?).tolerance(AIM * WORKLOAD_TOLERANCE))
            .measure(Measure::new("potential", potential).tolerance(AIM * POTENTIAL_TOLERANCE))
            .build()?)
    }

    /// Workload with trips as long as the ways that are to be expected make them, and a plan balanced on those ways.
    fn first(&self, k: usize) -> Outcome<(Workload, Vec<u32>)> {
        let ways = self.workload.expected_ways_hours(k)?;
        let days = |way: &f64| if *way < NIGHT_PAYS_HOURS { 1.0 } else { DAYS_AWAY };
        let lengths: Vec<f64> = ways.iter().map(|way| TRIPS.calls_per_trip * days(way)).collect();
        let workload = self.workload.clone().with_calls_per_trip(&lengths)?;
        let problem = self.problem(k, &workload.hours(|customer| ways[customer]))?;
        let options = SolveOptions { effort: Effort::Quick, ..SolveOptions::default() };
        let assignment = solve(&problem, &options, &Control::default())?.assignment;
        Ok((workload, assignment))
    }

    /// Territories balanced on the hours that they have: rounds of the search, then border by border, from seed to seed until the
    /// bounds hold with something to spare.
    fn plan(&self, k: usize) -> Outcome<Plan> {
        let (workload, mut start) = self.first(k)?;
        let units = workload.onto(self.units.join.units(), self.graph.len())?;
        let values = self.customers.sum_onto(Field::Potential, self.units)?;
        let potential = Balanced { values: &values, tolerance: POTENTIAL_TOLERANCE };
        let mut best: Option<Plan> = None;
        for seed in 0..SEEDS {
            let exact = |assignment: &[u32]| self.exact(&workload, &self.territory_of(assignment), k);
            let assignment = balance_in_rounds::<Box<dyn Error>>(start.clone(), seed, exact)?;
            let mut books = TravelBooks::new(&units, &assignment, k)?;
            let to = Settlement { tolerance: WORKLOAD_TOLERANCE, others: &[potential], capacities: &[], seed };
            books.settle(&self.graph, &to)?;
            let plan = self.measured(&workload, books.territory_of(), k, seed)?;
            if best.as_ref().is_none_or(|b| plan.excess() < b.excess()) {
                best = Some(plan);
                start = books.territory_of().to_vec();
            }
            if best.as_ref().is_some_and(|b| b.excess() <= ENOUGH) {
                break;
            }
        }
        best.ok_or_else(|| "no seeds".into())
    }

    /// Territory of every hospital.
    fn territory_of(&self, assignment: &[u32]) -> Vec<u32> {
        self.units.join.units().iter().map(|&u| assignment[u as usize]).collect()
    }

    /// The problem as a plan makes it: with the hours that its ways take.
    fn exact(&self, workload: &Workload, territory_of: &[u32], k: usize) -> Outcome<Problem> {
        let ways = workload.ways_hours(territory_of, k, Bases::Centroids)?;
        self.problem(k, &workload.hours(|customer| ways[customer]))
    }

    /// A plan with its exact figures.
    fn measured(&self, workload: &Workload, assignment: &[u32], k: usize, seed: u64) -> Outcome<Plan> {
        let territory_of = self.territory_of(assignment);
        let evaluation = evaluate(&self.exact(workload, &territory_of, k)?, assignment)?;
        let hours = workload.territories(&territory_of, k, Bases::Centroids)?;
        Ok(Plan { territory_of, evaluation, hours, seed })
    }
}

impl Plan {
    /// Largest relative deviation of workload (0) or potential (1).
    fn deviation(&self, measure: usize) -> f64 {
        self.evaluation.measures[measure].fairness.max_deviation
    }

    /// The worst deviation in tolerances.
    fn excess(&self) -> f64 {
        (self.deviation(0) / WORKLOAD_TOLERANCE).max(self.deviation(1) / POTENTIAL_TOLERANCE)
    }

    fn total_hours(&self) -> f64 {
        self.hours.iter().map(TerritoryHours::total).sum()
    }
}
