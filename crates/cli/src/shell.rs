//! Writes command lines that work when they are pasted into a shell.

/// `text` as one word of a POSIX shell, with as little quoting as it needs.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let harmless = |c: char| !c.is_control() && !"\"$`\\!".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.chars().all(harmless) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// `footprint run …` for a command and its parameters.
pub(crate) fn run_line<'a>(command: &str, parameters: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut line = format!("footprint run {}", quoted(command));
    for (name, value) in parameters {
        line.push_str(" --param ");
        line.push_str(&quoted(&format!("{name}={value}")));
    }
    line
}

/// The lines of a `curl` call of a host's command; `parameters` is a JSON object.
pub(crate) fn call_lines(
    commands: &str,
    command: &str,
    key: &str,
    user: &str,
    site: &str,
    parameters: &str,
) -> Vec<String> {
    let (user, site) = (serde_json::Value::from(user), serde_json::Value::from(site));
    let body = format!(r#"{{"Username": {user}, "Site": {site}, "CommandParams": {parameters}}}"#);
    vec![
        format!("curl -sS {} \\", quoted(&format!("{commands}{command}"))),
        format!("  -H {} -H \"Content-Type: application/json\" \\", quoted(&format!("d3key: {key}"))),
        format!("  -d {}", quoted(&body)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_as_much_as_a_shell_needs() {
        assert_eq!(quoted("Page=2"), "Page=2");
        assert_eq!(quoted("Device ID=7"), "\"Device ID=7\"");
        assert_eq!(quoted(r#"Filter={"a": 1}"#), r#"'Filter={"a": 1}'"#);
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "\"\"");
    }

    #[test]
    fn a_run_line_names_command_and_parameters() {
        let line = run_line("List Device Users", [("Device ID", "1042".to_owned())]);
        assert_eq!(line, r#"footprint run "List Device Users" --param "Device ID=1042""#);
    }
}
