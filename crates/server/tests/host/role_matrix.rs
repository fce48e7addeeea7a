//! Every operation of the OpenAPI document with every kind of credential. What is expected follows from what the operation
//! declares: a management operation is for keys that may manage, a command for callers with the right that its manifest
//! names.

use std::collections::BTreeMap;
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};
use soar_host::Host;
use soar_host::access::{KeyRequest, issue_key};
use soar_host::commands::Registered;
use soar_host::executor::ExecutorSettings;
use soar_host::settings::HostSettings;
use soar_host::vault::VaultSettings;
use soar_server::{RunningHost, serve};
use soar_store::model::{Allowed, KeyKind, Moment, Right, Role, User};
use soar_store::testing::TestStore;
use soar_store::{NewIncident, NewUser, UserChange};
use sqlx::Connection as _;

use crate::stage::Stage;
use crate::support::{answer, key_request};

const HERE: &str = "Security Operations";
const THERE: &str = "Client";

/// What a caller shows, and what it is good for.
struct Credential {
    what: &'static str,
    header: Option<(&'static str, String)>,
    /// Whether it authenticates anybody.
    is_good: bool,
    opens_management: bool,
    /// The user in whose name commands are called.
    user: &'static str,
    is_administrator: bool,
    roles: &'static [(&'static str, Role)],
    sites: Option<&'static [&'static str]>,
    commands: Option<&'static [&'static str]>,
}

struct Matrix {
    stage: Stage,
    host: std::sync::Arc<Host>,
    url: String,
    client: reqwest::Client,
    credentials: Vec<Credential>,
    _running: RunningHost,
}

/// What became of a call of a command.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Unauthenticated,
    /// The site is not there, or not for the key or the user.
    NoSite,
    /// The command is not for the key.
    NoCommand,
    /// The user lacks the right.
    NoRight,
    LetIn,
}

