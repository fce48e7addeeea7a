//! Health checks, alerts and schedules of an instance, served by real processes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::instance::Instance;
use crate::listeners::Listener;
use crate::support::{SimulatorProcess, ended};

/// Adds settings to an instance's `host.toml`.
fn configure(instance: &Instance, settings: &str) {
    let file = instance.path().join("host.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n{settings}")).unwrap();
}

/// Creates the connection `production` to the simulator. Returns standard error.
fn connect(instance: &Instance, simulator: &SimulatorProcess, more: &[&str]) -> String {
    let (user, password) = simulator.user("administrator");
    let (url, user) = (format!("Server URL={}", simulator.url()), format!("User Name={user}"));
    let mut command = instance.footprint(["connection", "add", "production", "--param", &url, "--param", &user]);
    command.args(["--secret-stdin", "Password"]).args(more).write_stdin(password.to_owned());
    let (code, out, error) = ended(command);
    assert_eq!(code, 0, "{out}{error}");
    error
}

/// Repeats until it is `true`.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_that_breaks_is_failing_and_who_is_to_be_told_is_told_once_by_mail_and_by_webhook() {
    let (mail, hook) = (Listener::smtp(), Listener::http());
    let mut simulator = SimulatorProcess::start(&[]);
    let instance = Instance::new();
    let secret = instance.file("secret", "canary-secret-of-32-characters--");
    configure(
        &instance,
        &format!(
            "[schedules]\ngather-seconds = 0\nfollow-up-minutes = 0\n[vault]\nfolders = [{:?}]\n[alerts.mail]\nhost = \
             \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\nfrom = \"Footprint <host@example.com>\"\n\
             [alerts.webhooks.operations]\naddress = \"http://127.0.0.1:{}/hook\"\nsecret = {:?}\n",
            secret.parent().unwrap().display().to_string(),
            mail.port,
            hook.port,
            format!("file:{}", secret.display()),
        ),
    );
    let said = connect(
        &instance,
        &simulator,
        &[
            "--health-check-minutes",
            "60",
            "--health-check-email",
            "soc@example.com",
            "--health-check-webhook",
            "operations",
            "--health-check-alert-after",
            "2",
        ],
    );
    assert!(!said.contains("warning"), "{said}");
    // Alerts go to their destinations directly. The proxies of the environment are not used.
    let proxy = Listener::http();
    let exports: String = proxy.as_proxy().iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
    let _served = instance.serve_after(&exports, &instance.file("log", ""));
    instance.successful(["connection", "test", "production"]);
    let healthy = instance.successful(["health"]);
    assert!(healthy.contains("Healthy") && healthy.ends_with("1 Healthy\n"), "{healthy}");
    simulator.child.kill().unwrap();
    simulator.child.wait().unwrap();
    for _ in 0..3 {
        instance.refused(1, ["connection", "test", "production"]);
    }
    let told = mail.next();
    for part in
        ["RCPT TO:<soc@example.com>", "Subject: Connection production fails", "From: Footprint <host@example.com>"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("text/plain") && told.contains("text/html"), "{told}");
    let posted = hook.next();
    let (head, body) = posted.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1") && head.contains("webhook-signature: v1,"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["alert"]["event"], &body["alert"]["items"][0]["subject"]),
        (&json!("failed"), &json!("Connection production"))
    );
    let failing = instance.json(["health", "--state", "Failing"]);
    assert_eq!((&failing[0]["name"], &failing[0]["alerted"]), (&json!("production"), &json!(true)));
    let shown = instance.successful(["health"]);
    assert!(shown.contains("Failing") && shown.contains("No connection to 127.0.0.1"), "{shown}");
    // The manifest has the cause and the cure of the error.
    let (code, cure) = (&failing[0]["lastErrorCode"], failing[0]["lastErrorCure"].as_str().unwrap());
    assert_eq!(code, &json!("unreachable"), "{failing}");
    let told_in_full = instance.successful(["health", "history", "production"]);
    assert!(told_in_full.contains("Cause: ") && told_in_full.contains(&format!("Cure: {cure}")), "{told_in_full}");
    let history = instance.json(["health", "history", "production"]);
    let results: Vec<_> = history.as_array().unwrap().iter().map(|check| check["result"].clone()).collect();
    assert_eq!(results[..3], ["Failing", "Failing", "Failing"]);
    assert_eq!(results.last().unwrap(), "Healthy");
    let csv = instance.successful(["health", "history", "production", "--output", "csv", "--limit", "1"]);
    assert!(csv.starts_with("Due,Result,Latency ms,Late ms,Ended,Detail,Node\r\n"), "{csv}");
    assert!(mail.is_empty() && hook.is_empty(), "one message each");
    assert!(proxy.is_empty(), "no message through the environment's proxy");
    let text = format!("{told}{posted}{shown}");
    assert!(!text.contains("canary"), "{text}");
    assert!(instance.refused(2, ["health", "history", "prodution"]).contains("Did you mean \"production\"?"));
}

