//! Import and export: an export and its import lose nothing, and a bad row does not stop the other rows.

mod bad_input;
mod round_trips;

use std::io::BufReader;
use std::time::Duration;

use soar_host::transfer::{Format, ImportOptions, ImportReport, OnConflict, Subject, export, import};
use soar_store::model::{AuditEntry, DynamicField, FieldKind, Severity, Surface, Task};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewCase, NewIncident, Store};

use crate::world::{NOW, World};

async fn write(world: &World, name: &str, subject: Subject, format: Format) -> String {
    let caller = world.caller(name).await;
    let mut out = Vec::new();
    export(&world.store, &caller, subject, format, &mut out, &mut |_| {}).await.unwrap();
    String::from_utf8(out).unwrap()
}

fn entry() -> AuditEntry {
    let (command, reason) = ("incident import".to_owned(), "rows.csv".to_owned());
    AuditEntry { command, reason, ..AuditEntry::new(NOW, Surface::Terminal, "test") }
}

async fn read(
    world: &World,
    name: &str,
    subject: Subject,
    format: Format,
    on_conflict: OnConflict,
    text: &str,
) -> ImportReport {
    let caller = world.caller(name).await;
    let options = ImportOptions { subject, format, on_conflict };
    // A small buffer: rows come in pieces.
    let reader = BufReader::with_capacity(7, text.as_bytes());
    import(&world.store, &caller, options, reader, &entry(), &mut |_| {}).await.unwrap()
}

/// Incidents with all fields, including texts with a meaning in CSV, JSON or a spreadsheet.
async fn furnish(world: &World, store: &Store, texts: &[String]) {
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    let case = NewCase { title: texts[0].clone(), ..NewCase::open("c-1".to_owned(), world.client.id, "Admin", NOW) };
    let cases = records.insert_cases(&[case]).await.unwrap();
    let incidents: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| NewIncident {
            title: text.chars().take(100).collect(),
            description: text.clone(),
            conclusion: format!("{text}\n{text}"),
            disposition: text.clone(),
            owner: [None, Some("analyst"), Some("System")][n % 3].map(str::to_owned),
            severity: Severity::ALL[n % 5],
            raw_data: (n % 2 == 0).then(|| serde_json::json!({ text: [0.1, text] }).to_string()),
            due_at: (n % 3 == 0).then_some(NOW + Duration::from_millis(1)),
            closed: (n % 2 == 1).then(|| (NOW + Duration::from_millis(123), "admin user".to_owned())),
            ..NewIncident::open(format!("n-{n}"), world.operations.id, "Admin", NOW + Duration::from_millis(n as u64))
        })
        .collect();
    let ids = records.insert_incidents(&incidents).await.unwrap();
    for (id, text) in ids.iter().zip(texts) {
        let tasks = [Task { name: format!("={text}"), required: true, done: false }];
        let value = Some(text.clone()).filter(|text| !text.is_empty());
        let (section, name) = ("Customer".to_owned(), "Name".to_owned());
        let field = DynamicField { section, name, kind: FieldKind::InfoActivity, required_on_close: true, value };
        records.insert_details(&[(*id, &tasks, &[field])]).await.unwrap();
        records.insert_case_links(&[(cases[0], *id, NOW, text)]).await.unwrap();
    }
    // The first is linked with the last, which does not exist yet at the import of the first.
    if ids.len() > 1 {
        records.link_incidents(&[(ids[0], ids[ids.len() - 1], NOW, "Admin")]).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn round_trip(texts: &[String]) {
    let (from, to) = (TestStore::on(Engine::Sqlite).await, TestStore::on(Engine::Sqlite).await);
    let world = World::new(&from.store).await;
    furnish(&world, &from.store, texts).await;
    let cases = write(&world, "Admin", Subject::Cases, Format::Csv).await;
    let incidents = write(&world, "Admin", Subject::Incidents, Format::Csv).await;
    let copy = World::new(&to.store).await;
    read(&copy, "Admin", Subject::Cases, Format::Csv, OnConflict::Fail, &cases).await;
    let report = read(&copy, "Admin", Subject::Incidents, Format::Csv, OnConflict::Fail, &incidents).await;
    assert_eq!((report.added, report.failed), (texts.len() as u64, 0), "{report:?}");
    for format in Format::ALL {
        for subject in Subject::ALL {
            let (original, copied) =
                (write(&world, "Admin", *subject, *format).await, write(&copy, "Admin", *subject, *format).await);
            assert_eq!(original, copied);
        }
    }
}
