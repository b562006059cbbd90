//! Where a name fits into an area: the place with most room for a box of the name's proportions, found like the pole of
//! inaccessibility (Garcia-Castellanos & Lombardo 2007, doi:10.1080/14702540801897809) by quadrants with a bound on what each
//! can still offer.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Rough width of a text in units of its font size, for a plain sans-serif face.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | '\'' | '|' | ' ' | 't' | 'f' | 'r' => 0.34,
            'm' | 'w' | 'M' | 'W' => 0.88,
            // Ideographs, kana and hangul are square.
            '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' => {
                1.0
            }
            c if c > '\u{ffff}' => 1.0,
            c if c.is_uppercase() => 0.68,
            _ => 0.56,
        })
        .sum()
}

/// The middle of the roomiest place for a box `aspect` times as wide as high, and the height of the largest such box there. The
/// rings bound the area by the even-odd rule.
pub(crate) fn roomiest(rings: &[Vec<[f64; 2]>], aspect: f64) -> Option<([f64; 2], f64)> {
    // With x shrunk by the aspect the box is a square; a square in a disc of radius r has sides of r·√2.
    let aspect = aspect.max(0.1);
    let shrunk: Vec<Vec<[f64; 2]>> =
        rings.iter().map(|ring| ring.iter().map(|p| [p[0] / aspect, p[1]]).collect()).collect();
    let bounds = crate::projection::Bounds::of(shrunk.iter().flatten().copied());
    if bounds.is_empty() {
        return None;
    }
    let [width, height] = bounds.size();
    let size = width.min(height).max(width.max(height) / 16.0);
    let precision = (size / 50.0).max(0.5);
    if size <= 0.0 {
        return None;
    }
    let mut queue = BinaryHeap::new();
    let mut best = Cell::new(bounds.middle(), 0.0, &shrunk);
    let half = size / 2.0;
    let (columns, rows) = ((width / size).ceil().max(1.0) as usize, (height / size).ceil().max(1.0) as usize);
    for i in 0..columns * rows {
        let (x, y) = ((i % columns) as f64, (i / columns) as f64);
        queue.push(Cell::new([bounds.min[0] + half + x * size, bounds.min[1] + half + y * size], half, &shrunk));
    }
    while let Some(cell) = queue.pop() {
        if cell.bound() <= best.room + precision {
            break;
        }
        if cell.room > best.room {
            best = cell;
        }
        let half = cell.half / 2.0;
        for (x, y) in [(-half, -half), (half, -half), (-half, half), (half, half)] {
            queue.push(Cell::new([cell.middle[0] + x, cell.middle[1] + y], half, &shrunk));
        }
    }
    (best.room > 0.0).then(|| ([best.middle[0] * aspect, best.middle[1]], best.room * std::f64::consts::SQRT_2))
}

#[derive(Clone, Copy)]
struct Cell {
    middle: [f64; 2],
    half: f64,
    /// Distance from the middle to the border, negative outside.
    room: f64,
}

impl Cell {
    fn new(middle: [f64; 2], half: f64, rings: &[Vec<[f64; 2]>]) -> Self {
        Self { middle, half, room: room(middle, rings) }
    }

    /// No point of the cell has more room than this.
    fn bound(&self) -> f64 {
        self.room + self.half * std::f64::consts::SQRT_2
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound().total_cmp(&other.bound())
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

fn room([x, y]: [f64; 2], rings: &[Vec<[f64; 2]>]) -> f64 {
    let (mut inside, mut nearest) = (false, f64::INFINITY);
    for ring in rings {
        let Some(&last) = ring.last() else { continue };
        let mut a = last;
        for &b in ring {
            if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length = dx * dx + dy * dy;
            let t = if length > 0.0 { (((x - a[0]) * dx + (y - a[1]) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
            let (ex, ey) = (a[0] + t * dx - x, a[1] + t * dy - y);
            nearest = nearest.min(ex * ex + ey * ey);
            a = b;
        }
    }
    if inside { nearest.sqrt() } else { -nearest.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_in_the_wide_part() {
        // A long neck to a square of 40 × 40.
        let ring = vec![
            [0.0, 18.0],
            [100.0, 18.0],
            [100.0, 0.0],
            [140.0, 0.0],
            [140.0, 40.0],
            [100.0, 40.0],
            [100.0, 22.0],
            [0.0, 22.0],
        ];
        let (at, height) = roomiest(&[ring], 1.0).unwrap_or_default();
        assert!((at[0] - 120.0).abs() < 2.0 && (at[1] - 20.0).abs() < 2.0, "{at:?}");
        assert!(height > 25.0 && height < 29.0, "{height}");
    }

    #[test]
    fn holes_and_nothing_are_seen() {
        let square = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b]];
        let (at, _) = roomiest(&[square(0.0, 100.0), square(10.0, 90.0)], 1.0).unwrap_or_default();
        assert!(at.iter().any(|&c| !(10.0..90.0).contains(&c)), "{at:?} lies in the hole");
        assert_eq!(roomiest(&[], 1.0), None);
        assert_eq!(roomiest(&[vec![[1.0, 1.0], [1.0, 1.0]]], 2.0), None);
        assert!(text_width("上海") > text_width("ab"));
    }
}