#[test]
fn the_history_of_a_connection_of_an_inactive_site_says_why_nothing_checks_it() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = Instance::new();
    connect(&instance, &simulator, &["--health-check-minutes", "60"]);
    let history = || instance.successful(["health", "history", "production"]);
    assert!(!history().contains("not checked"), "{}", history());
    instance.successful(["site", "change", "Security Operations", "--active", "false"]);
    assert!(history().contains("not checked: its site is inactive"), "{}", history());
}

#[test]
fn what_alerts_cannot_be_sent_with_keeps_the_host_from_starting_and_says_why() {
    for (settings, said) in [
        ("[alerts.mail]\nhost = \"mail.example.com\"\nfrom = \"nobody\"", "Expected an address"),
        (
            "[alerts.mail]\nhost = \"mail.example.com\"\nfrom = \"a@example.com\"\nuser = \"a\"\npassword = \
             \"env:FOOTPRINT_SECRET_MAIL\"",
            "The mail server's password: The secret at env:FOOTPRINT_SECRET_MAIL does not exist",
        ),
        (
            "[alerts.mail]\nhost = \"mail.example.com\"\nfrom = \"a@example.com\"\npassword = \"canary\"",
            "expected env:NAME",
        ),
        (
            "[alerts.webhooks.a]\naddress = \"http://a.example.com\"\nsecret = \"env:FOOTPRINT_SECRET_A\"",
            "webhook \"a\"",
        ),
        ("[schedules]\nat-once = 0", "schedules.at-once: expected 1 to 10000"),
        ("[retention]\nchecks-days = 0", "checks-days"),
    ] {
        let instance = Instance::new();
        configure(&instance, settings);
        let error = instance.refused(2, ["serve"]);
        assert!(error.contains(said) && !error.contains("canary"), "{settings}: {error}");
    }
}

#[test]
fn mail_without_a_server_is_warned_of_and_a_webhook_that_the_settings_do_not_have_is_refused() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = Instance::new();
    let said =
        connect(&instance, &simulator, &["--health-check-minutes", "5", "--health-check-email", "a@example.com"]);
    assert!(said.contains("no mail server"), "{said}");
    let check = ["connection", "change", "production", "--health-check-webhook", "x"];
    let alert = ["schedule", "add", "Nightly", "list-tenants", "--every-minutes", "60", "--alert-to", "webhook:x"];
    let delivery = ["findings", "delivery", "add", "webhook:x"];
    for (named, field) in [
        (&check[..], "Connection Health Check: "),
        (&alert[..], "Alert destinations: "),
        (&delivery[..], "Destination: "),
    ] {
        let refused = instance.refused(2, named.iter().copied());
        let refused = refused.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = format!("{field}the host's settings have no webhook \"x\", and no other webhook either.");
        assert!(refused.contains(&said) && refused.contains("[alerts.webhooks] of the settings"), "{refused}");
    }
    configure(
        &instance,
        "[alerts.webhooks.x]\naddress = \"https://hooks.example.com\"\nsecret = \"env:FOOTPRINT_SECRET_X\"",
    );
    for named in [&check[..], &alert[..], &delivery[..]] {
        instance.successful(named.iter().copied());
    }
    let shown = instance.successful(["connection", "show", "production"]);
    assert!(shown.contains("every 5 min, mail to a@example.com, webhook x after 3 failures in a row"), "{shown}");
    let change =
        ["connection", "change", "production", "--health-check-webhook", "", "--health-check-alert-after", "1"];
    let changed = instance.json(change);
    assert_eq!((&changed["healthCheck"]["webhooks"], &changed["healthCheck"]["alertAfter"]), (&json!([]), &json!(1)));
    let changed = instance.json(["connection", "change", "production", "--health-check-recover-after", "10"]);
    assert_eq!(
        (&changed["healthCheck"]["recoverAfter"], &changed["healthCheck"]["alertAfter"]),
        (&json!(10), &json!(1))
    );
    let shown = instance.successful(["connection", "show", "production"]);
    assert!(shown.contains("recovered after 10 passes in a row"), "{shown}");
    let refused = instance.refused(2, ["connection", "change", "production", "--health-check-recover-after", "11"]);
    assert!(refused.contains("1 to 10"), "{refused}");
    let (code, out, _) = instance.ended(["health"]);
    assert!(code == 0 && out.contains("Unknown") && out.contains("1 Unknown"), "{out}");
}

