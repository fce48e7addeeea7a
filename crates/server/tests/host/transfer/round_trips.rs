//! Exports that are imported again.

use super::{entry, furnish, read, round_trip, write};

use proptest::prelude::*;
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, TransferProgress, export, import};
use soar_store::AuditFilter;
use soar_store::testing::TestStore;

use crate::world::World;

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
        let mut told: Vec<TransferProgress> = Vec::new();
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
