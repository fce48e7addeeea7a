//! Messages: what an alert says, as mail text, as HTML and as JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use soar_connector::name::steers;

use super::{Destination, Tell};
use crate::health::AlertReason;

/// How many connections a mail lists; the webhook's body has them all.
const LISTED: usize = 50;

/// One connection or schedule that a message is about. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageItem {
    /// Such as `Connection Production`.
    pub subject: String,
    /// Its site's name.
    pub site: String,
    /// Whether it fails or flaps.
    pub reason: AlertReason,
    /// The Error tab.
    pub detail: String,
    /// Since when.
    pub since: i64,
    /// When it recovered.
    pub recovered_at: Option<i64>,
}

/// What a message says; its JSON is the body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageContent {
    /// That they fail, or that they recovered.
    #[serde(rename = "event")]
    pub tell: Tell,
    /// The server that they have in common.
    pub server: String,
    /// When it was decided on, in milliseconds since 1970.
    pub at: i64,
    /// How many of the server still fail when others recovered.
    pub still_failing: i64,
    /// What it is about, by name.
    pub items: Vec<MessageItem>,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same each time that it is sent, so that a receiver can drop a repetition.
    pub id: String,
    /// To whom.
    pub destination: Destination,
    /// What it says.
    pub content: MessageContent,
    /// How often it was tried before.
    pub attempts: i64,
    /// When it was decided on, in milliseconds since 1970.
    pub created_at: i64,
}

impl MessageContent {
    /// One line.
    #[must_use]
    pub fn subject(&self) -> String {
        let what = match (&self.tell, self.items.as_slice()) {
            (Tell::Failed, [item]) => match item.reason {
                AlertReason::Failing => format!("{} fails", item.subject),
                AlertReason::Flapping => format!("{} keeps passing and failing", item.subject),
            },
            (Tell::Recovered, [item]) => format!("{} recovered", item.subject),
            (Tell::Failed, items) => format!("{} connections of {} fail", items.len(), self.server),
            (Tell::Recovered, items) => format!("{} connections of {} recovered", items.len(), self.server),
        };
        one_line(&what, 200)
    }

    /// As plain text.
    #[must_use]
    pub fn text(&self) -> String {
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

    /// As an HTML page.
    #[must_use]
    pub fn html(&self) -> String {
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

/// A moment as people read it; UTC, since the reader of a mail may be anywhere.
fn moment(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| "at an unknown time".to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `text` on one line without characters that steer, at most `longest` characters.
fn one_line(text: &str, longest: usize) -> String {
    let mut line: String = text.chars().take(longest).map(|c| if steers(c) { ' ' } else { c }).collect();
    if text.chars().count() > longest {
        line.push('…');
    }
    line
}

fn escaped(text: &str) -> String {
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
    use super::*;

    fn content(items: usize) -> MessageContent {
        let item = |number: usize| MessageItem {
            subject: format!("Connection <b>{number}</b>\r\nBcc: thief@example.com"),
            site: "A & B".to_owned(),
            reason: AlertReason::Failing,
            detail: "Test Connection failed. Failed to check the connector.\nStatus Code: 401.\nMessage: <script>."
                .to_owned(),
            since: 1_700_000_000_000,
            recovered_at: None,
        };
        MessageContent {
            tell: Tell::Failed,
            server: "https://footprint.example.com".to_owned(),
            at: 1_700_000_060_000,
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
        assert!(content.text().contains("… and 950 more."));
        assert_eq!(content.html().matches("<tr>").count(), 51);
    }
}