impl Matrix {
    async fn over(test: TestStore) -> Self {
        let stage = Stage::over(test, ExecutorSettings::default(), VaultSettings::default()).await;
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let users = [
            ("Admin", true, None),
            ("former", true, None),
            ("gone", true, None),
            ("viewer", false, Some((HERE, Role::Viewer))),
            ("analyst", false, Some((HERE, Role::Analyst))),
            ("manager", false, Some((HERE, Role::Manager))),
            ("stranger", false, Some((THERE, Role::Manager))),
            ("nobody", false, None),
            ("left", false, Some((HERE, Role::Manager))),
        ];
        for (name, is_administrator, role) in users {
            let new = NewUser { name: name.to_owned(), email: None, is_administrator };
            let user = records.create_user(&new, Moment(1)).await.unwrap();
            if let Some((site, role)) = role {
                let site = records.site(site).await.unwrap();
                records.set_role(user.id, site.id, role).await.unwrap();
            }
        }
        let soon = Moment::from(soar_connector::Clock::now(&stage.clock)) + Duration::from_secs(1);
        let manages = |name: &str, owner: &str| KeyRequest { may_manage: true, ..key_request(name, owner) };
        let only = |items: &[&str]| Allowed::Only(items.iter().map(|item| (*item).to_owned()).collect());
        let jwt = |name: &str, owner: &str| KeyRequest {
            kind: KeyKind::Jwt,
            requires_expiry: false,
            ..key_request(name, owner)
        };
        let mut texts = BTreeMap::new();
        for request in [
            manages("manages", "Admin"),
            manages("manages and limited by command", "Admin"),
            manages("manages and limited by site", "Admin"),
            manages("former", "former"),
            manages("gone", "gone"),
            KeyRequest { expires_at: Some(soon), ..manages("expired", "Admin") },
            manages("revoked", "Admin"),
            key_request("plain", "Admin"),
            KeyRequest { sites: only(&[THERE]), ..key_request("limited by site", "Admin") },
            KeyRequest { sites: only(&[]), ..key_request("for no site", "Admin") },
            KeyRequest {
                commands: only(&["GetIncidents", "CreateAnIncident"]),
                ..key_request("limited by command", "Admin")
            },
            KeyRequest { commands: only(&[]), ..key_request("for no command", "Admin") },
            key_request("viewer", "viewer"),
            key_request("analyst", "analyst"),
            key_request("manager", "manager"),
            key_request("stranger", "stranger"),
            key_request("nobody", "nobody"),
            key_request("left", "left"),
            jwt("token", "Admin"),
            jwt("viewer's token", "viewer"),
        ] {
            let issued = issue_key(&mut records, &stage.keyring, &request, Moment(1)).await.unwrap();
            texts.insert(request.name, issued.text.to_string());
        }
        records.revoke_key("revoked", Moment(2)).await.unwrap();
        let no_longer = UserChange { is_administrator: Some(false), ..UserChange::default() };
        records.update_user("former", &no_longer, Moment(2)).await.unwrap();
        let inactive = UserChange { active: Some(false), ..UserChange::default() };
        records.update_user("gone", &inactive, Moment(2)).await.unwrap();
        records.update_user("left", &inactive, Moment(2)).await.unwrap();
        transaction.commit().await.unwrap();
        limit_keys_that_manage(&stage).await;
        stage.clock.advance(Duration::from_secs(2));

        let settings = HostSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            requests_per_second: 0,
            refused_per_second: 0,
            enable_enhance_webhook_authentication: true,
            ..HostSettings::default()
        };
        let host = Host::with_connectors(settings, stage.executor.clone()).unwrap();
        let running = serve(std::sync::Arc::clone(&host)).await.unwrap();
        let credentials = credentials(&texts);
        Self { url: running.url(), client: reqwest::Client::new(), stage, host, credentials, _running: running }
    }

    async fn operations(&self) -> Vec<(String, String, Value)> {
        let document: Value =
            self.client.get(format!("{}/openapi.json", self.url)).send().await.unwrap().json().await.unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let all = paths.into_iter().flat_map(|(path, methods)| {
            let Value::Object(methods) = methods else { panic!("{path}") };
            methods.into_iter().map(move |(method, operation)| (method, path.clone(), operation))
        });
        all.collect()
    }

    fn request(&self, method: &str, path: &str, credential: &Credential) -> reqwest::RequestBuilder {
        let request = self.client.request(method.to_uppercase().parse().unwrap(), format!("{}{path}", self.url));
        match &credential.header {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    /// Incidents and cases of both sites, users, keys and sites: what no refused call changes.
    async fn kept(&self) -> String {
        let mut reader = self.stage.test.store.reader().await.unwrap();
        let mut records = reader.records();
        let mut kept = format!("{:?} {:?}", records.sites().await.unwrap(), records.users().await.unwrap());
        for key in records.keys().await.unwrap() {
            kept.push_str(&format!(" {:?}", soar_store::model::AccessKey { last_used_at: None, ..key }));
        }
        for incident in ["one", "two", "three", "there"] {
            kept.push_str(&format!(" {:?}", records.incident(incident).await.ok()));
        }
        let sites = [self.stage.site.id, self.stage.client.id];
        kept.push_str(&format!(" {}", records.count_incidents(&sites).await.unwrap()));
        kept.push_str(&format!(" {}", records.count_cases(&sites).await.unwrap()));
        kept
    }

    async fn make_incidents(&self) {
        let mut transaction = self.stage.test.store.transaction().await.unwrap();
        let on = |number: &str, site| NewIncident::open(number.to_owned(), site, "Admin", Moment(1));
        let incidents = [
            on("one", self.stage.site.id),
            on("two", self.stage.site.id),
            on("three", self.stage.site.id),
            on("there", self.stage.client.id),
        ];
        transaction.records().insert_incidents(&incidents).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// Keys that may manage were limited to commands before that was refused: they are still in stores.
async fn limit_keys_that_manage(stage: &Stage) {
    let address = &stage.test.address;
    let address = if address.contains("://") { address.clone() } else { format!("sqlite:{address}") };
    let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
    for (name, change) in [
        ("manages and limited by command", "every_command = 0, commands = '[\"getincidents\"]'"),
        ("manages and limited by site", "every_site = 0"),
    ] {
        let sql = format!("UPDATE keys SET {change} WHERE name = '{name}'");
        let changed = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        assert_eq!(changed.rows_affected(), 1, "{name}");
    }
}

fn credentials(texts: &BTreeMap<String, String>) -> Vec<Credential> {
    const NO_ROLES: &[(&str, Role)] = &[];
    let key = |what: &'static str| Credential {
        what,
        header: Some(("d3key", texts[what].clone())),
        is_good: true,
        opens_management: false,
        user: "Admin",
        is_administrator: true,
        roles: NO_ROLES,
        sites: None,
        commands: None,
    };
    let of = |what: &'static str, roles: &'static [(&'static str, Role)]| Credential {
        user: what,
        is_administrator: false,
        roles,
        ..key(what)
    };
    let bad = |what: &'static str| Credential { is_good: false, ..key(what) };
    let token = |what: &'static str, user: &'static str| {
        let claims = json!({ "Username": user });
        let secret = EncodingKey::from_secret(texts[what].as_bytes());
        Some(("d3jwt", encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap()))
    };
    let wrong = format!("{}x", &texts["manages"][..texts["manages"].len() - 1]);
    vec![
        Credential { what: "none", header: None, is_good: false, ..key("manages") },
        Credential { what: "wrong", header: Some(("d3key", wrong)), is_good: false, ..key("manages") },
        Credential {
            what: "as a bearer",
            header: Some(("authorization", format!("Bearer {}", texts["manages"]))),
            is_good: false,
            ..key("manages")
        },
        bad("expired"),
        bad("revoked"),
        Credential { opens_management: true, ..key("manages") },
        Credential { commands: Some(&["GetIncidents"]), ..key("manages and limited by command") },
        Credential { sites: Some(&[]), ..key("manages and limited by site") },
        of("former", NO_ROLES),
        // Its key is good, and its user may not call.
        Credential { user: "gone", ..key("gone") },
        key("plain"),
        Credential { sites: Some(&[THERE]), ..key("limited by site") },
        Credential { sites: Some(&[]), ..key("for no site") },
        Credential { commands: Some(&["GetIncidents", "CreateAnIncident"]), ..key("limited by command") },
        Credential { commands: Some(&[]), ..key("for no command") },
        of("viewer", &[(HERE, Role::Viewer)]),
        of("analyst", &[(HERE, Role::Analyst)]),
        of("manager", &[(HERE, Role::Manager)]),
        of("stranger", &[(THERE, Role::Manager)]),
        of("nobody", NO_ROLES),
        of("left", &[(HERE, Role::Manager)]),
        Credential { header: token("token", "Admin"), ..key("token") },
        Credential { header: token("viewer's token", "viewer"), ..of("viewer", &[(HERE, Role::Viewer)]) },
    ]
}

impl Credential {
    /// What a command that declares `permission` does for this caller on `site`.
    fn expected(&self, command: &Registered, site: &str) -> Verdict {
        let is_active = !["gone", "left"].contains(&self.user);
        if !self.is_good || !is_active {
            return Verdict::Unauthenticated;
        }
        let role = self.roles.iter().find(|(name, _)| *name == site).map(|(_, role)| *role);
        let exists = [HERE, THERE].contains(&site);
        let for_key = self.sites.is_none_or(|sites| sites.contains(&site));
        if !exists || (role.is_none() && !self.is_administrator) || !for_key {
            return Verdict::NoSite;
        }
        if self.commands.is_some_and(|commands| !commands.contains(&&*command.endpoint)) {
            return Verdict::NoCommand;
        }
        // Commands of connectors declare what the product wants; the host wants the right to use connections.
        let permission = command.manifest.permissions.first().map(String::as_str).unwrap_or_default();
        let right = if command.is_utility() { permission.parse::<Right>().ok() } else { Some(Right::UseConnections) };
        let may = match right {
            // For administrators, on all sites.
            None => {
                assert_eq!(permission, "administrator", "{}", command.endpoint);
                self.is_administrator && self.sites.is_none()
            }
            Some(right) => self.is_administrator || role.is_some_and(|role| role.allows(right)),
        };
        if may { Verdict::LetIn } else { Verdict::NoRight }
    }
}

/// The documented example, with incidents that are there.
fn parameters(operation: &Value, user: &str) -> Value {
    let example = &operation["requestBody"]["content"]["application/json"]["example"]["CommandParams"];
    let mut parameters: Map<String, Value> = example.as_object().unwrap().clone();
    let names: Vec<_> = parameters.keys().cloned().collect();
    for name in names {
        let several = ["Incident Numbers", "Incident ID List", "Linked Incident Numbers to be Removed"];
        match name.as_str() {
            name if several.contains(&name) => drop(parameters.insert(name.to_owned(), json!(["two", "three"]))),
            "Username" => drop(parameters.insert(name, json!(user))),
            "Incident Number" | "Source Incident Number" => drop(parameters.insert(name, json!("one"))),
            // Users and sites of the example are not there.
            "Owner" | "Case Lead Investigators" | "Case Owner's Site" => drop(parameters.remove(&name)),
            _ => {}
        }
    }
    // Its plan and its apply too.
    if operation["operationId"].as_str().unwrap().ends_with("UpdateIncidentOwnerInBulk") {
        parameters.insert("Owner".to_owned(), json!("Admin"));
    }
    parameters.into()
}

fn verdict(status: u16, answer: &Value) -> Verdict {
    let text = answer.to_string();
    match status {
        401 => Verdict::Unauthenticated,
        _ if text.contains("or user") || text.contains("may not be used on site") => Verdict::NoSite,
        _ if text.contains("may not be used for the command") => Verdict::NoCommand,
        _ if text.contains("lacks the right to") || text.contains("It takes the right to") => Verdict::NoRight,
        _ if text.contains("It takes an administrator") => Verdict::NoRight,
        _ => Verdict::LetIn,
    }
}

#[tokio::test]
async fn a_management_operation_is_only_for_unlimited_keys_of_administrators_that_may_manage() {
    for test in TestStore::on_both().await {
        let matrix = Matrix::over(test).await;
        matrix.make_incidents().await;
        let operations = matrix.operations().await;
        let managed: Vec<_> = operations.iter().filter(|(_, path, _)| path.starts_with("/api/manage/")).collect();
        assert!(managed.len() > 50, "{}", managed.len());
        let before = matrix.kept().await;
        // The key that may manage comes last: what it is let do is done.
        let (last, others): (Vec<_>, Vec<_>) =
            matrix.credentials.iter().partition(|credential| credential.opens_management);
        for (credentials, is_last) in [(others, false), (last, true)] {
            for credential in credentials {
                for (method, path, operation) in &managed {
                    assert_eq!(operation["security"], json!([{ "d3key": [] }]), "{method} {path}");
                    let address =
                        path.replace("{name}", "Admin").replace("{number}", "one").replace("{site}", "Client");
                    let address = address.replace("{id}", "1");
                    assert!(!address.contains('{'), "{address}");
                    let response = matrix.request(method, &address, credential).json(&json!({})).send().await.unwrap();
                    let (status, said) = (response.status().as_u16(), response.text().await.unwrap());
                    let refused = [401, 403].contains(&status);
                    let expected = match (credential.is_good, credential.opens_management) {
                        (false, _) => status == 401,
                        (true, false) => status == 403,
                        (true, true) => !refused,
                    };
                    assert!(expected, "{method} {path} with {}: {status} {said}", credential.what);
                }
            }
            if !is_last {
                assert_eq!(matrix.kept().await, before);
            }
        }
    }
}

#[tokio::test]
async fn a_command_is_for_callers_with_the_right_that_its_manifest_declares() {
    for test in TestStore::on_both().await {
        let matrix = Matrix::over(test).await;
        matrix.make_incidents().await;
        let operations = matrix.operations().await;
        let commands: Vec<_> = operations.iter().filter(|(_, path, _)| path.contains("/api/Command/")).collect();
        let plain = commands.iter().filter(|(_, path, _)| !path.ends_with("/plan") && !path.ends_with("/apply"));
        assert_eq!(plain.count(), matrix.host.commands.all().count());
        let mut seen = BTreeMap::new();
        for (_, path, operation) in &commands {
            let command = path.trim_end_matches("/plan").trim_end_matches("/apply");
            let registered = matrix.host.commands.find(command.rsplit('/').next().unwrap()).unwrap();
            for credential in &matrix.credentials {
                for site in [HERE, THERE, "Nowhere"] {
                    let before = matrix.kept().await;
                    let mut body = json!({
                        "Username": credential.user, "Site": site, "CommandParams": parameters(operation, credential.user),
                    });
                    if path.ends_with("/apply") {
                        body["Fingerprint"] = json!("of no plan");
                    }
                    let (status, said) = answer(matrix.request("post", path, credential).json(&body)).await;
                    let expected = credential.expected(registered, site);
                    let found = verdict(status, &said);
                    // The fingerprint is looked at before the right: what is applied without a plan does nothing.
                    let is_no_plan = path.ends_with("/apply") && said["error"].to_string().contains("no plan");
                    let fits = found == expected || (is_no_plan && expected == Verdict::NoRight);
                    assert!(fits, "{path} with {} on {site}: {expected:?}: {status} {said}", credential.what);
                    if found != Verdict::LetIn || is_no_plan {
                        assert_eq!(matrix.kept().await, before, "{path} with {} on {site}", credential.what);
                    }
                    *seen.entry(format!("{found:?}")).or_insert(0) += 1;
                }
            }
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
    }
}

#[tokio::test]
async fn a_key_calls_in_nobodys_name_but_its_users() {
    for test in TestStore::on_both().await {
        let matrix = Matrix::over(test).await;
        let users: Vec<User> = matrix.stage.test.store.reader().await.unwrap().records().users().await.unwrap();
        for credential in matrix.credentials.iter().filter(|credential| credential.is_good) {
            for user in users.iter().filter(|user| user.name != credential.user) {
                for name in [user.name.clone(), user.name.to_uppercase(), format!(" {} ", user.name)] {
                    let body = json!({ "Username": name, "Site": HERE, "CommandParams": {} });
                    let request = matrix.request("post", "/VSOC/api/Command/GetIncidents", credential).json(&body);
                    let (status, said) = answer(request).await;
                    assert_eq!(status, 401, "{} as {name}: {said}", credential.what);
                }
            }
        }
    }
}

#[tokio::test]
async fn no_spelling_of_an_address_or_a_header_lets_a_limited_key_do_more() {
    let matrix = Matrix::over(TestStore::on(soar_store::Engine::Sqlite).await).await;
    matrix.make_incidents().await;
    let before = matrix.kept().await;
    let narrow = matrix.credentials.iter().find(|credential| credential.what == "for no command").unwrap();
    let body = json!({ "Username": "Admin", "Site": HERE, "CommandParams": { "IncidentType": "x" } });
    for command in [
        "CreateAnIncident",
        "createanincident",
        "CREATEANINCIDENT",
        "Create%41nIncident",
        "%43reateAnIncident",
        "CreateAnIncident/",
        "CreateAnIncident%2f",
        "CreateAnIncident%00",
        "CreateAnIncident;x",
        "CreateAnIncident?x=GetIncidents",
        "GetIncidents%2f..%2fCreateAnIncident",
        "CreateAnIncident%20",
        "Create%20An%20Incident",
        "CreateAn%2549ncident",
    ] {
        for prefix in ["/VSOC/api/Command/", "/vsoc/api/command/", "//VSOC/api/Command/", "/VSOC//api/Command/"] {
            let response =
                matrix.request("post", &format!("{prefix}{command}"), narrow).json(&body).send().await.unwrap();
            let text = response.text().await.unwrap();
            assert!(!text.contains("\"Successful\""), "{prefix}{command}: {text}");
        }
    }
    let viewer = matrix.credentials.iter().find(|credential| credential.what == "viewer").unwrap();
    for header in ["X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Forwarded"] {
        let request = matrix.request("get", "/healthz", viewer).header(header, "/api/manage/v1/users");
        assert!(!request.send().await.unwrap().text().await.unwrap().contains("viewer"), "{header}");
    }
    for path in
        ["/api/manage/v1//users", "/API/manage/v1/users", "/docs/../api/manage/v1/users", "/api/manage/v1/%75sers"]
    {
        let response = matrix.request("get", path, viewer).send().await.unwrap();
        assert!(!response.text().await.unwrap().contains("stranger"), "{path}");
    }
    // Two keys, or a key and a token, are none.
    let two = matrix.request("post", "/VSOC/api/Command/GetIncidents", viewer).header("d3key", "another").json(&body);
    assert_eq!(answer(two).await.0, 401);
    assert_eq!(matrix.kept().await, before);
}
