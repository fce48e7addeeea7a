//! Writes command lines that can be pasted into a shell.

/// `text` as one word of a POSIX shell, with minimal quoting.
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

/// The examples of a help text. Command lines that are wider than `width` are folded so that they can be pasted.
///
/// Lines with a remark after several blanks stay unchanged.
pub(crate) fn folded(help: &str, width: usize) -> String {
    let is_command = |line: &str| line.starts_with("  ") && !line.trim_start().contains("   ");
    let fold = |line: &str| if is_command(line) { fold(line, width) } else { line.to_owned() };
    help.split('\n').map(fold).collect::<Vec<_>>().join("\n")
}

fn fold(line: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for part in parts(line) {
        let last = lines.last().map_or(0, |line| line.chars().count());
        let is_first = lines.len() == 1 && last == 0;
        if !is_first && last + part.chars().count() + " \\".len() > width {
            lines.push(format!("     {part}"));
        } else if let Some(line) = lines.last_mut() {
            line.push_str(part);
        }
    }
    lines.join(" \\\n")
}

/// The parts of the line. Each begins with the blank before a flag, a pipe or a redirection outside of quotes.
fn parts(line: &str) -> Vec<&str> {
    let mut quote = None;
    let mut starts = vec![0];
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, ' ') if [" -", " |", " >"].iter().any(|start| line[at..].starts_with(start)) && at > 1 => {
                starts.push(at);
            }
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    starts.iter().zip(ends).map(|(start, end)| &line[*start..end]).collect()
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
    fn long_examples_are_folded_between_flags_and_never_inside_quotes() {
        let help =
            "Examples:\n  footprint add \"a - b\" --site \"Security Operations\" --note 'x | y' | wc\nEnd of the text.";
        assert_eq!(
            folded(help, 40),
            "Examples:\n  footprint add \"a - b\" \\\n      --site \"Security Operations\" \\\n      --note 'x | y' | wc\nEnd of the text."
        );
        assert_eq!(folded(help, 100), help);
    }

    #[test]
    fn a_run_line_names_command_and_parameters() {
        let line = run_line("List Device Users", [("Device ID", "1042".to_owned())]);
        assert_eq!(line, r#"footprint run "List Device Users" --param "Device ID=1042""#);
    }
}
