//! A scripted week: devices appear and go, findings open, are fixed and reopen, ids shift, and one day's collection is cut
//! short. The log equals the script's own list of changes, also when the collecting process is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::findings::CollectionToMake;
use soar_host::settings::HostSettings;
use soar_store::Engine;
use soar_store::testing::TestStore;

use super::product::{Data, Lister, ProductDevice, ProductFault};
use super::world::{FindingsWorld, host, in_words};
use crate::rules::world as rules;

/// The environment variables of a collecting process: the store's address, and the file with the product's data.
const STORE: &str = "FOOTPRINT_WEEK_STORE";
const DATA: &str = "FOOTPRINT_WEEK_DATA";

/// A generator of numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    /// A number below `below`.
    fn roll(&mut self, below: u64) -> u64 {
        // Knuth's MMIX generator.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A finding as the script knows it: its state, its score, and whether it is listed.
type ScriptFinding = (String, f64, bool);

/// The script: the product's data, and the log that must come of it.
struct WeekScript {
    dice: Dice,
    data: Data,
    /// By tenant, the device as it was first listed, and CVE.
    known: BTreeMap<(String, u64, String), ScriptFinding>,
    /// The first id of each device.
    first_ids: BTreeMap<(String, u64), u64>,
    next_device: u64,
    /// The ids of devices that the host has read.
    read: BTreeSet<(String, u64)>,
    whole_before: BTreeSet<String>,
}

impl WeekScript {
    fn new(seed: u64, findings: u64) -> Self {
        let mut script = Self {
            dice: Dice(seed),
            data: Data::default(),
            known: BTreeMap::new(),
            first_ids: BTreeMap::new(),
            next_device: 1,
            read: BTreeSet::new(),
            whole_before: BTreeSet::new(),
        };
        for tenant in ["1", "2"] {
            for _ in 0..4 {
                script.new_device(tenant, findings / 8);
            }
        }
        script
    }

    fn new_device(&mut self, tenant: &str, findings: u64) {
        let id = self.next_device;
        self.next_device += 1;
        let mut device =
            ProductDevice { name: format!("device-{id}"), ip: format!("10.0.{id}.1"), ..ProductDevice::default() };
        for number in 0..findings {
            device.findings.insert(format!("CVE-2025-{number:05}"), ("open".to_owned(), 5.0));
        }
        self.data.tenants.entry(tenant.to_owned()).or_default().devices.insert(id, device);
        self.first_ids.insert((tenant.to_owned(), id), id);
    }

    /// The product changes overnight.
    fn night(&mut self) {
        for tenant in ["1", "2"] {
            let ids: Vec<u64> = self.data.tenants[tenant].devices.keys().copied().collect();
            for id in &ids {
                let device = self.data.tenants.get_mut(tenant).unwrap().devices.get_mut(id).unwrap();
                for (state, score) in device.findings.values_mut() {
                    match self.dice.roll(50) {
                        0 => *state = "fixed".to_owned(),
                        1 => *state = "open".to_owned(),
                        2 => *state = "accepted".to_owned(),
                        3 => *score = 1.0 + self.dice.roll(9) as f64,
                        _ => {}
                    }
                }
                let number = self.dice.roll(10_000);
                device.findings.insert(format!("CVE-2026-{number:05}"), ("open".to_owned(), 9.0));
                let gone = self.dice.roll(40);
                device.findings.remove(&format!("CVE-2025-{gone:05}"));
            }
            // A device is created again with another id, one goes, and one appears.
            let again = ids[self.dice.roll(ids.len() as u64) as usize];
            let device = self.data.tenants.get_mut(tenant).unwrap().devices.remove(&again).unwrap();
            let first = self.first_ids.remove(&(tenant.to_owned(), again)).unwrap();
            let id = self.next_device;
            self.next_device += 1;
            self.first_ids.insert((tenant.to_owned(), id), first);
            self.data.tenants.get_mut(tenant).unwrap().devices.insert(id, device);
            if ids.len() > 3 {
                let goes = *ids.iter().find(|id| **id != again).unwrap();
                self.data.tenants.get_mut(tenant).unwrap().devices.remove(&goes);
            }
            self.new_device(tenant, 20);
        }
        self.data.first_id += 1_000_000;
        self.data.shifted = !self.data.shifted;
    }

    /// The changes that a collection of the product as it is must log.
    fn expected(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        for (tenant, data) in &self.data.tenants {
            let baseline = if self.whole_before.contains(tenant) { "" } else { " baseline" };
            let most = match data.fault {
                Some(ProductFault::CutAfter(most)) => most,
                _ => usize::MAX,
            };
            let mut rows = Vec::new();
            for (id, device) in &data.devices {
                for (cve, (state, score)) in &device.findings {
                    rows.push((*id, cve.clone(), state.clone(), *score));
                }
            }
            if self.data.shifted {
                rows.reverse();
            }
            rows.truncate(most);
            let mut listed = BTreeSet::new();
            for (id, cve, state, score) in rows {
                let device = self.first_ids[&(tenant.clone(), id)];
                // A snapshot that is not whole leaves out a device that was created again.
                if data.fault.is_some() && id != device && !self.read.contains(&(tenant.clone(), id)) {
                    continue;
                }
                self.read.insert((tenant.clone(), id));
                let key = (tenant.clone(), device, cve.clone());
                listed.insert(key.clone());
                let at = format!("{tenant}/{device} {cve}");
                let line = match self.known.get(&key) {
                    None if state == "fixed" => Some(format!("fixed {at}{baseline}")),
                    None => Some(format!("opened {at}{baseline}")),
                    Some((before, old, was_listed)) => {
                        let status = if *before == state { "" } else { "status state" };
                        let cvss = if (old - score).abs() < f64::EPSILON { "" } else { "cvss" };
                        let fields = format!("{status} {cvss}").trim().to_owned();
                        if state == "fixed" && (before != "fixed" || !was_listed) {
                            Some(format!("fixed {at}{baseline}"))
                        } else if state == "open" && (before == "fixed" || !was_listed) {
                            Some(format!("reopened {at}{baseline}"))
                        } else if !fields.is_empty() || !was_listed {
                            Some(format!("changed {at} ({fields}){baseline}"))
                        } else {
                            None
                        }
                    }
                };
                told.extend(line);
                self.known.insert(key, (state, score, true));
            }
            if data.fault.is_some() {
                continue;
            }
            let devices: BTreeSet<u64> = data.devices.keys().map(|id| self.first_ids[&(tenant.clone(), *id)]).collect();
            for (key, known) in self.known.iter_mut().filter(|(key, known)| key.0 == *tenant && known.2) {
                if !listed.contains(key) {
                    let reason = if devices.contains(&key.1) { "unknown" } else { "device gone" };
                    told.push(format!("gone {}/{} {} ({reason}){baseline}", key.0, key.1, key.2));
                    known.2 = false;
                }
            }
            self.whole_before.insert(tenant.clone());
        }
        told.sort();
        told
    }
}

/// Runs a week. `collect` makes one collection of the day's data.
async fn week(world: &FindingsWorld, days: u64, findings: u64, mut collect: impl AsyncFnMut(u64, &Data)) {
    let mut script = WeekScript::new(20_261_127, findings);
    let mut read = 0;
    for day in 0..days {
        if day > 0 {
            script.night();
        }
        // One day's collection of one tenant is cut short.
        let fault = (day == 1).then_some(ProductFault::CutAfter(30));
        script.data.tenants.get_mut("1").unwrap().fault = fault;
        let expected = script.expected();
        collect(day, &script.data).await;
        let mut told = Vec::new();
        loop {
            let changes = world.changes(read).await;
            let Some(last) = changes.last() else { break };
            for (number, change) in (read + 1..).zip(&changes) {
                assert_eq!(change.sequence.0, number, "the numbers have no gaps and each comes once");
            }
            read = last.sequence.0;
            told.extend(changes.iter().map(in_words));
        }
        told.sort();
        let tenants = world.operations().finding_tenants(&world.context).await.unwrap();
        assert_eq!(told, expected, "day {day}: {tenants:?}");
        assert!(!told.is_empty());
    }
}

#[tokio::test]
async fn the_log_of_a_week_equals_the_scripts_own_list_of_changes() {
    for world in FindingsWorld::on_both().await {
        week(&world, 7, 800, async |_, data| {
            *world.lister.data() = data.clone();
            world.collect().await;
        })
        .await;
    }
}

/// Starts a process that makes one collection: this test program, with [`a_collecting_process`] alone.
fn collecting(store: &str, data: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["findings::week::a_collecting_process", "--exact", "--nocapture"]);
    command.env(STORE, store).env(DATA, data).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// In a process of [`collecting`]: makes a collection, or goes on with the one that a killed process began. Otherwise a
/// process without the variables collects nothing.
#[tokio::test]
async fn a_collecting_process() {
    let (Ok(store), Ok(data)) = (std::env::var(STORE), std::env::var(DATA)) else {
        assert!(std::env::var(STORE).is_err() || std::env::var(DATA).is_err());
        return;
    };
    let lister = Lister::new();
    *lister.data() = serde_json::from_slice(&std::fs::read(data).unwrap()).unwrap();
    let test = TestStore::at(&store, Duration::from_secs(30)).await;
    let (connections, settings, _) = host(test.store.clone(), &lister, HostSettings::default());
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let operations = soar_host::Host::with_connectors(settings, executor).unwrap().operations.clone();
    let context = FindingsWorld::context(&test.store).await;
    let id = match operations.unfinished_collection(&context).await.unwrap() {
        Some(id) => id,
        None => operations.collect_findings(&context, &CollectionToMake::default()).await.unwrap().id,
    };
    operations.finish_collection(id, &|_| ()).await.unwrap();
}

/// Runs a week in which the collecting process is killed at random instants, with a rule that makes incidents. The
/// environment sets the numbers for both engines.
async fn week_with_kills(engine: Engine, days: u64, kills: u64) {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (days, kills) = (number("FOOTPRINT_WEEK_DAYS", days), number("FOOTPRINT_WEEK_KILLS", kills));
    let world = FindingsWorld::new(TestStore::on(engine).await).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let mut dice = Dice(std::process::id().into());
    let mut killed = 0;
    let rule = json!({
        "name": "High", "when": { "cvssAtLeast": 8.5 }, "mostPerCollection": 1000, "then": { "incident": {} },
    });
    let rule = rules::add(&world, &rule).await.id;
    week(&world, days, 6_000, async |_, data| {
        std::fs::write(&file, serde_json::to_vec(data).unwrap()).unwrap();
        let mut today = kills.div_ceil(days);
        loop {
            let mut process = collecting(&world.test.address, &file);
            if today > 0 && killed < kills {
                let instant = Duration::from_millis(dice.roll(1_500));
                tokio::time::sleep(instant).await;
                process.kill().unwrap();
                process.wait().unwrap();
                (today, killed) = (today - 1, killed + 1);
                continue;
            }
            assert!(process.wait().unwrap().success());
            return;
        }
    })
    .await;
    assert_eq!(killed, kills);
    // The rule made each incident once, as its plan says.
    let plan = world.operations().plan_known_finding_rule(&world.context, rule, 1).await.unwrap();
    assert!(plan.made >= i64::try_from(days).unwrap() && plan.problem.is_none(), "{plan:?}");
    rules::assert_as_planned(&world, &plan).await;
}

#[tokio::test]
async fn each_change_is_logged_once_although_the_collecting_process_is_killed_on_sqlite() {
    week_with_kills(Engine::Sqlite, 3, 3).await;
}

#[tokio::test]
async fn each_change_is_logged_once_although_the_collecting_process_is_killed_on_postgresql() {
    week_with_kills(Engine::Postgres, 2, 1).await;
}
