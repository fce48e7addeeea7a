//! Import and export: an export and its import lose nothing, and a bad row does not stop the other rows.

use std::io::{BufReader, Read};
use std::time::Duration;

use proptest::prelude::*;
use soar_host::transfer::{Format, ImportOptions, ImportReport, OnConflict, Progress, Subject, export, import};
use soar_store::model::{AuditEntry, DynamicField, FieldKind, Severity, Surface, Task};
use soar_store::testing::TestStore;
use soar_store::{AuditFilter, Engine, NewCase, NewIncident, Store};

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

#[tokio::test]
async fn what_is_exported_and_imported_is_exported_the_same_in_every_format() {
    let nasty =
        ["=1+1", "'=1", "''", "@x", "+1", "-1", "\tx", "\r", "a,b\"c\"", "", "line\nline", " x ", "＝1", "null", "[]"];
    let texts: Vec<String> = nasty.map(str::to_owned).into();
    for format in Format::ALL {
        let ([one, other], [third, fourth]) = (TestStore::on_both().await, TestStore::on_both().await);
        for (from, to) in [(&one, &other), (&fourth, &third)] {
            let world = World::new(&from.store).await;
            furnish(&world, &from.store, &texts).await;
            let cases = write(&world, "Admin", Subject::Cases, *format).await;
            let incidents = write(&world, "Admin", Subject::Incidents, *format).await;
            let copy = World::new(&to.store).await;
            read(&copy, "Admin", Subject::Cases, *format, OnConflict::Fail, &cases).await;
            let report = read(&copy, "Admin", Subject::Incidents, *format, OnConflict::Fail, &incidents).await;
            assert_eq!((report.added, report.failed), (15, 0), "{report:?}");
            assert_eq!(report.missing_links, []);
            assert_eq!(write(&copy, "Admin", Subject::Cases, *format).await, cases);
            assert_eq!(write(&copy, "Admin", Subject::Incidents, *format).await, incidents);
            for line in incidents.lines().filter(|_| *format == Format::Csv) {
                assert!(!line.contains(",=") && !line.contains(",\"="), "{line}");
            }
            // Import it again over the stored rows.
            let report = read(&world, "Admin", Subject::Incidents, *format, OnConflict::Update, &incidents).await;
            assert_eq!((report.updated, report.failed), (15, 0), "{report:?}");
            assert_eq!(write(&world, "Admin", Subject::Incidents, *format).await, incidents);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_comes_back_as_it_was(texts in proptest::collection::vec("[^\0]{0,12}", 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(round_trip(&texts));
    }
}

#[tokio::test]
async fn bad_rows_are_named_by_line_and_field_and_the_good_ones_are_stored() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let text = format!(
            "{{\"number\":\"1\",\"site\":\"security operations\"}}\n\
             {{\"number\":\"2\",\"site\":\"Nowhere\"}}\n\
             \n\
             not JSON\n\
             {{\"number\":\"5\",\"site\":\"Security Operations\",\"severity\":\"Dire\",\"tilte\":\"x\"}}\n\
             {{\"number\":\"6\",\"site\":\"Security Operations\",\"title\":\"{}\",\"createdAt\":\"soon\"}}\n\
             {{\"number\":\"7\",\"site\":\"Security Operations\",\"tasks\":[{{\"name\":\"t\"}},{{\"name\":\"t\"}}]}}\n\
             {{\"number\":\"8\",\"site\":\"Security Operations\",\"cases\":[{{\"number\":\"none\"}}]}}\n\
             {{\"site\":\"Security Operations\"}}\n\
             {{\"number\":\"1\",\"site\":\"Security Operations\"}}\n\
             {{\"number\":\"11\",\"site\":\"Security Operations\",\"linkedIncidents\":[{{\"number\":\"none\"}}]}}\n\
             {{\"number\":\"12\",\"site\":\"Security Operations\",\"closedBy\":\"x\"}}",
            "x".repeat(101)
        );
        let report = read(&world, "analyst", Subject::Incidents, Format::Ndjson, OnConflict::Fail, &text).await;
        assert_eq!((report.added, report.failed), (2, 9), "{report:?}");
        let mut bad = report.bad_rows.clone();
        bad.sort_by_key(|row| row.line);
        let told: Vec<String> = bad.iter().map(|row| row.to_string()).collect();
        for (line, field, words) in [
            (2, "site", "name of a site, found \"Nowhere\""),
            (4, "", "expected a JSON object, found \"not JSON\""),
            (5, "severity", "Critical, High, Medium, Low, Informational, got \"Dire\""),
            (5, "tilte", "did you mean title?"),
            (6, "title", "at most 100 characters, found 101"),
            (6, "createdAt", "found \"soon\""),
            (7, "tasks", "found \"t\" twice"),
            (8, "cases", "number of a case, found \"none\""),
            (9, "number", "found nothing"),
            (10, "number", "a number that is free, found \"1\""),
            (12, "closedAt", "status is Open"),
        ] {
            let start = if field.is_empty() { format!("line {line}: ") } else { format!("line {line}: {field}: ") };
            assert!(
                told.iter().any(|told| told.starts_with(&start) && told.contains(words)),
                "{line} {field}: {told:#?}"
            );
        }
        assert_eq!(report.missing_links[0].line, 11);
        let report = read(&world, "analyst", Subject::Incidents, Format::Ndjson, OnConflict::Skip, &text).await;
        assert_eq!((report.added, report.skipped), (0, 3), "{report:?}");
    }
}

#[tokio::test]
async fn broken_files_say_where_they_break() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let json = "[{\"number\":\"1\",\"site\":\"Security Operations\"},\n rubbish\n{\"number\":\"2\",\n\"site\":\"Security Operations\"},{\"number\":";
        let report = read(&world, "Admin", Subject::Incidents, Format::Json, OnConflict::Fail, json).await;
        assert_eq!((report.added, report.failed), (2, 2), "{report:?}");
        assert_eq!(report.bad_rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        let csv =
            "\u{feff}number,site,rawData\n3,Security Operations,{}\n4,Security Operations\n5,Security Operations,{\n";
        let report = read(&world, "Admin", Subject::Incidents, Format::Csv, OnConflict::Fail, csv).await;
        assert_eq!((report.added, report.failed), (1, 2), "{report:?}");
        assert!(report.bad_rows[0].to_string().starts_with("line 3: expected 3 cells"), "{report:?}");
        assert!(report.bad_rows[1].to_string().starts_with("line 4: rawData: expected JSON"), "{report:?}");
    }
}

