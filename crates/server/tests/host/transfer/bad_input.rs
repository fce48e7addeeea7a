//! Files that are refused in part or as a whole, and the names that are understood.

use super::{entry, read, write};
use std::io::{BufReader, Read};

use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_store::Engine;
use soar_store::testing::TestStore;

use crate::world::World;

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
    let counted = CountingReader { reader: std::io::Cursor::new(begun).chain(endless), count: &mut count };
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
struct CountingReader<'c, R> {
    reader: R,
    count: &'c mut u64,
}

impl<R: Read> Read for CountingReader<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(bytes)?;
        *self.count += read as u64;
        Ok(read)
    }
}
