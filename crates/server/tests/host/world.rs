//! A small world for tests: two sites, users with roles, incidents and cases.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use soar_connector::Parameters;
use soar_host::Refusal;
use soar_host::utility::{self, Answer, Plan};
use soar_store::model::{Allowed, Caller, DynamicField, FieldKind, Moment, Role, Site, SiteKind, Task};
use soar_store::{NewCase, NewIncident, NewSite, NewUser, Store};

/// 27 January 2021, 06:08 in Vancouver.
pub const NOW: Moment = Moment(1_611_756_480_000);

pub struct World {
    pub store: Store,
    pub operations: Site,
    pub client: Site,
}

impl World {
    /// Sites `Security Operations` and `Client`; users `Admin` (an administrator), `admin user` (no role) and `analyst`,
    /// `manager`, `viewer` with that role on Security Operations and none on Client.
    pub async fn new(store: &Store) -> Self {
        let mut transaction = store.transaction().await.unwrap();
        let mut records = transaction.records();
        let mut sites = Vec::new();
        for name in ["Security Operations", "Client"] {
            let site = NewSite {
                name: name.to_owned(),
                kind: SiteKind::Internal,
                description: String::new(),
                time_zone: "America/Vancouver".to_owned(),
                language: "en".to_owned(),
            };
            sites.push(records.create_site(&site, Moment(1)).await.unwrap());
        }
        for (name, role) in [
            ("Admin", None),
            ("admin user", None),
            ("analyst", Some(Role::Analyst)),
            ("manager", Some(Role::Manager)),
            ("viewer", Some(Role::Viewer)),
        ] {
            let user = NewUser { name: name.to_owned(), email: None, is_administrator: name == "Admin" };
            let user = records.create_user(&user, Moment(1)).await.unwrap();
            if let Some(role) = role {
                records.set_role(user.id, sites[0].id, role).await.unwrap();
            }
        }
        transaction.commit().await.unwrap();
        let client = sites.pop().unwrap();
        Self { store: store.clone(), operations: sites.pop().unwrap(), client }
    }

    pub async fn caller(&self, name: &str) -> Caller {
        let mut reader = self.store.reader().await.unwrap();
        let mut records = reader.records();
        let user = records.user(name).await.unwrap();
        let roles: BTreeMap<_, _> = records.roles(user.id).await.unwrap();
        let request_id = "test".to_owned();
        Caller { user, site: self.operations.clone(), roles, reach: Allowed::All, key: None, request_id }
    }

    /// Open incidents on `site`.
    pub async fn incidents(&self, site: &Site, numbers: &[&str]) {
        let mut transaction = self.store.transaction().await.unwrap();
        let incidents: Vec<_> = numbers
            .iter()
            .map(|number| NewIncident::open((*number).to_owned(), site.id, "Admin", NOW - Duration::from_secs(1)))
            .collect();
        transaction.records().insert_incidents(&incidents).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn cases(&self, site: &Site, numbers: &[&str]) {
        let mut transaction = self.store.transaction().await.unwrap();
        let cases: Vec<_> = numbers
            .iter()
            .map(|number| NewCase::open((*number).to_owned(), site.id, "Admin", NOW - Duration::from_secs(1)))
            .collect();
        transaction.records().insert_cases(&cases).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Gives an incident a Required and an optional pending task, and a field that is Required on Close.
    pub async fn keep_open(&self, number: &str) {
        let mut transaction = self.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let incident = records.incident_for_change(number).await.unwrap();
        let task = |name: &str, required| Task { name: name.to_owned(), required, done: false };
        let field = |name: &str, required_on_close| DynamicField {
            section: "Customer".to_owned(),
            name: name.to_owned(),
            kind: FieldKind::InfoActivity,
            required_on_close,
            value: None,
        };
        let tasks = [task("Call the customer", true), task("Drink tea", false)];
        let fields = [field("Root cause", true), field("Mood", false)];
        records.replace_details(&[(incident.id, &tasks, &fields)]).await.unwrap();
        records.touch_incidents(&[incident.id], NOW - Duration::from_millis(500)).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn version(&self, number: &str) -> i64 {
        self.store.reader().await.unwrap().records().incident(number).await.unwrap().version.0
    }

    pub fn parameters(command: &str, raw: Value) -> Parameters {
        let (_, manifest) = utility::command(command).unwrap();
        let Value::Object(raw) = raw else { panic!("parameters are an object") };
        Parameters::parse(manifest, &raw).unwrap()
    }

    /// Runs a command as `name`, in a transaction of its own.
    pub async fn run(&self, name: &str, command: &str, raw: Value) -> Result<Answer, Refusal> {
        let parameters = Self::parameters(command, raw);
        let caller = self.caller(name).await;
        let mut transaction = self.store.transaction().await.unwrap();
        let (command, _) = utility::command(command).unwrap();
        let answer = command.run(&mut transaction.records(), &caller, &parameters, NOW).await?;
        transaction.commit().await.unwrap();
        Ok(answer)
    }

    /// The serialised answer.
    pub async fn json(&self, name: &str, command: &str, raw: Value) -> Value {
        serde_json::to_value(self.run(name, command, raw).await.unwrap()).unwrap()
    }

    /// The error of a command that refuses the whole call.
    pub async fn refusal(&self, name: &str, command: &str, raw: Value) -> String {
        self.run(name, command, raw).await.unwrap_err().to_string()
    }

    /// Plans with a reader, which on SQLite could not change anything.
    pub async fn plan(&self, name: &str, command: &str, raw: Value) -> Plan {
        let parameters = Self::parameters(command, raw);
        let caller = self.caller(name).await;
        let mut reader = self.store.reader().await.unwrap();
        let (command, _) = utility::command(command).unwrap();
        command.plan(&mut reader.records(), &caller, &parameters, NOW).await.unwrap()
    }

    pub async fn apply(&self, name: &str, command: &str, raw: Value, plan: &Plan) -> Result<Answer, Refusal> {
        let parameters = Self::parameters(command, raw);
        let caller = self.caller(name).await;
        let mut transaction = self.store.transaction().await.unwrap();
        let (command, _) = utility::command(command).unwrap();
        let later = NOW + Duration::from_secs(60);
        let answer = command.apply(&mut transaction.records(), &caller, &parameters, later, &plan.fingerprint).await?;
        transaction.commit().await.unwrap();
        Ok(answer)
    }
}

/// Parameters that close incidents and bypass nothing.
pub fn closing(numbers: &[&str]) -> Value {
    json!({ "Incident Numbers": numbers, "Bypass Required Pending Tasks": "No", "Username": "Admin" })
}
