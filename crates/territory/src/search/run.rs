//! One run of the search over a problem: components, stages, efforts.

use super::balance::Balance;
use super::components::share_out;
use super::contiguity::begin;
use super::descent::{BUNDLE, Found};
use super::diameter;
use super::groups::as_one;
use super::instance::Instance;
use super::last::keep_rules;
use super::polish::polish;
use super::random::Random;
use super::regions::Scratches;
use super::renew::{self, renew};
use super::settle::{POLISH_ROUNDS, settle_from};
use super::shake::{shake, smooth};
use super::small;
use super::spill;
use super::starts::{MOST_STARTS, Starts, balanced_units};
use super::state::{Scales, State};
use crate::control::{Control, Effort, Stopped};
use crate::parallel;
use crate::problem::{ComponentRule, Problem};
use crate::solve::SolveOptions;

/// Finds a plan: territory of every unit.
pub(crate) fn run(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> (Vec<u32>, Stopped) {
    let instance = Instance::new(problem);
    let parts = match problem.components() {
        ComponentRule::Connected => run_connected(problem, &instance, options, control),
        ComponentRule::Separate => run_components(problem, &instance, options, control),
    };
    let mut assignment = parallel::scatter(&instance.order, &parts);
    keep_rules(problem, &mut assignment);
    (assignment, control.stopped().unwrap_or(Stopped::Steps))
}

/// Every component by itself.
fn run_components(problem: &Problem, instance: &Instance, options: &SolveOptions, control: &Control<'_>) -> Vec<u32> {
    let mut parts = vec![0; instance.len()];
    let mut rank = vec![u32::MAX; instance.len()];
    let mut done = 0;
    for (units, territories) in share_out(problem, instance) {
        let part = instance.part(&units, &territories, &mut rank);
        let control = control.stretch(done, units.len(), instance.len());
        done += units.len();
        let found = run_connected(problem, &part, options, &control);
        for (&u, &t) in units.iter().zip(&found) {
            parts[u as usize] = territories[t as usize];
        }
    }
    parts
}

fn run_connected(problem: &Problem, instance: &Instance, options: &SolveOptions, control: &Control<'_>) -> Vec<u32> {
    // Regions are drawn by centroids: what is measured from members might be worse by them.
    let objective = problem.objective();
    let from_members = objective.inertia_medoid + objective.median > 0.0;
    let renews = options.effort == Effort::Thorough && !from_members && renew::applies(instance);
    if small::applies(problem, instance, options.effort) {
        // A plan to start from and to measure by: the search proper comes after it.
        let mut at = 0.1;
        let start = SolveOptions { effort: options.effort.min(Effort::Standard), ..*options };
        let mut parts = balanced(problem, instance, &start, Starts::ALL, &control.part(0.0, at));
        if renews && control.stopped().is_none() {
            parts = renewed(problem, instance, parts, options, &control.part(at, 0.8));
            at = 0.8;
        }
        if control.stopped().is_some() {
            return parts;
        }
        let roomy = with_room(instance, &parts);
        return small::run(problem, &roomy, (parts, renews), options, &control.part(at, 1.0));
    }
    if problem.objective().diameter == 0.0 {
        let share = if renews { 0.2 } else { 1.0 };
        let from = Starts { renewed: renews, ..Starts::ALL };
        let parts = balanced(problem, instance, options, from, &control.part(0.0, share));
        return if renews { renewed(problem, instance, parts, options, &control.part(share, 1.0)) } else { parts };
    }
    // Where diameters are shortened after it, balance is the smaller part of the work.
    let share = 0.1;
    let effort = options.effort.min(Effort::Standard);
    let options_of_balance = SolveOptions { effort, ..*options };
    let parts = balanced(problem, instance, &options_of_balance, Starts::ALL, &control.part(0.0, share));
    if control.stopped().is_some() || instance.k() < 2 || instance.k() == instance.len() {
        return parts;
    }
    let roomy = with_room(instance, &parts);
    diameter::run(problem, &roomy, parts, options, &control.part(share, 1.0))
}

/// The instance in which territories that hold an oversize unit aim at having it alone.
fn with_room(instance: &Instance, parts: &[u32]) -> Instance {
    let mut roomy = instance.clone();
    for (territory, loads) in instance.oversize_territories(parts) {
        roomy.make_room(territory, &loads);
    }
    roomy
}

/// A plan balanced and compact by inertia, border and cut.
fn balanced(
    problem: &Problem,
    instance: &Instance,
    options: &SolveOptions,
    from: Starts,
    control: &Control<'_>,
) -> Vec<u32> {
    // What is measured from members has the inertia about the centroid in its place here.
    let weights = problem.objective().weights();
    let balanced = |instance: &Instance| balanced_units(instance, weights, options, from, control);
    match as_one(problem, instance) {
        None => balanced(instance),
        Some(level) => level.project(&balanced(&level.instance)),
    }
}

/// A plan whose regions were drawn anew, each from one start a time, the best of several; no units go together where this applies.
fn renewed(
    problem: &Problem,
    instance: &Instance,
    parts: Vec<u32>,
    options: &SolveOptions,
    control: &Control<'_>,
) -> Vec<u32> {
    let weights = problem.objective().weights();
    let quiet = control.unobserved();
    let standard =
        |turn: u64| SolveOptions { effort: Effort::Standard, seed: Random::stream(options.seed, DRAW, turn).bits() };
    let start = |plan: u64| {
        if plan == 0 {
            return parts.clone();
        }
        let from = Starts { first: plan * MOST_STARTS as u64, ..Starts::ALL };
        balanced_units(instance, weights, &standard(u64::MAX - plan), from, &quiet)
    };
    let draw = |region: &Instance, weights: [f64; 3], turn: u64| {
        let from = Starts { first: turn, most: 1, ..Starts::ALL };
        balanced_units(region, weights, &standard(turn), from, &quiet)
    };
    renew(instance, weights, options.seed, control, start, draw)
}

/// A contiguous plan to go on from.
pub(crate) fn begin_plan(instance: &Instance) -> Vec<u32> {
    begin(instance, QUICK_STEPS, 0).parts
}

/// One good pass: a diagram on the units, made contiguous and settled.
pub(super) fn at_once(
    instance: &Instance,
    weights: [f64; 3],
    seed: u64,
    scratches: &mut Scratches,
    control: &Control<'_>,
) -> Found {
    let diagram = begin(instance, QUICK_STEPS, 0);
    // Bounds that no plan can meet would call for the longer way in vain.
    let roomy = (!instance.oversize_units().is_empty()).then(|| with_room(instance, &diagram.parts));
    let instance = roomy.as_ref().unwrap_or(instance);
    let mut state = State::new(instance, diagram.parts, Scales::default());
    let scales = state.scales_for(weights);
    state.scales = scales;
    let mut balance = Balance::new(instance);
    if spill::is_much(&state) {
        // All terms together have the same energy.
        let smoother = state.scales_for([weights[0], SMOOTHER * weights[1], SMOOTHER * weights[2]]);
        state.scales = smoother;
        let parts;
        (parts, balance) = spill::carry(&state, BUNDLE, scratches.one(), control);
        state = State::new(instance, parts, smoother);
    }
    let k = instance.k() as f64;
    let far = FAR * k / instance.len() as f64;
    settle_from(balance, (ENOUGH * k, far), &mut state, BUNDLE, (seed, AT_ONCE), scratches, control);
    let exchanged = (0..instance.k() as u32).all(|t| state.violation_of(t) <= far);
    let left = if exchanged { polish(&mut state, scratches.one(), POLISH_ROUNDS, control) } else { f64::INFINITY };
    state.scales = scales;
    if left > LITTLE * k { Found::of(&state) } else { shaken(state, seed, scratches, control) }
}

/// A plan, or what is better after its borders were moved about where bounds are violated, and smoothed where these are narrow.
pub(super) fn shaken(mut state: State<'_>, seed: u64, scratches: &mut Scratches, control: &Control<'_>) -> Found {
    let mut found = Found::of(&state);
    // What follows may be the longer way, or diameters: progress would fall back.
    let control = &control.unobserved();
    if found.violation > 0.0 {
        shake(&mut state, BUNDLE, (seed, SHAKE), scratches, control);
        let after = Found::of(&state);
        if !after.is_better(&found) {
            return found;
        }
        found = after;
    }
    if smooth(&mut state, BUNDLE, (seed, SMOOTH), scratches, control) {
        let after = Found::of(&state);
        if after.violation <= found.violation && after.is_better(&found) {
            found = after;
        }
    }
    found
}

/// Steps of the construction.
const QUICK_STEPS: usize = 40;

/// Random streams of [`at_once`], [`shaken`] (two) and [`renewed`].
const AT_ONCE: u64 = 3;
const SHAKE: u64 = 5;
const SMOOTH: u64 = 9;
const DRAW: u64 = 7;
/// Weight of cut and border beside what the objective gives them where loads are carried far: borders become ragged by that.
const SMOOTHER: f64 = 1.5;
/// Violation per territory, in targets, that is left to exchanges: sweeps that go on for so little make borders ragged.
const ENOUGH: f64 = 1e-4;
/// Violation of a territory that exchanges of a few units do not end, in mean units.
const FAR: f64 = 10.0;
/// Violation per territory, in targets, that moving borders about can end; with more left the longer way is the surer one.
const LITTLE: f64 = 0.001;
