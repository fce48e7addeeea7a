//! Help, version and shell completions.

use crate::support::{ended, footprint, shown};

#[test]
fn every_subcommand_has_help_with_examples() {
    insta::assert_snapshot!("footprint", shown(footprint(["--help"])));
    let (_, help, _) = ended(footprint(["--help"]));
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that is indented deeper continues the line above.
    let subcommands = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let subcommands: Vec<_> = subcommands.filter(|name| *name != "help").collect();
    assert!(subcommands.len() > 15, "{subcommands:?}");
    for subcommand in subcommands {
        let (code, out, _) = ended(footprint([subcommand, "--help"]));
        assert!(code == 0 && out.contains("Examples:\n  footprint "), "{out}");
    }
    insta::assert_snapshot!("footprint_init", shown(footprint(["init", "-h"])));
    insta::assert_snapshot!("footprint_close", shown(footprint(["utility", "close-incident-in-bulk", "-h"])));
    insta::assert_snapshot!("footprint_run", shown(footprint(["run", "-h"])));
    insta::assert_snapshot!("footprint_simulate", shown(footprint(["simulate", "-h"])));
}

#[test]
fn the_version_is_the_package_s() {
    let (code, out, _) = ended(footprint(["--version"]));
    assert_eq!((code, out), (0, format!("footprint {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn every_shell_has_completions_and_what_is_no_shell_is_refused() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = ended(footprint(["completions", shell]));
        assert!(code == 0 && out.contains("FOOTPRINT_COMPLETE"), "{shell}");
    }
    assert_eq!(ended(footprint(["completions", "tcsh"])).0, 2);
}
