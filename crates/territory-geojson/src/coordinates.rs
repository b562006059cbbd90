//! The `coordinates` of a geometry, straight into columns. The type may come after them, so the depth at which the first number
//! stands tells what they are: 1 a point, 2 a list of points, 3 a polygon, 4 several polygons.

use std::io::Read;

use territory::Space;
use territory::geometry::Polygons;

use crate::error::{GeoJsonFault, RingFaultKind};
use crate::geometry::Member;
use crate::members::Members;
use crate::number::{After, POSITION_BYTES, Style};
use crate::scan::{Scan, Scanner};

/// Depth of a polygon's positions; one more for several polygons.
const POLYGON_DEPTH: usize = 3;
/// No geometry nests its coordinates deeper.
const DEEPEST: usize = 4;
/// Faulty rings that are named; the others are counted.
const NAMED_FAULTS: usize = 20;

/// A faulty ring, its feature not named yet.
#[derive(Debug)]
pub(crate) struct FoundFault {
    pub(crate) feature: usize,
    pub(crate) part: usize,
    pub(crate) ring: usize,
    pub(crate) kind: RingFaultKind,
}

/// Geometry read so far: polygons in columns, and the loose positions of the feature that is being read.
pub(crate) struct Shapes {
    pub(crate) polygons: Polygons,
    /// Positions of depth 1 and 2 of the feature being read.
    pub(crate) loose: Vec<[f64; 2]>,
    /// Polygons of the feature being read.
    pub(crate) parts: usize,
    pub(crate) faults: Vec<FoundFault>,
    pub(crate) fault_count: usize,
    /// Members of geometry objects as they mostly come.
    pub(crate) members: Members<Member>,
    style: Style,
    rings: usize,
    ring_start: usize,
}

impl Shapes {
    pub(crate) fn new(space: Space) -> Self {
        Self {
            polygons: Polygons::new(space),
            loose: Vec::new(),
            parts: 0,
            faults: Vec::new(),
            fault_count: 0,
            members: Members::default(),
            style: Style::default(),
            rings: 0,
            ring_start: 0,
        }
    }

    /// Gets ready for the next feature.
    pub(crate) fn begin_feature(&mut self) {
        self.loose.clear();
        self.parts = 0;
    }

    #[inline]
    fn emit(&mut self, depth: usize, position: [f64; 2]) {
        if depth >= POLYGON_DEPTH {
            self.polygons.push_vertex(position);
        } else {
            self.loose.push(position);
        }
    }

    /// Notes that the ring now being closed is faulty.
    fn fault(&mut self, feature: usize, kind: RingFaultKind) {
        self.fault_count += 1;
        if self.faults.len() < NAMED_FAULTS {
            self.faults.push(FoundFault { feature, part: self.parts, ring: self.rings, kind });
        }
    }

    /// Closes the ring whose positions were pushed since the last one.
    fn end_ring(&mut self, feature: usize) -> Result<(), GeoJsonFault> {
        let ring = self.polygons.vertices().get(self.ring_start..).unwrap_or(&[]);
        let fault = match (ring.first(), ring.last()) {
            (Some(first), Some(last)) if first != last => Some(RingFaultKind::Unclosed { first: *first, last: *last }),
            _ if ring.len() < 4 => Some(RingFaultKind::TooShort { positions: ring.len() }),
            _ => None,
        };
        if let Some(kind) = fault {
            self.fault(feature, kind);
        }
        self.polygons.end_ring();
        self.rings += 1;
        self.ring_start = self.polygons.vertices().len();
        // The columns count in u32.
        let too_many = |count: usize| u32::try_from(count).is_err();
        if too_many(self.ring_start) {
            return Err(GeoJsonFault::TooMany { what: "vertices" });
        }
        if too_many(self.polygons.ring_count()) {
            return Err(GeoJsonFault::TooMany { what: "rings" });
        }
        Ok(())
    }

    /// Closes the polygon made of the rings since the last one; one without rings is none.
    fn end_part(&mut self) {
        if self.rings > 0 {
            self.polygons.end_part();
            self.parts += 1;
            self.rings = 0;
        }
    }
}

