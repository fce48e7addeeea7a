//! Secrets are shown nowhere: canaries in every place where the connector holds one, and a search of all that it shows.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use footprint_simulator::{Options, Simulator, UserKind};
use secrecy::SecretString;
use serde_json::json;
use soar_connector::{Connector, ExecutionContext, Plugin, RawData, ReplyPage, SettingValues, Sink, SinkError};

use crate::sinks::Sinks;
use crate::stub::{CannedReply, serve_whole};
use crate::support::{GENERATIONS, commands_of, connect, plugin, run, settings, valid_parameters};

const PASSWORD: &str = "pw-7Kd? ü\"+canary";
const API_KEY: &str = "key-9Zt/+=canary~1";
const ACCESS: &str = "acc-5Qx/+canary~2.x.y";
const REFRESH: &str = "ref-3Wn/+canary~3";
const XSRF: &str = "xsrf-2Lm/+canary~4";
const REGISTRATION: &str = "reg-8Hb/+canary~5";
const REGISTRATION_IN_ADDRESS: &str = "reg-8Hb%2F+canary~5";
const PROXY_PASSWORD: &str = "prx-4Vb/ü canary~6";

fn canaries() -> Vec<(String, String)> {
    [
        ("password", PASSWORD),
        ("API key", API_KEY),
        ("access token", ACCESS),
        ("refresh token", REFRESH),
        ("XSRF token", XSRF),
        ("registration token", REGISTRATION),
        ("proxy password", PROXY_PASSWORD),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// The content of a request, once as it is and twice encoded, as a careless server repeats it.
fn echo(request: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(request.as_bytes()).collect();
    format!("You sent {request} {} {encoded}", STANDARD.encode(request))
}

/// The token, key or password in a request.
fn sent(request: &str) -> &str {
    [ACCESS, API_KEY, &PASSWORD[..8]].into_iter().find(|secret| request.contains(secret)).unwrap_or_default()
}

fn logged_in() -> CannedReply {
    let body = json!({ "access": ACCESS, "refresh": REFRESH, "registrationToken": REGISTRATION });
    CannedReply::json(body.to_string()).with_header("Set-Cookie", format!("XSRF-TOKEN={XSRF}; Path=/"))
}

/// How a server misbehaves: the answer to a request, by what is echoed.
type Misbehaviour = (&'static str, fn(&str) -> CannedReply);

const MISBEHAVIOURS: &[Misbehaviour] = &[
    ("bad request", |said| CannedReply::status(400, json!({ "detail": said }).to_string())),
    ("field errors", |said| CannedReply::status(400, json!({ "scope": [said], said: ["wrong"] }).to_string())),
    ("cut in a secret", |said| {
        let detail = "x".repeat(490) + &said[said.find(sent(said)).unwrap_or(0)..];
        CannedReply::status(400, json!({ "detail": detail }).to_string())
    }),
    ("unauthorised", |said| CannedReply::status(401, json!({ "detail": said }).to_string())),
    ("forbidden", |said| CannedReply::status(403, json!({ "message": said }).to_string())),
    ("not found", |said| CannedReply::status(404, json!([said]).to_string())),
    ("teapot", |said| CannedReply::status(418, json!(said).to_string())),
    ("too many requests", |said| CannedReply::status(429, json!({ "detail": said }).to_string())),
    ("too many requests for long", |said| {
        CannedReply::status(429, json!({ "detail": said }).to_string()).with_header("Retry-After", "100000")
    }),
    ("unavailable for long", |said| {
        CannedReply::status(503, json!({ "detail": said }).to_string()).with_header("Retry-After", "100000")
    }),
    ("gateway", |said| CannedReply::status(502, json!({ "error": said }).to_string())),
    ("server error in plain text", |said| CannedReply::status(500, said)),
    ("retry after a secret", |_| CannedReply::status(429, "{}").with_header("Retry-After", ACCESS)),
    ("web page", |said| CannedReply { content_type: "text/html", ..CannedReply::json(format!("<html>{said}")) }),
    ("broken JSON", |said| CannedReply::json(format!("[{{\"id\": 1, \"detail\": {}", json!(said)))),
    ("other JSON", |said| CannedReply::json(json!({ "detail": said, said: 1 }).to_string())),
    ("a text", |said| CannedReply::json(json!(said).to_string())),
    ("a list of texts", |said| CannedReply::json(json!([said]).to_string())),
    ("odd counts", |said| CannedReply::json(json!({ "page": said, "totalPages": said, "items": said }).to_string())),
    ("not UTF-8", |said| CannedReply::json([said.as_bytes(), b"\xff"].concat())),
    ("redirect with a query", |_| {
        CannedReply::status(302, "")
            .with_header("Location", format!("http://other.example/login?next={ACCESS}&r={REGISTRATION}"))
    }),
    ("redirect with a path", |said| {
        let path: String = url::form_urlencoded::byte_serialize(sent(said).as_bytes()).collect();
        CannedReply::status(307, "").with_header("Location", format!("http://other.example/{path}/x"))
    }),
    ("redirect with a user", |_| {
        CannedReply::status(308, "")
            .with_header("Location", format!("http://agent:{REGISTRATION_IN_ADDRESS}@other.example/#{REFRESH}"))
    }),
    ("redirect to no address", |_| {
        CannedReply::status(303, "").with_header("Location", format!("//[x/login?{ACCESS}"))
    }),
    ("an XSRF token that it repeats", |said| {
        CannedReply::status(403, json!({ "detail": format!("{said} {XSRF}") }).to_string())
            .with_header("Set-Cookie", format!("XSRF-TOKEN={XSRF}"))
    }),
];

/// Where the server misbehaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Where {
    Login,
    Session,
    Data,
}

/// A proxy and server in one that answers well but for one kind of request.
async fn misbehaving(place: Where, misbehave: fn(&str) -> CannedReply) -> String {
    serve_whole(move |_, path, request| {
        let path = path.split_once("/api").map_or(path, |(_, path)| path);
        let asked = match path.split('?').next().unwrap_or_default() {
            "/auth/token/" | "/auth/token/refresh/" => Where::Login,
            "/common/auth/session/" => Where::Session,
            _ => Where::Data,
        };
        match asked {
            _ if asked == place => misbehave(&echo(request)),
            Where::Login => logged_in(),
            Where::Session => CannedReply::json(
                json!({ "isLoggedIn": true, "role": "admin", "registrationToken": REGISTRATION }).to_string(),
            ),
            Where::Data => CannedReply::json(r#"[{"id":1,"name":"a","state":"Online"}]"#),
        }
    })
    .await
}

fn given(proxy: &str, with_key: bool) -> Vec<(&'static str, String)> {
    let mut given = vec![
        ("Server URL", "http://127.0.0.1:9".to_owned()),
        ("Proxy", proxy.to_owned()),
        ("Proxy User Name", "agent".to_owned()),
        ("Proxy Password", PROXY_PASSWORD.to_owned()),
    ];
    if with_key {
        given.push(("API Key", API_KEY.to_owned()));
    } else {
        given.extend([("User Name", "u".to_owned()), ("Password", PASSWORD.to_owned())]);
    }
    given
}

#[tokio::test]
async fn a_server_that_repeats_secrets_in_its_failures_shows_them_to_nobody() {
    let commands = [
        ("List Devices", json!({ "All Pages": true })),
        ("Get Technical Context", json!({ "Context ID": 1 })),
        ("Patch Rescan", json!({})),
        ("Update Target Scan Scope", json!({ "Target ID": 1, "Scope": "Out" })),
        ("Test Connection", json!({})),
    ];
    let mut found = Vec::new();
    for (what, misbehave) in MISBEHAVIOURS {
        for place in [Where::Login, Where::Session, Where::Data] {
            for with_key in [false, true] {
                let mut sinks = Sinks::open();
                let url = misbehaving(place, *misbehave).await;
                let given = given(&url, with_key);
                let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let connector = connect(&given);
                let mut failures = 0;
                for (command, parameters) in &commands {
                    let mut outcome = run(&*connector, command, parameters.clone()).await;
                    if outcome.is_successful() {
                        // The vendor's own data, which stays as it came: a write that says "done" with an echo is one.
                        outcome.raw_data = RawData::None;
                    } else {
                        failures += 1;
                    }
                    sinks.add_outcome(command, &outcome);
                }
                // A key needs no login, and only Test Connection asks for the session.
                assert!(failures > 0 || (with_key && place == Where::Login), "{what} {place:?} fails nothing");
                sinks.add_connector("after it", &*connector);
                found.extend(sinks.find(&canaries()).into_iter().map(|found| format!("{what}, {place:?}: {found}")));
            }
        }
    }
    assert!(found.is_empty(), "{} found, such as {:#?}", found.len(), &found[..found.len().min(20)]);
}

#[tokio::test]
async fn a_run_that_goes_well_or_meets_faults_shows_no_secret_that_was_sent() {
    for generation in GENERATIONS {
        let mut sinks = Sinks::open();
        // Small, so that all of it can be searched for everything that was sent.
        let scan_duration = std::time::Duration::from_millis(100);
        let options =
            Options { generation, devices: 30, vulnerabilities: 2, contexts: 4, scan_duration, ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let url = simulator.url();
        let user = simulator.user(UserKind::Administrator).clone();
        for fault in [
            "",
            "status=500",
            "status=401 body=message",
            "html",
            "empty",
            "foreign",
            "broken",
            "cut",
            "close",
            "deep",
            "wrong-encoding",
            "token-expiry count=1",
            "redirect=http://other.example/",
            "status=429 retry-after=100000",
        ] {
            let connector = connect(&settings(&url, &user));
            run(&*connector, "List Scanners", json!({})).await;
            simulator.expire_tokens();
            assert!(run(&*connector, "List Scanners", json!({})).await.is_successful(), "an ended session is renewed");
            for command in &commands_of(generation) {
                if !fault.is_empty() {
                    simulator.inject(format!("* {fault}").parse().unwrap());
                }
                let parameters = valid_parameters(command, &simulator.known());
                // Scans that an earlier command started are over.
                simulator.advance(2 * scan_duration);
                let outcome = run(&*connector, &command.name, parameters.into()).await;
                simulator.clear_faults();
                assert!(!fault.is_empty() || outcome.is_successful(), "{outcome:?}");
                sinks.add_outcome(&format!("{} {fault}", command.name), &outcome);
            }
            sinks.add_connector(fault, &*connector);
        }
        let mut secrets = vec![("password".to_owned(), user.password.clone())];
        for request in simulator.requests() {
            for name in ["authorization", "x-xsrf-token", "footprintapikey"] {
                let value = request.headers.get(name).map(|value| value.trim_start_matches("Bearer ").to_owned());
                secrets.extend(value.map(|value| (name.to_owned(), value)));
            }
            let body = serde_json::from_str::<serde_json::Value>(&request.body).unwrap_or_default();
            let refresh = body.get("refresh").and_then(serde_json::Value::as_str);
            secrets.extend(refresh.map(|token| ("refresh token".to_owned(), token.to_owned())));
        }
        secrets.sort();
        secrets.dedup();
        for name in ["authorization", "x-xsrf-token", "refresh token"] {
            assert!(secrets.iter().any(|(found, _)| found == name), "no {name} was sent on {generation}");
        }
        assert_eq!(sinks.find(&secrets), Vec::<String>::new(), "{generation}");
    }
}

/// Fails in the worst way there is.
struct PanickingSink;

#[async_trait]
impl Sink for PanickingSink {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        panic!("a sink broke at a page of {} rows", page.len());
    }
}

#[tokio::test]
async fn a_panic_in_the_middle_of_a_command_shows_no_secret() {
    let mut sinks = Sinks::open();
    for with_key in [false, true] {
        let url = misbehaving(Where::Session, |_| CannedReply::status(401, "")).await;
        let given = given(&url, with_key);
        let connector = connect(&given.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>());
        let shared: Arc<dyn Connector> = Arc::clone(&connector);
        let running = tokio::spawn(async move {
            let list = shared.manifest().invocation("List Scanners", &serde_json::Map::new()).unwrap();
            shared.execute_into(&list, &ExecutionContext::new(), &mut PanickingSink).await
        });
        let error = running.await.expect_err("it panicked");
        assert!(error.is_panic());
        sinks.add("the panicked task", format!("{error} {error:?}"));
        // The session is none the worse for it.
        assert!(run(&*connector, "List Scanners", json!({})).await.is_successful());
        sinks.add_connector("after the panic", &*connector);
    }
    assert_eq!(sinks.find(&canaries()), Vec::<String>::new());
}

#[tokio::test]
async fn a_password_goes_out_as_it_was_given() {
    for (given, expected) in [
        ("Winter%41b", "Winter%41b"),
        (" p w ", " p w "),
        ("\u{feff}S3cret\r\n", "S3cret"),
        ("S3cret\r", "S3cret"),
        ("a\u{feff}b\t", "a\u{feff}b\t"),
    ] {
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        let url = serve_whole(move |_, path, request| {
            if path == "/api/auth/token/" {
                let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                let login: serde_json::Value = serde_json::from_str(body).unwrap();
                notes.lock().unwrap().push(login["password"].as_str().unwrap().to_owned());
            }
            logged_in()
        })
        .await;
        run(&*connect(&[("Server URL", &url), ("User Name", "u"), ("Password", given)]), "List Tenants", json!({}))
            .await;
        assert_eq!(*seen.lock().unwrap(), [expected], "{given:?}");
    }
}

#[tokio::test]
async fn settings_plugin_and_connector_show_no_secret_in_debug_output() {
    let mut sinks = Sinks::open();
    let plugin = plugin();
    tracing::debug!("building");
    for with_key in [false, true] {
        let given = given("http://127.0.0.1:9", with_key);
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(value.as_str())));
        let values = SettingValues::parse(&plugin.manifest().connector, given).unwrap();
        sinks.add("the settings", format!("{values:?} {values:#?}"));
        sinks.add_connector("before any request", &*plugin.build(&values).unwrap());
    }
    sinks.add("the plugin", format!("{plugin:?}"));
    assert_eq!(sinks.find(&canaries()), Vec::<String>::new());
}