#[tokio::test]
async fn rights_hold_on_import_and_export() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["seen"]).await;
        world.incidents(&world.client, &["hidden"]).await;
        let text = write(&world, "viewer", Subject::Incidents, Format::Ndjson).await;
        assert!(text.contains("seen") && !text.contains("hidden"), "{text}");
        for (name, number, site) in [
            ("viewer", "new", "Security Operations"),
            ("analyst", "new", "Client"),
            ("analyst", "hidden", "Security Operations"),
        ] {
            let row = format!("{{\"number\":\"{number}\",\"site\":\"{site}\"}}");
            let report = read(&world, name, Subject::Incidents, Format::Ndjson, OnConflict::Update, &row).await;
            assert_eq!((report.added, report.updated, report.failed), (0, 0, 1), "{report:?}");
        }
    }
}

#[tokio::test]
async fn links_to_what_is_on_other_sites_neither_come_out_nor_go_in() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.client, &["hidden"]).await;
        world.cases(&world.client, &["hidden-case"]).await;
        let site = &world.operations.name;
        let row = |number: &str, links: &str| format!("{{\"number\":\"{number}\",\"site\":\"{site}\",{links}}}");
        let to_incident = "\"linkedIncidents\":[{\"number\":\"hidden\"}]";
        let both = row("linked", &format!("{to_incident},\"cases\":[{{\"number\":\"hidden-case\"}}]"));
        let report = read(&world, "Admin", Subject::Incidents, Format::Ndjson, OnConflict::Fail, &both).await;
        assert_eq!((report.added, report.missing_links.len()), (1, 0), "{report:?}");
        let shown = write(&world, "Admin", Subject::Incidents, Format::Ndjson).await;
        assert_eq!(shown.matches("hidden-case").count(), 1, "{shown}");
        let shown = write(&world, "analyst", Subject::Incidents, Format::Ndjson).await;
        assert!(shown.contains("linked") && !shown.contains("hidden"), "{shown}");
        // As if the rows did not exist.
        let rows = [row("a", "\"cases\":[{\"number\":\"hidden-case\"}]"), row("b", to_incident)].join("\n");
        let report = read(&world, "analyst", Subject::Incidents, Format::Ndjson, OnConflict::Fail, &rows).await;
        assert_eq!((report.added, report.failed), (1, 1), "{report:?}");
        assert_eq!(report.bad_rows[0].problem, "expected the number of a case, found \"hidden-case\"");
        assert_eq!(report.missing_links[0].line, 2, "{report:?}");
        let shown = write(&world, "Admin", Subject::Incidents, Format::Ndjson).await;
        let b = shown.lines().find(|line| line.contains("\"number\":\"b\"")).unwrap();
        assert!(!b.contains("hidden"), "{b}");
    }
}

