//! The Rust version of the project is the greatest that a dependency requires.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap()).collect()
}

#[test]
fn cargo_toml_and_the_readme_name_the_rust_version_that_the_dependencies_require() {
    let cargo = Command::new(env!("CARGO"))
        // Packages of other platforms are not downloaded.
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
        .arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let members: Vec<_> = metadata["workspace_members"].as_array().unwrap().iter().collect();
    let packages = metadata["packages"].as_array().unwrap();
    let (own, others): (Vec<_>, Vec<_>) = packages.iter().partition(|package| members.contains(&&package["id"]));
    let required = others
        .iter()
        .filter_map(|package| package["rust_version"].as_str().map(|version| (numbers(version), &package["name"])))
        .max_by(|one, other| one.0.cmp(&other.0))
        .unwrap();
    let named = own[0]["rust_version"].as_str().unwrap();
    let named_numbers = numbers(named);
    assert_eq!(required.0[..2], named_numbers[..2], "{} requires another version than Cargo.toml names", required.1);
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("Rust {named} or newer")), "README.md does not name Rust {named}");
}
