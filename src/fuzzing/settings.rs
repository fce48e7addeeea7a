//! Settings: any text in any of them is taken or refused by name, and no secret is ever shown.

use http::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::{SettingValues, SettingsError};

use super::{MANIFEST, halves, require_one_line};
use crate::settings::{ConnectionSettings, Credentials};

/// Stands in every secret to see whether it comes out.
const CANARY: &str = "zq7canary";

/// Checks settings written as lines of `Name=value`.
pub fn settings(data: &[u8]) {
    // More lines only take longer: there are no more settings than that.
    let text = String::from_utf8_lossy(&data[..data.len().min(2_048)]);
    let given = text.split('\n').take(32).map(|line| line.split_once('=').unwrap_or((line, "")));
    check(&given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>());
}

fn check(given: &[(String, String)]) {
    judge(given);
    let holds_canary = |text: &str| text.to_ascii_lowercase().contains(CANARY);
    if given.iter().any(|(name, value)| holds_canary(name) || holds_canary(value)) {
        return;
    }
    let planted: Vec<_> = given.iter().map(|(name, value)| (name.clone(), plant(name, value))).collect();
    let shown = judge(&planted);
    assert!(!holds_canary(&shown), "a secret is shown: {shown}");
}

/// A secret setting's value with the canary in its middle; any other value as it is.
fn plant(name: &str, value: &str) -> String {
    if MANIFEST.connector.setting(name).is_none_or(|setting| !setting.secret) {
        return value.to_owned();
    }
    let (before, after) = halves(value);
    format!("{before}{CANARY}{after}")
}

/// Builds settings and checks them or their refusal; gives all that is shown of them.
fn judge(given: &[(String, String)]) -> String {
    let secrets = given.iter().map(|(name, value)| (name.clone(), SecretString::from(value.as_str())));
    let values = match SettingValues::parse(&MANIFEST.connector, secrets) {
        Ok(values) => values,
        Err(error) => return refused(given, &error),
    };
    let shown = format!("{values:?}");
    match ConnectionSettings::new(&values) {
        Ok(settings) => {
            require_usable(&settings);
            format!("{shown} {settings:?}")
        }
        Err(error) => shown + &refused(given, &error),
    }
}

fn refused(given: &[(String, String)], error: &SettingsError) -> String {
    assert!(!error.problems.is_empty(), "refused for no reason");
    let unknown_to_manifest = given.iter().any(|(name, _)| MANIFEST.connector.setting(name).is_none());
    for problem in &error.problems {
        require_one_line(&problem.problem, 1_000);
        assert!(problem.setting.chars().count() <= 81 && !problem.setting.contains(char::is_control));
        let known = MANIFEST.connector.setting(&problem.setting).is_some();
        assert!(known || unknown_to_manifest, "{error} names no setting");
    }
    format!("{error} {error:?}")
}

fn require_usable(settings: &ConnectionSettings) {
    let api = &settings.api;
    assert!(matches!(api.scheme(), "http" | "https") && api.has_host(), "{api}");
    assert!(api.path().ends_with("/api") && api.query().is_none() && api.fragment().is_none(), "{api}");
    assert!(api.username().is_empty() && api.password().is_none(), "{api}");
    let limits = &settings.limits;
    assert!(limits.requests_per_second > 0 && limits.requests_in_flight > 0 && limits.most_pages > 0);
    assert!(limits.largest_reply >= 1024 * 1024 && !limits.time_limit.is_zero());
    if let Credentials::ApiKey(key) = &settings.credentials {
        assert!(HeaderValue::from_str(key.expose_secret()).is_ok(), "the key fits no header");
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Texts that come near a valid value of some setting.
    const NEAR: &[&str] = &[
        "https://fp.example.com",
        "http://localhost/api/",
        "https://user:pass@fp.example.com",
        "http://u:p%40ss@proxy:3128",
        "socks5h://[::1]:1080",
        "https://[::",
        "Yes",
        "1.3",
        "50",
        "-1",
        "99999999999999999999",
        "/dev/zero",
        "/",
        "\0",
        "Cargo.toml",
    ];

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            prop::sample::select(NEAR).prop_map(str::to_owned),
            "(?s).{0,40}",
            " *[0-9]{1,20} *"
        ]
    }

    fn name() -> impl Strategy<Value = String> {
        let names: Vec<_> = MANIFEST.connector.settings.iter().map(|setting| setting.name.clone()).collect();
        prop_oneof![20 => prop::sample::select(names), 1 => any::<String>()]
    }

    proptest! {
        #[test]
        fn any_text_in_any_setting_is_taken_or_refused_by_name(
            given in prop::collection::vec((name(), value()), 0..8)
        ) {
            check(&given);
        }

        #[test]
        fn beside_settings_that_work_any_text_in_one_more_is_taken_or_refused_by_name(
            name in name(), value in value(), key: bool
        ) {
            let mut given = vec![("Server URL".to_owned(), "https://fp.example.com".to_owned())];
            if key {
                given.push(("API Key".to_owned(), "0123456789".to_owned()));
            } else {
                given.push(("User Name".to_owned(), "u".to_owned()));
                given.push(("Password".to_owned(), "hunter2".to_owned()));
            }
            check(&given);
            given.push((name, value));
            check(&given);
        }
    }
}
