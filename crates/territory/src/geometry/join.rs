//! Customers joined to the units that contain them, and their measures summed onto the units.

use crate::UnitId;
use crate::geometry::contains::Container;
use crate::geometry::{Polygons, Proximity, Scratch, Shapes, curve, distance_km};
use crate::parallel;
use crate::space::Space;

/// What becomes of customers outside every unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outside {
    /// Each goes to the unit with the nearest border; an error if that is farther than the limit.
    Nearest {
        /// The limit in km; infinity for none.
        limit_km: f64,
    },
    /// They belong to no unit.
    Drop,
    /// They are an error.
    Refuse,
}

impl Default for Outside {
    /// The nearest unit within 5 km.
    fn default() -> Self {
        Outside::Nearest { limit_km: 5.0 }
    }
}

/// A customer outside every unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stray {
    /// Its index.
    pub customer: usize,
    /// The unit with the nearest border.
    pub unit: UnitId,
    /// Distance to that border in km.
    pub distance_km: f64,
}

/// Why customers could not be joined.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// A customer's coordinate is NaN or infinite, a latitude is beyond ±90 or a longitude beyond ±360.
    #[error("customer {customer} is at ({x}, {y}), which is no place: correct it or leave the customer out")]
    BadCustomer {
        /// Its index.
        customer: usize,
        /// Longitude in degrees, or x in metres.
        x: f64,
        /// Latitude in degrees, or y in metres.
        y: f64,
    },
    /// A vertex of a unit is NaN or infinite.
    #[error("unit {unit} has a coordinate that is not a finite number: correct it or leave the unit out")]
    BadUnit {
        /// The first such unit.
        unit: UnitId,
    },
    /// The limit is negative or NaN.
    #[error("the limit of {limit_km} km is not a number of at least 0")]
    BadLimit {
        /// The limit given.
        limit_km: f64,
    },
    /// Customers are outside every unit, and farther from all than allowed.
    #[error("{count} customers are outside every unit{}{}: raise the limit, drop them, or complete the units",
        if *limit_km > 0.0 { format!(" by more than {limit_km} km") } else { String::new() },
        farthest.map_or(String::new(), |f| format!("; the farthest is customer {}, {:.3} km from unit {}", f.customer, f.distance_km, f.unit)))]
    Outside {
        /// How many are farther than the limit.
        count: usize,
        /// The limit in km; 0 if none may be outside.
        limit_km: f64,
        /// The farthest of them; none if no unit has a geometry.
        farthest: Option<Stray>,
    },
    /// A column of values is not as long as the customers are many.
    #[error("{values} values for {customers} customers: pass one for each")]
    Length {
        /// Values given.
        values: usize,
        /// Customers joined.
        customers: usize,
    },
}

/// Which unit every customer belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    units: Vec<u32>,
    unit_count: usize,
    /// Customers inside a unit, or on its border.
    pub joined: usize,
    /// Customers outside every unit that went to the nearest.
    pub nearest: usize,
    /// Customers that belong to no unit.
    pub dropped: usize,
    /// The farthest of those that went to the nearest unit.
    pub farthest: Option<Stray>,
}

/// Customers joined as one piece of work.
const CHUNK: usize = 4096;

