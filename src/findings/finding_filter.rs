//! Which findings a command lists.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use soar_connector::name::quoted;
use soar_connector::{Failure, Parameters};

use super::finding_row::{VulnerabilityRow, same_state};

/// The conditions that the findings of a list meet; an empty filter accepts all.
#[derive(Debug, Default)]
pub(crate) struct VulnerabilityFilter {
    cves: Vec<String>,
    lowest_cvss: Option<f64>,
    exploit_public: Option<bool>,
    states: Vec<String>,
    discovered_since: Option<Timestamp>,
}

/// Whether a finding fits a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    No,
    /// The row lacks a value that the filter asks for.
    Unknown,
}

impl VulnerabilityFilter {
    /// The filter of these parameters.
    ///
    /// # Errors
    /// `invalid-parameter` for a score that is no number from 0 to 10, and for a text that is no date.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let list = |name| parameters.list(name).unwrap_or_default().to_vec();
        Ok(Self {
            cves: list("CVE"),
            lowest_cvss: parameters.text("Lowest CVSS").map(score).transpose()?,
            exploit_public: parameters.boolean("Exploit Public"),
            states: list("State"),
            discovered_since: parameters.text("Discovered Since").map(moment).transpose()?,
        })
    }

    /// Whether the filter accepts a finding.
    pub(crate) fn fit(&self, row: &VulnerabilityRow) -> Fit {
        let one_of = |given: &[String], found: &str, same: fn(&str, &str) -> bool| match (given, found) {
            ([], _) => Fit::Yes,
            (_, "" | "None") => Fit::Unknown,
            (given, found) => Fit::of(given.iter().any(|one| same(one, found))),
        };
        let wanted = |fit: Option<bool>, is_asked: bool| match (is_asked, fit) {
            (false, _) => Fit::Yes,
            (true, None) => Fit::Unknown,
            (true, Some(fits)) => Fit::of(fits),
        };
        let lowest = self.lowest_cvss;
        let since = self.discovered_since;
        let public = self.exploit_public;
        let fits = [
            one_of(&self.cves, &row.cve(), |one, other| one.eq_ignore_ascii_case(other)),
            one_of(&self.states, &row.state(), same_state),
            wanted(row.cvss().zip(lowest).map(|(score, lowest)| score >= lowest), lowest.is_some()),
            wanted(row.discovered().zip(since).map(|(found, since)| found >= since), since.is_some()),
            wanted(row.is_exploit_public().zip(public).map(|(is, wanted)| is == wanted), public.is_some()),
        ];
        if fits.contains(&Fit::No) {
            Fit::No
        } else if fits.contains(&Fit::Unknown) {
            Fit::Unknown
        } else {
            Fit::Yes
        }
    }
}

impl Fit {
    fn of(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

fn score(text: &str) -> Result<f64, Failure> {
    let score = text.replace(',', ".").parse().ok().filter(|score| (0.0..=10.0).contains(score));
    score.ok_or_else(|| {
        let found = quoted(text);
        Failure::new("invalid-parameter", format!("Lowest CVSS: expected a number from 0 to 10, found {found}."))
    })
}

/// A date and time with an offset, or a date, which begins at midnight in UTC.
pub(crate) fn moment(text: &str) -> Result<Timestamp, Failure> {
    let midnight = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    // A date is tried second: jiff reads one from a date and time too, and drops the time.
    text.parse::<Timestamp>().ok().or_else(|| midnight().filter(|_| text.len() == 10)).ok_or_else(|| {
        let text = format!(
            "Discovered Since: expected a date (2026-11-27) or a date and time with its offset (2026-11-27T08:00:00Z), found {}.",
            quoted(text)
        );
        Failure::new("invalid-parameter", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::finding_row::VulnerabilityReader;

    fn fit(filter: VulnerabilityFilter, row: &str) -> Fit {
        filter.fit(&VulnerabilityReader::new().read(row).unwrap())
    }

    #[test]
    fn a_value_that_is_not_known_neither_fits_nor_fails() {
        for (score, expected) in [("9.8", Fit::Yes), ("\"7\"", Fit::Yes), ("6.9", Fit::No), ("\"\"", Fit::Unknown)] {
            let filter = VulnerabilityFilter { lowest_cvss: Some(7.0), ..VulnerabilityFilter::default() };
            assert_eq!(fit(filter, &format!(r#"{{"cvssScore":{score}}}"#)), expected, "{score}");
        }
        let filter =
            VulnerabilityFilter { cves: vec!["cve-2021-1".into()], lowest_cvss: Some(7.0), ..Default::default() };
        assert_eq!(fit(filter, r#"{"cve":"CVE-2021-2"}"#), Fit::No, "another CVE, whatever its score");
        assert_eq!(fit(VulnerabilityFilter::default(), "{}"), Fit::Yes);
    }

    #[test]
    fn dates_and_scores_are_read_or_refused() {
        assert_eq!(moment("2026-11-27").unwrap().to_string(), "2026-11-27T00:00:00Z");
        assert_eq!(moment("2026-11-27T08:00:00+02:00").unwrap().to_string(), "2026-11-27T06:00:00Z");
        for wrong in ["yesterday", "2026-11-27T08:00:00", "2026-13-01"] {
            assert!(moment(wrong).unwrap_err().message.contains("found"), "{wrong}");
        }
        assert_eq!(score("7,5"), Ok(7.5));
        assert!(score("11").is_err() && score("NaN").is_err() && score("high").is_err());
    }
}