/// Where a walk through nested arrays stands.
#[derive(Default)]
struct Walk {
    /// Arrays open at the cursor.
    depth: usize,
    /// Depth of the positions, once one was seen.
    leaf: Option<usize>,
    /// Depths at which an empty array was closed before the first position, one bit each.
    empty: u8,
}

impl Walk {
    /// A position stands at depth `leaf`.
    fn found_leaf(&mut self, leaf: usize, shapes: &mut Shapes, feature: usize) -> Result<(), GeoJsonFault> {
        if self.leaf.replace(leaf).is_none() {
            if self.empty >> leaf & 1 == 1 {
                return Err(GeoJsonFault::ShortPosition { numbers: 0 });
            }
            if leaf >= POLYGON_DEPTH && self.empty >> (leaf - 1) & 1 == 1 {
                shapes.fault(feature, RingFaultKind::TooShort { positions: 0 });
            }
        }
        Ok(())
    }

    /// The innermost array was closed.
    fn close(&mut self, shapes: &mut Shapes, feature: usize) -> Result<(), GeoJsonFault> {
        match self.leaf {
            Some(leaf) if leaf >= POLYGON_DEPTH && self.depth == leaf - 1 => shapes.end_ring(feature)?,
            Some(leaf) if leaf >= POLYGON_DEPTH && self.depth == leaf - 2 => shapes.end_part(),
            _ => {}
        }
        self.depth -= 1;
        Ok(())
    }
}

/// Reads the coordinates at the cursor. Returns the depth of the positions, `None` if there are none.
pub(crate) fn read<R: Read>(scan: &mut Scanner<R>, shapes: &mut Shapes, feature: usize) -> Scan<Option<usize>> {
    let found = scan.token("the coordinates")?;
    if found != b'[' {
        return scan.geojson_fault(GeoJsonFault::NotAnArray { member: "coordinates", found });
    }
    let mut walk = Walk::default();
    // Each turn begins where an element is expected.
    loop {
        let fast = walk.depth < DEEPEST && walk.leaf.is_none_or(|leaf| leaf == walk.depth + 1);
        if !(fast && fast_positions(scan, shapes, feature, &mut walk)?) {
            match scan.token("the coordinates")? {
                b'[' => {
                    walk.depth += 1;
                    if walk.depth > walk.leaf.unwrap_or(DEEPEST) {
                        return uneven(scan, walk.depth, walk.leaf);
                    }
                    scan.advance();
                    if scan.token("the coordinates")? != b']' {
                        continue;
                    }
                    if walk.leaf == Some(walk.depth) {
                        return scan.geojson_fault(GeoJsonFault::ShortPosition { numbers: 0 });
                    }
                    if walk.leaf.is_none() {
                        walk.empty |= 1 << walk.depth;
                    }
                }
                b'-' | b'0'..=b'9' => {
                    if walk.leaf.is_some_and(|leaf| leaf != walk.depth) {
                        return uneven(scan, walk.depth, walk.leaf);
                    }
                    let position = slow_position(scan)?;
                    if let Err(fault) = walk.found_leaf(walk.depth, shapes, feature) {
                        return scan.geojson_fault(fault);
                    }
                    shapes.emit(walk.depth, position);
                }
                found => return not_numeric(scan, found),
            }
        }
        // An element, or an empty array's inside, has ended: so do the arrays that end with it.
        loop {
            if walk.depth == 0 {
                return Ok(walk.leaf);
            }
            if scan.comma_or(b']', "the coordinates")? {
                break;
            }
            if let Err(fault) = walk.close(shapes, feature) {
                return scan.geojson_fault(fault);
            }
        }
    }
}

