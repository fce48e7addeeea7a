//! The title of an incident, with members in braces.

use soar_connector::name::{quoted, steers, suggestion};
use soar_store::text_enum;

text_enum! {
    /// A member of a title.
    pub enum TitleMember {
        /// The CVE; the title of a finding without one.
        Cve = "cve",
        /// The device's name; its address or id for a device without a name.
        Device = "device",
        /// The device's address.
        Address = "address",
        /// The tenant's name.
        Tenant = "tenant",
        /// The name of the connection.
        Connection = "connection",
        /// The title of the finding; its description where the product gives no title.
        Title = "title",
        /// The severity.
        Severity = "severity",
        /// The CVSS base score.
        Cvss = "cvss",
        /// The kind of the change.
        Change = "change",
        /// The name of the rule.
        Rule = "rule",
    }
}

/// The most characters of a member's value. A title has 100, and no value may push out the others.
const LONGEST_VALUE: usize = 60;

/// The most characters of a template.
const LONGEST: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
enum TitlePart {
    Text(String),
    Member(TitleMember),
}

/// A template of titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TitleTemplate(Vec<TitlePart>);

impl TitleTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// A sentence with the problem and the valid members.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() || text.chars().count() > LONGEST {
            return Err(format!(
                "then.incident.title: expected 1 to {LONGEST} characters. Leave it out for the default."
            ));
        }
        let valid = || TitleMember::ALL.iter().map(|member| format!("{{{member}}}")).collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            parts.push(TitlePart::Text(before.to_owned()));
            let unclosed = || {
                let valid = valid();
                format!("then.incident.title: a {{ has no }}. Expected one of {valid}. Close it, or leave it out.")
            };
            let (name, after) = after.split_once('}').ok_or_else(unclosed)?;
            let member = name.parse().map_err(|_: String| {
                let near = suggestion(name, TitleMember::ALL.iter().map(|member| member.as_str()));
                let (name, valid) = (quoted(name), valid());
                format!("then.incident.title: there is no member {name}.{near} Expected one of {valid}.")
            })?;
            parts.push(TitlePart::Member(member));
            rest = after;
        }
        parts.push(TitlePart::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The title with the values of its members: on one line, and without characters that steer. A value that is not known
    /// is `unknown`.
    pub(super) fn render(&self, value: impl Fn(TitleMember) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            TitlePart::Text(text) => text.clone(),
            TitlePart::Member(member) => match cut(&value(*member), LONGEST_VALUE) {
                text if text.is_empty() => "unknown".to_owned(),
                text => text,
            },
        });
        one_line(&parts.collect::<String>())
    }
}

/// `text` without characters that steer, and with single blanks.
pub(super) fn one_line(text: &str) -> String {
    let shown: String = text.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first `most` characters of `text` on one line, with `…` where it was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    // Characters beyond the limit are not even looked at: a product may send megabytes.
    let mut line = one_line(&text.chars().take(most * 4).collect::<String>());
    if line.chars().count() > most {
        line = line.chars().take(most.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_filled_in_and_hostile_values_stay_short_and_on_one_line() {
        let title = TitleTemplate::parse("{cve} on {device}: {severity}").unwrap();
        let shown = title.render(|member| match member {
            TitleMember::Cve => "CVE-2024-1".to_owned(),
            TitleMember::Device => format!("web\u{202e}\r\nBcc: x\u{0}{}", "A".repeat(1_000_000)),
            _ => String::new(),
        });
        assert!(shown.starts_with("CVE-2024-1 on web Bcc: x A"), "{shown}");
        assert!(shown.ends_with("…: unknown") && shown.chars().count() < 100, "{shown}");
    }

    #[test]
    fn a_template_that_cannot_be_used_is_refused_with_the_valid_members() {
        for (text, problem) in [
            ("", "expected 1 to 500 characters"),
            ("{cves}", "no member \"cves\". Did you mean \"cve\"? Expected one of {cve}, {device}"),
            ("{cve", "a { has no }"),
        ] {
            let error = TitleTemplate::parse(text).unwrap_err();
            assert!(error.starts_with("then.incident.title: ") && error.contains(problem), "{error}");
        }
    }
}
