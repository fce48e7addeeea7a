//! Files drawn from the manifest are up to date. `UPDATE_GENERATED=1 cargo test` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use soar_connector::manifest::{Effect, command_schema, connector_schema};

use crate::support::manifest;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Asserts that `path` holds `expected`, or writes it there when asked to.
fn check(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(path, expected).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is out of date: run UPDATE_GENERATED=1 cargo test", path.display());
}

#[test]
fn the_schemas_are_those_of_the_model() {
    for (file, schema) in [("connector", connector_schema()), ("command", command_schema())] {
        let path = root().join(format!("manifest/schema/{file}.schema.json"));
        check(&path, &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
    }
}

#[test]
fn every_manifest_file_has_its_line_in_the_list_of_commands() {
    let files = fs::read_dir(root().join("manifest/commands")).unwrap().count();
    assert_eq!(files, manifest().commands.len(), "a file in manifest/commands has no line in src/commands/mod.rs");
}

#[test]
fn the_command_table_of_the_readme_is_that_of_the_manifest() {
    const BEGIN: &str = "<!-- commands: generated from manifest/ -->\n";
    const END: &str = "<!-- end of commands -->";
    let mut tables = [true, false].map(|documented| {
        let title = if documented { "As documented" } else { "Beyond the documentation" };
        format!("\n## {title}\n\n| Command | Effect | Parameters | What it does |\n|---|---|---|---|\n")
    });
    for command in &manifest().commands {
        let effect = match command.effect {
            Effect::Read => "reads",
            Effect::Write => "writes",
        };
        let inputs: Vec<_> = command
            .inputs
            .iter()
            .map(|input| if input.required { format!("**{}**", input.name) } else { input.name.clone() })
            .collect();
        let (name, inputs, description) = (&command.name, inputs.join(", "), &command.description);
        tables[usize::from(!command.documented)]
            .push_str(&format!("| {name} | {effect} | {inputs} | {description} |\n"));
    }
    let path = root().join("docs/commands.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the document marks where its table begins");
    let (_, after) = rest.split_once(END).expect("the document marks where its table ends");
    check(&path, &format!("{before}{BEGIN}{}\n{END}{after}", tables.concat()));
}
