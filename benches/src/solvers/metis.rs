//! METIS 5 through its vendored C source: k-way, contiguous, edge cut, the same tolerance.

use super::{Run, Task};
use crate::instance::Instance;
use metis::Graph;
use metis::option::{Contig, ObjType, Seed};

/// METIS adds up weights in 32 bits: measures that are no whole numbers, or too large, are scaled to this total.
const TOTAL: f64 = 1e9;

pub(super) fn prepare(instance: &Instance, task: Task) -> Result<Run<'_>, String> {
    let (offsets, targets) = rows(instance);
    let weights = integer_weights(instance);
    let measures = instance.measures.len();
    // ubvec bounds the heavy side only; METIS knows no lower bound.
    let balance = vec![(1.0 + task.tolerance) as metis::Real; measures];
    let k = i32::try_from(task.k).map_err(|e| e.to_string())?;
    let seed = (task.seed % 0x7fff_ffff) as i32;
    let units = instance.len();
    Ok(Box::new(move || {
        let mut parts = vec![0; units];
        Graph::new(measures as i32, k, &offsets, &targets)
            .map_err(|e| e.to_string())?
            .set_vwgt(&weights)
            .set_ubvec(&balance)
            .set_option(ObjType::Cut)
            .set_option(Contig(true))
            .set_option(Seed(seed))
            .part_kway(&mut parts)
            .map_err(|e| e.to_string())?;
        Ok(parts.into_iter().map(|p| p as u32).collect())
    }))
}

fn rows(instance: &Instance) -> (Vec<i32>, Vec<i32>) {
    let graph = instance.graph();
    let offsets = graph.offsets().iter().map(|&o| o as i32).collect();
    (offsets, graph.links().iter().map(|&l| l as i32).collect())
}

/// Weights unit by unit, measures side by side.
fn integer_weights(instance: &Instance) -> Vec<i32> {
    let scales: Vec<f64> = instance
        .measures
        .iter()
        .map(|(_, values)| {
            let total: f64 = values.iter().sum();
            let whole = total < TOTAL && values.iter().all(|v| v.fract() == 0.0);
            if whole { 1.0 } else { TOTAL / total }
        })
        .collect();
    let mut weights = Vec::with_capacity(instance.len() * scales.len());
    for unit in 0..instance.len() {
        weights.extend(instance.measures.iter().zip(&scales).map(|((_, v), s)| (v[unit] * s).round() as i32));
    }
    weights
}
