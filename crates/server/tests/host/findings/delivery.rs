//! Deliveries: batches of changes are sent to a webhook until they arrive.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::alerts::{Courier, WebhookBody};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::operations::{DeliveryToMake, RequestContext};
use soar_host::settings::HostSettings;
use soar_store::model::{Message, Moment, Role};
use soar_store::testing::TestStore;
use soar_store::{NewUser, UserChange};
use tokio::sync::watch;

use super::world::{FindingsWorld, host, new_connection};
use crate::support::site;

#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// The ids and the lines of the bodies.
    pub(super) taken: Mutex<Vec<(String, usize)>>,
    /// Attempts that the receiver does not accept.
    refuses: Mutex<usize>,
}

#[async_trait]
impl Courier for Receiver {
    async fn deliver(&self, _: &Message, _: Moment) -> Result<(), String> {
        Ok(())
    }

    async fn post(&self, webhook: &str, id: &str, body: WebhookBody, _: Moment) -> Result<(), String> {
        assert_eq!(webhook, "siem");
        let lines = body.bytes.iter().filter(|byte| **byte == b'\n').count();
        self.taken.lock().unwrap().push((id.to_owned(), lines));
        let mut refuses = self.refuses.lock().unwrap();
        if *refuses > 0 {
            *refuses -= 1;
            return Err("The webhook did not accept the message: it answered with status 503.".to_owned());
        }
        Ok(())
    }
}

pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(300), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_batch_that_does_not_arrive_is_sent_again_under_the_same_id_with_the_same_changes() {
    for test in TestStore::on_both().await {
        let clock = ManualClock::held();
        let world = FindingsWorld::new(test.on_clock(Arc::new(clock.clone()))).await;
        let receiver = Arc::new(Receiver::default());
        *receiver.refuses.lock().unwrap() = 1;
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let sending = Host::with_schedules(settings, executor, receiver.clone()).unwrap();
        let wanted = DeliveryToMake { destination: "webhook:siem".to_owned(), format: None, after: None };
        let added = world.operations().create_finding_delivery(&world.context, &wanted).await.unwrap();
        assert_eq!(added.delivery.after.0, 0);
        let twice = world.operations().create_finding_delivery(&world.context, &wanted).await.unwrap_err();
        assert!(twice.to_string().contains("exists already"), "{twice}");
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        world.collect().await;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(sending.serve_findings(stopped));
        let deliveries = async || world.operations().list_finding_deliveries(&world.context).await.unwrap();
        until("the first attempt fails", async || deliveries().await[0].delivery.attempts == 1).await;
        let problem = deliveries().await[0].delivery.problem.clone().unwrap();
        assert!(problem.contains("status 503"), "{problem}");
        // Further changes do not change the batch.
        world.lister.set("1", 1, "CVE-3", "open", 5.0);
        world.collect().await;
        clock.advance(Duration::from_secs(16));
        until("all arrive", async || deliveries().await[0].delivery.after.0 == 3).await;
        let taken = receiver.taken.lock().unwrap().clone();
        let sent = |id: &str, lines| (id.to_owned(), lines);
        assert_eq!(taken, [sent("2", 2), sent("2", 2), sent("3", 1)]);
        stop.send_replace(true);
        serving.await.unwrap();
        let removed = world.operations().remove_finding_delivery(&world.context, added.delivery.id).await.unwrap();
        assert_eq!(removed.delivery.after.0, 3);
    }
}

#[tokio::test]
async fn a_batch_of_long_changes_ends_at_1_mib() {
    let world = FindingsWorld::on_both().await.remove(0);
    let receiver = Arc::new(Receiver::default());
    let (connections, settings, _) = host(world.test.store.clone(), &world.lister, HostSettings::default());
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let sending = Host::with_schedules(settings, executor, receiver.clone()).unwrap();
    let wanted = DeliveryToMake { destination: "webhook:siem".to_owned(), format: None, after: None };
    world.operations().create_finding_delivery(&world.context, &wanted).await.unwrap();
    world.lister.data().title = "x".repeat(600_000);
    for cve in ["CVE-1", "CVE-2"] {
        world.lister.set("1", 1, cve, "open", 5.0);
    }
    world.collect().await;
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(sending.serve_findings(stopped));
    until("all arrive", async || {
        world.operations().list_finding_deliveries(&world.context).await.unwrap()[0].delivery.after.0 == 2
    })
    .await;
    assert_eq!(*receiver.taken.lock().unwrap(), [("1".to_owned(), 1), ("2".to_owned(), 1)]);
    stop.send_replace(true);
    serving.await.unwrap();
}

