//! Arguments of the runners: `--name value` pairs and the folder, nothing else. Unknown ones are refused.

use std::str::FromStr;

/// Arguments as given, taken out one by one.
#[derive(Debug)]
pub struct Arguments {
    left: Vec<String>,
    /// Whether `cargo bench` started the program; without it (`cargo test --benches`) the runners only say hello.
    pub bench: bool,
}

/// What is wrong with the arguments.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// An option without its value, or one that does not parse.
    #[error("{0} needs a value of its kind")]
    Value(String),
    /// What nobody asked for.
    #[error("unknown argument {0}; known: {1}")]
    Unknown(String, &'static str),
}

impl Arguments {
    /// Those of the process.
    pub fn from_environment() -> Self {
        Self::new(std::env::args().skip(1).collect())
    }

    fn new(mut left: Vec<String>) -> Self {
        let before = left.len();
        left.retain(|a| a != "--bench");
        Self { bench: left.len() < before, left }
    }

    /// Value of `--name`, or `default`.
    ///
    /// # Errors
    /// If the value is missing or does not parse.
    pub fn value<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, ArgumentError> {
        Ok(self.optional(name)?.unwrap_or(default))
    }

    /// Value of `--name` if it is given.
    ///
    /// # Errors
    /// If the value is missing or does not parse.
    pub fn optional<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, ArgumentError> {
        let Some(at) = self.left.iter().position(|a| a == name) else { return Ok(None) };
        let error = || ArgumentError::Value(name.to_owned());
        if at + 1 >= self.left.len() {
            return Err(error());
        }
        let value = self.left.drain(at..at + 2).nth(1).ok_or_else(error)?;
        value.parse().map(Some).map_err(|_| error())
    }

    /// Comma-separated values of `--name`, or `default`.
    ///
    /// # Errors
    /// If the value is missing.
    pub fn list(&mut self, name: &str, default: &str) -> Result<Vec<String>, ArgumentError> {
        let text = self.value(name, default.to_owned())?;
        Ok(text.split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect())
    }

    /// The next argument that is no option.
    pub fn positional(&mut self) -> Option<String> {
        let at = self.left.iter().position(|a| !a.starts_with("--"))?;
        Some(self.left.remove(at))
    }

    /// Refuses what is left; `known` is the usage to show.
    ///
    /// # Errors
    /// The first argument nobody took.
    pub fn finish(self, known: &'static str) -> Result<(), ArgumentError> {
        match self.left.into_iter().next() {
            None => Ok(()),
            Some(argument) => Err(ArgumentError::Unknown(argument, known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_positionals_are_told_apart() -> Result<(), ArgumentError> {
        let words = ["--bench", "folder", "--seeds", "3", "--list", "a,b", "--odd"];
        let mut arguments = Arguments::new(words.map(String::from).into());
        assert!(arguments.bench);
        assert_eq!(arguments.value("--seeds", 1usize)?, 3);
        assert_eq!(arguments.list("--list", "")?, ["a", "b"]);
        assert_eq!(arguments.positional().as_deref(), Some("folder"));
        assert_eq!(arguments.finish(""), Err(ArgumentError::Unknown("--odd".into(), "")));
        Ok(())
    }
}