#[tokio::test]
async fn many_rows_go_in_batches_and_progress_is_told() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let rows: Vec<_> = (1..=1201).map(|n| format!("20210127-{n},Security Operations")).collect();
        let csv = format!("number,site\n{}\n", rows.join("\n"));
        let caller = world.caller("Admin").await;
        let options = ImportOptions { subject: Subject::Incidents, format: Format::Csv, on_conflict: OnConflict::Fail };
        let mut told: Vec<Progress> = Vec::new();
        let report =
            import(&test.store, &caller, options, csv.as_bytes(), &entry(), &mut |step| told.push(step)).await.unwrap();
        assert_eq!((report.added, report.failed), (1201, 0));
        assert_eq!(told.iter().map(|step| step.rows).collect::<Vec<_>>(), [500, 1000, 1201]);
        assert_eq!(told[2].bytes, csv.len() as u64);
        // Each batch is in the audit log, by the transaction that stored it.
        let mut reader = test.store.reader().await.unwrap();
        let logged = reader.records().audit(&AuditFilter::default(), 10).await.unwrap();
        let mut logged: Vec<_> = logged.into_iter().map(|(_, entry)| entry.reason).collect();
        logged.sort();
        drop(reader);
        let batch = |rows, line| format!("rows.csv: {rows} added, 0 updated up to line {line}");
        assert_eq!(logged, [batch(201, 1202), batch(500, 1001), batch(500, 501)]);
        let mut told = Vec::new();
        let mut out = Vec::new();
        let mut tell = |step| told.push(step);
        let count = export(&test.store, &caller, Subject::Incidents, Format::Json, &mut out, &mut tell).await.unwrap();
        assert_eq!(count, 1201);
        assert_eq!(told.last().map(|step| (step.rows, step.total_rows)), Some((1201, Some(1201))));
        // Numbers that were imported are not given out again.
        let answer = world.json("Admin", "CreateAnIncident", serde_json::json!({ "IncidentType": "x" })).await;
        assert_eq!(answer["contextData"][0]["Incident Number"], "20210127-1202");
    }
}

#[tokio::test]
async fn a_nul_character_in_a_list_makes_a_bad_row_and_stops_nobody() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let site = &world.operations.name;
        let mut text = String::new();
        for (number, list) in [
            r#""tasks":[{"name":"a\u0000"}]"#,
            r#""fields":[{"name":"a","section":"\u0000"}]"#,
            r#""fields":[{"name":"a","value":"\u0000"}]"#,
            r#""cases":[{"number":"\u0000"}]"#,
            r#""linkedIncidents":[{"number":"a","linkedBy":"\u0000"}]"#,
            r#""tasks":[{"name":"no NUL: \\u0000"}]"#,
        ]
        .iter()
        .enumerate()
        {
            text.push_str(&format!("{{\"number\":\"{number}\",\"site\":\"{site}\",{list}}}\n"));
        }
        let report = read(&world, "Admin", Subject::Incidents, Format::Ndjson, OnConflict::Fail, &text).await;
        assert_eq!((report.added, report.failed), (1, 5), "{report:?}");
        assert!(report.bad_rows.iter().all(|row| row.problem.contains("NUL")), "{report:?}");
    }
}

