//! Customers from features: points with properties, as a reader of GeoJSON (or of a database) has them in columns. This knows no such reader:
//! it asks for one cell at a time.

use super::columns::TableColumns;
use super::{CustomerTable, Field};
use crate::{SalesError, check};
use territory::Space;

/// What a feature has for a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing, or null.
    Empty,
    /// A number. Where a text is wanted it is one: a class `3` is named 3.
    Number(f64),
    /// A text. Where a number is wanted it is none.
    Text(&'a str),
}

impl CustomerTable {
    /// A row per point: `[longitude, latitude]` in degrees or `[x, y]` in metres, by `space`. `known` are the properties that there are, and
    /// `cell(row, property)` is asked for those that `columns` are looked for in. A property that `columns` names and that is not known is a
    /// fault; a default one is left out.
    ///
    /// ```
    /// use territory_geojson::{Geometry, PropertyValue, ReadOptions, Source, read};
    /// use territory_sales::customers::{Cell, CustomerOptions, CustomerTable, Field, TableColumns};
    /// let text = r#"{"type": "FeatureCollection", "features": [
    ///   {"type": "Feature", "properties": {"name": "A店", "年销售额": 120}, "geometry": {"type": "Point", "coordinates": [116.40, 39.91]}},
    ///   {"type": "Feature", "properties": {"name": "B店", "年销售额": 80}, "geometry": {"type": "Point", "coordinates": [121.47, 31.23]}}
    /// ]}"#;
    /// let columns = TableColumns::default().field(Field::Sales, "年销售额");
    /// let source = Source::from_bytes("shops.geojson", text.as_bytes())?;
    /// let shops = read(source, &ReadOptions { properties: columns.wanted(), ..ReadOptions::default() })?;
    /// let Geometry::Points(points) = shops.geometry() else { return Err("shops should be points".into()) };
    /// let known: Vec<&str> = shops.property_names().collect();
    /// let cell = |row, property: &str| match shops.property(property).map(|column| column.get(row)) {
    ///     Some(PropertyValue::Number { value, .. }) => Cell::Number(value),
    ///     Some(PropertyValue::Text(text)) => Cell::Text(text),
    ///     _ => Cell::Empty,
    /// };
    /// let table = CustomerTable::from_features(shops.space(), points, &known, &columns, cell)?;
    /// let customers = table.build(&CustomerOptions::default())?;
    /// assert_eq!((customers.name(1), customers.get(Field::Sales)?), ("B店".to_owned(), &[120.0, 80.0][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SalesError::MissingColumn`]; [`SalesError::NotANumber`] with the row. Points at no place, as of features without geometry, are found by
    /// [`CustomerTable::build`].
    pub fn from_features<'a>(
        space: Space,
        points: &[[f64; 2]],
        known: &[&str],
        columns: &TableColumns,
        cell: impl Fn(usize, &str) -> Cell<'a>,
    ) -> Result<Self, SalesError> {
        let at = columns.find(known, |name| known.iter().copied().find(|k| *k == name))?;
        let rows = 0..points.len();
        let text = |row: usize, property: &str| match cell(row, property) {
            Cell::Empty => None,
            Cell::Number(value) => Some(value.to_string()),
            Cell::Text(text) => Some(text.to_owned()),
        };
        let texts = |property: Option<&str>| match property {
            None => Vec::new(),
            Some(property) => rows.clone().map(|row| text(row, property)).collect(),
        };
        let names: Vec<String> = texts(at.name).into_iter().map(Option::unwrap_or_default).collect();
        let mut table = Self::new(space, points.to_vec()).names(names).classes(texts(at.class)).owners(texts(at.owner));
        for field in Field::ALL {
            let Some(property) = at.fields[field as usize] else { continue };
            let number = |row: usize| match cell(row, property) {
                Cell::Empty => Ok(None),
                Cell::Number(value) => Ok(Some(value)),
                Cell::Text(text) => Err(SalesError::NotANumber {
                    place: check::by_index(row),
                    column: property.to_owned(),
                    text: text.to_owned(),
                }),
            };
            table = table.column(field, rows.clone().map(number).collect::<Result<_, _>>()?);
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::{CustomerOptions, Impute};

    #[test]
    fn cells_become_columns_and_faults_are_named() {
        let cell = |row: usize, property: &str| match (row, property) {
            (_, "class") => Cell::Number(3.0),
            (0, "revenue") => Cell::Number(7.5),
            (1, "owner") => Cell::Text("R01"),
            (1, "visits") => Cell::Text("often"),
            _ => Cell::Empty,
        };
        let known = ["class", "owner", "revenue", "visits", "lon"];
        let read = |columns: TableColumns| {
            CustomerTable::from_features(Space::Geographic, &[[8.5, 47.4], [8.6, 47.5]], &known, &columns, cell)
        };
        let table = read(TableColumns::default().field(Field::Sales, "revenue")).unwrap();
        let customers = table.build(&CustomerOptions::default().impute(Field::Sales, Impute::Median)).unwrap();
        assert_eq!(customers.get(Field::Sales).unwrap(), [7.5, 7.5]);
        assert_eq!(
            (customers.classes()[0].as_deref(), customers.owners()),
            (Some("3"), &[None, Some("R01".to_owned())][..])
        );
        assert!(!customers.has(Field::Calls));
        assert_eq!(customers.name(0), "row 0");
        let text = read(TableColumns::default().field(Field::Calls, "visits")).unwrap_err().to_string();
        assert_eq!(text, "row 1: the visits \"often\" is not a number: correct it, or leave the cell empty");
        let missing = read(TableColumns::default().owner("rep")).unwrap_err().to_string();
        assert!(
            missing.starts_with("there is no column \"rep\"; the table has class, owner, revenue, visits, lon"),
            "{missing}"
        );
        let wanted = TableColumns::default().field(Field::Sales, "revenue").owner("rep").wanted();
        assert_eq!(
            wanted,
            ["revenue", "potential", "calls", "hours_per_call", "competitor_share", "name", "class", "rep"]
        );
    }
}
