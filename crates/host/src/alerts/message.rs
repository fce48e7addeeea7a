//! The text of alerts: mail text, HTML and JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use soar_connector::name::steers;
use soar_store::model::{AlertEvent, AlertReason, MessageBody, MessageContent, Moment, ScheduleKind};

/// The number of connections, schedules or findings that a mail lists. The body of a webhook lists all.
pub(super) const LISTED: usize = 50;

/// The content of a message, rendered for mail.
pub trait Rendered {
    /// One line.
    fn subject(&self) -> String;

    /// As plain text.
    fn text(&self) -> String;

    /// As an HTML page.
    fn html(&self) -> String;
}

impl Rendered for MessageBody {
    fn subject(&self) -> String {
        match self {
            Self::Health(content) => content.subject(),
            Self::Findings(content) => content.subject(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Health(content) => content.text(),
            Self::Findings(content) => content.text(),
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Health(content) => content.html(),
            Self::Findings(content) => content.html(),
        }
    }
}

impl Rendered for MessageContent {
    fn subject(&self) -> String {
        let subjects = match self.kind {
            ScheduleKind::HealthCheck => "connections",
            ScheduleKind::Command => "schedules",
        };
        let what = match (&self.event, self.items.as_slice()) {
            (AlertEvent::Failed, [item]) => match item.reason {
                AlertReason::Failing => format!("{} fails", item.subject),
                AlertReason::Flapping => format!("{} keeps passing and failing", item.subject),
            },
            (AlertEvent::Recovered, [item]) => format!("{} recovered", item.subject),
            (AlertEvent::Failed, items) => format!("{} {subjects} of {} fail", items.len(), self.server),
            (AlertEvent::Recovered, items) => format!("{} {subjects} of {} recovered", items.len(), self.server),
        };
        one_line(&what, 200)
    }

    fn text(&self) -> String {
        let mut text = format!("{}.\n\nServer: {}\n", self.subject(), one_line(&self.server, 500));
        if self.still_failing > 0 {
            let _ = writeln!(text, "Still failing: {}", self.still_failing);
        }
        for item in self.items.iter().take(LISTED) {
            let _ = write!(
                text,
                "\n{} ({})\n  failing since {}\n",
                one_line(&item.subject, 200),
                one_line(&item.site, 200),
                moment(item.since)
            );
            if let Some(recovered_at) = item.recovered_at {
                let _ = writeln!(text, "  recovered {}", moment(recovered_at));
            }
            for line in item.detail.lines() {
                let _ = writeln!(text, "  {}", one_line(line, 1000));
            }
        }
        if self.items.len() > LISTED {
            let _ = writeln!(text, "\n… and {} more.", self.items.len() - LISTED);
        }
        text
    }

    fn html(&self) -> String {
        let mut rows = String::new();
        for item in self.items.iter().take(LISTED) {
            let recovered = item.recovered_at.map(moment).unwrap_or_default();
            let detail: Vec<_> = item.detail.lines().map(|line| escaped(&one_line(line, 1000))).collect();
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{recovered}</td><td>{}</td></tr>",
                escaped(&one_line(&item.subject, 200)),
                escaped(&one_line(&item.site, 200)),
                moment(item.since),
                detail.join("<br>")
            );
        }
        let more = match self.items.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!("<p>… and {more} more.</p>"),
        };
        let still = match self.still_failing {
            0 => String::new(),
            still => format!("<p>Still failing: {still}</p>"),
        };
        format!(
            "<!DOCTYPE html><html><body><p><b>{}.</b></p><p>Server: {}</p>{still}<table border=\"1\" \
             cellpadding=\"4\"><tr><th>What</th><th>Site</th><th>Failing since</th><th>Recovered</th>\
             <th>Error</th></tr>{rows}</table>{more}</body></html>",
            escaped(&self.subject()),
            escaped(&one_line(&self.server, 500)),
        )
    }
}

/// A moment in UTC, since the time zone of the reader is not known.
pub(super) fn moment(at: Moment) -> String {
    Timestamp::from_millisecond(at.0)
        .map_or_else(|_| "at an unknown time".to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `text` on one line without control characters, at most `longest` characters.
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let mut line: String = text.chars().take(longest).map(|c| if steers(c) { ' ' } else { c }).collect();
    if text.chars().count() > longest {
        line.push('…');
    }
    line
}

pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use soar_store::model::MessageItem;

    use super::*;

    fn content(items: usize) -> MessageContent {
        let item = |number: usize| MessageItem {
            subject: format!("Connection <b>{number}</b>\r\nBcc: thief@example.com"),
            site: "A & B".to_owned(),
            reason: AlertReason::Failing,
            detail: "Test Connection failed. Failed to check the connector.\nStatus Code: 401.\nMessage: <script>."
                .to_owned(),
            since: Moment(1_700_000_000_000),
            recovered_at: None,
        };
        MessageContent {
            event: AlertEvent::Failed,
            kind: ScheduleKind::HealthCheck,
            server: "https://footprint.example.com".to_owned(),
            at: Moment(1_700_000_060_000),
            still_failing: 0,
            items: (0..items).map(item).collect(),
        }
    }

    #[test]
    fn nothing_in_a_name_or_an_error_acts_on_its_reader() {
        let content = content(1);
        assert_eq!(content.subject().lines().count(), 1);
        let html = content.html();
        assert!(!html.contains("<script>") && !html.contains("<b>0"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("A &amp; B"), "{html}");
        assert!(content.text().contains("  Status Code: 401.\n"));
    }

    #[test]
    fn a_digest_lists_some_and_counts_all() {
        let content = content(1000);
        assert_eq!(content.subject(), "1000 connections of https://footprint.example.com fail");
        let schedules = MessageContent { kind: ScheduleKind::Command, ..content.clone() };
        assert_eq!(schedules.subject(), "1000 schedules of https://footprint.example.com fail");
        assert!(content.text().contains("… and 950 more."));
        assert_eq!(content.html().matches("<tr>").count(), 51);
    }
}
