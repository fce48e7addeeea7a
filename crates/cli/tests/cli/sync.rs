//! Sync Connection between two real instances, each in a process of its own.

use serde_json::{Value, json};

use crate::instance::{HostProcess, Instance};
use crate::listeners::Listener;
use crate::support::{SimulatorProcess, ended};

/// A master and a tenant that are served and registered with each other.
pub struct MasterAndTenant {
    pub master: Instance,
    pub tenant: Instance,
    pub serving_master: HostProcess,
    pub serving_tenant: HostProcess,
}

impl MasterAndTenant {
    pub fn over([master, tenant]: [Instance; 2]) -> Self {
        let (serving_master, serving_tenant) = (master.serve(), tenant.serve());
        tenant.successful(["site", "add", "TenantSite", "--kind", "internal"]);
        let key = master.file("tenant.key", &tenant.successful(["tenant", "key", "create", "--expires", "1h"]));
        let key = key.display().to_string();
        let url = serving_tenant.url().to_owned();
        let add = ["tenant", "add", "TestTenant", "--region", "AMER", "--url", &url, "--key-file", &key];
        master.successful(add);
        master.successful(["tenant", "register", "TestTenant"]);
        Self { master, tenant, serving_master, serving_tenant }
    }
}

fn sync<'a>(more: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = vec!["utility", "sync-connection", "--tenant-region", "AMER", "--tenant-name", "TestTenant"];
    all.extend(["--tenant-site", "TenantSite"]);
    all.extend(more);
    all
}

/// A connection of the master to the simulator.
pub fn connect(instance: &Instance, simulator: &SimulatorProcess, name: &str, more: &[&str]) {
    let (user, password) = simulator.user("administrator");
    let (url, user) = (format!("Server URL={}", simulator.url()), format!("User Name={user}"));
    let mut command = instance.footprint(["connection", "add", name, "--param", &url, "--param", &user]);
    command.args(["--secret-stdin", "password"]).args(more).write_stdin(format!("{password}\n")).assert().success();
}

#[test]
fn the_documented_sample_between_two_processes_and_the_connection_passes_its_test_on_the_tenant() {
    let simulator = SimulatorProcess::start(&[]);
    let (masters, tenants) = (Instance::on_both(), Instance::on_both());
    for (master, tenant) in masters.into_iter().zip(tenants) {
        let pair = MasterAndTenant::over([master, tenant]);
        connect(&pair.master, &simulator, "TestConnection", &["--shared", "--health-check-minutes", "5"]);
        connect(&pair.master, &simulator, "Second", &[]);
        let all = pair.master.json(["connection", "list"]);
        let second = all.as_array().unwrap().iter().find(|one| one["name"] == "Second").unwrap();
        // As documented, with another name of the integration and another id.
        let sample = json!({
            "Username": "Admin",
            "Site": "Security Operations",
            "CommandParams": {
                "Sync All Shared": "False",
                "Connection Info": [
                    {
                        "Integration Name": "CODA Footprint",
                        "Connection Name": "TestConnection",
                        "Site": "Shared to internal sites"
                    },
                    { "ConnectionId": second["id"] }
                ],
                "Tenant Region": "AMER",
                "Tenant Name": "TestTenant",
                "Tenant Site": "TenantSite"
            }
        });
        let key = pair.master.made["key"].as_str().unwrap();
        let answer = pair.serving_master.call("SyncConnection", key, sample);
        assert_eq!(answer, (200, json!({ "error": "", "returnData": "Successful" })));
        for name in ["TestConnection", "Second"] {
            let (code, out, error) = pair.tenant.ended(["connection", "test", name, "--site", "TenantSite"]);
            assert!(code == 0 && out == "✔ Passed\n", "{out}{error}");
        }
        // It runs there at once, on the tenant's host.
        let body = json!({
            "Username": "Admin", "Site": "TenantSite", "CommandParams": { "Connection Name": "TestConnection" },
        });
        let key = pair.tenant.made["key"].as_str().unwrap();
        assert_eq!(pair.serving_tenant.call("ListDevices", key, body).1["returnData"], "Successful");
        let shown = pair.tenant.json(["connection", "show", "TestConnection", "--site", "TenantSite"]);
        assert_eq!(shown["owner"], json!({ "master": "Master", "region": "", "connection": 1 }));
        let log = pair.tenant.json(["audit", "--limit", "200"]);
        let received = log.as_array().unwrap().iter().filter(|entry| entry["surface"] == "tenant").count();
        assert_eq!(received, 4, "register, initiate and two connections: {log}");
    }
}

