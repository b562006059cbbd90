//! Shape figures of the territories, from their dissolved polygons.

use super::Report;
use crate::geometry::Polygons;

impl Report {
    /// With area, perimeter, Polsby–Popper and Reock score of every territory, read off `territories`: unit `t` is the
    /// dissolved territory `t`, as [`crate::geometry::Coverage::dissolve`] gives them. A territory without area gets no
    /// scores.
    pub fn shapes(mut self, territories: &Polygons) -> Self {
        for (t, shape) in self.territories.iter_mut().zip(territories.shapes()) {
            (t.area_km2, t.perimeter_km) = (Some(shape.area_km2), Some(shape.perimeter_km));
            let score = |value: f64| value.is_finite().then_some(value);
            (t.polsby_popper, t.reock) = (score(shape.polsby_popper), score(shape.reock));
        }
        self
    }
}
