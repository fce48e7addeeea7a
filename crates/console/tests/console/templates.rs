//! Markup and scripts that no template and no rendered page may contain.

use std::path::{Path, PathBuf};

fn templates(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { templates(&path, found) } else { found.push(path) }
    }
}

/// The parts of a template that a strict policy would block, or that are not escaped.
fn forbidden(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    for (index, _) in lower.match_indices("on") {
        let is_attribute = lower[..index].ends_with(|c: char| c.is_ascii_whitespace() || c == '"' || c == '\'');
        let name: String = lower[index..].chars().take_while(char::is_ascii_alphabetic).collect();
        let is_set = lower[index + name.len()..].trim_start().starts_with('=');
        let is_comparison = lower[index + name.len()..].trim_start().starts_with("==");
        if is_attribute && is_set && !is_comparison && name.len() > 3 {
            found.push(format!("the handler {name}"));
        }
    }
    for text in
        [" style=", "<style", "javascript:", "|safe", "| safe", "srcdoc", "<base", "<iframe", "<object", "<embed"]
    {
        if lower.contains(text) {
            found.push(text.to_owned());
        }
    }
    for (index, _) in lower.match_indices("<script") {
        let tag = lower[index..].split('>').next().unwrap_or_default();
        let is_in_head = lower[index..].contains("</head>");
        if !tag.contains(" src=") || !is_in_head {
            found.push(format!("the script {tag}>"));
        }
    }
    found
}

#[test]
fn no_template_has_inline_scripts_styles_handlers_or_unescaped_text() {
    let mut found = Vec::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
    assert!(found.len() > 10, "{found:?}");
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(forbidden(&text), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn the_check_finds_each_forbidden_part() {
    for bad in [
        "<a onclick=\"x\">",
        "<a\nonmouseover = x>",
        "<p style=\"color: red\">",
        "<style>p {}</style>",
        "<a href=\"JavaScript:x\">",
        "{{ name|safe }}",
        "<body><script src=\"x\"></script>",
        "<head><script>x</script></head>",
    ] {
        assert_eq!(forbidden(bad).len(), 1, "{bad}: {:?}", forbidden(bad));
    }
    for good in ["<head><script src=\"x\" defer></script></head>", "{% if condition == one %}", "<p>only = one</p>"] {
        assert_eq!(forbidden(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn the_script_is_short() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/console.js");
    assert!(std::fs::read_to_string(script).unwrap().lines().count() <= 150);
}