#[test]
fn what_people_see_of_tenants_and_syncs() {
    let simulator = SimulatorProcess::start(&[]);
    let pair = MasterAndTenant::over([Instance::new(), Instance::new()]);
    connect(&pair.master, &simulator, "Shared", &["--tenant", "TestTenant"]);
    let shown = |instance: &Instance, arguments: &[&str]| instance.shown(arguments.iter().copied());
    let plan = ["--sync-all-shared", "--plan"];
    insta::assert_snapshot!("sync_plan", shown(&pair.master, &sync(plan)));
    insta::assert_snapshot!("sync_done", shown(&pair.master, &sync(["--sync-all-shared"])));
    insta::assert_snapshot!("sync_received", shown(&pair.tenant, &["connection", "list"]));
    let change = ["connection", "change", "Shared", "--site", "TenantSite", "--description", "mine"];
    insta::assert_snapshot!("sync_received_is_not_changed", shown(&pair.tenant, &change));
    pair.master.successful(["connection", "change", "Shared", "--tenant", ""]);
    insta::assert_snapshot!("sync_withdrawn", shown(&pair.master, &sync(["--sync-all-shared"])));
    insta::assert_snapshot!("sync_neither", shown(&pair.master, &sync([])));
    let unknown = [
        "utility",
        "sync-connection",
        "--sync-all-shared",
        "--tenant-region",
        "AMER",
        "--tenant-name",
        "TestTenan",
        "--tenant-site",
        "TenantSite",
    ];
    insta::assert_snapshot!("sync_unknown_tenant", shown(&pair.master, &unknown));
    pair.tenant.successful(["tenant", "master", "revoke", "Master"]);
    let named = ["--connection-info", "[{\"ConnectionId\": 1}]"];
    let failed = shown(&pair.master, &sync(named));
    insta::assert_snapshot!("sync_revoked", failed);
    let run = pair.master.json(["tenant", "runs", "list"])[0]["id"].to_string();
    let (code, _, error) = pair.master.ended(["utility", "sync-connection", "--retry-failed", &run]);
    assert!(code == 1 && error.contains("--retry-failed"), "{error}");
    let failures = pair.master.json(["tenant", "runs", "show", &run, "--failed"]);
    assert_eq!((&failures[0]["code"], failures.as_array().unwrap().len()), (&json!("revoked"), 1));
    let whole: Value = {
        let mut all = sync(named);
        all.extend(["--output", "json"]);
        let (code, out, _) = pair.master.ended(all);
        assert_eq!(code, 1);
        serde_json::from_str(&out).unwrap()
    };
    assert_eq!((&whole["returnData"], &whole["results"][0]["code"]), (&json!("Failed"), &json!("revoked")));
    assert!(pair.master.refused(2, ["tenant", "show", "TestTenan"]).contains("Did you mean \"TestTenant\"?"));
    assert!(pair.master.refused(2, ["tenant", "add", "x", "--region", "y", "--url", "z"]).contains("--key-file"));
    assert!(pair.tenant.refused(2, ["tenant", "key", "create", "--expires", "soon"]).contains("--expires"));
    assert_eq!(pair.tenant.json(["tenant", "key", "list"])[0]["state"], "Used");
    let keys = pair.tenant.successful(["tenant", "key", "list", "--output", "json"]);
    assert!(!keys.contains("fpt1_"));
}

