//! Where each unit is: which units may have to do with a place is told by their boxes, without touching their vertices. Knows
//! polygons and boxes, nothing of edges or of what is looked for.

use super::boxes::{Bounds, BoxTree};
use super::polygons::Polygons;
use crate::parallel;
use crate::space::Space;

/// Boxes of all units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extents {
    units: Vec<Bounds>,
}

/// Units looked at as one piece of work.
const CHUNK: usize = 1 << 12;

impl Extents {
    pub(crate) fn new(polygons: &Polygons) -> Self {
        let mut units = vec![Bounds::EMPTY; polygons.len()];
        parallel::for_each_chunk(&mut units, CHUNK, |chunk, boxes| {
            for (unit, own) in (chunk * CHUNK..).zip(boxes) {
                *own = box_of(polygons, unit);
            }
        });
        Extents { units }
    }

    /// Takes in that some units have other vertices.
    pub(crate) fn update(&mut self, polygons: &Polygons, units: impl Iterator<Item = u32>) {
        for unit in units {
            self.units[unit as usize] = box_of(polygons, unit as usize);
        }
    }

    /// Box of a unit.
    pub(crate) fn of(&self, unit: u32) -> &Bounds {
        &self.units[unit as usize]
    }

    /// Units whose boxes meet any of the places, ascending. On the sphere ±180 degrees are one meridian.
    pub(crate) fn near(&self, space: Space, mut places: Vec<Bounds>) -> Vec<u32> {
        if space == Space::Geographic {
            let at = |x: f64, b: &Bounds| Bounds { min: [x, b.min[1]], max: [x, b.max[1]] };
            let west = places.iter().filter(|b| b.max[0] == 180.0).map(|b| at(-180.0, b));
            let east = places.iter().filter(|b| b.min[0] == -180.0).map(|b| at(180.0, b));
            let mirrored: Vec<Bounds> = west.chain(east).collect();
            places.extend(mirrored);
        }
        let cells = Cells::new(&places);
        let tree = BoxTree::scattered(places);
        let found = parallel::map(self.units.len().div_ceil(CHUNK), |chunk| {
            let units = chunk * CHUNK..((chunk + 1) * CHUNK).min(self.units.len());
            let meets = |own: &Bounds| cells.may_meet(own) && tree.meets(own, |_| true);
            units.filter(|&unit| meets(&self.units[unit])).map(|unit| unit as u32).collect::<Vec<u32>>()
        });
        found.concat()
    }
}

/// A coarse picture of some places, small enough for the nearest cache: most units are told from it to be elsewhere.
struct Cells {
    /// Around all places.
    bounds: Bounds,
    scale: [f64; 2],
    /// Rows of cells, a bit each.
    rows: Vec<u64>,
}

impl Cells {
    const SIDE: usize = 256;
    const WORDS: usize = Self::SIDE / 64;

    fn new(places: &[Bounds]) -> Self {
        let bounds = places.iter().fold(Bounds::EMPTY, |all, b| all.union(b));
        let scale = [0, 1].map(|k| Self::SIDE as f64 / (bounds.max[k] - bounds.min[k]).max(f64::MIN_POSITIVE));
        let mut cells = Cells { bounds, scale, rows: vec![0; Self::SIDE * Self::WORDS] };
        for place in places {
            let [columns, rows] = cells.range(place);
            for row in rows {
                for word in columns.start / 64..=(columns.end - 1) / 64 {
                    cells.rows[row * Self::WORDS + word] |= mask(&columns, word);
                }
            }
        }
        cells
    }

    /// Columns and rows of the cells that a box covers, at least one of each.
    fn range(&self, b: &Bounds) -> [std::ops::Range<usize>; 2] {
        // Never descending in x, so boxes that meet have a cell in common; the cast saturates.
        let cell = |x: f64, k: usize| (((x - self.bounds.min[k]) * self.scale[k]) as usize).min(Self::SIDE - 1);
        [0, 1].map(|k| cell(b.min[k], k)..cell(b.max[k], k) + 1)
    }

    fn may_meet(&self, b: &Bounds) -> bool {
        if !self.bounds.meets(b) {
            return false;
        }
        let [columns, mut rows] = self.range(b);
        let words = columns.start / 64..(columns.end - 1) / 64 + 1;
        rows.any(|row| words.clone().any(|word| self.rows[row * Self::WORDS + word] & mask(&columns, word) != 0))
    }
}

/// The bits of the columns in a word.
fn mask(columns: &std::ops::Range<usize>, word: usize) -> u64 {
    let from = columns.start.saturating_sub(word * 64);
    let to = (columns.end - word * 64).min(64);
    (u64::MAX >> (64 - (to - from))) << from
}

fn box_of(polygons: &Polygons, unit: usize) -> Bounds {
    Bounds::of_points(&polygons.vertices()[polygons.vertices_of_unit(unit)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(corners: impl Iterator<Item = [f64; 2]>, space: Space) -> Polygons {
        let mut polygons = Polygons::new(space);
        for [x, y] in corners {
            polygons.push_parts(&[vec![vec![[x, y], [x + 1.0, y], [x + 1.0, y + 1.0], [x, y + 1.0]]]]);
        }
        polygons
    }

    #[test]
    fn units_near_places_are_those_whose_boxes_meet_them() {
        let mut polygons = squares((0..200).map(|i| [f64::from(i * 7 % 40), f64::from(i / 9)]), Space::Planar);
        let mut extents = Extents::new(&polygons);
        polygons.replace_units(&[(70, vec![vec![vec![[90.0, 0.0], [91.0, 0.0], [91.0, 2.0]]]])]);
        extents.update(&polygons, [70].into_iter());
        for places in [
            vec![],
            vec![Bounds { min: [3.0, 4.0], max: [3.5, 9.0] }],
            vec![Bounds { min: [90.5, 1.0], max: [95.0, 1.5] }, Bounds { min: [20.0, 0.0], max: [21.0, 30.0] }],
        ] {
            let expected = (0..200).filter(|&u| places.iter().any(|p| p.meets(&box_of(&polygons, u as usize))));
            assert_eq!(extents.near(Space::Planar, places.clone()), expected.collect::<Vec<u32>>());
        }
    }

    #[test]
    fn both_sides_of_the_antimeridian_are_near() {
        let polygons = squares([[-180.0, 0.0], [0.0, 0.0], [179.0, 0.5]].into_iter(), Space::Geographic);
        let extents = Extents::new(&polygons);
        assert_eq!(extents.near(Space::Geographic, vec![*extents.of(0)]), [0, 2]);
        assert_eq!(extents.near(Space::Geographic, vec![*extents.of(2)]), [0, 2]);
        assert_eq!(extents.near(Space::Planar, vec![*extents.of(2)]), [2]);
    }
}
