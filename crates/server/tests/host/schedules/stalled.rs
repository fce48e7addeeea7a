//! Stalled destinations delay no other destination, and each attempt has a timeout by the host's clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::routing::post;
use secrecy::SecretString;
use soar_connector::testing::ManualClock;
use soar_host::alerts::{
    Courier, Couriers, MailCourier, MailSecurity, MailSettings, WebhookCourier, WebhookSettings, WebhookSignature,
};
use soar_host::scheduler::{Scheduler, SchedulerSettings};
use soar_store::model::{ConnectionId, GatherRules, Message, Moment};
use soar_store::testing::TestStore;
use soar_store::{Store, WaitingMessage};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::world::{Runs, SchedulerNode, check_of};

/// The point at which a mail server falls silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stall {
    /// Before its greeting.
    AtOnce,
    /// Before it accepts the mail.
    AfterData,
}

/// A mail server that falls silent, and how many connections it has and had.
#[derive(Debug, Clone, Default)]
struct StallingMailServer {
    port: u16,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    opened: Arc<AtomicUsize>,
    silent: Arc<AtomicUsize>,
}

impl StallingMailServer {
    async fn start(stall: Stall) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: socket.local_addr().unwrap().port(), ..Self::default() };
        let counts = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let counts = counts.clone();
                counts.opened.fetch_add(1, Ordering::SeqCst);
                let open = counts.open.fetch_add(1, Ordering::SeqCst) + 1;
                counts.most.fetch_max(open, Ordering::SeqCst);
                tokio::spawn(async move {
                    counts.speak(BufReader::new(stream), stall).await;
                    counts.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// Returns when the client has closed the connection.
    async fn speak(&self, mut stream: BufReader<tokio::net::TcpStream>, stall: Stall) {
        let mut is_silent = stall == Stall::AtOnce;
        if is_silent {
            self.silent.fetch_add(1, Ordering::SeqCst);
        } else {
            stream.write_all(b"220 ready\r\n").await.unwrap();
        }
        let (mut line, mut is_data) = (String::new(), false);
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if is_data && line == ".\r\n" {
                is_silent = true;
                self.silent.fetch_add(1, Ordering::SeqCst);
            }
            if is_silent || is_data {
                continue;
            }
            is_data = line.starts_with("DATA");
            let answer: &[u8] = if is_data { b"354 go on\r\n" } else { b"250 fine\r\n" };
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    }

    fn courier(&self) -> MailCourier {
        let settings = MailSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            security: MailSecurity::Plain,
            allow_plain: false,
            account: None,
            from: "footprint@example.com".to_owned(),
            certificate_authority: None,
        };
        MailCourier::new(&settings).unwrap()
    }
}

