//! Values about CVEs from files that the operator gives: CISA's catalog of known exploited vulnerabilities, and EPSS.
//!
//! The host downloads nothing. Values are added to findings when they are read, so a new file is no change of a finding.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The paths of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnrichmentFiles {
    /// CISA's catalog `known_exploited_vulnerabilities.json`. None unless given.
    pub kev: Option<PathBuf>,
    /// The scores of EPSS as FIRST publishes them, unpacked: `epss_scores-YYYY-MM-DD.csv`. None unless given.
    pub epss: Option<PathBuf>,
}

/// Whether a CVE of a finding is in CISA's catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KevValue {
    /// Whether the catalog has a CVE of the finding.
    pub listed: bool,
    /// The date when CISA added it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<String>,
    /// The source of the value.
    pub source: &'static str,
    /// The date of the catalog.
    pub date: String,
}

/// The highest EPSS score of the CVEs of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpssValue {
    /// The probability of exploitation in the next 30 days.
    pub score: f64,
    /// The share of CVEs with the same or a lower score.
    pub percentile: f64,
    /// The source of the value.
    pub source: &'static str,
    /// The date of the scores.
    pub date: String,
}

/// Values about CVEs. A value that is not known is missing.
#[derive(Debug, Clone, Default)]
pub struct Enrichment {
    kev: Option<Arc<Kev>>,
    epss: Option<Arc<Epss>>,
}

#[derive(Debug)]
struct Kev {
    date: String,
    added: HashMap<String, String>,
}

#[derive(Debug)]
struct Epss {
    date: String,
    scores: HashMap<String, (f64, f64)>,
}

#[derive(Deserialize)]
struct Catalog {
    #[serde(rename = "dateReleased")]
    released: String,
    vulnerabilities: Vec<CatalogEntry>,
}

#[derive(Deserialize)]
struct CatalogEntry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(rename = "dateAdded")]
    added: String,
}

impl Enrichment {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence with the file, what is wrong, and what was expected.
    pub fn read(files: &EnrichmentFiles) -> Result<Self, String> {
        let (read, problems) = Self::read_after(files, &Self::default());
        problems.into_iter().next().map_or(Ok(read), Err)
    }

    /// Reads the files. The values of a file that cannot be used are those of `last`, and the problem is returned besides.
    pub(super) fn read_after(files: &EnrichmentFiles, last: &Self) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let kev = read_or(files.kev.as_deref(), read_kev, last.kev.as_ref(), &mut problems);
        let epss = read_or(files.epss.as_deref(), read_epss, last.epss.as_ref(), &mut problems);
        (Self { kev, epss }, problems)
    }

    /// Whether one of these CVEs is in the catalog. `None` without a catalog, or without a CVE.
    #[must_use]
    pub fn kev(&self, cves: &[String]) -> Option<KevValue> {
        let kev = self.kev.as_ref().filter(|_| !cves.is_empty())?;
        let added = cves.iter().filter_map(|cve| kev.added.get(cve)).min().cloned();
        Some(KevValue { listed: added.is_some(), added, source: "CISA KEV", date: kev.date.clone() })
    }

    /// The highest score of these CVEs. `None` where no score is known.
    #[must_use]
    pub fn epss(&self, cves: &[String]) -> Option<EpssValue> {
        let epss = self.epss.as_ref()?;
        let known = cves.iter().filter_map(|cve| epss.scores.get(cve));
        let (score, percentile) = known.copied().max_by(|one, other| one.0.total_cmp(&other.0))?;
        Some(EpssValue { score, percentile, source: "FIRST EPSS", date: epss.date.clone() })
    }
}

fn read_or<T>(
    path: Option<&Path>,
    read: fn(&Path) -> Result<T, String>,
    last: Option<&Arc<T>>,
    problems: &mut Vec<String>,
) -> Option<Arc<T>> {
    match read(path?) {
        Ok(values) => Some(Arc::new(values)),
        Err(problem) => {
            problems.push(problem);
            last.cloned()
        }
    }
}

fn unreadable(path: &Path, why: impl std::fmt::Display, expected: &str) -> String {
    format!("The file {} cannot be used: {why}. Expected {expected}.", path.display())
}

fn read_kev(path: &Path) -> Result<Kev, String> {
    let expected = "CISA's known_exploited_vulnerabilities.json";
    let file = File::open(path).map_err(|error| unreadable(path, error, expected))?;
    let catalog: Catalog =
        serde_json::from_reader(BufReader::new(file)).map_err(|error| unreadable(path, error, expected))?;
    let added = catalog.vulnerabilities.into_iter().map(|entry| (entry.cve, entry.added));
    Ok(Kev { date: catalog.released, added: added.collect() })
}

