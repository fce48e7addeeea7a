//! Whether a finding meets the conditions of a rule.

use glob::{MatchOptions, Pattern};
use soar_connector::Finding;
use soar_connector::name::same_word;
use soar_store::model::name::same_name;

use super::rule::RuleConditions;
use crate::findings::{EpssValue, KevValue, severity_of};

/// The most values of a list, and the most characters of a value.
const MOST_VALUES: usize = 1_000;
const LONGEST_VALUE: usize = 200;

/// The most characters of a device's name that patterns see.
const LONGEST_NAME: usize = 1_000;

/// Case makes no difference, and a device's name is no path.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: false, require_literal_separator: false, require_literal_leading_dot: false };

/// A finding, and what is known about it.
#[derive(Debug)]
pub(super) struct FindingFacts<'a> {
    pub(super) finding: &'a Finding,
    pub(super) tenant: &'a str,
    pub(super) tenant_name: &'a str,
    pub(super) connection: &'a str,
    pub(super) kev: Option<KevValue>,
    pub(super) epss: Option<EpssValue>,
}

/// Conditions that were checked.
#[derive(Debug)]
pub(super) struct CheckedConditions {
    given: RuleConditions,
    devices: Vec<Pattern>,
}

impl CheckedConditions {
    /// Checks conditions.
    ///
    /// # Errors
    /// A sentence with the field, what was expected, and what to do.
    pub(super) fn new(given: &RuleConditions) -> Result<Self, String> {
        for (field, value, most) in
            [("cvssAtLeast", given.cvss_at_least, 10.0), ("epssAtLeast", given.epss_at_least, 1.0)]
        {
            if let Some(value) = value.filter(|value| !(0.0..=most).contains(value)) {
                return Err(format!("when.{field}: expected a number from 0 to {most}, got {value}. Correct it."));
            }
        }
        for (field, values) in [
            ("riskLevels", &given.risk_levels),
            ("tags", &given.tags),
            ("devices", &given.devices),
            ("tenants", &given.tenants),
            ("connections", &given.connections),
        ] {
            let is_bad = |value: &String| value.trim().is_empty() || value.chars().count() > LONGEST_VALUE;
            if values.len() > MOST_VALUES || values.iter().any(is_bad) {
                return Err(format!(
                    "when.{field}: expected at most {MOST_VALUES} texts of 1 to {LONGEST_VALUE} characters. Leave it out for \
                     no condition."
                ));
            }
        }
        let pattern = |text: &String| {
            Pattern::new(text.trim()).map_err(|error| {
                format!(
                    "when.devices: {text:?} is no pattern: {} at position {}. Expected a text with * and ?, such as web-*.",
                    error.msg, error.pos
                )
            })
        };
        Ok(Self { devices: given.devices.iter().map(pattern).collect::<Result<_, _>>()?, given: given.clone() })
    }

    /// Whether the conditions need the files with values about CVEs.
    pub(super) fn needs_values(&self) -> bool {
        self.given.kev.is_some() || self.given.epss_at_least.is_some()
    }

    /// Whether a finding meets all conditions. It does not meet a condition on a value that is not known.
    pub(super) fn hold(&self, known: &FindingFacts<'_>) -> bool {
        let FindingFacts { finding, .. } = known;
        let given = &self.given;
        let is_at_least = |least: Option<f64>, value: Option<f64>| {
            least.is_none_or(|least| value.is_some_and(|value| value >= least))
        };
        let is_one_of = |wanted: &[String], is_it: &dyn Fn(&str) -> bool| {
            wanted.is_empty() || wanted.iter().any(|wanted| is_it(wanted.trim()))
        };
        let risk = finding.risk_level.as_deref().map(same_word);
        is_at_least(given.cvss_at_least, finding.cvss)
            && is_at_least(given.epss_at_least, known.epss.as_ref().map(|epss| epss.score))
            && given.exploit.is_none_or(|wanted| finding.exploit == Some(wanted))
            && given.kev.is_none_or(|wanted| known.kev.as_ref().is_some_and(|kev| kev.listed == wanted))
            && (given.severities.is_empty()
                || severity_of(finding).is_some_and(|severity| given.severities.contains(&severity)))
            && is_one_of(&given.risk_levels, &|wanted| risk.as_deref() == Some(&*same_word(wanted)))
            && is_one_of(&given.tags, &|wanted| finding.device_tags.iter().any(|tag| same_name(tag, wanted)))
            && is_one_of(&given.tenants, &|wanted| wanted == known.tenant || same_name(wanted, known.tenant_name))
            && is_one_of(&given.connections, &|wanted| same_name(wanted, known.connection))
            && (self.devices.is_empty() || self.devices.iter().any(|pattern| names(finding, pattern)))
    }
}

/// Whether a pattern matches the device's name or address.
fn names(finding: &Finding, pattern: &Pattern) -> bool {
    let names = [finding.device_name.as_deref(), finding.device_address.as_deref()];
    names.into_iter().flatten().any(|name| {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        pattern.matches_with(&name, MATCHING)
    })
}

