//! Checks that secrets are marked as such and shown nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;

use crate::name::normalised;
use crate::{Manifest, Plugin, SettingValues};

/// Words in a setting's name that mean a secret.
const SECRET_WORDS: [&str; 5] = ["password", "secret", "token", "passphrase", "api-key"];

/// Reports every setting that is a secret by its name, but not in the manifest.
pub(super) fn are_marked(manifest: &Manifest, report: &mut impl FnMut(&'static str, &str, String)) {
    for setting in &manifest.connector.settings {
        let name = normalised(&setting.name);
        if !setting.secret && SECRET_WORDS.iter().any(|word| name.contains(word)) {
            report("secrets are marked", &setting.name, "it is a secret by its name; set secret = true".to_owned());
        }
    }
}

/// The texts of a plugin about settings that cannot work: each one left out, broken and misnamed.
pub(super) fn of_refused_settings(plugin: &dyn Plugin, settings: &[(String, String)]) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for (index, (name, value)) in settings.iter().enumerate() {
        let mut without = settings.to_vec();
        without.remove(index);
        let mut broken = settings.to_vec();
        broken[index].1 = format!("\u{0} {value}");
        let mut misnamed = settings.to_vec();
        misnamed[index].0 = format!("{name}x");
        for (what, settings) in [("without", without), ("with broken", broken), ("with misnamed", misnamed)] {
            let given = settings.into_iter().map(|(name, value)| (name, SecretString::from(value)));
            let text = match SettingValues::parse(&plugin.manifest().connector, given) {
                Err(error) => format!("{error} {error:?}"),
                Ok(values) => match plugin.build(&values) {
                    Err(error) => format!("{values:?} {error} {error:?}"),
                    Ok(connector) => format!("{values:?} {connector:?}"),
                },
            };
            shown.push((format!("settings {what} {name}"), text));
        }
    }
    shown
}

/// Reports every text that holds the canary, as it is, URL-encoded or in base64.
pub(super) fn are_not_shown(
    canary: &str,
    shown: &[(String, String)],
    report: &mut impl FnMut(&'static str, &str, String),
) {
    let forms = [
        canary.to_owned(),
        utf8_percent_encode(canary, NON_ALPHANUMERIC).to_string(),
        STANDARD_NO_PAD.encode(canary),
        URL_SAFE_NO_PAD.encode(canary),
    ];
    for (sink, text) in shown {
        if forms.iter().any(|form| text.contains(form)) {
            report("secrets are shown nowhere", sink, "it holds the canary".to_owned());
        }
    }
}