/// A webhook that takes every message, and how many it took.
async fn webhook() -> (WebhookCourier, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::default());
    let count = taken.clone();
    let take = move || {
        let count = count.clone();
        async move {
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hook", socket.local_addr().unwrap());
    let router = axum::Router::new().route("/hook", post(take));
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    let secret = SecretString::from("0123456789abcdef");
    let settings = WebhookSettings { address, secret, signature: WebhookSignature::Standard };
    (WebhookCourier::new(&settings).unwrap(), taken)
}

async fn wait_for(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A scheduler that does not group alerts.
fn scheduler(store: &Store, clock: &ManualClock, courier: Arc<dyn Courier>) -> Arc<Scheduler> {
    let runs = Runs::default();
    runs.failing.lock().unwrap().insert(ConnectionId(1));
    let gather = GatherRules { window: Duration::ZERO, follow_up: Duration::ZERO };
    let settings = SchedulerSettings { gather, ..SchedulerSettings::default() };
    Arc::new(Scheduler::new(store.clone(), Arc::new(clock.clone()), Arc::new(runs), courier, settings))
}

/// Makes the connection fail, so that each of `destinations` is to be told.
async fn fail(world: &SchedulerNode, scheduler: &Scheduler, destinations: impl IntoIterator<Item = String>) {
    let mut check = check_of(ConnectionId(1));
    check.alert_after = 1;
    check.alert_to = destinations.into_iter().map(|destination| destination.parse().unwrap()).collect();
    world.create(&check).await;
    world.clock.advance(Duration::from_secs(60));
    for claim in scheduler.look().await.unwrap().claims {
        scheduler.run(claim).await;
    }
    assert_eq!(scheduler.tell().await.unwrap(), check.alert_to.len());
}

async fn waiting(store: &Store) -> Vec<WaitingMessage> {
    store.reader().await.unwrap().records().waiting_messages(100).await.unwrap()
}

#[tokio::test]
async fn a_mail_server_that_stalls_delays_no_webhook_and_its_attempt_ends_after_30_seconds() {
    for stall in [Stall::AtOnce, Stall::AfterData] {
        for test in TestStore::on_both().await {
            let world = SchedulerNode::new(&test.store);
            let (server, (hook, taken)) = (StallingMailServer::start(stall).await, webhook().await);
            let mut couriers = Couriers { mail: Some(server.courier()), ..Couriers::default() };
            couriers.webhooks.insert("operations".to_owned(), hook);
            let scheduler = scheduler(&world.store, &world.clock, Arc::new(couriers));
            let destinations = ["soc@example.com".to_owned(), "webhook:operations".to_owned()];
            fail(&world, &scheduler, destinations).await;
            let (stop, stopped) = watch::channel(false);
            let serving = tokio::spawn(scheduler.serve(stopped));
            wait_for("the webhook is told", async || taken.load(Ordering::SeqCst) == 1).await;
            wait_for("the mail server stalls", async || server.silent.load(Ordering::SeqCst) == 1).await;
            wait_for("one waits", async || waiting(&world.store).await.len() == 1).await;
            world.clock.advance(Duration::from_secs(29));
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(server.open.load(Ordering::SeqCst), 1, "30 s are not over");
            world.clock.advance(Duration::from_secs(1));
            wait_for("the connection is closed", async || server.open.load(Ordering::SeqCst) == 0).await;
            wait_for("why is noted", async || waiting(&world.store).await[0].last_error.is_some()).await;
            let [message] = waiting(&world.store).await.try_into().unwrap();
            let error = message.last_error.unwrap();
            assert_eq!(error, "soc@example.com did not accept the message within 30 s.");
            assert_eq!(message.attempts, 1);
            assert_eq!(message.next_attempt_at.milliseconds_since(world.now()), 15_000);
            wait_for("it is tried again", async || {
                world.clock.advance(Duration::from_secs(1));
                server.opened.load(Ordering::SeqCst) == 2
            })
            .await;
            stop.send(true).unwrap();
            wait_for("the host shuts down", async || {
                world.clock.advance(Duration::from_secs(1));
                serving.is_finished()
            })
            .await;
            assert_eq!(taken.load(Ordering::SeqCst), 1);
        }
    }
}

#[tokio::test]
async fn many_mails_that_stall_keep_no_webhook_waiting() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let (server, (hook, taken)) = (StallingMailServer::start(Stall::AtOnce).await, webhook().await);
        let mut couriers = Couriers { mail: Some(server.courier()), ..Couriers::default() };
        couriers.webhooks.insert("operations".to_owned(), hook);
        let scheduler = scheduler(&world.store, &world.clock, Arc::new(couriers));
        let mails = (1..=40).map(|number| format!("soc-{number}@example.com"));
        fail(&world, &scheduler, mails.chain(["webhook:operations".to_owned()])).await;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(scheduler.serve(stopped));
        wait_for("the webhook is told", async || taken.load(Ordering::SeqCst) == 1).await;
        wait_for("every mail is tried", async || {
            world.clock.advance(Duration::from_secs(1));
            waiting(&world.store).await.iter().all(|message| message.attempts > 0)
        })
        .await;
        assert_eq!(waiting(&world.store).await.len(), 40);
        assert!(server.most.load(Ordering::SeqCst) <= 16, "{server:?}");
        stop.send(true).unwrap();
        serving.abort();
    }
}

/// Accepts a message, and dies before the result is stored.
#[derive(Debug, Default)]
struct Killed {
    taken: Mutex<Vec<String>>,
}

#[async_trait]
impl Courier for Killed {
    async fn deliver(&self, message: &Message, _now: Moment) -> Result<(), String> {
        self.taken.lock().unwrap().push(message.id.clone());
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_host_that_is_killed_between_a_delivery_and_its_note_leaves_the_message_to_be_sent_again() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let killed = Arc::new(Killed::default());
        let scheduler = scheduler(&world.store, &world.clock, killed.clone());
        fail(&world, &scheduler, ["soc@example.com".to_owned()]).await;
        let delivering = tokio::spawn({
            let scheduler = scheduler.clone();
            async move { scheduler.deliver().await }
        });
        wait_for("it is taken", async || !killed.taken.lock().unwrap().is_empty()).await;
        delivering.abort();
        let other = world.beside();
        world.clock.advance(Duration::from_secs(59));
        assert_eq!(other.scheduler.deliver().await.unwrap(), 0, "the host may still live");
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(other.scheduler.deliver().await.unwrap(), 1);
        let told =
            other.delivered.messages.lock().unwrap().iter().map(|message| message.id.clone()).collect::<Vec<_>>();
        assert_eq!(told, *killed.taken.lock().unwrap(), "under the same id");
        assert!(waiting(&world.store).await.is_empty());
    }
}
