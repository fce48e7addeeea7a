//! A command is whole when each of the files that CONTRIBUTING.md names has its part of it.

use std::fs;
use std::path::Path;

use soar_connector::name::normalised;

use crate::support::manifest;

/// The files that a command is written in, as CONTRIBUTING.md names them.
const FILES: [&str; 8] = [
    "manifest/commands/<command>.toml",
    "src/commands/<command>.rs",
    "src/commands/mod.rs",
    "src/vendor/endpoints.rs",
    "crates/simulator/src/endpoints/<endpoint>.rs",
    "crates/simulator/src/endpoints/mod.rs",
    "crates/simulator/src/routes.rs",
    "crates/cli/src/subcommands/demo/tour.rs",
];

/// A file of the project; nothing where there is none.
fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

/// The module that answers a path of the manifest's `endpoint` in the simulator: `devices` of `to::devices::list`.
fn answering_module(endpoint: &str) -> Option<String> {
    let path = endpoint.split([' ', ',']).rfind(|word| word.starts_with('/'))?;
    let routes = text(FILES[6]);
    let route = routes.lines().find(|line| line.contains(&format!("\"{path}\"")))?;
    Some(route.split("to::").nth(1)?.split("::").next()?.to_owned())
}

/// The files that lack their part of a command.
fn lacking(name: &str, endpoint: &str) -> Vec<&'static str> {
    let slug = normalised(name);
    let module = slug.replace('-', "_");
    let quoted = format!("\"{name}\"");
    let answering = answering_module(endpoint);
    let commands = text(FILES[2]);
    let endpoints: String = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/vendor"))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let handler = text(&format!("src/commands/{module}.rs"));
    let manifest_file = text(&format!("manifest/commands/{slug}.toml"));
    // A command beyond the documented ones may do with the endpoints of others.
    let uses_others = manifest_file.contains("documented = false") && handler.contains("crate::vendor::");
    let has = |answers: fn(&str) -> bool| answering.as_deref().is_some_and(answers);
    let there = [
        manifest_file.contains(&format!("name = {quoted}")),
        handler.contains("impl CommandHandler for "),
        commands.contains(&format!("mod {module};")) && commands.contains(&format!("\"{slug}.toml\", {module}::")),
        endpoints.contains(&quoted) || uses_others,
        has(|module| text(&format!("crates/simulator/src/endpoints/{module}.rs")).contains("pub(crate) fn ")),
        has(|module| text(FILES[5]).contains(&format!("mod {module};"))),
        answering.is_some(),
        text(FILES[7]).contains(&quoted),
    ];
    FILES.into_iter().zip(there).filter(|(_, there)| !there).map(|(file, _)| file).collect()
}

#[test]
fn every_command_has_its_part_in_each_file() {
    for command in &manifest().commands {
        assert_eq!(lacking(&command.name, &command.endpoint), Vec::<&str>::new(), "{}", command.name);
    }
}

#[test]
fn a_command_that_is_nowhere_lacks_each_file_and_a_forgotten_line_is_named() {
    assert_eq!(lacking("List Moons", "GET /console/moons/"), FILES);
    let of_devices = &manifest().command("List Devices").unwrap().endpoint.clone();
    assert_eq!(lacking("List Moons", of_devices), [FILES[0], FILES[1], FILES[2], FILES[3], FILES[7]]);
    assert_eq!(lacking("List Devices", "GET /console/moons/"), [FILES[4], FILES[5], FILES[6]]);
}

#[test]
fn contributing_names_each_file_and_the_test_that_knows_them() {
    let contributing = text("CONTRIBUTING.md");
    let section = contributing.split("\n## ").find(|section| section.starts_with("Add a command\n")).unwrap();
    for file in FILES {
        assert!(section.contains(&format!("| `{file}` |")), "{file}");
    }
    let rows = section.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, FILES.len(), "it names other files too");
    assert!(section.contains("tests/connector/new_command.rs"));
}
