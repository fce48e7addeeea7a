//! `footprint commands`: from the manifest, without a connection.

use crate::support::{ended, footprint, outcome, shown};

#[test]
fn the_list_names_every_command_once() {
    insta::assert_snapshot!(shown(footprint(["commands"])));
}

#[test]
fn one_command_is_shown_with_all_that_the_manifest_says() {
    insta::assert_snapshot!("list_devices", shown(footprint(["commands", "list-devices"])));
    insta::assert_snapshot!("patch_rescan", shown(footprint(["commands", "Patch Rescan"])));
}

#[test]
fn json_is_the_manifest_s_entry() {
    let (_, all) = outcome(footprint(["commands", "--json"]));
    let (_, one) = outcome(footprint(["commands", "list_scanners", "--json"]));
    assert_eq!(one["name"], "List Scanners");
    assert!(all.as_array().unwrap().contains(&one));
}

#[test]
fn the_example_of_every_command_is_a_call_that_its_manifest_accepts() {
    let (_, all) = outcome(footprint(["commands", "--json"]));
    for command in all.as_array().unwrap() {
        let name = command["name"].as_str().unwrap();
        let (_, out, _) = ended(footprint(["commands", name]));
        let line = out.lines().find(|line| line.trim_start().starts_with("footprint run ")).unwrap();
        let words = shell_words(line);
        // Without a connection the call fails only because of the settings, after its names and parameters were
        // checked.
        let (code, _, error) = ended(footprint(words.iter().skip(1).map(String::as_str)));
        assert!(code == 2 && error.contains("The connection cannot be used"), "{line}: {error}");
    }
}

/// The words of a command line with quotes as `footprint commands` writes them.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.trim().chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words
}
