//! Units of a territory with their locations, in columns that a sum over distances runs through fast.

/// Units with their locations.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    pub(super) units: Vec<u32>,
}

impl Columns {
    pub(super) fn reserve(&mut self, count: usize) {
        self.x.reserve(count);
        self.y.reserve(count);
        self.z.reserve(count);
        self.units.reserve(count);
    }

    pub(super) fn clear(&mut self) {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        self.units.clear();
    }

    pub(super) fn push(&mut self, unit: u32, [x, y, z]: [f64; 3]) {
        self.x.push(x);
        self.y.push(y);
        self.z.push(z);
        self.units.push(unit);
    }

    /// Takes a member out; the last one fills the gap and is returned if there is one.
    pub(super) fn remove(&mut self, place: usize) -> Option<u32> {
        self.x.swap_remove(place);
        self.y.swap_remove(place);
        self.z.swap_remove(place);
        self.units.swap_remove(place);
        self.units.get(place).copied()
    }

    /// Σ max(0, |x − at|² − limit²), in four fixed lanes.
    #[inline]
    pub(super) fn excess(&self, at: [f64; 3], limit2: f64, flat: bool) -> f64 {
        let over = |x: f64, y: f64, z: f64| {
            let (dx, dy, dz) = (x - at[0], y - at[1], z - at[2]);
            (dx * dx + dy * dy + dz * dz - limit2).max(0.0)
        };
        let mut lanes = [0.0f64; 4];
        let (x, y, z) = (&self.x[..], &self.y[..], &self.z[..]);
        let (head, tail) = x.as_chunks::<4>();
        let (ys, y_tail) = y.as_chunks::<4>();
        if flat {
            for (x, y) in head.iter().zip(ys) {
                for l in 0..4 {
                    lanes[l] += over(x[l], y[l], at[2]);
                }
            }
            for (l, (&x, &y)) in tail.iter().zip(y_tail).enumerate() {
                lanes[l] += over(x, y, at[2]);
            }
        } else {
            let (zs, z_tail) = z.as_chunks::<4>();
            for ((x, y), z) in head.iter().zip(ys).zip(zs) {
                for l in 0..4 {
                    lanes[l] += over(x[l], y[l], z[l]);
                }
            }
            for (l, ((&x, &y), &z)) in tail.iter().zip(y_tail).zip(z_tail).enumerate() {
                lanes[l] += over(x, y, z);
            }
        }
        (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    }
}
