//! The host, the credentials and the verdicts of the matrix.

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
use soar_store::model::{Allowed, KeyKind, Moment, Right, Role};
use soar_store::testing::TestStore;
use soar_store::{NewIncident, NewUser, UserChange};
use sqlx::Connection as _;

use crate::stage::ExecutorStage;
use crate::support::key_request;

pub(super) const HERE: &str = "Security Operations";
pub(super) const THERE: &str = "Client";

/// The credentials of a caller, and their expected rights.
pub(super) struct Credential {
    pub(super) what: &'static str,
    pub(super) header: Option<(&'static str, String)>,
    /// Whether it authenticates anybody.
    pub(super) is_good: bool,
    pub(super) opens_management: bool,
    /// The user in whose name commands are called.
    pub(super) user: &'static str,
    pub(super) is_administrator: bool,
    pub(super) roles: &'static [(&'static str, Role)],
    pub(super) sites: Option<&'static [&'static str]>,
    pub(super) commands: Option<&'static [&'static str]>,
}

pub(super) struct Matrix {
    pub(super) stage: ExecutorStage,
    pub(super) host: std::sync::Arc<Host>,
    pub(super) url: String,
    pub(super) client: reqwest::Client,
    pub(super) credentials: Vec<Credential>,
    pub(super) _running: RunningHost,
}

/// The result of a call of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallVerdict {
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
    pub(super) async fn over(test: TestStore) -> Self {
        let stage = ExecutorStage::over(test, ExecutorSettings::default(), VaultSettings::default()).await;
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

    pub(super) async fn operations(&self) -> Vec<(String, String, Value)> {
        let document: Value =
            self.client.get(format!("{}/openapi.json", self.url)).send().await.unwrap().json().await.unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let all = paths.into_iter().flat_map(|(path, methods)| {
            let Value::Object(methods) = methods else { panic!("{path}") };
            methods.into_iter().map(move |(method, operation)| (method, path.clone(), operation))
        });
        all.collect()
    }

    pub(super) fn request(&self, method: &str, path: &str, credential: &Credential) -> reqwest::RequestBuilder {
        let request = self.client.request(method.to_uppercase().parse().unwrap(), format!("{}{path}", self.url));
        match &credential.header {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    /// Incidents and cases of both sites, users, keys and sites: what no refused call changes.
    pub(super) async fn kept(&self) -> String {
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

    pub(super) async fn make_incidents(&self) {
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
async fn limit_keys_that_manage(stage: &ExecutorStage) {
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

pub(super) fn credentials(texts: &BTreeMap<String, String>) -> Vec<Credential> {
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
    /// Whether it reads what its user may see: an API key for all commands, of an active user. A user who sees no site
    /// reads nothing.
    pub(super) fn reads(&self) -> bool {
        let is_key = self.header.as_ref().is_some_and(|(name, _)| *name == "d3key");
        let is_active = !["gone", "left"].contains(&self.user);
        self.is_good && is_key && is_active && self.commands.is_none()
    }

    /// The expected verdict on a call of this command by this caller on `site`.
    pub(super) fn expected(&self, command: &Registered, site: &str) -> CallVerdict {
        let is_active = !["gone", "left"].contains(&self.user);
        if !self.is_good || !is_active {
            return CallVerdict::Unauthenticated;
        }
        let role = self.roles.iter().find(|(name, _)| *name == site).map(|(_, role)| *role);
        let exists = [HERE, THERE].contains(&site);
        let for_key = self.sites.is_none_or(|sites| sites.contains(&site));
        if !exists || (role.is_none() && !self.is_administrator) || !for_key {
            return CallVerdict::NoSite;
        }
        if self.commands.is_some_and(|commands| !commands.contains(&&*command.endpoint)) {
            return CallVerdict::NoCommand;
        }
        // Commands of connectors declare what the product wants; the host wants the right to use connections.
        let permission = command.manifest.permissions.first().map(String::as_str).unwrap_or_default();
        let right = if command.is_utility() { permission.parse::<Right>().ok() } else { Some(Right::UseConnections) };
        let may = match right {
            // Only for administrators, on all sites.
            None => {
                assert_eq!(permission, "administrator", "{}", command.endpoint);
                self.is_administrator && self.sites.is_none()
            }
            Some(right) => self.is_administrator || role.is_some_and(|role| role.allows(right)),
        };
        if may { CallVerdict::LetIn } else { CallVerdict::NoRight }
    }
}

/// The documented example, with incidents that are there.
pub(super) fn parameters(operation: &Value, user: &str) -> Value {
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

pub(super) fn verdict(status: u16, answer: &Value) -> CallVerdict {
    let text = answer.to_string();
    match status {
        401 => CallVerdict::Unauthenticated,
        _ if text.contains("or user") || text.contains("may not be used on site") => CallVerdict::NoSite,
        _ if text.contains("may not be used for the command") => CallVerdict::NoCommand,
        _ if text.contains("lacks the right to") || text.contains("This needs the right to") => CallVerdict::NoRight,
        _ if text.contains("Only an administrator") => CallVerdict::NoRight,
        _ => CallVerdict::LetIn,
    }
}
