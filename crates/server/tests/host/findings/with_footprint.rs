//! Collections through the connector from a simulated instance that fails in the middle.

use std::time::Duration;

use footprint_simulator::{Options, Simulator};
use serde_json::json;
use soar_connector::Progress;
use soar_host::Host;
use soar_host::executor::{ExecutorSettings, Watching};
use soar_host::findings::CollectionToMake;
use soar_host::operations::{ChangesSince, CollectionShown, Operations, RequestContext};
use soar_host::settings::HostSettings;
use soar_host::vault::VaultSettings;
use soar_store::model::{Connection, FindingChange, FindingSequence, SnapshotStatus};
use soar_store::testing::TestStore;

use super::world::FindingsWorld;
use crate::follow::PageDropper;
use crate::stage::ExecutorStage;

const DEVICES: u32 = 12;

struct FootprintScene {
    stage: ExecutorStage,
    simulator: Simulator,
    connection: Connection,
    operations: Operations,
    context: RequestContext,
}

impl FootprintScene {
    /// Two tenants, which are read one after the other, and were read before.
    async fn on_both() -> Vec<Self> {
        let mut scenes = Vec::new();
        for test in TestStore::on_both().await {
            let stage = ExecutorStage::over(test, ExecutorSettings::default(), VaultSettings::default()).await;
            let options = Options { tenants: 2, devices: DEVICES, vulnerabilities: 3, ..Options::default() };
            let simulator = Simulator::start(options).await.unwrap();
            let connection = stage.footprint(&simulator, "Production").await;
            let mut settings = HostSettings::default();
            settings.findings.at_once = 1;
            let host = Host::with_connectors(settings, stage.executor.clone()).unwrap();
            let context = FindingsWorld::context(&stage.test.store).await;
            let scene = Self { stage, simulator, connection, operations: host.operations.clone(), context };
            let collected = scene.collect().await;
            assert!(collected.tenants.iter().all(|tenant| tenant.status == SnapshotStatus::Whole), "{collected:?}");
            scenes.push(scene);
        }
        scenes
    }

    async fn collect(&self) -> CollectionShown {
        let made = self.operations.collect_findings(&self.context, &CollectionToMake::default()).await.unwrap();
        self.operations.finish_collection(made.id, &|_| ()).await.unwrap()
    }

    async fn last(&self) -> i64 {
        self.stage.test.store.reader().await.unwrap().records().finding_log().await.unwrap().last_sequence.0
    }

    async fn changes(&self, after: i64) -> Vec<FindingChange> {
        let wanted = ChangesSince { after: Some(FindingSequence(after)), limit: 1_000, wait: Duration::ZERO };
        let page = self.operations.finding_changes(&self.context, wanted).await.unwrap();
        page.changes.into_iter().map(|shown| shown.change).collect()
    }

    /// Runs a rescan of all scanners. It is over when the product's clock has gone on by a minute.
    async fn rescan(&self) {
        let caller = self.stage.administrator().await;
        let plugin = self.stage.executor.registry().named("coda-footprint").unwrap();
        let invocation = plugin.manifest().invocation("Patch Rescan", json!({}).as_object().unwrap()).unwrap();
        let watching =
            Watching { sink: Box::new(PageDropper), progress: Progress::default(), run: std::sync::Arc::default() };
        let connection = self.connection.clone();
        let run = self.stage.executor.run_watched(&caller, connection, invocation, watching).await.unwrap();
        assert!(run.outcome.error.is_none(), "{:?}", run.outcome.error);
        self.simulator.advance(Duration::from_secs(61));
    }
}

#[tokio::test]
async fn a_permission_that_is_lost_for_one_tenant_is_its_result_and_nothing_of_it_is_gone() {
    for scene in FootprintScene::on_both().await {
        let last = scene.last().await;
        // The lists of the first tenant's devices and five of the second's come.
        scene.simulator.inject(format!("vulnerabilities status=401 skip={}", DEVICES + 5).parse().unwrap());
        let collected = scene.collect().await;
        let [first, second] = collected.tenants.as_slice() else { panic!("{collected:?}") };
        assert_eq!((first.status, second.status), (SnapshotStatus::Whole, SnapshotStatus::Partial), "{second:?}");
        let problem = second.problem.as_deref().unwrap();
        assert!(problem.contains("may not do this, or not in this tenant"), "{problem}");
        assert_eq!(scene.last().await, last);
        scene.simulator.clear_faults();
        let collected = scene.collect().await;
        assert!(collected.tenants.iter().all(|tenant| tenant.status == SnapshotStatus::Whole), "{collected:?}");
        assert_eq!(scene.last().await, last, "the tenant's findings were kept");
    }
}

#[tokio::test]
async fn a_device_that_the_server_deletes_while_the_lists_are_read_makes_the_snapshot_partial() {
    for scene in FootprintScene::on_both().await {
        let last = scene.last().await;
        scene.simulator.inject("vulnerabilities status=404 skip=4 count=1".parse().unwrap());
        let collected = scene.collect().await;
        let tenant = &collected.tenants[0];
        assert_eq!((tenant.status, collected.tenants[1].status), (SnapshotStatus::Partial, SnapshotStatus::Whole));
        let problem = tenant.problem.as_deref().unwrap();
        assert!(
            problem.contains("1 of 12 devices did not come, because the server no longer had the device"),
            "{problem}"
        );
        assert_eq!(scene.last().await, last);
    }
}

#[tokio::test]
async fn a_wrong_clock_of_the_server_makes_no_changes_and_no_times_of_the_log() {
    for scene in FootprintScene::on_both().await {
        let (last, before) = (scene.last().await, scene.stage.test.store.reader().await.unwrap().records().now().await);
        scene.simulator.advance(Duration::from_secs(10 * 365 * 86_400));
        let collected = scene.collect().await;
        assert!(collected.tenants.iter().all(|tenant| tenant.status == SnapshotStatus::Whole), "{collected:?}");
        assert_eq!(scene.last().await, last, "another time is no change");
        // Rows that a rescan changes have times of the wrong clock.
        for _ in 0..3 {
            scene.rescan().await;
        }
        scene.collect().await;
        let changes = scene.changes(last).await;
        let after = scene.stage.test.store.reader().await.unwrap().records().now().await.unwrap();
        assert!(!changes.is_empty());
        for change in &changes {
            assert!(before.as_ref().unwrap() <= &change.at && change.at <= after, "{change:?}");
        }
        let opened = changes.iter().find(|change| change.kind.as_str() == "opened").unwrap();
        let finding: serde_json::Value = serde_json::from_str(opened.finding.get()).unwrap();
        assert!(finding["firstFound"].as_str().unwrap() > "2030", "the product's own word: {finding}");
    }
}