#[test]
fn a_sync_between_processes_goes_over_tls_with_an_authority_of_ones_own() {
    let simulator = SimulatorProcess::start(&[]);
    let (master, tenant) = (Instance::new(), Instance::new());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let certificate = tenant.file("certificate.pem", &made.cert.pem());
    let key = tenant.file("key.pem", &made.signing_key.serialize_pem());
    tenant.set(&format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", certificate.display(), key.display()));
    let serving = tenant.serve();
    let url = serving.url();
    assert!(url.starts_with("https://"));
    let text = tenant.successful(["tenant", "key", "create"]);
    let key = master.file("tenant.key", &text).display().to_string();
    master.successful(["tenant", "add", "TestTenant", "--region", "AMER", "--url", url, "--key-file", &key]);
    let error = master.refused(1, ["tenant", "register", "TestTenant"]);
    assert!(error.contains("certificate"), "an authority that nobody trusts: {error}");
    master.set(&format!("[tenants]\nname = \"Headquarters\"\nauthorities = {:?}\n", certificate.display()));
    master.successful(["tenant", "register", "TestTenant"]);
    connect(&master, &simulator, "Shared", &["--tenant", "TestTenant"]);
    let all = ["--sync-all-shared", "--tenant-site", "Security Operations"];
    let mut command = vec!["utility", "sync-connection", "--all-tenants"];
    command.extend(all);
    assert!(master.successful(command).contains("1 added"));
    assert_eq!(tenant.json(["tenant", "master", "list"])[0]["name"], "Headquarters");
}

#[test]
fn a_tenants_site_is_set_inactive_and_active_from_the_masters_terminal() {
    let simulator = SimulatorProcess::start(&[]);
    let pair = MasterAndTenant::over([Instance::new(), Instance::new()]);
    connect(&pair.master, &simulator, "Main", &["--tenant", "TestTenant"]);
    pair.master.successful(sync(["--sync-all-shared"]));
    let status = |status: &'static str| {
        let call =
            ["utility", "update-tenant-site-status", "--tenant-name", "TestTenant", "--tenant-site", "TenantSite"];
        call.into_iter().chain(["--status", status])
    };
    let answer = pair.master.json(status("inactive"));
    assert_eq!(
        (&answer["returnData"], &answer["contextData"][0]["Status"]),
        (&json!("Successful"), &json!("Inactive"))
    );
    let error = pair.tenant.refused(1, ["connection", "test", "Main", "--site", "TenantSite"]);
    assert!(error.contains("is inactive: the master \"Master\" set it so"), "{error}");
    let refused = pair.tenant.refused(1, ["site", "change", "TenantSite", "--active", "true"]);
    assert!(refused.contains("only this master can activate it"), "{refused}");
    let (code, out, _) = pair.master.ended(sync(["--sync-all-shared"]));
    assert!(code == 1 && out.contains("site-inactive"), "{out}");
    let (code, out, _) = pair.master.ended([
        "utility",
        "update-tenant-site-status",
        "--tenant-name",
        "TestTenant",
        "--tenant-site",
        "Nowhere",
        "--status",
        "Active",
    ]);
    assert!(code == 1 && out.contains("no site"), "{out}");
    pair.master.json(status("Active"));
    assert_eq!(pair.tenant.ended(["connection", "test", "Main", "--site", "TenantSite"]).0, 0);
    let audited = pair.master.json(["audit", "--command", "UpdateTenantSiteStatus"]);
    assert_eq!(audited.as_array().unwrap().len(), 3, "{audited}");
}

#[test]
fn a_tenant_without_the_agent_is_told_by_the_sync_and_tells_of_it_when_it_starts() {
    let simulator = SimulatorProcess::start(&[]);
    let MasterAndTenant { master, tenant, serving_tenant, serving_master: _serving } =
        MasterAndTenant::over([Instance::new(), Instance::new()]);
    master.successful(["agent", "add", "Branch", "--all-sites", "--address", "http://127.0.0.1:9"]);
    connect(&master, &simulator, "Main", &["--tenant", "TestTenant", "--agent", "Branch"]);
    let (code, out, _) = master.ended(sync(["--sync-all-shared"]));
    assert!(code == 1 && out.contains("agent-missing") && out.contains("\"Branch\""), "{out}");
    let error = tenant.ended(["connection", "test", "Main", "--site", "TenantSite"]).2;
    assert!(error.contains("which does not exist on this host"), "{error}");
    let health = tenant.json(["health"]);
    assert_eq!((&health[0]["state"], &health[0]["agent"]), (&json!("Failing"), &json!("Branch")), "{health}");
    let (code, found, _) = tenant.ended(["doctor", "--output", "json"]);
    assert!(code == 1 && found.contains("\"check\":\"agents\"") && found.contains("footprint agent add"), "{found}");
    drop(serving_tenant);
    let log = tenant.path().join("log");
    let served = tenant.serve_after("", &log);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("Nothing runs on a connection") && text.contains("Branch"), "{text}");
    drop(served);
}

#[test]
fn the_environments_proxies_are_not_used_for_tenants() {
    let simulator = SimulatorProcess::start(&[]);
    let MasterAndTenant { master, tenant: _tenant, serving_master, serving_tenant: _serving } =
        MasterAndTenant::over([Instance::new(), Instance::new()]);
    drop(serving_master);
    connect(&master, &simulator, "Main", &["--shared"]);
    let proxy = Listener::http();
    let mut command = master.footprint(sync(["--sync-all-shared"]));
    command.envs(proxy.as_proxy());
    let (code, out, error) = ended(command);
    assert_eq!(code, 0, "{out}{error}");
    assert!(proxy.is_empty());
}
