//! Features: their members in any order, their properties into columns.

use std::io::Read;

use super::{Kind, Member, Reading, Type, classify};
use crate::columns::{Cell, PropertyColumn};
use crate::error::GeoJsonFault;
use crate::geometry::{self, not_an_object};
use crate::scan::{FaultKind, Scan, Scanner};
use crate::table::{FeatureKind, PropertiesAt, Span};

/// The feature being read.
#[derive(Default)]
pub(super) struct Current {
    pub(super) typed: bool,
    pub(super) geometry: Option<FeatureKind>,
    pub(super) properties: Option<u64>,
    pub(super) id: bool,
}

impl Reading<'_> {
    /// The value of `features`.
    pub(super) fn features(&mut self) -> Scan<()> {
        match self.scan.token("features")? {
            b'[' => self.scan.advance(),
            found => return self.scan.geojson_fault(GeoJsonFault::NotAnArray { member: "features", found }),
        }
        if self.scan.token("features")? == b']' {
            self.scan.advance();
            return Ok(());
        }
        self.elements()
    }

    /// The elements of `features` from the one at the cursor on, up to behind the array.
    pub(super) fn elements(&mut self) -> Scan<()> {
        loop {
            match self.scan.token("features")? {
                b'{' if self.until == Some(self.scan.window.offset()) => return self.scan.fault(FaultKind::Arrived),
                b'{' => self.feature()?,
                found => {
                    self.inside = true;
                    return not_an_object(&mut self.scan, "a feature", found);
                }
            }
            if !self.scan.comma_or(b']', "features")? {
                return Ok(());
            }
        }
    }

    fn begin_feature(&mut self) {
        self.inside = true;
        self.shapes.begin_feature();
    }

    /// A feature of a collection, at its `{`.
    fn feature(&mut self) -> Scan<()> {
        let start = self.scan.window.offset();
        self.begin_feature();
        self.scan.advance();
        let mut current = Current::default();
        let mut place = 0;
        while let Some(member) = self.members.next(&mut self.scan, place, "a feature", classify)? {
            self.feature_member(member, place, &mut current)?;
            place += 1;
        }
        if !current.typed {
            return self.scan.geojson_fault_at(start, GeoJsonFault::NoType { what: "a feature" });
        }
        self.end_feature(start, &current)
    }

    /// The value of a feature's member.
    pub(super) fn feature_member(&mut self, member: Member, place: usize, current: &mut Current) -> Scan<()> {
        let row = self.spans.len();
        let twice = |name| GeoJsonFault::Twice { member: name };
        match member {
            Member::TypeIsFeature if current.typed => return self.scan.geojson_fault(twice("type")),
            Member::TypeIsFeature => current.typed = true,
            Member::Type => {
                let at = self.scan.window.offset();
                match self.read_type("a feature", "Feature", current.typed)? {
                    Type::Feature => {
                        current.typed = true;
                        self.members.learn(&self.scan, place, Member::TypeIsFeature);
                    }
                    other => {
                        let found = match other {
                            Type::Geometry(kind) => kind.name(),
                            _ => "FeatureCollection",
                        };
                        let fault =
                            GeoJsonFault::WrongType { what: "a feature", found: found.into(), expected: "Feature" };
                        return self.scan.geojson_fault_at(at, fault);
                    }
                }
            }
            Member::Geometry if current.geometry.is_some() => return self.scan.geojson_fault(twice("geometry")),
            Member::Geometry => {
                current.geometry = Some(geometry::read(&mut self.scan, &mut self.shapes, row)?);
            }
            Member::Properties if current.properties.is_some() => return self.scan.geojson_fault(twice("properties")),
            Member::Properties => {
                let first = self.scan.token("properties")?;
                current.properties = Some(self.scan.window.offset());
                match first {
                    b'{' => self.properties(row)?,
                    b'n' => {
                        self.scan.literal(first)?;
                    }
                    found => return not_an_object(&mut self.scan, "`properties`", found),
                }
            }
            Member::Id if current.id => return self.scan.geojson_fault(twice("id")),
            Member::Id => {
                current.id = true;
                keep_value(&mut self.scan, &mut self.ids, row)?;
            }
            _ => self.scan.skip_value()?,
        }
        Ok(())
    }

    /// The members of a feature's properties, at their `{`.
    fn properties(&mut self, row: usize) -> Scan<()> {
        self.scan.advance();
        let mut place = 0;
        loop {
            let names = &mut self.names;
            let number = self.properties.next(&mut self.scan, place, "properties", |name| names.number(name))?;
            let Some(number) = number else { return Ok(()) };
            match self.names.enter(number) {
                Some(column) => keep_value(&mut self.scan, column, row)?,
                None => self.scan.skip_value()?,
            }
            self.names.leave();
            place += 1;
        }
    }

    /// Closes the feature that began at `start`; the cursor is behind it.
    pub(super) fn end_feature(&mut self, start: u64, current: &Current) -> Scan<()> {
        let row = self.spans.len();
        let fault = |fault| self.scan.geojson_fault_at(start, fault);
        if u32::try_from(row + 1).is_err() {
            return fault(GeoJsonFault::TooMany { what: "features" });
        }
        let found = match (self.shapes.parts, self.shapes.loose.len()) {
            (0, 0) => None,
            (0, 1) => Some(Kind::Points),
            (0, points) => return fault(GeoJsonFault::ManyPoints { points }),
            (_, 0) => Some(Kind::Areas),
            _ => return fault(GeoJsonFault::MixedFeature),
        };
        if let Some(found) = found {
            match self.kind {
                Some((first, kind)) if kind != found => {
                    let (expected, found) = (kind.name(), found.name());
                    return fault(GeoJsonFault::MixedKinds { first, expected, found });
                }
                Some(_) => {}
                None => {
                    self.kind = Some((row, found));
                    self.points = if found == Kind::Points { vec![[f64::NAN; 2]; row] } else { Vec::new() };
                }
            }
        }
        if matches!(self.kind, Some((_, Kind::Points))) {
            self.points.push(self.shapes.loose.first().copied().unwrap_or([f64::NAN; 2]));
        } else {
            self.shapes.polygons.end_unit();
        }
        let kind = current.geometry.unwrap_or(FeatureKind::Null);
        self.kinds.push(match kind {
            // Such as a MultiPolygon of polygons without rings.
            kind if kind.has_geometry() && found.is_none() => FeatureKind::Empty,
            kind => kind,
        });
        let properties = current.properties.map_or(PropertiesAt::NONE, PropertiesAt);
        self.spans.push(Span { start, end: self.scan.window.offset(), properties });
        self.inside = false;
        Ok(())
    }
}

/// The value at the cursor into a column.
fn keep_value<R: Read>(scan: &mut Scanner<R>, column: &mut PropertyColumn, row: usize) -> Scan<()> {
    match scan.token("a value")? {
        b'"' => {
            let text = scan.string()?;
            column.set(row, Cell::Text, scan.text(text));
        }
        b'-' | b'0'..=b'9' => {
            let text = scan.number()?;
            column.set(row, Cell::Number, text);
        }
        first @ (b'{' | b'[') => {
            let text = scan.raw_value()?;
            column.set(row, if first == b'{' { Cell::Object } else { Cell::Array }, &text);
        }
        first => {
            let cell = match scan.literal(first)? {
                "true" => Cell::True,
                "false" => Cell::False,
                _ => Cell::Null,
            };
            column.set(row, cell, "");
        }
    }
    Ok(())
}