/// Joins customers to the units that contain them: inside an exterior and in none of its holes, or on a border. Where several
/// units hold a customer, the one with the smaller index has it. Longitudes are taken modulo a whole turn.
///
/// Distances of customers outside are to the nearest border, great-circle km or km in the plane; of units at the same distance
/// the smallest is taken.
///
/// ```
/// use territory::geometry::{Outside, Polygons, join};
/// use territory::{Space, UnitId};
/// let mut squares = Polygons::new(Space::Planar);
/// for x in [0.0, 1000.0] {
///     [[x, 0.0], [x + 1000.0, 0.0], [x + 1000.0, 1000.0], [x, 1000.0]].map(|v| squares.push_vertex(v));
///     squares.end_ring();
///     squares.end_part();
///     squares.end_unit();
/// }
/// let customers = [[500.0, 500.0], [1000.0, 200.0], [2500.0, 0.0]];
/// let joined = join(&customers, &squares, Outside::Nearest { limit_km: 1.0 })?;
/// assert_eq!(joined.unit_of(1), Some(UnitId(0))); // on the shared border
/// assert_eq!((joined.joined, joined.nearest), (2, 1));
/// assert_eq!(joined.sum(&[1.0, 2.0, 4.0])?, [3.0, 4.0]);
/// # Ok::<(), territory::geometry::JoinError>(())
/// ```
///
/// # Errors
/// [`JoinError`] for coordinates that are no place, or customers outside where they are not allowed.
pub fn join(customers: &[[f64; 2]], units: &Polygons, outside: Outside) -> Result<Join, JoinError> {
    check(customers, units, outside)?;
    let container = Container::new(units);
    // Customers near each other look into the same polygons.
    let order = curve::order(customers);
    let mut found = vec![u32::MAX; customers.len()];
    parallel::for_each_chunk(&mut found, CHUNK, |chunk, found| {
        for (unit, &(_, customer)) in found.iter_mut().zip(&order[chunk * CHUNK..]) {
            *unit = container.unit_of(customers[customer as usize]).unwrap_or(u32::MAX);
        }
    });
    let mut of = vec![u32::MAX; customers.len()];
    order.iter().zip(found).for_each(|(&(_, customer), unit)| of[customer as usize] = unit);
    drop(container);
    let strays: Vec<usize> = (0..of.len()).filter(|&i| of[i] == u32::MAX).collect();
    let mut join = Join {
        joined: of.len() - strays.len(),
        units: of,
        unit_count: units.len(),
        nearest: 0,
        dropped: 0,
        farthest: None,
    };
    let limit_km = match outside {
        _ if strays.is_empty() => return Ok(join),
        Outside::Drop => {
            join.dropped = strays.len();
            return Ok(join);
        }
        Outside::Nearest { limit_km } => limit_km,
        Outside::Refuse => 0.0,
    };
    let found = nearest(&strays, customers, units);
    // On a border within rounding is still outside: with a limit of 0 nothing passes.
    let beyond = |stray: &Stray| outside == Outside::Refuse || stray.distance_km > limit_km;
    let farthest = found.iter().fold(None::<Stray>, |far, stray| match far {
        Some(far) if far.distance_km >= stray.distance_km => Some(far),
        _ => Some(*stray),
    });
    let count = if found.is_empty() { strays.len() } else { found.iter().filter(|stray| beyond(stray)).count() };
    if count > 0 {
        return Err(JoinError::Outside { count, limit_km, farthest });
    }
    found.iter().for_each(|stray| join.units[stray.customer] = stray.unit.0);
    join.nearest = found.len();
    join.farthest = farthest;
    Ok(join)
}

fn check(customers: &[[f64; 2]], units: &Polygons, outside: Outside) -> Result<(), JoinError> {
    if let Outside::Nearest { limit_km } = outside
        && (limit_km.is_nan() || limit_km < 0.0)
    {
        return Err(JoinError::BadLimit { limit_km });
    }
    let (widest, highest) = match units.space() {
        Space::Geographic => (360.0, 90.0),
        Space::Planar => (f64::MAX, f64::MAX),
    };
    // Not `> … ||`: NaN must not pass.
    let is_place = |&[x, y]: &[f64; 2]| x.abs() <= widest && y.abs() <= highest;
    if let Some(customer) = customers.iter().position(|c| !is_place(c)) {
        let [x, y] = customers[customer];
        return Err(JoinError::BadCustomer { customer, x, y });
    }
    match Shapes::Polygons(units).first_not_finite() {
        Some(unit) => Err(JoinError::BadUnit { unit: UnitId(unit) }),
        None => Ok(()),
    }
}

/// The nearest unit of every stray customer; nothing if no unit has a geometry.
fn nearest(strays: &[usize], customers: &[[f64; 2]], units: &Polygons) -> Vec<Stray> {
    let index = Proximity::new(Shapes::Polygons(units));
    let space = units.space();
    let pieces = parallel::map(strays.len().div_ceil(CHUNK), |piece| {
        let mut scratch = Scratch::default();
        let of_piece = strays[piece * CHUNK..].iter().take(CHUNK);
        let found = of_piece.filter_map(|&customer| {
            let at = space.locate(customers[customer]);
            let (unit, squared) = index.nearest(at, &mut scratch)?;
            Some(Stray { customer, unit: UnitId(unit), distance_km: distance_km(space, squared) })
        });
        found.collect::<Vec<_>>()
    });
    pieces.into_iter().flatten().collect()
}

impl Join {
    /// The unit of a customer; none if it was dropped or does not exist.
    pub fn unit_of(&self, customer: usize) -> Option<UnitId> {
        self.units.get(customer).filter(|&&unit| unit != u32::MAX).map(|&unit| UnitId(unit))
    }

    /// The unit of every customer; `u32::MAX` for those dropped.
    pub fn units(&self) -> &[u32] {
        &self.units
    }

    /// Number of customers of every unit.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.unit_count];
        self.units.iter().filter(|&&unit| unit != u32::MAX).for_each(|&unit| counts[unit as usize] += 1);
        counts
    }

    /// Sums one value per customer onto the units, in customer order.
    ///
    /// # Errors
    /// [`JoinError::Length`] unless there is one value per customer.
    pub fn sum(&self, values: &[f64]) -> Result<Vec<f64>, JoinError> {
        if values.len() != self.units.len() {
            return Err(JoinError::Length { values: values.len(), customers: self.units.len() });
        }
        let mut sums = vec![0.0; self.unit_count];
        for (&unit, &value) in self.units.iter().zip(values).filter(|&(&unit, _)| unit != u32::MAX) {
            sums[unit as usize] += value;
        }
        Ok(sums)
    }
}
