//! From classes to calls: how often each class is called on, and for how long.

use super::Classing;
use crate::customers::listed;
use crate::{SalesError, check};

/// What a class gets.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCalls {
    /// The class's name.
    pub class: String,
    /// Calls per customer and year.
    pub calls_per_year: f64,
    /// Length of a visit, hours.
    pub hours_per_call: f64,
}

impl ClassCalls {
    /// What a class gets.
    pub fn new(class: impl Into<String>, calls_per_year: f64, hours_per_call: f64) -> Self {
        Self { class: class.into(), calls_per_year, hours_per_call }
    }
}

/// A row per class.
///
/// ```
/// use territory_sales::classes::{CallPolicy, ClassCalls, from_table};
/// let classing = from_table(&["A", "B"], &["B", "A", "B"])?;
/// let policy = CallPolicy(vec![ClassCalls::new("A", 24.0, 1.0), ClassCalls::new("B", 6.0, 0.5)]);
/// let calls = policy.apply(&classing)?;
/// assert_eq!(calls.calls_per_year, [6.0, 24.0, 6.0]);
/// assert_eq!(calls.hours_per_call, [0.5, 1.0, 0.5]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CallPolicy(pub Vec<ClassCalls>);

/// Calls of every customer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Calls {
    /// Calls per year.
    pub calls_per_year: Vec<f64>,
    /// Length of a visit, hours.
    pub hours_per_call: Vec<f64>,
}

impl CallPolicy {
    /// The calls of every customer of a classing.
    ///
    /// # Errors
    /// [`SalesError::UnknownClass`] for a class in use that has no row; negative calls or hours.
    pub fn apply(&self, classing: &Classing) -> Result<Calls, SalesError> {
        let name = |row: usize| format!("class {}", self.0[row].class);
        let valid = |v: f64| v.is_finite() && v >= 0.0;
        let column = |of: fn(&ClassCalls) -> f64| self.0.iter().map(of).collect::<Vec<_>>();
        let (calls, hours) = (column(|c| c.calls_per_year), column(|c| c.hours_per_call));
        check::values("the calls per year", &calls, check::NOT_NEGATIVE, valid, name)?;
        check::values("the hours per call", &hours, check::NOT_NEGATIVE, valid, name)?;
        let row_of = |class: &String| self.0.iter().position(|c| c.class == *class);
        let rows: Vec<Option<usize>> = classing.names.iter().map(row_of).collect();
        let found: Vec<Option<usize>> =
            classing.class_of.iter().map(|&c| rows.get(c as usize).copied().flatten()).collect();
        if let Some(customer) = found.iter().position(Option::is_none) {
            let known: Vec<&str> = self.0.iter().map(|c| c.class.as_str()).collect();
            return Err(SalesError::UnknownClass {
                row: check::by_index(customer),
                class: classing.names.get(classing.class_of[customer] as usize).cloned().unwrap_or_default(),
                known: listed(&known),
                count: found.iter().filter(|f| f.is_none()).count(),
            });
        }
        let of = |column: &[f64]| found.iter().flatten().map(|&row| column[row]).collect();
        Ok(Calls { calls_per_year: of(&calls), hours_per_call: of(&hours) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classes::from_table;

    #[test]
    fn a_class_without_a_row_is_named_only_if_it_is_in_use() {
        let policy = CallPolicy(vec![ClassCalls::new("A", 12.0, 1.0)]);
        assert!(policy.apply(&from_table(&["A", "Z"], &["A"]).unwrap()).is_ok());
        let fault = policy.apply(&from_table(&["A", "Z"], &["A", "Z", "Z"]).unwrap()).unwrap_err();
        assert!(matches!(&fault, SalesError::UnknownClass { class, count: 2, .. } if class == "Z"), "{fault}");
        let negative = CallPolicy(vec![ClassCalls::new("A", -1.0, 1.0)]);
        let fault = negative.apply(&from_table(&["A"], &["A"]).unwrap()).unwrap_err();
        assert!(fault.to_string().contains("first \"class A\": -1"), "{fault}");
    }
}
