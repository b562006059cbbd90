//! Why a run ended without a plan, with the exit code that says so.

use std::fmt;
use territory_geojson::{ReadError, WriteError};

/// A run that wrote nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong or contradict the files: exit code 2.
    Arguments(String),
    /// The input cannot be used: exit code 3.
    Input(String),
    /// Anything else: exit code 1.
    Other(String),
    /// Cancelled for good: exit code 130.
    Cancelled,
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Arguments(_) => 2,
            Failure::Input(_) => 3,
            Failure::Other(_) => 1,
            Failure::Cancelled => 130,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Arguments(text) | Failure::Input(text) | Failure::Other(text) => f.write_str(text),
            Failure::Cancelled => f.write_str("cancelled, nothing was written"),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Failure::Input(error.to_string())
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::InputChanged { .. } | WriteError::Input { .. } => Failure::Input(error.to_string()),
            _ => Failure::Other(error.to_string()),
        }
    }
}

/// The first of many messages, one per line, and how many more there are.
pub(crate) fn lines<T: fmt::Display>(messages: impl ExactSizeIterator<Item = T>) -> String {
    const SHOWN: usize = 20;
    let more = messages.len().saturating_sub(SHOWN);
    let mut text = messages.take(SHOWN).map(|m| m.to_string()).collect::<Vec<_>>().join("\n");
    if more > 0 {
        text += &format!("\n… and {more} more");
    }
    text
}
