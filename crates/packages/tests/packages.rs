//! Every package has every command, and is the same each time.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use coda_footprint::FootprintPlugin;
use soar_connector::manifest::ManifestFile;
use soar_connector::{Manifest, Plugin as _};
use soar_packages::{File, RunMode, Source, TargetHost, stubs};

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn manifest() -> Manifest {
    FootprintPlugin::new().unwrap().manifest().clone()
}

/// The connector's manifest with one more command.
fn manifest_with(command: &str) -> Manifest {
    let folder = project().join("manifest");
    let text = fs::read_to_string(folder.join("connector.toml")).unwrap();
    let mut commands: Vec<(String, String)> = fs::read_dir(folder.join("commands"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect();
    commands.push(("list-moons.toml".to_owned(), command.to_owned()));
    let files: Vec<_> = commands.iter().map(|(name, text)| ManifestFile { name, text }).collect();
    Manifest::load(ManifestFile { name: "connector.toml", text: &text }, &files).unwrap()
}

/// Each host with each way that it takes.
fn packages() -> impl Iterator<Item = (TargetHost, RunMode)> {
    let ways = [RunMode::Direct, RunMode::ViaHost];
    TargetHost::ALL
        .into_iter()
        .flat_map(move |host| ways.into_iter().map(move |way| (host, way)))
        .filter(|(host, way)| host.refuses(*way).is_none())
}

fn files(manifest: &Manifest, host: TargetHost, way: RunMode) -> Vec<File> {
    host.files(&Source { manifest, version: "0.1.0", way })
}

fn text(files: &[File]) -> String {
    files.iter().map(|file| format!("{}\n{}\n", file.path, String::from_utf8_lossy(&file.content))).collect()
}

const MOONS: &str = r#"
name = "List Moons"
description = "Lists the moons of a device."
effect = "read"
permissions = ["Administrator"]
endpoint = "GET /console/moons/"
reply = ["page-object"]
row-members = ["id"]

[[inputs]]
name = "Moon Phase"
type = "text"
description = "Only moons in this phase."
example = "waxing"

[[columns]]
name = "Moon Name"
path = "$.name"
"#;

/// The text of the files that the other host reads. A README names every command in any case.
fn code(files: &[File]) -> String {
    let is_code = |file: &&File| !file.path.ends_with("README.md") && !file.path.ends_with(".png");
    text(&files.iter().filter(is_code).cloned().collect::<Vec<_>>()).to_lowercase()
}

/// Whether the text has the command's name, as the command or as a word of a program.
fn names(text: &str, command: &str) -> bool {
    let name = command.to_lowercase();
    ["", " ", "_", "-"].iter().any(|between| text.contains(&name.replace(' ', between)))
}

#[test]
fn a_command_that_is_added_to_the_manifest_is_in_every_package_with_its_parameters() {
    let (before, after) = (manifest(), manifest_with(MOONS));
    let facts = |files: &[File], host: TargetHost| {
        let text = code(files);
        let parameter = ["moon phase", "moon_phase"].iter().any(|name| text.contains(name));
        match host {
            // Airbyte reads whole lists, which it names by their rows.
            TargetHost::Airbyte => [text.contains("\"console/moons/\""), text.contains("name: moons"), true],
            _ => [names(&text, "List Moons"), text.contains("lists the moons of a device"), parameter],
        }
    };
    for (host, way) in packages() {
        let without = files(&before, host, way);
        assert!(!text(&without).to_lowercase().contains("moon"), "{host:?}");
        assert_ne!(
            facts(&without, host),
            [true; 3],
            "{host:?} {way:?}: the check accepts a package without the command"
        );
        let with = files(&after, host, way);
        assert_eq!(facts(&with, host), [true; 3], "{host:?} {way:?}: name or place, description, parameter");
        let readme = content(&with, "README.md");
        let row = if host == TargetHost::Airbyte { "moons" } else { "List Moons" };
        assert!(readme.contains(&format!("| {row} | Lists the moons of a device. |")), "{host:?}");
    }
}

#[test]
fn every_package_names_every_command() {
    let manifest = manifest();
    for (host, way) in packages() {
        let files = files(&manifest, host, way);
        let code = code(&files);
        for command in &manifest.commands {
            // Airbyte has the lists only.
            assert!(host == TargetHost::Airbyte || names(&code, &command.name), "{host:?} {way:?}: {}", command.name);
        }
    }
}

/// The text of the file whose path ends so; of several, of the one with the shortest path.
fn content(files: &[File], path: &str) -> String {
    let file = files.iter().filter(|file| file.path.ends_with(path)).min_by_key(|file| file.path.len()).unwrap();
    String::from_utf8(file.content.clone()).unwrap()
}

#[test]
fn the_readme_of_airbyte_promises_no_more_than_its_streams() {
    let readme = content(&files(&manifest(), TargetHost::Airbyte, RunMode::Direct), "README.md");
    assert!(readme.contains("| devices |") && readme.contains("| finding_changes |"));
    for promise in ["Python package", "rescans", "Test Connection"] {
        assert!(!readme.contains(promise), "{promise}");
    }
}

#[test]
fn only_a_list_that_older_instances_lack_may_be_missing_for_airbyte() {
    let manifest = content(&files(&manifest(), TargetHost::Airbyte, RunMode::Direct), "manifest.yaml");
    let streams: Vec<_> = manifest.split("retriever:").filter(|stream| stream.contains("action: IGNORE")).collect();
    assert_eq!(streams.len(), 1);
    assert!(streams[0].contains("path: \"console/scans/\""), "{}", streams[0]);
}

#[test]
fn the_parts_of_the_module_are_where_a_script_of_one_file_has_them() {
    for way in [RunMode::Direct, RunMode::ViaHost] {
        let script = content(&files(&manifest(), TargetHost::CortexXsoar, way), "CODAFootprint.py");
        assert!(script.starts_with("\"\"\"Runs the commands of CODA Footprint"), "{way:?}");
        assert_eq!(script.matches("import json\n").count(), 1, "{way:?}");
        assert!(script.contains("\"List Devices\": \"ID\",\n"), "{way:?}: the key of its rows");
    }
}

#[test]
fn a_package_names_this_project_as_its_author() {
    let manifest = manifest();
    let vendor = &manifest.connector.vendor;
    for (host, path) in [(TargetHost::CortexXsoar, "pack_metadata.json"), (TargetHost::N8n, "package.json")] {
        let described = content(&files(&manifest, host, RunMode::ViaHost), path);
        assert!(described.contains("\"coda-footprint\"") && !described.contains(vendor), "{host:?}");
    }
    let app = content(&files(&manifest, TargetHost::SplunkSoar, RunMode::Direct), "app.py");
    assert!(app.contains("publisher=\"coda-footprint\""));
}

#[test]
fn an_untouched_field_of_insightconnect_says_neither_yes_nor_no() {
    let specification = content(&files(&manifest(), TargetHost::InsightConnect, RunMode::Direct), "plugin.spec.yaml");
    let actions = specification.split("\nconnection:").next().unwrap();
    assert!(!actions.contains("type: boolean"));
    assert!(actions.contains("enum:\n          - \"\"\n          - \"Yes\"\n          - \"No\"\n"));
    assert!(specification.contains("\nversion: 1.1.0\n"));
}

#[test]
fn a_package_is_the_same_each_time_and_every_path_is_safe_and_there_once() {
    let manifest = manifest();
    for (host, way) in packages() {
        let made = files(&manifest, host, way);
        assert_eq!(made, files(&manifest_again(), host, way), "{host:?}");
        let paths: BTreeSet<_> = made.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), made.len(), "{host:?}: a path is there twice");
        for path in paths {
            let parts: Vec<_> = Path::new(path).components().collect();
            assert!(parts.iter().all(|part| matches!(part, std::path::Component::Normal(_))), "{host:?}: {path}");
        }
        for File { path, content } in made.iter().filter(|file| !file.path.ends_with(".png")) {
            let text = String::from_utf8(content.clone()).unwrap();
            let left: Vec<_> = text.split('@').skip(1).step_by(2).filter(|name| is_placeholder(name)).collect();
            assert!(left.is_empty(), "{host:?}: {path} has {left:?}");
        }
    }
}

fn manifest_again() -> Manifest {
    manifest()
}

fn is_placeholder(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

#[test]
fn the_type_stubs_of_the_python_package_are_those_of_the_manifest() {
    let file = project().join("crates/python/python/coda_footprint/__init__.pyi");
    let wanted = stubs(&manifest());
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, &wanted).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(found, wanted, "{} is not up to date. UPDATE_GENERATED=1 writes it.", file.display());
}

#[test]
fn a_host_is_found_by_its_name() {
    for host in TargetHost::ALL {
        assert_eq!(TargetHost::named(host.name()), Some(host));
    }
    assert_eq!(TargetHost::named("xsoar"), None);
}