fn read_epss(path: &Path) -> Result<Epss, String> {
    let expected = "the unpacked CSV of EPSS, with the lines #model_version:…,score_date:… and cve,epss,percentile";
    let file = File::open(path).map_err(|error| unreadable(path, error, expected))?;
    let mut lines = BufReader::new(file).lines();
    let mut next = || lines.next().transpose().map_err(|error| unreadable(path, error, expected));
    let head = next()?.unwrap_or_default();
    let date = head.split(',').find_map(|part| part.trim_start_matches('#').strip_prefix("score_date:"));
    let date = date.ok_or_else(|| unreadable(path, "its first line names no score_date", expected))?.to_owned();
    if next()?.as_deref() != Some("cve,epss,percentile") {
        return Err(unreadable(path, "its second line is not the heading", expected));
    }
    let mut scores = HashMap::new();
    let mut number = 2;
    while let Some(line) = next()? {
        number += 1;
        let mut cells = line.split(',');
        let (Some(cve), Some(score), Some(percentile)) = (cells.next(), cells.next(), cells.next()) else {
            return Err(unreadable(path, format!("line {number} has fewer than three values"), expected));
        };
        let (Ok(score), Ok(percentile)) = (score.parse::<f64>(), percentile.parse::<f64>()) else {
            return Err(unreadable(path, format!("line {number} has no numbers"), expected));
        };
        if ![score, percentile].iter().all(|value| (0.0..=1.0).contains(value)) {
            return Err(unreadable(path, format!("line {number} has a number that is not from 0 to 1"), expected));
        }
        scores.insert(cve.to_owned(), (score, percentile));
    }
    Ok(Epss { date, scores })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn cves(list: &[&str]) -> Vec<String> {
        list.iter().map(|cve| (*cve).to_owned()).collect()
    }

    #[test]
    fn values_have_their_source_and_date_and_what_is_unknown_is_missing() {
        let (_kev, kev) = written(
            "kev.json",
            r#"{"dateReleased": "2026-11-01T12:00:00Z", "vulnerabilities":
                [{"cveID": "CVE-2024-1", "dateAdded": "2024-02-01", "vendorProject": "x"}]}"#,
        );
        let (_epss, epss) = written(
            "epss.csv",
            "#model_version:v2025.03.14,score_date:2026-11-02T00:00:00+0000\ncve,epss,percentile\n\
             CVE-2024-1,0.5,0.9\nCVE-2024-2,0.7,0.95\n",
        );
        let known = Enrichment::read(&EnrichmentFiles { kev: Some(kev), epss: Some(epss) }).unwrap();
        let value = known.kev(&cves(&["CVE-2024-9", "CVE-2024-1"])).unwrap();
        assert_eq!((value.listed, value.added.as_deref()), (true, Some("2024-02-01")));
        assert_eq!((value.source, value.date.as_str()), ("CISA KEV", "2026-11-01T12:00:00Z"));
        assert!(!known.kev(&cves(&["CVE-2024-9"])).unwrap().listed);
        assert_eq!(known.kev(&[]), None);
        let value = known.epss(&cves(&["CVE-2024-1", "CVE-2024-2"])).unwrap();
        assert_eq!((value.score, value.percentile), (0.7, 0.95));
        assert_eq!(value.date, "2026-11-02T00:00:00+0000");
        assert_eq!(known.epss(&cves(&["CVE-2024-9"])), None);
        let nothing = Enrichment::default();
        assert_eq!((nothing.kev(&cves(&["CVE-2024-1"])), nothing.epss(&cves(&["CVE-2024-1"]))), (None, None));
    }

    #[test]
    fn a_file_that_is_something_else_is_refused_with_what_was_expected() {
        for (text, problem) in [
            ("cve,epss,percentile\n", "names no score_date"),
            ("#score_date:2026\na,b\n", "second line"),
            ("#score_date:2026\ncve,epss,percentile\nCVE-1,0.5\n", "line 3 has fewer"),
            ("#score_date:2026\ncve,epss,percentile\nCVE-1,x,y\n", "line 3 has no numbers"),
            ("#score_date:2026\ncve,epss,percentile\nCVE-1,NaN,0.5\n", "line 3 has a number that is not from 0 to 1"),
            ("#score_date:2026\ncve,epss,percentile\nCVE-1,0.5,inf\n", "line 3 has a number that is not from 0 to 1"),
            ("#score_date:2026\ncve,epss,percentile\nCVE-1,0.5,1.1\n", "line 3 has a number that is not from 0 to 1"),
        ] {
            let (_folder, path) = written("epss.csv", text);
            let files = EnrichmentFiles { kev: None, epss: Some(path) };
            let error = Enrichment::read(&files).unwrap_err();
            assert!(error.contains(problem) && error.contains("Expected the unpacked CSV"), "{error}");
        }
        let (_folder, path) = written("kev.json", "{}");
        let error = Enrichment::read(&EnrichmentFiles { kev: Some(path), epss: None }).unwrap_err();
        assert!(error.contains("dateReleased"), "{error}");
        let missing = EnrichmentFiles { kev: Some("/nowhere/kev.json".into()), epss: None };
        assert!(Enrichment::read(&missing).unwrap_err().contains("/nowhere/kev.json"));
    }
}
