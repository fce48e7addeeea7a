//! Incidents, cases and the bulk commands at the terminal, on both stores.

use serde_json::json;
use soar_store::Store;
use soar_store::testing::PostgresServer;

use crate::instance::Instance;
use crate::support::ended;

const INCIDENTS: &str = "\
number,site,title,severity,createdAt,tasks,fields
20210127-198,Security Operations,Suspicious login,High,2021-01-27T14:08:00Z,\"[{\"\"name\"\":\"\"Notify\"\",\"\"required\"\":true,\"\"done\"\":false}]\",
20210127-197,Security Operations,=cmd|calc,Low,2021-01-27T14:09:00Z,,\"[{\"\"section\"\":\"\"Customer\"\",\"\"name\"\":\"\"Name\"\",\"\"kind\"\":\"\"Activity\"\",\"\"requiredOnClose\"\":true}]\"
20210127-196,Security Operations,Malware,Critical,2021-01-27T14:10:00Z,,
";

/// An instance with three incidents. A task keeps one open, and a field another.
fn stocked(instance: Instance) -> Instance {
    let file = instance.file("incidents.csv", INCIDENTS);
    let out = instance.successful(["incident", "import", file.to_str().unwrap()]);
    assert_eq!(out, "✔ Incidents imported: 3 added.\n");
    instance
}

const CLOSE: [&str; 4] =
    ["utility", "close-incident-in-bulk", "--incident-numbers", "20210127-198,20210127-197,20210127-196,nope"];

#[test]
fn lists_can_be_filtered_and_say_that_there_is_more() {
    let instance = stocked(Instance::new());
    insta::assert_snapshot!("incident_list", instance.shown(["incident", "list"]));
    insta::assert_snapshot!("incident_show", instance.shown(["incident", "show", "20210127-197"]));
    let numbers = |arguments: &[&str]| -> Vec<String> {
        let found = instance.json(["incident", "list"].into_iter().chain(arguments.iter().copied()));
        found.as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers(&["--severity", "critical", "--status", "open"]), ["20210127-196"]);
    assert_eq!(numbers(&["--title", "LOGIN"]), ["20210127-198"]);
    assert_eq!(numbers(&["--since", "2021-01-27T14:10:00Z"]), ["20210127-196"]);
    assert!(numbers(&["--status", "Closed"]).is_empty());
    assert_eq!(numbers(&["--limit", "2", "--page", "2"]), ["20210127-196"]);
    let (_, _, note) = instance.ended(["incident", "list", "--limit", "2"]);
    assert!(note.contains("There are more: --page 2"), "{note}");
    assert!(instance.refused(2, ["incident", "show", "nope"]).contains("`footprint incident list`"));
}

