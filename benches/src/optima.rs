//! Instances with proven optimal plans: a folder of files `{county,tract}_ST.json`, and the published objectives.
//!
//! Moment of inertia: 1e-6·Σ over territories of min over member j of Σ over members i of population_i·km_ij², where km_ij is
//! the planar distance rounded to whole kilometres (Validi, Buchanan & Lykhovyd 2022, doi:10.1287/opre.2021.2141). Minimum
//! cut: the number of links between territories (Validi & Buchanan 2022, doi:10.1007/s12532-022-00221-5).

use crate::evaluate::{NotAPlan, evaluate};
use crate::instance::{Instance, Link};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use territory::Space;

/// An instance with its bounds and the proven moment of inertia.
#[derive(Clone, Debug, Deserialize)]
pub struct Optimum {
    /// `county_AL`.
    pub name: String,
    /// Number of territories.
    pub k: usize,
    /// Least population of a territory.
    pub lower: f64,
    /// Largest population of a territory.
    pub upper: f64,
    /// The proven value of `inertia-medoid`.
    pub optimum: f64,
    /// What the exact solver took.
    pub published_seconds: f64,
    population: Vec<f64>,
    x_m: Vec<f64>,
    y_m: Vec<f64>,
    edges: Vec<(u32, u32)>,
}

/// The proven minimum cuts, ±0.5 %, contiguous.
pub const MINIMUM_CUTS: [(&str, usize); 10] = [
    ("county_AL", 55),
    ("county_IA", 33),
    ("county_ID", 10),
    ("county_LA", 49),
    ("county_NE", 19),
    ("county_OK", 40),
    ("tract_ID", 17),
    ("tract_NH", 26),
    ("tract_NM", 43),
    ("tract_WV", 43),
];

/// A plan by the published formulas.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanValue {
    /// Moment of inertia about the best member.
    pub inertia_medoid: f64,
    /// Links between territories.
    pub cut: usize,
    /// What breaks the rules: bounds, pieces, empty territories. None: valid.
    pub faults: Option<String>,
}

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OptimaError {
    /// The folder or a file.
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// A file that is not in the format.
    #[error("{0}: {1}")]
    Format(PathBuf, serde_json::Error),
    /// Columns of different lengths, or an edge to a unit that is not there.
    #[error("{0}: columns do not fit together")]
    Columns(PathBuf),
}

/// Reads every `.json` of a folder, by name.
///
/// # Errors
/// The first file that cannot be read.
pub fn read_folder(folder: &Path) -> Result<Vec<Optimum>, OptimaError> {
    let error = |path: &Path| {
        let path = path.to_path_buf();
        move |e| OptimaError::Read(path, e)
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error(folder))? {
        let path = entry.map_err(error(folder))?.path();
        if path.extension().is_some_and(|e| e == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path, &std::fs::read_to_string(path).map_err(error(path))?)).collect()
}

fn read(path: &Path, text: &str) -> Result<Optimum, OptimaError> {
    let o: Optimum = serde_json::from_str(text).map_err(|e| OptimaError::Format(path.into(), e))?;
    let n = o.population.len();
    let fits = o.x_m.len() == n && o.y_m.len() == n && o.edges.iter().all(|&(a, b)| (a.max(b) as usize) < n);
    if fits { Ok(o) } else { Err(OptimaError::Columns(path.into())) }
}

impl Optimum {
    /// The units as an instance.
    pub fn instance(&self) -> Instance {
        Instance {
            name: self.name.clone(),
            space: Space::Planar,
            points: self.x_m.iter().zip(&self.y_m).map(|(x, y)| Space::Planar.locate([*x, *y])).collect(),
            links: self.edges.iter().map(|&(a, b)| Link::new(a, b, 0.0)).collect(),
            measures: vec![("population".into(), self.population.clone())],
        }
    }

    /// The published distance: whole kilometres.
    pub fn whole_km(&self, i: usize, j: usize) -> f64 {
        let (dx, dy) = (self.x_m[i] - self.x_m[j], self.y_m[i] - self.y_m[j]);
        ((dx * dx + dy * dy).sqrt() / 1000.0).round()
    }

    /// The proven minimum cut, where one is published.
    pub fn minimum_cut(&self) -> Option<usize> {
        MINIMUM_CUTS.iter().find(|m| m.0 == self.name).map(|m| m.1)
    }

    /// Values and validity of a plan, all from the file's columns.
    ///
    /// # Errors
    /// If it is no assignment to k territories.
    pub fn value(&self, assignment: &[u32]) -> Result<PlanValue, NotAPlan> {
        let score = evaluate(&self.instance(), self.k, assignment)?;
        let mut inertia_medoid = 0.0;
        let (mut faults, mut outside) = (Vec::new(), 0);
        for t in 0..self.k as u32 {
            let members: Vec<usize> = (0..assignment.len()).filter(|&u| assignment[u] == t).collect();
            let sum: f64 = members.iter().map(|&u| self.population[u]).sum();
            outside += usize::from(sum < self.lower || sum > self.upper);
            let about = |j: &usize| -> f64 {
                members.iter().map(|&i| self.population[i] * self.whole_km(i, *j) * self.whole_km(i, *j)).sum()
            };
            inertia_medoid += 1e-6 * members.iter().map(about).fold(f64::INFINITY, f64::min);
        }
        for (count, what) in [(outside, "outside the bounds"), (score.broken, "in pieces"), (score.empty, "empty")] {
            if count > 0 {
                faults.push(format!("{count} of {} {what}", self.k));
            }
        }
        let faults = if faults.is_empty() { None } else { Some(faults.join(", ")) };
        Ok(PlanValue { inertia_medoid, cut: score.cut, faults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"name":"county_ID","k":2,"lower":3,"upper":5,"optimum":1.0,"published_seconds":0.1,
        "geoid":["a","b","c","d"],"population":[1,3,2,2],"x_m":[0,1400,3000,4600],"y_m":[0,0,0,0],
        "lon":[0,0,0,0],"lat":[0,0,0,0],"edges":[[0,1],[2,1],[2,3]]}"#;

    #[test]
    fn the_published_formula() -> Result<(), Box<dyn std::error::Error>> {
        let optimum = read(Path::new("x"), TEXT)?;
        // 1.4 km counts as 1, 1.6 km as 2: about unit 1, 1·1²; about unit 2 or 3, 2·2².
        let value = optimum.value(&[0, 0, 1, 1])?;
        assert!((value.inertia_medoid - 9e-6).abs() < 1e-18);
        assert_eq!((value.cut, value.faults, optimum.minimum_cut()), (1, None, Some(10)));
        let value = optimum.value(&[0, 1, 0, 0])?;
        assert_eq!(value.faults.as_deref(), Some("1 of 2 in pieces"));
        assert_eq!(optimum.value(&[0, 0, 0, 1])?.faults.as_deref(), Some("2 of 2 outside the bounds"));
        assert!(read(Path::new("x"), &TEXT.replace("[2,3]", "[2,4]")).is_err());
        Ok(())
    }
}