#[tokio::test]
async fn a_row_of_csv_that_does_not_end_is_not_read_for_ever() {
    let test = TestStore::on(Engine::Sqlite).await;
    let world = World::new(&test.store).await;
    let caller = world.caller("Admin").await;
    let options = ImportOptions { subject: Subject::Incidents, format: Format::Csv, on_conflict: OnConflict::Fail };
    let begun = format!("number,site,title\n1,{},\"a quotation mark that is never closed", world.operations.name);
    let mut count = 0;
    let endless = std::io::repeat(b'x').take(1 << 30);
    let counted = Counted { reader: std::io::Cursor::new(begun).chain(endless), count: &mut count };
    let reader = BufReader::new(counted);
    let error = import(&world.store, &caller, options, reader, &entry(), &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("the row is longer than"), "{error}");
    assert!(count < 20 << 20, "{count} bytes were read");
}

async fn refused(world: &World, format: Format, bytes: &[u8]) -> String {
    let caller = world.caller("Admin").await;
    let options = ImportOptions { subject: Subject::Incidents, format, on_conflict: OnConflict::Fail };
    let ended = import(&world.store, &caller, options, bytes, &entry(), &mut |_| {}).await;
    ended.unwrap_err().to_string()
}

async fn numbers(world: &World) -> Vec<String> {
    let text = write(world, "Admin", Subject::Incidents, Format::Ndjson).await;
    let number =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["number"].as_str().map(str::to_owned);
    text.lines().filter_map(number).collect()
}

#[tokio::test]
async fn a_number_with_blanks_around_it_is_trimmed_and_one_that_no_list_can_name_is_refused() {
    let test = TestStore::on(Engine::Sqlite).await;
    let world = World::new(&test.store).await;
    let csv = "number,site,linkedIncidents\n\"WS-1 \",Security Operations,\n\" WS-2\",Security Operations,\" WS-1, WS-3\"\n\
               WS-3,Security Operations,\n\"a,b\",Security Operations,\na b,Security Operations,\na\u{ad}b,Security Operations,\n";
    let report = read(&world, "Admin", Subject::Incidents, Format::Csv, OnConflict::Fail, csv).await;
    assert_eq!((report.added, report.failed), (3, 3), "{report:?}");
    assert_eq!(report.missing_links, []);
    assert!(report.bad_rows.iter().all(|row| row.problem.contains("without blanks, commas")), "{report:?}");
    assert_eq!(numbers(&world).await, ["WS-1", "WS-2", "WS-3"]);
    let ndjson = "{\"number\":\" J-1 \",\"site\":\"Security Operations\",\"linkedIncidents\":[\"WS-1 \",{\"number\":\" WS-2\"}]}\n\
                  {\"number\":\"J,2\",\"site\":\"Security Operations\"}\n\
                  {\"number\":\"J-3\",\"site\":\"Security Operations\",\"linkedIncidents\":[\"a b\"]}\n";
    let report = read(&world, "Admin", Subject::Incidents, Format::Ndjson, OnConflict::Fail, ndjson).await;
    assert_eq!((report.added, report.failed), (1, 2), "{report:?}");
    let cases = "number,site\n\" C-1\",Security Operations\n\"C 2\",Security Operations\n";
    let report = read(&world, "Admin", Subject::Cases, Format::Csv, OnConflict::Fail, cases).await;
    assert_eq!((report.added, report.failed), (1, 1), "{report:?}");
}

