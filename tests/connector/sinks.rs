//! Everything that a person or a program can see of a run, and the search for secrets in it.

use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use soar_connector::testing::CapturedLogs;
use soar_connector::{Connector, Outcome};

/// Lines of the `log` crate, which the HTTP client writes beside `tracing`, and panic messages: of the whole process.
static PROCESS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct ProcessLog;

impl log::Log for ProcessLog {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        note(format!("{}: {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

fn note(line: String) {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

/// The texts that were shown, by the name of the place.
pub struct Sinks {
    logs: CapturedLogs,
    shown: Vec<(String, String)>,
}

impl Sinks {
    /// Starts to capture; call it on a current-thread runtime.
    pub fn open() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            log::set_logger(&ProcessLog).unwrap();
            log::set_max_level(log::LevelFilter::Trace);
            let usual = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                note(format!("panic: {info} {info:?}"));
                usual(info);
            }));
        });
        Self { logs: CapturedLogs::start(), shown: Vec::new() }
    }

    pub fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.shown.push((place.into(), text.into()));
    }

    pub fn add_outcome(&mut self, place: &str, outcome: &Outcome) {
        self.add(format!("{place}, JSON"), serde_json::to_string(outcome).unwrap());
        self.add(format!("{place}, Debug"), format!("{outcome:?}"));
        if let Some(error) = &outcome.error {
            self.add(format!("{place}, Error tab"), format!("{error} {error:?}"));
        }
    }

    pub fn add_connector(&mut self, place: &str, connector: &dyn Connector) {
        self.add(format!("{place}, Debug of the connector"), format!("{connector:?} {connector:#?}"));
    }

    /// The places in which one of `secrets` (name and value) is to be found in any form, with the form.
    pub fn find(&self, secrets: &[(String, String)]) -> Vec<String> {
        let process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        let logs = self.logs.text();
        assert!(logs.contains("TRACE") || logs.contains("DEBUG"), "nothing was logged, so nothing was searched");
        let process = [("the process's log lines and panics", process.as_str()), ("log lines at trace level", &logs)];
        let places = self.shown.iter().map(|(place, text)| (place.as_str(), text.as_str())).chain(process);
        let forms: Vec<_> =
            secrets.iter().flat_map(|(name, secret)| forms(secret).into_iter().map(move |form| (name, form))).collect();
        let found = places.flat_map(|(place, text)| {
            forms.iter().filter_map(move |(name, form)| {
                let at = text.find(form)?;
                let around: String = text[at..].chars().take(120).collect();
                Some(format!("{place}: {name} as {form}: {around}…"))
            })
        });
        found.collect()
    }
}

/// A secret as it is, URL-encoded in both cases of hex, escaped as in JSON and Debug output, and in base64 wherever it stands there.
fn forms(secret: &str) -> Vec<String> {
    let percent = |kept: fn(u8) -> bool, upper| {
        let encode = |byte: u8| match (kept(byte), upper) {
            (true, _) => char::from(byte).to_string(),
            (false, true) => format!("%{byte:02X}"),
            (false, false) => format!("%{byte:02x}"),
        };
        secret.bytes().map(encode).collect::<String>()
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let debug = format!("{secret:?}");
    let mut forms = vec![secret.to_owned(), debug.trim_matches('"').to_owned()];
    for upper in [true, false] {
        forms.push(percent(unreserved, upper));
        forms.push(percent(unreserved, upper).replace("%20", "+"));
        forms.push(percent(|byte| byte.is_ascii_alphanumeric(), upper));
        forms.push(percent(|_| false, upper));
    }
    for before in 0..3 {
        let bytes = [&b"xy"[..before], secret.as_bytes(), b"z"].concat();
        let own = (before * 8).div_ceil(6)..(before + secret.len()) * 8 / 6;
        forms.extend([STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)].map(|text| text[own.clone()].to_owned()));
    }
    forms.sort();
    forms.dedup();
    forms
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secrets = [("canary".to_owned(), "a? ü/+b".to_owned())];
    let bytes = |before: &str| format!("{before}a? ü/+b!");
    for text in [
        "xa? ü/+bx".to_owned(),
        "a%3F%20%C3%BC%2F%2Bb".to_owned(),
        "a%3f+%c3%bc%2f%2bb".to_owned(),
        STANDARD.encode(bytes("")),
        STANDARD.encode(bytes("u")),
        URL_SAFE.encode(bytes("us")),
    ] {
        let mut sinks = Sinks::open();
        tracing::debug!("so that something is logged");
        assert_eq!(sinks.find(&secrets), Vec::<String>::new());
        sinks.add("here", text);
        assert!(!sinks.find(&secrets).is_empty());
    }
}