#[cfg(test)]
mod tests {
    use soar_store::model::Severity;

    use super::*;

    fn finding() -> Finding {
        Finding {
            device_id: "7".to_owned(),
            device_name: Some("Web-1.example.com".to_owned()),
            device_address: Some("10.0.0.1".to_owned()),
            device_tags: vec!["Production".to_owned()],
            cvss: Some(9.8),
            exploit: Some(true),
            risk_level: Some("Very High".to_owned()),
            ..Finding::default()
        }
    }

    fn hold(finding: &Finding, conditions: &RuleConditions) -> bool {
        let kev = |listed| KevValue { listed, added: None, source: "CISA KEV", date: String::new() };
        let epss = EpssValue { score: 0.5, percentile: 0.9, source: "FIRST EPSS", date: String::new() };
        let is_known = finding.cvss.is_some();
        let known = FindingFacts {
            finding,
            tenant: "1",
            tenant_name: "Example",
            connection: "production",
            kev: is_known.then(|| kev(true)),
            epss: is_known.then_some(epss),
        };
        CheckedConditions::new(conditions).unwrap().hold(&known)
    }

    #[test]
    fn each_condition_holds_where_its_value_is_right_and_never_where_it_is_unknown() {
        let texts = |text: &str| vec![text.to_owned()];
        let base = RuleConditions::default;
        let unknown = Finding { device_id: "8".to_owned(), ..Finding::default() };
        assert!(hold(&finding(), &base()) && hold(&unknown, &base()));
        for (right, wrong) in [
            (
                RuleConditions { cvss_at_least: Some(9.8), ..base() },
                RuleConditions { cvss_at_least: Some(9.9), ..base() },
            ),
            (RuleConditions { exploit: Some(true), ..base() }, RuleConditions { exploit: Some(false), ..base() }),
            (RuleConditions { kev: Some(true), ..base() }, RuleConditions { kev: Some(false), ..base() }),
            (
                RuleConditions { epss_at_least: Some(0.5), ..base() },
                RuleConditions { epss_at_least: Some(0.51), ..base() },
            ),
            (
                RuleConditions { severities: vec![Severity::High, Severity::Critical], ..base() },
                RuleConditions { severities: vec![Severity::High], ..base() },
            ),
            (
                RuleConditions { risk_levels: texts("very_high"), ..base() },
                RuleConditions { risk_levels: texts("high"), ..base() },
            ),
            (RuleConditions { tags: texts("production"), ..base() }, RuleConditions { tags: texts("prod"), ..base() }),
            (
                RuleConditions { devices: texts("web-?.*"), ..base() },
                RuleConditions { devices: texts("web"), ..base() },
            ),
            (
                RuleConditions { devices: texts("10.0.0.*"), ..base() },
                RuleConditions { devices: texts("10.1.*"), ..base() },
            ),
        ] {
            assert!(hold(&finding(), &right), "{right:?}");
            assert!(!hold(&finding(), &wrong), "{wrong:?}");
            assert!(!hold(&unknown, &right) && !hold(&unknown, &wrong), "{right:?}");
        }
        // A lowest score of 0 is a condition too: a finding without a score does not meet it.
        assert!(!hold(&unknown, &RuleConditions { cvss_at_least: Some(0.0), ..base() }));
        for (right, wrong) in [
            (RuleConditions { tenants: texts("1"), ..base() }, RuleConditions { tenants: texts("2"), ..base() }),
            (
                RuleConditions { tenants: texts("example"), ..base() },
                RuleConditions { tenants: texts("exam"), ..base() },
            ),
            (
                RuleConditions { connections: texts("Production"), ..base() },
                RuleConditions { connections: texts("test"), ..base() },
            ),
        ] {
            assert!(hold(&finding(), &right) && !hold(&finding(), &wrong), "{right:?}");
        }
    }

    #[test]
    fn a_condition_that_cannot_be_used_is_refused_with_its_field() {
        let base = RuleConditions::default;
        for (given, problem) in [
            (
                RuleConditions { cvss_at_least: Some(11.0), ..base() },
                "when.cvssAtLeast: expected a number from 0 to 10",
            ),
            (RuleConditions { cvss_at_least: Some(f64::NAN), ..base() }, "when.cvssAtLeast: expected"),
            (RuleConditions { epss_at_least: Some(-0.1), ..base() }, "when.epssAtLeast: expected a number from 0 to 1"),
            (RuleConditions { tags: vec![" ".to_owned()], ..base() }, "when.tags: expected at most 1000 texts"),
            (RuleConditions { devices: vec!["[a".to_owned()], ..base() }, "when.devices: \"[a\" is no pattern"),
        ] {
            let error = CheckedConditions::new(&given).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn a_hostile_pattern_and_name_end_soon() {
        let conditions = RuleConditions { devices: vec!["*a".repeat(90) + "b"], ..RuleConditions::default() };
        let device = Finding { device_name: Some("a".repeat(1_000_000)), ..finding() };
        let begun = std::time::Instant::now();
        assert!(!hold(&device, &conditions));
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}