#[test]
fn bad_rows_are_named_with_their_lines_and_the_others_are_imported() {
    for instance in Instance::on_both() {
        let text = "number,site,severity\n1,Security Operations,High\n,Security Operations,Low\n3,Nowhere,Low\n\
                    4,Security Operations,Dreadful\n5,Security Operations,Low\n";
        let file = instance.file("incidents.csv", text);
        let (code, out, error) = instance.ended(["incident", "import", file.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (1, "✘ Incidents imported: 2 added, 3 failed.\n"));
        for line in ["error: line 3: number: ", "error: line 4: ", "error: line 5: severity: "] {
            assert!(error.contains(line), "{error}");
        }
        let (file, errors) = (file.to_str().unwrap(), instance.beside("errors.txt"));
        let (code, _, error) =
            instance.ended(["incident", "import", file, "--on-conflict", "skip", "--errors", &errors]);
        assert!(code == 1 && !error.contains("line 3"), "{error}");
        let written = std::fs::read_to_string(&errors).unwrap();
        assert!(written.starts_with("line 3: number: ") && written.lines().count() == 3, "{written}");
    }
}

#[test]
fn what_is_exported_can_be_imported_again_whatever_the_format() {
    let instance = stocked(Instance::new());
    let whole = instance.successful(["incident", "export", "--format", "ndjson"]);
    assert_eq!(whole.lines().count(), 3);
    for format in ["json", "ndjson", "csv"] {
        let other = Instance::new();
        let path = instance.beside(&format!("export.{format}"));
        let out = instance.successful(["incident", "export", &path]);
        assert!(out.contains("3 incidents exported to "), "{out}");
        other.successful(["incident", "import", &path]);
        assert_eq!(other.successful(["incident", "export"]), whole, "{format}");
    }
    let path = instance.beside("export.csv");
    assert!(std::fs::read_to_string(&path).unwrap().contains("'=cmd|calc"), "formulas are disarmed");
    assert!(instance.refused(2, ["incident", "export", &path]).contains("--force replaces it"));
    instance.successful(["incident", "export", &path, "--force"]);
    let other = Instance::new();
    let mut piped = other.footprint(["incident", "import", "-", "--format", "ndjson"]);
    piped.write_stdin(whole.clone());
    assert_eq!(ended(piped).1, "✔ Incidents imported: 3 added.\n");
    assert_eq!(other.successful(["incident", "export"]), whole);
    assert!(instance.refused(2, ["incident", "import", "x.xlsx"]).contains("Give it with --format"));
    assert!(instance.refused(2, ["incident", "import", "/nowhere.csv"]).contains("cannot be read"));
}

#[test]
fn a_plan_shows_what_would_change_and_changes_nothing() {
    let instance = stocked(Instance::new());
    let mut plan = CLOSE.to_vec();
    plan.push("--plan");
    insta::assert_snapshot!("plan", instance.shown(plan.iter().copied()));
    assert_eq!(instance.json(["incident", "list", "--status", "closed"]), json!([]));
}

#[test]
fn a_plan_is_applied_once_and_refused_when_its_ground_has_moved() {
    for instance in Instance::on_both() {
        let instance = stocked(instance);
        let path = instance.beside("plan.json");
        let plan = || {
            let mut arguments = CLOSE.to_vec();
            arguments.push("--plan");
            let plan = instance.json(arguments);
            std::fs::write(&path, plan.to_string()).unwrap();
            plan
        };
        let planned = plan();
        assert_eq!(planned["items"].as_array().unwrap().len(), 4);
        let apply = ["utility", "close-incident-in-bulk", "--apply", &path];
        instance.successful(["incident", "task", "20210127-198", "Notify", "done"]);
        let error = instance.refused(1, apply);
        assert!(error.contains("The basis of the plan has changed: \"20210127-198\""), "{error}");
        assert_eq!(instance.json(["incident", "list", "--status", "closed"]), json!([]), "nothing was done");
        plan();
        let other = ["utility", "update-incident-site-in-bulk", "--apply", &path];
        assert!(instance.refused(2, other).contains("is a plan of Close Incident in Bulk"));
        let (code, out, error) = instance.ended(apply);
        assert!(code == 1 && out.contains("✘ Partially Successful"), "{out}{error}");
        let closed = instance.json(["incident", "list", "--status", "closed"]);
        assert_eq!(closed.as_array().unwrap().len(), 2, "{closed}");
        assert_eq!(instance.ended(apply).0, 1, "what was applied is another ground");
    }
}

#[test]
fn a_bulk_command_takes_its_parameters_in_every_form() {
    for instance in Instance::on_both() {
        let instance = stocked(instance);
        let numbers = instance.file("numbers.json", r#"{"Incident Numbers": ["20210127-196"], "Conclusion": "Done"}"#);
        let close = ["utility", "CLOSE"];
        assert_eq!(instance.ended(close).0, 2);
        let out = instance.successful([
            "utility",
            "close-incident-in-bulk",
            "--params-file",
            numbers.to_str().unwrap(),
            "--username",
            "Admin",
        ]);
        assert!(out.ends_with("✔ Successful\n"), "{out}");
        let answer = instance.json([
            "utility",
            "close-incident-in-bulk",
            "--param",
            "Incident Numbers=20210127-198,20210127-197",
            "--bypass-required-pending-tasks",
            "--bypass-all-required-fields",
            "yes",
        ]);
        let rows = answer["contextData"].as_array().unwrap();
        assert_eq!(answer["returnData"], "Successful");
        assert!(rows.len() == 2 && rows.iter().all(|row| row["Result"] == "Successful"), "{answer}");
        let twice = ["utility", "close-incident-in-bulk", "--incident-numbers", "1", "--param", "incident-numbers=1"];
        assert!(instance.refused(2, twice).contains("is given twice"));
        let missing = instance.refused(2, ["utility", "close-incident-in-bulk"]);
        assert!(missing.contains("Incident Numbers is required"), "{missing}");
        let audited = instance.json(["audit", "--command", "CloseIncidentInBulk"]);
        assert_eq!((&audited[0]["surface"], &audited[0]["actingFor"]), (&"terminal".into(), &"Admin".into()));
    }
}

#[test]
fn a_bulk_command_that_takes_too_long_is_undone_and_audited() {
    let instance = stocked(Instance::on(PostgresServer::shared().new_database()));
    instance.set("command-seconds = 1");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let held = runtime.block_on(async {
        let store = Store::open_existing(instance.store_address().unwrap()).await.unwrap();
        let mut transaction = store.transaction().await.unwrap();
        // The command waits for the lock of this incident.
        transaction.records().incident_for_change("20210127-198").await.unwrap();
        transaction
    });
    let error = instance.refused(1, CLOSE);
    assert!(error.contains("The command took longer than its timeout of 1 s and was undone."), "{error}");
    let refused = instance.json(["audit", "--refused", "--command", "CloseIncidentInBulk"]);
    assert!(refused[0]["reason"].as_str().unwrap().contains("timeout of 1 s"), "{refused}");
    assert_eq!(instance.json(["incident", "list", "--status", "closed"]), json!([]), "nothing was done");
    runtime.block_on(async { drop(held) });
    assert_eq!(instance.ended(CLOSE).0, 1);
    assert_eq!(instance.json(["incident", "list", "--status", "closed"]).as_array().unwrap().len(), 1);
}

#[test]
fn an_incident_is_made_set_and_linked() {
    for instance in Instance::on_both() {
        let instance = stocked(instance);
        let made = instance.json([
            "incident",
            "create",
            "--type",
            "Phishing",
            "--title",
            "Mail",
            "--severity",
            "High",
            "--due",
            "2099-01-01 12:00:00",
            "--raw-data",
            r#"{"hosts": [1]}"#,
        ]);
        let number = made["number"].as_str().unwrap();
        assert_eq!((&made["severity"], &made["rawData"]), (&json!("High"), &json!({ "hosts": [1] })), "{made}");
        assert_eq!(made["dueAt"], json!(4_070_952_000_000_i64));
        for (flag, value) in [("--due", "soon"), ("--raw-data", "{")] {
            let error = instance.refused(2, ["incident", "create", "--type", "X", flag, value]);
            assert!(error.contains(flag), "{error}");
        }
        let version = made["version"].to_string();
        instance.successful(["incident", "set", number, "Severity", "Low", "--version", &version]);
        let stale = instance.refused(1, ["incident", "set", number, "Severity", "High", "--version", &version]);
        assert!(stale.contains("has been changed since you read it"), "{stale}");
        assert!(instance.refused(2, ["incident", "set", number, "Colour", "red"]).contains("Colour"));
        let flag = instance.refused(2, ["incident", "set", number, "--severity", "High"]);
        assert!(flag.contains(&format!("`footprint incident set {number} severity High`")), "{flag}");
        instance.successful(["incident", "set", number, "severity", "Low"]);

        let linked = instance.successful(["incident", "link", number, "20210127-198", "20210127-197"]);
        assert_eq!(linked, format!("✔ The incident \"{number}\" has 2 new links.\n"));
        let again = instance.successful(["incident", "link", number, "20210127-198"]);
        assert!(again.contains("was linked with them already"), "{again}");
        let shown = instance.json(["incident", "show", number]);
        let links = shown["linkedIncidents"].as_array().unwrap().len();
        assert_eq!((links, &shown["severity"]), (2, &json!("Low")));
        let shown = instance.successful(["incident", "show", number]);
        assert!(shown.contains("20210127-198: Suspicious login (Open)"), "{shown}");
        instance.refused(2, ["incident", "link", number, "nope"]);
        let audit = instance.json(["audit", "--command", "incident link"]);
        let accepted: Vec<_> = audit.as_array().unwrap().iter().map(|entry| &entry["accepted"]).collect();
        assert_eq!(accepted, [&json!(true), &json!(true), &json!(false)], "{audit}");
    }
}

#[test]
fn rights_count_at_the_terminal_too() {
    let instance = stocked(Instance::new());
    instance.successful(["user", "add", "viewer", "--role", "Viewer"]);
    let create = ["incident", "create", "--type", "X", "--as", "viewer"];
    assert!(instance.refused(1, create).contains("lacks the right to change incidents"));
    let task = ["incident", "task", "20210127-198", "Notify", "done", "--as", "viewer"];
    assert!(instance.refused(1, task).contains("the right to change incidents"));
    instance.successful(["site", "add", "Acme Corp"]);
    instance.successful(["user", "add", "stranger", "--role", "Manager", "--site", "Acme Corp"]);
    assert_eq!(instance.json(["incident", "list", "--as", "stranger"]), json!([]));
    let unseen = instance.refused(2, ["incident", "show", "20210127-198", "--as", "stranger"]);
    assert!(unseen.contains("There is no incident \"20210127-198\""), "{unseen}");
    let task = ["incident", "task", "20210127-198", "Notify", "done", "--as", "stranger"];
    assert!(instance.refused(2, task).contains("There is no incident"));
}

#[test]
fn cases_are_made_listed_shown_and_carried_over() {
    for instance in Instance::on_both() {
        let instance = stocked(instance);
        let cases = instance.file("cases.csv", "number,site,title\n20210330-16,Security Operations,Intrusion\n");
        assert_eq!(instance.successful(["case", "import", cases.to_str().unwrap()]), "✔ Cases imported: 1 added.\n");
        let link = [
            "utility",
            "link-incident-to-existing-cases",
            "--case-numbers",
            "20210330-16",
            "--incident-id-list",
            "20210127-198",
        ];
        assert!(instance.successful(link).ends_with("✔ Successful\n"));
        let incident = instance.json(["incident", "show", "20210127-198"]);
        assert_eq!(incident["cases"][0]["number"], "20210330-16");
        let listed = instance.json(["case", "list", "--status", "open"]);
        let mut shown = instance.json(["case", "show", "20210330-16"]);
        let linked = &shown["incidents"][0];
        assert_eq!(
            (&linked["number"], &linked["title"], &linked["status"]),
            (&json!("20210127-198"), &json!("Suspicious login"), &json!("Open"))
        );
        let text = instance.successful(["case", "show", "20210330-16"]);
        assert!(text.contains("20210127-198: Suspicious login (Open)"), "{text}");
        let text = instance.successful(["incident", "show", "20210127-198"]);
        assert!(text.contains("20210330-16: Intrusion (Open)"), "{text}");
        // A list shows each case without its incidents.
        shown.as_object_mut().unwrap().remove("incidents");
        assert_eq!(listed, json!([shown]));
        assert_eq!(instance.json(["case", "list", "--status", "closed"]), json!([]));
        assert_eq!(instance.successful(["case", "export"]).lines().count(), 1);
        assert!(instance.refused(2, ["case", "show", "1"]).contains("`footprint case list`"));
    }
}

#[test]
fn a_list_of_any_form_is_imported_again_and_listed_the_same() {
    let texts = ["=1+1", "'=1", "''", "@x", "+1", "-1", "a;=2", "a,b\"c\"", "x;'@y", " x ", "＝1", "null", "[]"];
    let rows: String = (0..)
        .zip(texts)
        .map(|(n, text)| {
            let closed = if n % 2 == 0 { json!({ "status": "Closed", "closedBy": "Admin" }) } else { json!({}) };
            let mut row = json!({
                "number": format!("L-{n}"), "site": "Security Operations", "title": text, "severity": "High",
                "createdAt": "2021-01-27T14:08:00Z", "modifiedAt": "2021-01-28T14:08:00Z", "incidentType": text,
            });
            row.as_object_mut().unwrap().extend(closed.as_object().unwrap().clone());
            format!("{row}\n")
        })
        .collect();
    let cases = rows.replace("incidentType", "caseType").replace("\"severity\":\"High\",", "");
    let from = Instance::new();
    for (kind, rows) in [("incident", &rows), ("case", &cases)] {
        let file = from.file("rows.ndjson", rows);
        from.successful([kind, "import", file.to_str().unwrap()]);
        for form in ["csv", "json", "ndjson"] {
            let listed = from.successful([kind, "list", "--output", form]);
            let to = Instance::new();
            let file = to.file(&format!("list.{form}"), &listed);
            to.successful([kind, "import", file.to_str().unwrap()]);
            let again = to.successful([kind, "list", "--output", form]);
            if form == "csv" {
                assert_eq!(again, listed, "{kind}");
            } else {
                let parsed = |text: &str| -> Vec<serde_json::Value> {
                    let lines: String =
                        if form == "json" { text.to_owned() } else { format!("[{}]", text.trim().replace('\n', ",")) };
                    serde_json::from_str(&lines).unwrap()
                };
                assert_eq!(parsed(&again), parsed(&listed), "{kind} {form}");
            }
        }
    }
}