/// Takes as many positions as the fast path can. `true` if the cursor then stands behind an element, `false` if before one.
fn fast_positions<R: Read>(scan: &mut Scanner<R>, shapes: &mut Shapes, feature: usize, walk: &mut Walk) -> Scan<bool> {
    let leaf = walk.depth + 1;
    loop {
        let mut rest = scan.window.unread();
        let Some(chunk) = rest.first_chunk::<POSITION_BYTES>() else {
            if scan.refill()? {
                continue;
            }
            return Ok(false);
        };
        // One geometry has one style throughout, or the slow path reads it.
        if walk.leaf.is_none() {
            let Some(style) = Style::of(chunk) else { return Ok(false) };
            if let Err(fault) = walk.found_leaf(leaf, shapes, feature) {
                return scan.geojson_fault(fault);
            }
            shapes.style = style;
        }
        let available = rest.len();
        let (style, loose, polygons) = (shapes.style, &mut shapes.loose, &mut shapes.polygons);
        let after = match leaf {
            1 => style.positions(&mut rest, 1, |position| loose.push(position)),
            2 => style.positions(&mut rest, usize::MAX, |position| loose.push(position)),
            _ => style.positions(&mut rest, usize::MAX, |position| polygons.push_vertex(position)),
        };
        let mut used = available - rest.len();
        if leaf == 1 && after == Some(After::Comma) {
            // The comma behind a lone point belongs to the object around it.
            used -= style.comma_bytes();
        }
        let full = rest.len() >= POSITION_BYTES;
        scan.window.consume(used);
        match after {
            Some(After::Comma) if leaf > 1 => {}
            Some(_) => return Ok(true),
            None if used == 0 && full => {
                // The slow path read what was before: it does not know styles.
                let style = scan.window.unread().first_chunk().and_then(Style::of);
                match style.filter(|&style| style != shapes.style) {
                    Some(style) => shapes.style = style,
                    None => return Ok(false),
                }
            }
            None if full => return Ok(false),
            None => {}
        }
    }
}

/// A position of any form, from its first number up to its closing bracket, which is not consumed.
#[cold]
fn slow_position<R: Read>(scan: &mut Scanner<R>) -> Scan<[f64; 2]> {
    let mut found = [0.0; 2];
    let mut numbers = 0;
    loop {
        match scan.token("a position")? {
            b'-' | b'0'..=b'9' => {
                let text = scan.number()?;
                // The grammar of JSON numbers is part of Rust's.
                let value: f64 = text.parse().unwrap_or(f64::NAN);
                if !value.is_finite() {
                    let text = shortened(text);
                    return scan.geojson_fault(GeoJsonFault::NotFinite { text });
                }
                if let Some(slot) = found.get_mut(numbers) {
                    *slot = value;
                }
                numbers += 1;
            }
            found => return not_numeric(scan, found),
        }
        match scan.token("a position")? {
            b',' => scan.advance(),
            b']' if numbers < 2 => return scan.geojson_fault(GeoJsonFault::ShortPosition { numbers }),
            b']' => return Ok(found),
            found => return scan.unexpected(found, "`,` or `]`"),
        }
    }
}

/// The fault of a coordinate that is no number; `found` begins it.
#[cold]
fn not_numeric<R: Read, T>(scan: &mut Scanner<R>, found: u8) -> Scan<T> {
    let what = match found {
        b'"' => {
            let at = scan.window.offset();
            let text = scan.string()?;
            let text = format!("the text \"{}\"", shortened(scan.text(text)));
            return scan.geojson_fault_at(at, GeoJsonFault::NotNumeric { found: text });
        }
        b'{' => "an object",
        b'[' => "an array",
        b't' | b'f' => "true or false",
        b'n' => match scan.literal(found) {
            Ok(_) => "null",
            Err(fault) => return Err(fault),
        },
        b']' => return scan.unexpected(found, "a number or an array"),
        _ => return scan.no_value(found),
    };
    scan.geojson_fault(GeoJsonFault::NotNumeric { found: what.into() })
}

#[cold]
fn uneven<R: Read, T>(scan: &mut Scanner<R>, depth: usize, leaf: Option<usize>) -> Scan<T> {
    let expected = match leaf {
        Some(leaf) => format!("but {leaf} deep before in the same geometry"),
        None => format!("but no geometry has more than {DEEPEST}"),
    };
    scan.geojson_fault(GeoJsonFault::Nesting { found: depth, expected })
}

/// The beginning of a text, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
