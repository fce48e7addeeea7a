//! JSON Schemas that the program prints, and what it prints according to them.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

pub(crate) struct JsonSchema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl JsonSchema {
    /// Checks the schema itself first.
    pub(crate) fn of(schema: &Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("printed", schema.clone()).unwrap();
        let index = compiler.compile("printed", &mut schemas).unwrap_or_else(|error| panic!("{error}: {schema}"));
        Self { schemas, index }
    }

    /// Why the value is not according to the schema.
    pub(crate) fn fault(&self, value: &Value) -> Option<String> {
        self.schemas.validate(value, self.index).err().map(|error| error.to_string())
    }
}