#[test]
fn a_schedule_is_made_run_changed_and_deleted_at_the_terminal() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = Instance::new();
    connect(&instance, &simulator, &[]);
    let _served = instance.serve();
    let made = instance.successful(["schedule", "create", "Nightly", "list-tenants", "--cron", "30 2 * * *"]);
    assert!(made.contains("\"Nightly\" was created: List Tenants on \"production\""), "{made}");
    assert!(made.contains("30 2 * * * (America/Vancouver)"), "{made}");
    instance.successful(["schedule", "run", "nightly"]);
    let log = || instance.json(["schedule", "log", "Nightly"]);
    wait_for("the schedule runs", || !log().as_array().unwrap().is_empty());
    assert_eq!((&log()[0]["status"], &log()[0]["input"]), (&json!("Successful"), &json!({})));
    assert_eq!(log()[0]["output"]["returnData"], "Successful");
    assert_eq!(instance.json(["runs", "list"])[0]["command"], "List Tenants");
    let changed = ["schedule", "change", "Nightly", "--every-minutes", "5", "--alert-to", "soc@example.com"];
    let changed = instance.json(changed);
    assert_eq!((&changed["everyMinutes"], &changed["alertTo"]), (&json!(5), &json!(["soc@example.com"])));
    let listed = instance.successful(["schedule", "list"]);
    assert!(listed.contains("every 5 min") && listed.contains("Successful"), "{listed}");
    instance.refused(2, ["schedule", "change", "Nightly"]);
    instance.refused(2, ["schedule", "add", "Other", "list-tenants", "--cron", "never"]);
    assert!(instance.refused(2, ["schedule", "log", "Nigtly"]).contains("no schedule"));
    instance.successful(["schedule", "delete", "Nightly"]);
    assert_eq!(instance.json(["schedule", "list"]), json!([]));
    let audited = instance.json(["audit", "--command", "schedule remove"]);
    assert_eq!((&audited[0]["reason"], &audited[0]["site"]), (&"Nightly".into(), &"Security Operations".into()));
}

#[test]
fn of_two_hosts_on_one_store_each_runs_what_the_other_leaves_and_the_survivor_carries_on() {
    let simulator = SimulatorProcess::start(&[]);
    let [_, instance] = Instance::on_both();
    connect(&instance, &simulator, &[]);
    let [mut one, _other] = [instance.serve(), instance.serve()];
    instance.successful(["schedule", "add", "Often", "list-tenants", "--cron", "0 0 1 1 *"]);
    let log = || instance.json(["schedule", "log", "Often", "--limit", "1000"]).as_array().unwrap().clone();
    for number in 1..=6 {
        instance.successful(["schedule", "run", "Often"]);
        wait_for("one more run", || log().len() == number);
        if number == 3 {
            one.child.kill().unwrap();
            one.child.wait().unwrap();
        }
    }
    let runs = log();
    let due: std::collections::BTreeSet<_> = runs.iter().map(|run| run["dueAt"].as_i64().unwrap()).collect();
    assert_eq!((due.len(), runs.len()), (6, 6), "each once");
    let late = |run: &Value| run["endedAt"].as_i64().unwrap() - run["dueAt"].as_i64().unwrap();
    assert!(runs.iter().all(|run| run["status"] == "Successful" && late(run) < 30_000), "{runs:?}");
}
