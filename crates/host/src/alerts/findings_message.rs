//! The text of alerts about findings.

use std::fmt::Write as _;

use soar_store::model::{FindingItem, FindingsMessage};

use super::message::{LISTED, Rendered, escaped, moment, one_line};

impl Rendered for FindingsMessage {
    fn subject(&self) -> String {
        let rule = one_line(&self.rule, 100);
        let what = match (self.findings.as_slice(), self.left_out) {
            ([], more) => format!("Rule {rule}: {more} more findings are beyond its limit"),
            ([one], _) => format!("Rule {rule}: {} on {} {}", one.cve, one.device, one.kind),
            (some, _) => format!("Rule {rule}: {} findings", some.len()),
        };
        one_line(&what, 200)
    }

    fn text(&self) -> String {
        let mut text = format!("{}.\n\nAt: {}\n", self.subject(), moment(self.at));
        for one in self.findings.iter().take(LISTED) {
            let [what, place, evidence] = cells(one);
            let _ = write!(text, "\n{what}\n  {place}\n  {evidence}\n");
        }
        if self.findings.len() > LISTED {
            let _ = writeln!(text, "\n… and {} more.", self.findings.len() - LISTED);
        }
        text
    }

    fn html(&self) -> String {
        let mut rows = String::new();
        for one in self.findings.iter().take(LISTED) {
            let [what, place, evidence] = cells(one).map(|cell| escaped(&cell));
            let _ = write!(rows, "<tr><td>{what}</td><td>{place}</td><td>{evidence}</td></tr>");
        }
        let more = match self.findings.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!("<p>… and {more} more.</p>"),
        };
        let table = match rows.as_str() {
            "" => String::new(),
            rows => format!(
                "<table border=\"1\" cellpadding=\"4\"><tr><th>Finding</th><th>Tenant</th><th>Evidence</th></tr>{rows}</table>"
            ),
        };
        format!(
            "<!DOCTYPE html><html><body><p><b>{}.</b></p><p>At: {}</p>{table}{more}</body></html>",
            escaped(&self.subject()),
            moment(self.at)
        )
    }
}

/// What it is, where it is, and what the product says.
fn cells(one: &FindingItem) -> [String; 3] {
    [
        one_line(&format!("{} on {} {}", one.cve, one.device, one.kind), 500),
        one_line(&format!("{} ({})", one.tenant, one.connection), 500),
        one_line(&one.evidence, 1_000),
    ]
}

#[cfg(test)]
mod tests {
    use soar_store::model::{FindingSequence, FindingsEvent, Moment};

    use super::*;

    fn message(findings: i64, left_out: i64) -> FindingsMessage {
        let item = |number| FindingItem {
            finding_id: format!("1.7.{number}"),
            sequence: FindingSequence(number),
            kind: "opened".to_owned(),
            cve: "CVE-2024-1".to_owned(),
            device: "<b>web</b>\r\nBcc: thief@example.com".to_owned(),
            tenant: "A & B".to_owned(),
            connection: "production".to_owned(),
            evidence: "<script>".to_owned(),
        };
        FindingsMessage {
            event: FindingsEvent::Findings,
            rule: "Critical".to_owned(),
            at: Moment(1_700_000_000_000),
            left_out,
            findings: (0..findings).map(item).collect(),
        }
    }

    #[test]
    fn nothing_in_a_name_acts_on_its_reader_and_all_findings_are_counted() {
        let one = message(1, 0);
        assert_eq!(one.subject().lines().count(), 1);
        let html = one.html();
        assert!(!html.contains("<script>") && !html.contains("<b>web"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("A &amp; B"), "{html}");
        let many = message(60, 0);
        assert_eq!(many.subject(), "Rule Critical: 60 findings");
        assert!(many.text().contains("… and 10 more.") && many.html().contains("… and 10 more."));
        assert_eq!(message(0, 23).subject(), "Rule Critical: 23 more findings are beyond its limit");
    }
}
