//! The JSON Schemas of the lines, generated from their types.

use clap::ValueEnum;
use schemars::schema_for;

use super::answer::AnswerLine;
use super::request::RequestLine;

/// A line that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LineSchema {
    /// A line of standard input
    Request,
    /// A line of standard output
    Answer,
}

impl LineSchema {
    /// The schema as JSON, with a line break at its end.
    pub(super) fn text(self) -> String {
        let schema = match self {
            Self::Request => schema_for!(RequestLine),
            Self::Answer => schema_for!(AnswerLine),
        };
        format!("{:#}\n", schema.to_value())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_files_have_the_schemas_of_the_types() {
        for (schema, name) in [(LineSchema::Request, "exec-request"), (LineSchema::Answer, "exec-answer")] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/schema/{name}.schema.json"));
            if std::env::var_os("UPDATE_GENERATED").is_some() {
                fs::write(&path, schema.text()).unwrap();
            }
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert!(found == schema.text(), "{} is out of date: run UPDATE_GENERATED=1 cargo test", path.display());
        }
    }
}
