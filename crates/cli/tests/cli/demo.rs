//! `footprint demo`: a newcomer's first command.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{ended, footprint, redacted};

/// The tour without the rows, widths and ids of its tables, which the simulator chooses.
fn skeleton(out: &str) -> String {
    let mut kept = Vec::new();
    let mut in_table = false;
    let mut after_command = false;
    for line in out.lines() {
        if in_table && !line.contains(" · request ") {
            continue;
        }
        in_table = after_command && line.contains("  ") && !line.starts_with("$ ");
        let before_table = line.is_empty() || line.starts_with("warning: ");
        after_command = (after_command && before_table) || line.starts_with("$ ");
        if in_table {
            let headings = line.split("  ").map(str::trim).filter(|heading| !heading.is_empty());
            kept.push(format!("{}\n[rows]", headings.collect::<Vec<_>>().join("  ")));
        } else {
            kept.push(without_ids(line));
        }
    }
    redacted(&kept.join("\n"))
}

/// The line without ids in its parameters and without the time in the summary.
fn without_ids(line: &str) -> String {
    if line.starts_with('✔') {
        return line.split_once(", in ").map_or(line, |(before, _)| before).to_owned();
    }
    let is_id = |word: &str| word.len() >= 3 && word.chars().all(|c| c.is_ascii_digit());
    let word = |word: &str| match word.trim_end_matches('"').split_once('=') {
        Some((name, value)) if is_id(value) => format!("{name}=[id]\""),
        _ => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The number of commands.
fn commands() -> usize {
    let (_, out, _) = ended(footprint(["commands", "--json"]));
    serde_json::from_str::<Vec<serde_json::Value>>(&out).unwrap().len()
}

#[test]
fn the_tour_of_the_current_generation_shows_every_command_and_one_error_tab() {
    let (code, out, error) = ended(footprint(["demo", "--once"]));
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert_eq!(out.matches("$ footprint run ").count(), commands() + 1);
    assert_eq!(out.matches("Status Code: ").count(), 1);
    insta::assert_snapshot!(skeleton(&out));
}

#[test]
fn the_tour_of_the_legacy_generation_comes_to_the_same() {
    let (code, out, error) = ended(footprint(["demo", "--once", "--generation", "legacy"]));
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    // It cannot change tags.
    assert!(out.contains(&format!("✔ {} commands Successful, 1 Failed as intended", commands() - 1)), "{out}");
    assert!(out.contains("List Device Users failed.\nStatus Code: 501.\n"), "{out}");
    assert!(out.contains("simulate --listen 127.0.0.1:8421 --generation legacy"), "{out}");
}

#[test]
fn no_cell_of_the_simulator_s_odd_names_reaches_the_reader_unescaped() {
    let (_, out, _) = ended(footprint(["demo", "--once"]));
    assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
}

/// A demo that serves. It ends with the test, also with one that failed.
#[cfg(unix)]
struct Demo(Child);

#[cfg(unix)]
impl Demo {
    fn start() -> Self {
        Self(Command::new(env!("CARGO_BIN_EXE_footprint")).arg("demo").stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Ends it as Ctrl-C does.
    fn end(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

#[cfg(unix)]
impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The value of a line such as `  User      Admin`.
#[cfg(unix)]
fn after(lines: &mut impl Iterator<Item = String>, name: &str) -> String {
    let line = lines.find(|line| line.trim_start().starts_with(name)).unwrap();
    line.trim_start().strip_prefix(name).unwrap().trim().to_owned()
}

/// The address, key and body of the next `curl` call.
#[cfg(unix)]
fn printed_call(lines: &mut impl Iterator<Item = String>) -> (String, String, String) {
    let address = lines.find_map(|line| line.trim().strip_prefix("curl -sS ").map(str::to_owned)).unwrap();
    let (key, body) = (lines.next().unwrap(), lines.next().unwrap());
    let key = key.split("d3key: ").nth(1).unwrap().split(['"', '\'']).next().unwrap();
    let body = body.trim().strip_prefix("-d '").unwrap().strip_suffix('\'').unwrap();
    (address.split_whitespace().next().unwrap().to_owned(), key.to_owned(), body.to_owned())
}

#[cfg(unix)]
#[test]
fn the_console_opens_with_a_year_of_sample_data_that_are_called_so() {
    let mut demo = Demo::start();
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = after(&mut lines, "The console:");
    let (user, password) = (after(&mut lines, "User"), after(&mut lines, "Password"));
    assert!(lines.any(|line| line.contains("sample data")));
    let calls: Vec<_> = (0..3).map(|_| printed_call(&mut lines)).collect();
    let (told, story) = std::sync::mpsc::channel();
    std::thread::spawn(move || lines.for_each(|line| _ = told.send(line)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let first = client.get(address.strip_suffix("console/").unwrap()).send().await.unwrap();
        assert_eq!(first.headers()["location"], "console/");
        let sign_in = client.post(format!("{address}sign-in")).body(format!("user={user}&secret.password={password}"));
        let signed_in = sign_in.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = async |path: &str| {
            let answer = client.get(format!("{address}{path}")).header("cookie", &cookie).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.text().await.unwrap()
        };
        assert!(page("runs").await.contains("sample data") || page("runs?column=node").await.contains("sample data"));
        assert!(page("incidents").await.contains("Critical vulnerability on a mail server"));
        assert!(page("cases").await.contains("Phishing of the finance team"));
        let tenants = page("tenants").await;
        assert!(["Acme", "Borealis", "Cascadia"].iter().all(|name| tenants.contains(name)), "{tenants}");
        for (address, key, body) in calls {
            let call = client.post(&address).header("d3key", key).header("content-type", "application/json");
            let answer: serde_json::Value = call.body(body).send().await.unwrap().json().await.unwrap();
            assert!(
                ["Successful", "Partially Successful"].contains(&answer["returnData"].as_str().unwrap()),
                "{answer}"
            );
        }
        // A year of checks of the first connection, and no more.
        let checks = page("health/1/checks.csv").await;
        let mut checks = csv::Reader::from_reader(checks.as_bytes());
        let days: std::collections::BTreeSet<String> =
            checks.records().map(|check| check.unwrap()[0][..10].to_owned()).collect();
        assert!((365..=367).contains(&days.len()), "{}", days.len());
        let health = page("health").await;
        assert!(health.contains("Footprint of Borealis") && health.contains("Failing"), "{health}");
        // The findings are read while the user looks around.
        let started = std::time::Instant::now();
        loop {
            let changes = page("findings/changes.csv?baseline=no").await;
            if changes.lines().count() > 5 {
                break;
            }
            assert!(started.elapsed() < std::time::Duration::from_secs(120), "{changes}");
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        assert!(page("tenants/syncs").await.contains("Successful"));
    });
    // The last lines: the changes of a day, what a rule made of them, and a rescan.
    let mut last = Vec::new();
    while last.last().is_none_or(|line: &String| !line.contains("rescan-and-wait")) {
        last.push(story.recv_timeout(std::time::Duration::from_secs(120)).expect("the demo tells of its findings"));
    }
    let last = last.join("\n");
    for part in
        [" fixed", " opened", " reopened.", "The rule \"New and severe\" made 5 incidents:", "Rescan And Wait scanned"]
    {
        assert!(last.contains(part), "{part}: {last}");
    }
    demo.end();
}

#[cfg(unix)]
#[test]
fn the_simulator_stays_up_after_the_tour_until_it_is_ended() {
    let mut demo = Demo::start();
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("The simulator stays up at http://127.0.0.1:")));
    let value = |line: Option<String>, name: &str| line.unwrap().trim().strip_prefix(name).unwrap().to_owned();
    let mut exports = lines.by_ref().skip_while(|line| !line.contains("export FOOTPRINT_SERVER_URL="));
    let mut test = footprint(["test"]);
    test.env("FOOTPRINT_SERVER_URL", value(exports.next(), "export FOOTPRINT_SERVER_URL="));
    test.env("FOOTPRINT_USER_NAME", value(exports.next(), "export FOOTPRINT_USER_NAME="));
    test.env("FOOTPRINT_PASSWORD", value(exports.next(), "export FOOTPRINT_PASSWORD="));
    assert_eq!(ended(test).0, 0, "the lines to paste work");
    // Ctrl-C, once the process handles it: the last line shows that everything has been printed.
    assert!(exports.any(|line| line.contains("footprint run ")));
    demo.end();
}
