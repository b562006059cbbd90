//! coupe: geometric partitioners without contiguity, one measure. Its points are planar: units on the sphere are put on the
//! plane by longitude × cos(mean latitude) and latitude.

use super::{Run, Solver, Task};
use crate::instance::Instance;
use coupe::{HilbertCurve, KMeans, MultiJagged, Partition as _, Point2D};
use std::panic::{AssertUnwindSafe, catch_unwind};
use territory::Space;

pub(super) fn prepare(solver: Solver, instance: &Instance, task: Task) -> Result<Run<'_>, String> {
    if instance.measures.len() > 1 {
        return Err("balances one measure only".into());
    }
    let points = planar(instance);
    let weights = instance.weights();
    Ok(Box::new(move || {
        let mut parts = vec![0usize; points.len()];
        let work = AssertUnwindSafe(|| partition(solver, &mut parts, &points, weights, task));
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let result = catch_unwind(work);
        std::panic::set_hook(hook);
        result.unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(format!("panicked: {text}"))
        })?;
        Ok(parts.into_iter().map(|p| p as u32).collect())
    }))
}

fn partition(
    solver: Solver,
    parts: &mut [usize],
    points: &[Point2D],
    weights: &[f64],
    task: Task,
) -> Result<(), String> {
    if solver == Solver::CoupeMultiJagged {
        // Two rounds of cuts give the squarest cells; more than two only split the work finer.
        let mut jagged = MultiJagged { part_count: task.k, max_iter: 2 };
        return jagged.partition(parts, (points, weights)).map_err(|e| e.to_string());
    }
    HilbertCurve { part_count: task.k, order: 16 }.partition(parts, (points, weights)).map_err(|e| e.to_string())?;
    if solver == Solver::CoupeKMeans {
        let mut means = KMeans { part_count: task.k, imbalance_tol: task.tolerance * 100.0, ..KMeans::default() };
        means.partition(parts, (points, weights)).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn planar(instance: &Instance) -> Vec<Point2D> {
    if instance.space == Space::Planar {
        return instance.points.iter().map(|p| Point2D::new(p[0], p[1])).collect();
    }
    let degrees: Vec<[f64; 2]> = instance.points.iter().map(|&p| instance.space.coordinates(p)).collect();
    let mean = degrees.iter().map(|d| d[1]).sum::<f64>() / degrees.len().max(1) as f64;
    let narrow = mean.to_radians().cos();
    degrees.iter().map(|d| Point2D::new(d[0] * narrow, d[1])).collect()
}
