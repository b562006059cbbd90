//! The `crs` member of GeoJSON 2008, which many files still carry: are these degrees or projected metres?

use serde_json::Value;
use territory::Space;

/// What a file says its coordinates are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoordinateReference {
    /// It says nothing: longitude and latitude in degrees (RFC 7946, section 4).
    #[default]
    Absent,
    /// Longitude and latitude in degrees; which of the geographic systems makes a difference of metres only.
    Geographic {
        /// As the file names it.
        name: String,
    },
    /// Projected metres.
    Planar {
        /// As the file names it.
        name: String,
    },
    /// A system that is not known here: whether these are metres is for the caller to say.
    Unknown {
        /// As the file names it.
        name: String,
    },
}

impl CoordinateReference {
    /// From the text of a `crs` member.
    ///
    /// ```
    /// use territory_geojson::CoordinateReference;
    /// let crs = r#"{"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}"#;
    /// assert!(matches!(CoordinateReference::from_member(crs), CoordinateReference::Planar { .. }));
    /// ```
    pub fn from_member(text: &str) -> Self {
        // serde_json refuses to nest deeper than 128: such a member names nothing that is known here.
        let Ok(member) = serde_json::from_str::<Value>(text) else {
            return Self::Unknown { name: "unreadable".into() };
        };
        if member.is_null() {
            return Self::Absent;
        }
        let properties = member.get("properties");
        let property = |key: &str| properties.and_then(|p| p.get(key));
        let name = match (property("name"), property("code"), &member) {
            (Some(Value::String(name)), _, _) | (_, _, Value::String(name)) => name.clone(),
            (_, Some(code @ (Value::Number(_) | Value::String(_))), _) => {
                format!("EPSG:{}", code.to_string().trim_matches('"'))
            }
            _ => return Self::Unknown { name: "without a name".into() },
        };
        Self::from_name(name)
    }

    /// From a name such as `urn:ogc:def:crs:OGC:1.3:CRS84`, `EPSG:3857` or `http://www.opengis.net/def/crs/EPSG/0/2154`.
    pub fn from_name(name: impl Into<String>) -> Self {
        let name = name.into();
        let upper = name.to_ascii_uppercase();
        let last = upper.rsplit([':', '/', '#']).next().unwrap_or_default();
        if matches!(last, "CRS84" | "CRS84H" | "CRS83" | "CRS27") || upper == "WGS84" {
            return Self::Geographic { name };
        }
        match last.parse::<u32>() {
            Ok(code) if upper.contains("EPSG") && geographic(code) => Self::Geographic { name },
            Ok(code) if upper.contains("EPSG") && metres(code) => Self::Planar { name },
            Ok(102100 | 102113 | 900913) => Self::Planar { name },
            _ => Self::Unknown { name },
        }
    }

    /// The name that the file gives.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Geographic { name } | Self::Planar { name } | Self::Unknown { name } => Some(name),
        }
    }

    /// The space it means; `None` if it is unknown.
    pub fn space(&self) -> Option<Space> {
        match self {
            Self::Absent | Self::Geographic { .. } => Some(Space::Geographic),
            Self::Planar { .. } => Some(Space::Planar),
            Self::Unknown { .. } => None,
        }
    }
}

/// Geographic systems in degrees: WGS 84 in two and three dimensions, NAD27 and NAD83, ETRS89, GDA94 and GDA2020, CGCS2000, JGD2000
/// and JGD2011, SIRGAS 2000, RGF93, OSGB36, NZGD2000.
fn geographic(code: u32) -> bool {
    matches!(
        code,
        4326 | 4979 | 4267 | 4269 | 6318 | 4258 | 4937 | 4283 | 7844 | 4490 | 4612 | 6668 | 4674 | 4171 | 4277 | 4167
    )
}

/// Projected systems in metres with x to the east and y to the north.
fn metres(code: u32) -> bool {
    matches!(code,
        // Web Mercator: metres at the equator only, but nothing else calls for them.
        3857
        // Great Britain, Ireland, France, the Netherlands, Belgium, Switzerland, Europe, Sweden, New Zealand.
        | 27700 | 2157 | 2154 | 28992 | 31370 | 3812 | 2056 | 21781 | 3035 | 3034 | 3006 | 2193
        // USA (Albers), Canada (Lambert), Australia (Albers, Lambert).
        | 5070 | 3347 | 3978 | 3577 | 3112
        // Universal transverse Mercator: WGS 84 north and south, ETRS89, NAD83.
        | 32601..=32660 | 32701..=32760 | 25828..=25838 | 26901..=26923
        // Map grid of Australia 94 and 2020.
        | 28348..=28358 | 7846..=7859
        // CGCS2000 Gauss–Krüger with and without zone prefix.
        | 4491..=4554)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_forms() {
        let geographic = ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4979", "epsg:4326"];
        for name in geographic {
            assert_eq!(CoordinateReference::from_name(name).space(), Some(Space::Geographic), "{name}");
        }
        let planar =
            ["EPSG:3857", "urn:ogc:def:crs:EPSG::27700", "http://www.opengis.net/def/crs/EPSG/0/2154", "EPSG:32632"];
        for name in planar {
            assert_eq!(CoordinateReference::from_name(name).space(), Some(Space::Planar), "{name}");
        }
        for name in ["EPSG:2263", "local", "", "urn:x:27700"] {
            assert_eq!(CoordinateReference::from_name(name).space(), None, "{name}");
        }
    }

    #[test]
    fn members_of_all_forms() {
        let member = CoordinateReference::from_member;
        assert_eq!(member("null"), CoordinateReference::Absent);
        assert_eq!(member(r#"{"type":"EPSG","properties":{"code":4326}}"#).space(), Some(Space::Geographic));
        assert_eq!(member(r#"{"type":"link","properties":{"href":"x"}}"#).space(), None);
        assert_eq!(member("[[[").space(), None);
    }
}
