//! Which columns of a table mean what, wherever the table comes from.

use super::{Field, listed};
use crate::SalesError;

/// Which columns of a table mean what. The defaults are `lon`, `lat`, `name`, the fields' own names, `class` and `owner`, and all but
/// the coordinates may be absent; a column that is named here must be there.
///
/// ```
/// use territory_sales::customers::{TableColumns, CustomerOptions, CustomerTable, Field};
/// let text = "客户,lon,lat,年销售额\nA店,116.40,39.91,120\nB店,121.47,31.23,80\n";
/// let columns = TableColumns::default().name("客户").field(Field::Sales, "年销售额");
/// let customers = CustomerTable::from_csv(text.as_bytes(), &columns)?.build(&CustomerOptions::default())?;
/// assert_eq!(customers.get(Field::Sales)?, [120.0, 80.0]);
/// assert_eq!(customers.name(1), "B店");
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TableColumns {
    longitude: Option<String>,
    latitude: Option<String>,
    name: Option<String>,
    fields: [Option<String>; Field::ALL.len()],
    class: Option<String>,
    owner: Option<String>,
}

impl TableColumns {
    /// The columns of longitude and latitude, degrees.
    pub fn coordinates(mut self, longitude: &str, latitude: &str) -> Self {
        (self.longitude, self.latitude) = (Some(longitude.to_owned()), Some(latitude.to_owned()));
        self
    }

    /// The column that names a row.
    pub fn name(mut self, column: &str) -> Self {
        self.name = Some(column.to_owned());
        self
    }

    /// The column of a numeric field.
    pub fn field(mut self, field: Field, column: &str) -> Self {
        self.fields[field as usize] = Some(column.to_owned());
        self
    }

    /// The column of the value class.
    pub fn class(mut self, column: &str) -> Self {
        self.class = Some(column.to_owned());
        self
    }

    /// The column of the rep who looks after the customer.
    pub fn owner(mut self, column: &str) -> Self {
        self.owner = Some(column.to_owned());
        self
    }

    /// The columns that are looked for beside the coordinates, named or by default: what a reader has to keep.
    pub fn wanted(&self) -> Vec<String> {
        let of = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
        let fields = Field::ALL.map(|f| of(&self.fields[f as usize], f.name()));
        let texts = [(&self.name, "name"), (&self.class, "class"), (&self.owner, "owner")];
        fields.into_iter().chain(texts.map(|(given, default)| of(given, default))).collect()
    }

    /// Where each column stands, by `position` of a name among those `known`.
    pub(super) fn find<T>(
        &self,
        known: &[&str],
        position: impl Fn(&str) -> Option<T>,
    ) -> Result<Positions<T>, SalesError> {
        let find = |given: &Option<String>, default: &str| match given {
            Some(name) => position(name).map(Some).ok_or_else(|| missing(name, known)),
            None => Ok(position(default)),
        };
        let mut fields: [Option<T>; Field::ALL.len()] = Default::default();
        for field in Field::ALL {
            fields[field as usize] = find(&self.fields[field as usize], field.name())?;
        }
        Ok(Positions {
            name: find(&self.name, "name")?,
            class: find(&self.class, "class")?,
            owner: find(&self.owner, "owner")?,
            fields,
        })
    }

    /// Where longitude and latitude stand.
    pub(super) fn find_coordinates<T>(
        &self,
        known: &[&str],
        position: impl Fn(&str) -> Option<T>,
    ) -> Result<[T; 2], SalesError> {
        let find = |given: &Option<String>, default: &str| {
            let name = given.as_deref().unwrap_or(default);
            position(name).ok_or_else(|| missing(name, known))
        };
        Ok([find(&self.longitude, "lon")?, find(&self.latitude, "lat")?])
    }
}

fn missing(column: &str, known: &[&str]) -> SalesError {
    SalesError::MissingColumn { column: column.to_owned(), known: listed(known) }
}

/// Where the columns of a table stand, as far as there are any.
pub(super) struct Positions<T> {
    pub(super) name: Option<T>,
    pub(super) fields: [Option<T>; Field::ALL.len()],
    pub(super) class: Option<T>,
    pub(super) owner: Option<T>,
}
