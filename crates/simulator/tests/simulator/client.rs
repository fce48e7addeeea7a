//! An instance with a logged-in client, to keep the tests short.

use std::ops::Deref;

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};

pub const DEVICES: &str = "/console/elements/devices/";

/// A simulator and the administrator's access to it.
pub struct ServedSimulator {
    simulator: Simulator,
    pub http: Client,
    pub access: String,
    pub refresh: String,
}

impl Deref for ServedSimulator {
    type Target = Simulator;
    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

/// A status with a JSON body, or null if the body is none.
#[derive(Debug)]
pub struct SimulatorReply {
    pub status: u16,
    pub text: String,
    pub json: Value,
}

impl ServedSimulator {
    pub async fn with(options: Options) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut instance = Self { simulator, http, access: String::new(), refresh: String::new() };
        instance.log_in(UserKind::Administrator).await;
        instance.clear_requests();
        instance
    }

    pub async fn of(generation: Generation) -> Self {
        Self::with(Options { generation, ..Options::default() }).await
    }

    /// Without oddities, so that values can be compared.
    pub async fn plain(generation: Generation) -> Self {
        Self::with(Options { generation, oddities: false, ..Options::default() }).await
    }

    pub async fn log_in(&mut self, kind: UserKind) -> SimulatorReply {
        let user = self.user(kind).clone();
        let answer = self.post("/auth/token/", json!({"username": user.user_name, "password": user.password})).await;
        self.access = answer.json["access"].as_str().unwrap_or_default().into();
        self.refresh = answer.json["refresh"].as_str().unwrap_or_default().into();
        answer
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api{path}", self.url()));
        if self.access.is_empty() { request } else { request.bearer_auth(&self.access) }
    }

    pub async fn get(&self, path: &str) -> SimulatorReply {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> SimulatorReply {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> SimulatorReply {
        let url = format!("{}/api{path}", self.url());
        answer(self.http.post(url).json(&body)).await
    }

    /// A POST of the logged-in user.
    pub async fn write(&self, path: &str, body: Value) -> SimulatorReply {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub fn fault(&self, text: &str) {
        self.inject(text.parse().unwrap());
    }
}

pub async fn answer(request: RequestBuilder) -> SimulatorReply {
    read(request.send().await.unwrap()).await
}

pub async fn read(response: Response) -> SimulatorReply {
    let status = response.status().as_u16();
    let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
    SimulatorReply { status, json: serde_json::from_str(&text).unwrap_or_default(), text }
}

impl SimulatorReply {
    /// The rows of a page object or an array.
    pub fn rows(&self) -> &[Value] {
        let rows = self.json.get("items").unwrap_or(&self.json);
        rows.as_array().expect(&self.text)
    }

    pub fn ids(&self) -> Vec<u64> {
        self.rows().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    }

    pub fn total(&self) -> u64 {
        self.json["totalCount"].as_u64().expect(&self.text)
    }
}