#[tokio::test]
async fn changes_wait_while_the_user_of_a_delivery_may_see_no_findings() {
    for test in TestStore::on_both().await {
        let clock = ManualClock::held();
        let world = FindingsWorld::new(test.on_clock(Arc::new(clock.clone()))).await;
        let receiver = Arc::new(Receiver::default());
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let sending = Host::with_schedules(settings, executor, receiver.clone()).unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        let new = NewUser { name: "Second".to_owned(), email: None, is_administrator: true };
        let user = transaction.records().create_user(&new, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let context = RequestContext { user, ..world.context.clone() };
        let wanted = DeliveryToMake { destination: "webhook:siem".to_owned(), format: None, after: None };
        world.operations().create_finding_delivery(&context, &wanted).await.unwrap();
        let change = async |change: UserChange| {
            let mut transaction = world.test.store.transaction().await.unwrap();
            transaction.records().update_user("Second", &change, Moment(2)).await.unwrap();
            transaction.commit().await.unwrap();
        };
        change(UserChange { active: Some(false), ..UserChange::default() }).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(sending.serve_findings(stopped));
        let delivery = async || {
            let mut all = world.operations().list_finding_deliveries(&world.context).await.unwrap();
            all.remove(0).delivery
        };
        until("the inactive user is noticed", async || delivery().await.attempts == 1).await;
        assert!(
            delivery()
                .await
                .problem
                .unwrap()
                .contains("The user \"Second\", whose rights the delivery has, is not active")
        );
        change(UserChange { active: Some(true), is_administrator: Some(false), ..UserChange::default() }).await;
        clock.advance(Duration::from_secs(16));
        until("the lost role is noticed", async || delivery().await.attempts == 2).await;
        let waiting = delivery().await;
        assert!(waiting.problem.unwrap().contains("may see the findings of no connection"));
        assert_eq!(waiting.after.0, 0);
        change(UserChange { is_administrator: Some(true), ..UserChange::default() }).await;
        clock.advance(Duration::from_secs(31));
        until("the change arrives", async || delivery().await.after.0 == 1).await;
        assert_eq!(*receiver.taken.lock().unwrap(), [("1".to_owned(), 1)]);
        stop.send_replace(true);
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_delivery_goes_on_after_the_only_tenant_that_its_user_sees_was_removed() {
    for test in TestStore::on_both().await {
        let world = FindingsWorld::new(test).await;
        let receiver = Arc::new(Receiver::default());
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let sending = Host::with_schedules(settings, executor, receiver.clone()).unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let other = records.create_site(&site("Branch"), Moment(1)).await.unwrap().id;
        records.create_connection(&new_connection("branch", other), Moment(1)).await.unwrap();
        let new = NewUser { name: "Second".to_owned(), email: None, is_administrator: true };
        let user = records.create_user(&new, Moment(1)).await.unwrap();
        records.set_role(user.id, world.site, Role::Manager).await.unwrap();
        transaction.commit().await.unwrap();
        let context = RequestContext { user, ..world.context.clone() };
        let wanted = DeliveryToMake { destination: "webhook:siem".to_owned(), format: None, after: None };
        world.operations().create_finding_delivery(&context, &wanted).await.unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        let change = UserChange { is_administrator: Some(false), ..UserChange::default() };
        transaction.records().update_user("Second", &change, Moment(2)).await.unwrap();
        transaction.commit().await.unwrap();
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        assert_eq!(world.collect().await.tenants.len(), 2);
        world.operations().remove_finding_tenant(&world.context, world.connection, "1").await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(sending.serve_findings(stopped));
        let delivery = async || {
            let mut all = world.operations().list_finding_deliveries(&world.context).await.unwrap();
            all.remove(0).delivery
        };
        until("the delivery is tried", async || {
            let delivery = delivery().await;
            delivery.attempts > 0 || delivery.after.0 == 2
        })
        .await;
        let gone_on = delivery().await;
        assert_eq!((gone_on.after.0, gone_on.problem), (2, None));
        assert!(receiver.taken.lock().unwrap().is_empty());
        stop.send_replace(true);
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_destination_that_is_no_webhook_is_refused() {
    let world = FindingsWorld::on_both().await.remove(0);
    for (destination, after, problem) in [
        ("soc@example.com", None, "expected webhook:NAME"),
        ("webhook:nope", None, "Destination: the host's settings have no webhook \"nope\". Expected one of \"siem\"."),
        ("webhook:siem", Some(99), "cannot go on from the number 99. Give 0"),
    ] {
        let after = after.map(soar_store::model::FindingSequence);
        let wanted = DeliveryToMake { destination: destination.to_owned(), format: None, after };
        let error = world.operations().create_finding_delivery(&world.context, &wanted).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