#[tokio::test]
async fn what_is_there_twice_is_refused_by_name() {
    let test = TestStore::on(Engine::Sqlite).await;
    let world = World::new(&test.store).await;
    let site = "Security Operations";
    let csv =
        format!("number,severity,site,title,Severity,tilte\nD-1,Critical,{site},t,Low,x\nD-2,Critical,{site},t,,x\n");
    let error = refused(&world, Format::Csv, csv.as_bytes()).await;
    for part in ["line 1", "twice: \"severity\" (column 2) and \"Severity\" (column 5)", "did you mean title?"] {
        assert!(error.contains(part), "{error}");
    }
    // Reported once, whatever the number of rows.
    assert_eq!(error.matches("twice").count(), 1, "{error}");
    assert!(numbers(&world).await.is_empty());
    let ndjson = format!(
        "{{\"number\":\"J-1\",\"site\":\"{site}\",\"severity\":\"Critical\",\"severity\":\"Low\"}}\n\
         {{\"number\":\"J-2\",\"Incident Number\":\"J-3\",\"site\":\"{site}\"}}\n\
         {{\"number\":\"J-4\",\"site\":\"{site}\",\"tasks\":[{{\"name\":\"a\",\"name\":\"b\"}}]}}\n"
    );
    for (format, text) in
        [(Format::Ndjson, ndjson.clone()), (Format::Json, format!("[{}]", ndjson.trim().replace('\n', ",")))]
    {
        let report = read(&world, "Admin", Subject::Incidents, format, OnConflict::Fail, &text).await;
        assert_eq!((report.added, report.failed), (0, 3), "{report:?}");
        assert!(report.bad_rows[0].problem.contains("\"severity\" and \"severity\""), "{report:?}");
        assert!(report.bad_rows[1].problem.contains("\"number\" and \"Incident Number\""), "{report:?}");
        assert!(report.bad_rows[2].problem.contains("duplicate field"), "{report:?}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_any_format() {
    for (format, text) in [
        (Format::Csv, "number,site\nA-1,Security Operations\n"),
        (Format::Ndjson, "{\"number\":\"A-1\",\"site\":\"Security Operations\"}\n"),
        (Format::Json, "[{\"number\":\"A-1\",\"site\":\"Security Operations\"}]"),
    ] {
        let test = TestStore::on(Engine::Sqlite).await;
        let world = World::new(&test.store).await;
        let marked = format!("\u{feff}{text}");
        let report = read(&world, "Admin", Subject::Incidents, format, OnConflict::Fail, &marked).await;
        assert_eq!((report.added, report.failed), (1, 0), "{format}: {report:?}");
        let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let error = refused(&world, format, &wide).await;
        assert!(error.contains("expected UTF-8 text, found UTF-16"), "{format}: {error}");
    }
}

#[tokio::test]
async fn names_and_times_of_other_lists_are_understood() {
    let test = TestStore::on(Engine::Sqlite).await;
    let world = World::new(&test.store).await;
    let csv = "Incident Number,Incident Type,Title,Status,Severity,Tags,Site,Owner,Timezone,Date Created,Linked Incidents\n\
               D3-1,Phishing,A title,Open,High,[],Security Operations,analyst,UTC,2021-01-27 14:08:00,\n\
               D3-2,,,Open,Low,\"[\"\"x\"\"]\",Security Operations,,,,\n\
               D3-3,,,Open,Low,,Security Operations,,,,D3-1\n";
    let report = read(&world, "Admin", Subject::Incidents, Format::Csv, OnConflict::Fail, csv).await;
    assert_eq!((report.added, report.failed), (2, 1), "{report:?}");
    assert!(report.bad_rows[0].problem.contains("does not store the field Tags"), "{report:?}");
    let json = "[{\"number\":\"L-1\",\"site\":\"Security Operations\",\"createdAt\":1611756480000,\"version\":7}]";
    let report = read(&world, "Admin", Subject::Incidents, Format::Json, OnConflict::Fail, json).await;
    assert_eq!((report.added, report.failed), (1, 0), "{report:?}");
    let text = write(&world, "Admin", Subject::Incidents, Format::Ndjson).await;
    for line in text.lines().filter(|line| line.contains("D3-1\",\"title") || line.contains("L-1")) {
        assert!(line.contains("\"createdAt\":\"2021-01-27T14:08:00Z\""), "{line}");
    }
}

/// Counts what is read.
struct Counted<'c, R> {
    reader: R,
    count: &'c mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(bytes)?;
        *self.count += read as u64;
        Ok(read)
    }
}
