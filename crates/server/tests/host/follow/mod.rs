//! Commands whose work goes on in the product: the hosts follow the work, and never start it twice.

mod ending;
mod entrances;
mod limits;
mod sharing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use footprint_simulator::{Options, Simulator};
use serde_json::{Value, json};
use soar_connector::{Progress, ReplyPage, Sink, SinkError};
use soar_host::Refusal;
use soar_host::executor::{Executor, ExecutorSettings, FinishedRun, Watching};
use soar_host::vault::VaultSettings;
use soar_store::model::{Caller, Connection, Run, RunId, RunStatus};
use soar_store::testing::TestStore;

use crate::direct::DirectRuns as _;
use crate::stage::ExecutorStage;

pub const COMMAND: &str = "Rescan And Wait";

/// A stage with a connection to a simulator whose scans take a minute of its own clock.
pub struct FollowScene {
    pub stage: ExecutorStage,
    pub simulator: Simulator,
    pub admin: Caller,
    pub connection: Connection,
}

/// A watcher that drops the pages.
pub struct PageDropper;

#[async_trait]
impl Sink for PageDropper {
    async fn page(&mut self, _: ReplyPage) -> Result<(), SinkError> {
        Ok(())
    }
}

impl FollowScene {
    pub async fn on_both() -> Vec<Self> {
        Self::on_both_with(ExecutorSettings::default()).await
    }

    pub async fn on_both_with(settings: ExecutorSettings) -> Vec<Self> {
        let mut scenes = Vec::new();
        for test in TestStore::on_both().await {
            scenes.push(Self::over(test, settings.clone()).await);
        }
        scenes
    }

    async fn over(test: TestStore, settings: ExecutorSettings) -> Self {
        let stage = ExecutorStage::over(test, settings, VaultSettings::default()).await;
        let simulator = Simulator::start(Options { devices: 30, ..Options::default() }).await.unwrap();
        let connection = stage.footprint(&simulator, "Production").await;
        let admin = stage.administrator().await;
        Self { stage, simulator, admin, connection }
    }

    /// The parameters of a rescan with one scanner.
    pub fn one_scanner(&self) -> Value {
        json!({ "Scanner ID": self.simulator.known().active_scanner })
    }

    /// Starts a rescan without waiting for it.
    pub async fn start_on(&self, executor: &Executor, parameters: Value) -> Result<FinishedRun, Refusal> {
        let plugin = executor.registry().named("coda-footprint").unwrap();
        let invocation = plugin.manifest().invocation(COMMAND, parameters.as_object().unwrap()).unwrap();
        let watching = Watching { sink: Box::new(PageDropper), progress: Progress::default(), run: Arc::default() };
        executor.run_watched(&self.admin, self.connection.clone(), invocation, watching).await
    }

    /// Starts a rescan with one scanner, on the stage's executor.
    pub async fn start(&self) -> RunId {
        let started = self.start_on(&self.stage.executor, self.one_scanner()).await.unwrap();
        assert!(started.under_way.is_some(), "{:?}", started.outcome.error);
        started.run
    }

    pub async fn another(&self) -> Executor {
        self.stage.another_process(ExecutorSettings::default()).await
    }

    /// Asks what is due after a minute on the host's clock. The product's clock goes on by `product`.
    pub async fn minute(&self, executor: &Executor, product: Duration) -> usize {
        self.simulator.advance(product);
        self.stage.clock.advance(Duration::from_secs(60));
        executor.ask_followed_runs().await.unwrap()
    }

    pub async fn run(&self, id: RunId) -> Run {
        self.stage.executor.see_run(&self.admin, id).await.unwrap()
    }

    /// The starts that the product got.
    pub fn starts(&self) -> usize {
        self.simulator.requests().iter().filter(|request| request.method == "PATCH").count()
    }

    /// The product has got one start, and the run has this status and a text in its stored outcome.
    pub async fn assert_ended(&self, id: RunId, status: RunStatus, text: &str) {
        let run = self.run(id).await;
        let outcome = run.outcome.map(|outcome| outcome.get().to_owned()).unwrap_or_default();
        assert_eq!(run.status, status, "{outcome}");
        assert!(outcome.contains(text), "{text} is not in {outcome}");
        assert!(run.following.is_none() && run.ended_at.is_some());
        assert_eq!(self.starts(), 1);
    }
}

/// Half a scan.
pub const HALF: Duration = Duration::from_secs(30);

/// More than half a scan.
pub const REST: Duration = Duration::from_secs(35);
