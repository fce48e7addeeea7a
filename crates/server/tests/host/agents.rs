//! Proxy agents: connections use them and never connect directly, their secrets go only to their proxies, and callers
//! need rights to manage them.

use footprint_simulator::UserKind;
use serde_json::{Value, json};
use soar_connector::testing::CapturedLogs;
use soar_host::Refusal;
use soar_host::agents::AgentTarget;
use soar_host::connections::without_their_agent;
use soar_host::health::HealthFilter;
use soar_host::scheduler::{ExecutorRunner, Runner as _};
use soar_host::sealing::rotate;
use soar_store::model::{Caller, HealthState, Moment, ParameterState, Role, Version};
use soar_store::{SEALED_PLACES, StoredValue};
use sqlx::Connection as _;

use crate::proxy::{http_proxy, proxy_that_answers, socks_proxy};
use crate::served::Served;
use crate::stage::{Stage, because, parameters, simulator};
use crate::support::answer;

/// `soar:proxy canary` in HTTP's encoding.
const LOGIN: &str = "Basic c29hcjpwcm94eSBjYW5hcnk=";
const CANARY: &str = "proxy canary";

fn agent(name: &str, address: &str) -> Value {
    json!({"name": name, "address": address, "userName": "soar", "secret": CANARY})
}

/// Runs SQL that gives the store the state of a version before agents.
async fn sql(stage: &Stage, statement: &'static str) {
    let address = &stage.test.address;
    let address = if address.starts_with("postgres") { address.clone() } else { format!("sqlite:{address}") };
    let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn scanners(stage: &Stage, caller: &Caller) -> Result<soar_host::utility::Answer, Refusal> {
    stage.executor.remote(caller, "ListScanners", parameters(json!({}))).await
}

#[tokio::test]
async fn commands_tests_health_checks_and_diagnoses_go_through_the_agent_and_name_it() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let (proxy, seen) = socks_proxy(Some(("soar", CANARY))).await;
        stage.agent(&admin, agent("Branch", &format!("socks5h://{proxy}"))).await.unwrap();
        // Only the proxy can resolve this name, so a call that reaches the server used the agent.
        let port = simulator.url().rsplit(':').next().unwrap().to_owned();
        let user = simulator.user(UserKind::Administrator);
        let draft = json!({"integration": "CODA Footprint", "name": "Main", "site": "Security Operations",
            "agentName": "branch", "healthCheckMinutes": 5, "parameters": {
                "Server URL": format!("http://footprint.invalid:{port}"), "Allow Plain HTTP To": "footprint.invalid",
                "User Name": user.user_name, "Password": user.password}});
        let connection = stage.create(&admin, draft).await.unwrap();

        let answer = scanners(&stage, &admin).await.unwrap();
        assert_eq!(answer.error, "");
        let shown: Value = serde_json::to_value(&answer).unwrap();
        assert_eq!(shown["receipt"]["agent"], "Branch");
        assert_eq!(seen.all()[0], format!("footprint.invalid:{port}"));

        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(tested.passed, "{}", tested.text);
        assert_eq!(tested.finished.outcome.receipt.agent.as_deref(), Some("Branch"));

        let schedule = stage.test.store.reader().await.unwrap().records().health_check(connection.id).await.unwrap();
        let runner = ExecutorRunner::new(stage.executor.clone(), stage.test.store.clone());
        let checked = runner.check(&schedule.unwrap()).await;
        assert_eq!(checked.error, None);

        let diagnosis = stage.executor.diagnose(&admin, connection.id).await.unwrap();
        let first = &diagnosis.stages[0];
        assert!(first.name == "Agent" && first.detail.contains("\"Branch\""), "{first:?}");
        assert!(diagnosis.is_healthy(), "{diagnosis:?}");

        stage.update(&admin, connection.id, json!({"agentName": null})).await.unwrap();
        let direct = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(!direct.passed && !direct.text.contains("agent"), "{}", direct.text);
        assert_eq!(direct.finished.outcome.receipt.agent, None);
    }
}

#[tokio::test]
async fn a_failure_names_the_agent() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let (proxy, _) = proxy_that_answers("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        stage.agent(&admin, agent("Branch", &format!("http://{proxy}"))).await.unwrap();
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        stage.update(&admin, connection.id, json!({"agentName": "Branch"})).await.unwrap();
        let answer = scanners(&stage, &admin).await.unwrap();
        assert!(answer.error.contains("The connection uses the agent \"Branch\"."), "{}", answer.error);
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("the agent \"Branch\""), "{}", tested.text);
        let error = tested.finished.outcome.error.unwrap();
        assert!(error.cure.contains("The agent \"Branch\" has the proxy"), "{}", error.cure);
    }
}

#[tokio::test]
async fn a_changed_agent_holds_from_the_next_command_on_and_its_secret_goes_only_where_it_was_given_for() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let ((first, seen_first), (second, seen_second)) = (http_proxy().await, http_proxy().await);
        stage.agent(&admin, agent("Branch", &format!("http://{first}"))).await.unwrap();
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        stage.update(&admin, connection.id, json!({"agentName": "Branch"})).await.unwrap();
        scanners(&stage, &admin).await.unwrap();
        let at_first = seen_first.all().len();
        assert!(at_first > 0);

        let elsewhere = json!({"address": format!("http://{second}")});
        let refused = because(stage.change_agent(&admin, "Branch", elsewhere.clone()).await);
        assert!(refused.contains("only to the address for which it was given"), "{refused}");
        // Another spelling of the same address is no change.
        let same = json!({"address": format!("HTTP://{first}/"), "description": "The same"});
        assert_eq!(stage.change_agent(&admin, "Branch", same).await.unwrap().version, Version(2));

        let moved = json!({"address": format!("http://{second}"), "secret": "another one", "version": 2});
        let changed = stage.change_agent(&admin, "branch", moved.clone()).await.unwrap();
        assert_eq!((changed.version, changed.secret), (Version(3), Some(ParameterState::Sealed)));
        assert!(because(stage.change_agent(&admin, "Branch", moved).await).contains("version 3"));
        let before = seen_first.all().len();
        assert_eq!(scanners(&stage, &admin).await.unwrap().error, "");
        assert_eq!(seen_first.all().len(), before, "nothing goes the former way");
        assert!(!seen_second.all().is_empty());
        assert!(seen_second.all().iter().all(|head| !head.contains(LOGIN)));

        // A removed secret is not sent.
        let back = json!({"address": format!("http://{first}"), "secret": null, "userName": null});
        assert_eq!(stage.change_agent(&admin, "Branch", back).await.unwrap().secret, None);
        assert_eq!(scanners(&stage, &admin).await.unwrap().error, "");
        let bare = seen_first.all().split_off(before);
        assert!(!bare.is_empty() && bare.iter().all(|head| !head.contains("Proxy-Authorization")), "{bare:?}");
    }
}

#[tokio::test]
async fn nothing_goes_direct_while_the_agent_is_missing() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let unknown = because(stage.update(&admin, connection.id, json!({"agentName": "Branch"})).await);
        assert!(unknown.contains("no agent \"Branch\"") && unknown.contains("footprint agent add"), "{unknown}");

        // A free text from a version before agents.
        sql(&stage, "UPDATE connections SET agent_name = 'Branch', version = version + 1").await;
        let before = simulator.requests().len();
        let answer = scanners(&stage, &admin).await.unwrap();
        assert!(answer.error.contains("\"Branch\", which does not exist on this host"), "{}", answer.error);
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("which does not exist on this host"), "{}", tested.text);
        let diagnosed = because(stage.executor.diagnose(&admin, connection.id).await);
        assert!(diagnosed.contains("which does not exist on this host"), "{diagnosed}");
        assert_eq!(simulator.requests().len(), before, "nothing reached the server");

        let connections = stage.executor.connections();
        let table = connections.health(&admin, &HealthFilter::default()).await.unwrap();
        let shown = &table.connections[0];
        assert_eq!((shown.health.state, shown.agent.as_deref()), (HealthState::Failing, Some("Branch")));
        assert!(shown.health.last_error.as_deref().unwrap().contains("footprint agent add"));
        let without = {
            let mut reader = stage.test.store.reader().await.unwrap();
            without_their_agent(&mut reader.records()).await.unwrap()
        };
        assert_eq!(without.len(), 1);

        // Other fields can be changed, such as active, and the connection stays without its agent.
        stage.update(&admin, connection.id, json!({"description": "Kept"})).await.unwrap();
        let (proxy, _) = http_proxy().await;
        stage.agent(&admin, json!({"name": "Branches", "address": format!("http://{proxy}")})).await.unwrap();
        let near = because(stage.update(&admin, connection.id, json!({"agentName": "Branchs"})).await);
        assert!(near.contains("Did you mean \"Branches\"?"), "{near}");

        // A manager who creates the agent would receive the connection's secrets.
        let manager = stage.caller("manager", &stage.site, &[(stage.site.id, Role::Manager)]).await;
        let theirs = json!({"name": "branch", "site": "Security Operations", "address": format!("http://{proxy}")});
        let refused = because(stage.agent(&manager, theirs.clone()).await);
        assert!(refused.contains("only an administrator") && refused.contains("\"Main\""), "{refused}");
        stage.agent(&admin, theirs).await.unwrap();
        assert_eq!(scanners(&stage, &admin).await.unwrap().error, "");
        let table = connections.health(&admin, &HealthFilter::default()).await.unwrap();
        assert_ne!(table.connections[0].health.last_error.as_deref(), shown.health.last_error.as_deref());
    }
}

#[tokio::test]
async fn a_connection_has_an_agent_or_a_proxy_of_its_own_and_its_agent_is_for_its_site() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let here = json!({"name": "Here", "site": "Security Operations", "address": "http://proxy.example"});
        stage.agent(&admin, here).await.unwrap();
        stage
            .agent(&admin, json!({"name": "Client's", "site": "client", "address": "http://b.example"}))
            .await
            .unwrap();
        let made = stage.gate("Main").await;
        let both = json!({"agentName": "Here", "parameters": {"Proxy": "http://own.example", "Password": "again"}});
        let refused = because(stage.update(&admin, made.id, both).await);
        assert!(refused.starts_with("Proxy: ") && refused.contains("a proxy of its own"), "{refused}");
        let elsewhere = because(stage.update(&admin, made.id, json!({"agentName": "Client's"})).await);
        assert!(elsewhere.contains("no agent \"Client's\" for \"Security Operations\""), "{elsewhere}");
        assert!(elsewhere.contains("Valid: Here."), "{elsewhere}");
        stage.update(&admin, made.id, json!({"agentName": "HERE"})).await.unwrap();
        let own = json!({"parameters": {"Proxy": "http://own.example", "Password": "again"}});
        assert!(because(stage.update(&admin, made.id, own).await).contains("uses the agent"));
        // A connection shared to several sites needs an agent for all of them.
        let shared = json!({"site": "Shared to internal sites", "agentName": "Here"});
        assert!(because(stage.update(&admin, made.id, shared).await).contains("no agent \"Here\""));

        let away = because(stage.change_agent(&admin, "Here", json!({"site": "Client"})).await);
        assert!(away.contains("limited to that site") && away.contains("\"Main\" (Security Operations)"), "{away}");
        stage.change_agent(&admin, "Here", json!({"site": null})).await.unwrap();
        let shared = json!({"site": "Shared to internal sites", "agentName": "Here"});
        stage.update(&admin, made.id, shared).await.unwrap();

        // An older connection has both: it uses neither a direct connection nor its own proxy.
        sql(&stage, "INSERT INTO connection_parameters (connection_id, name, kind, value) SELECT id, 'Proxy', 'Plain', 'http://own.example' FROM connections").await;
        sql(&stage, "UPDATE connections SET version = version + 1").await;
        let tested = stage.executor.test(&admin, made.id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("a proxy of its own"), "{}", tested.text);
    }
}

#[tokio::test]
async fn an_agent_in_use_is_neither_removed_nor_renamed() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        stage.agent(&admin, json!({"name": "Branch", "address": "http://proxy.example"})).await.unwrap();
        let made = stage.gate("Main").await;
        stage.update(&admin, made.id, json!({"agentName": "Branch"})).await.unwrap();
        for refused in [
            because(stage.remove_agent(&admin, "branch").await),
            because(stage.change_agent(&admin, "Branch", json!({"name": "Other"})).await),
        ] {
            assert!(
                refused.contains("still in use") && refused.contains("\"Main\" (Security Operations)"),
                "{refused}"
            );
        }
        // Another spelling of the name is no change.
        assert_eq!(stage.change_agent(&admin, "branch", json!({"name": "BRANCH"})).await.unwrap().name, "BRANCH");
        stage.update(&admin, made.id, json!({"agentName": null})).await.unwrap();
        stage.change_agent(&admin, "BRANCH", json!({"name": "Other"})).await.unwrap();
        let taken = because(stage.agent(&admin, json!({"name": "oTHER", "address": "http://proxy.example"})).await);
        assert!(taken.contains("exists already"), "{taken}");
        assert_eq!(stage.remove_agent(&admin, "other").await.unwrap().name, "Other");
        assert!(because(stage.remove_agent(&admin, "Other").await).contains("There is no agent"));
    }
}

#[tokio::test]
async fn an_agent_that_is_removed_while_a_connection_chooses_it_is_kept_or_not_chosen() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let made = stage.gate("Main").await;
        for _ in 0..5 {
            stage.agent(&admin, json!({"name": "Branch", "address": "http://proxy.example"})).await.unwrap();
            let (chosen, removed) = tokio::join!(
                stage.update(&admin, made.id, json!({"agentName": "Branch"})),
                stage.remove_agent(&admin, "Branch"),
            );
            assert!(chosen.is_err() || removed.is_err(), "{chosen:?} {removed:?}");
            let mut reader = stage.test.store.reader().await.unwrap();
            let without = without_their_agent(&mut reader.records()).await.unwrap();
            assert_eq!(without, []);
            drop(reader);
            stage.update(&admin, made.id, json!({"agentName": null})).await.unwrap();
            if removed.is_err() {
                stage.remove_agent(&admin, "Branch").await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn who_may_do_what_with_agents() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let (here, there) = (stage.site.id, stage.client.id);
        let manager = stage.caller("manager", &stage.site, &[(here, Role::Manager)]).await;
        let other = stage.caller("other", &stage.client, &[(there, Role::Manager)]).await;
        let analyst = stage.caller("analyst", &stage.site, &[(here, Role::Analyst)]).await;
        let viewer = stage.caller("viewer", &stage.site, &[(here, Role::Viewer)]).await;
        let on_site = |name: &str| json!({"name": name, "site": "Security Operations", "address": "http://a.example"});
        let everywhere = json!({"name": "Everywhere", "address": "http://a.example"});
        for caller in [&other, &analyst, &viewer] {
            assert!(because(stage.agent(caller, on_site("Here")).await).contains("the right to"));
        }
        for caller in [&manager, &other, &analyst, &viewer] {
            assert!(
                because(stage.agent(caller, everywhere.clone()).await).contains("Only administrators manage agents")
            );
        }
        stage.agent(&manager, on_site("Here")).await.unwrap();
        stage.agent(&admin, everywhere).await.unwrap();

        let seen = async |caller: &Caller| {
            let mut reader = stage.test.store.reader().await.unwrap();
            let agents = stage.agents().list_in(&mut reader.records(), caller).await.unwrap();
            agents.into_iter().map(|agent| agent.name).collect::<Vec<_>>()
        };
        assert_eq!(seen(&admin).await, ["Everywhere", "Here"]);
        assert_eq!(seen(&manager).await, ["Everywhere", "Here"]);
        assert_eq!(seen(&other).await, ["Everywhere"]);
        assert_eq!(seen(&analyst).await, Vec::<String>::new());
        assert_eq!(seen(&viewer).await, Vec::<String>::new());

        for caller in [&other, &analyst, &viewer] {
            for refused in [
                because(stage.change_agent(caller, "Here", json!({"description": "x"})).await),
                because(stage.remove_agent(caller, "Here").await),
                because(stage.agents().test(caller, "Here", &AgentTarget::Server("a.example".to_owned())).await),
            ] {
                assert_eq!(refused, "There is no agent \"Here\".", "the words for one that is not there");
            }
        }
        for caller in [&manager, &other] {
            assert!(
                because(stage.change_agent(caller, "Everywhere", json!({"description": "x"})).await)
                    .contains("administrator")
            );
            assert!(because(stage.remove_agent(caller, "Everywhere").await).contains("administrator"));
        }
        // A manager may neither allow an agent for all sites nor move it to a site of another manager.
        assert!(because(stage.change_agent(&manager, "Here", json!({"site": null})).await).contains("administrator"));
        assert!(
            because(stage.change_agent(&manager, "Here", json!({"site": "Client"})).await).contains("the right to")
        );
        let reference = json!({"userName": "u", "secret": {"reference": "env:FOOTPRINT_SECRET_GOOD"}});
        assert!(because(stage.change_agent(&manager, "Here", reference).await).contains("Only an administrator"));

        // Only an administrator may change the address of an agent in use.
        let connection = stage.gate("Main").await;
        let rerouted = because(stage.update(&manager, connection.id, json!({"agentName": "Here"})).await);
        assert!(rerouted.starts_with("Agent Name: The connection sends its secrets through the agent"), "{rerouted}");
        let given = json!({"agentName": "Here", "parameters": {"Password": "given again"}});
        stage.update(&manager, connection.id, given).await.unwrap();
        let moved = json!({"address": "http://elsewhere.example"});
        assert!(because(stage.change_agent(&manager, "Here", moved.clone()).await).contains("only an administrator"));
        stage.change_agent(&admin, "Here", moved).await.unwrap();
        stage.change_agent(&manager, "Here", json!({"description": "Ours"})).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_an_agent_is_refused_in_words() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        for (change, expected) in [
            (json!({"name": " "}), "The name of the agent is empty"),
            (json!({"address": "proxy:3128"}), "Address: The address is no http, https, socks5 or socks5h address."),
            (json!({"address": "http://soar:hunter2@proxy"}), "Address: The address contains a user name or password"),
            (json!({"userName": "a:b"}), "User name: It contains a colon"),
            (json!({"userName": null}), "User name: It is missing"),
            (json!({"secret": "two\nlines"}), "Secret: It"),
            (json!({"site": "Nowhere"}), "There is no site \"Nowhere\""),
            (json!({"secret": {"reference": "env:HOME"}}), "Secret: "),
            (json!({"description": "x".repeat(2001)}), "The description has 2001 characters, and 2000 is the most"),
            (json!({"secret": "x".repeat(5000)}), "Secret: It is longer"),
        ] {
            let mut draft = agent("Branch", "http://proxy.example");
            draft.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let refused = because(stage.agent(&admin, draft).await);
            assert!(refused.starts_with(expected) && !refused.contains("hunter2"), "{change}: {refused}");
        }
        let socks = json!({"name": "S", "address": "socks5://proxy", "userName": "x".repeat(255)});
        stage.agent(&admin, socks).await.unwrap();
    }
}

#[tokio::test]
async fn a_test_says_what_the_proxy_answers() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let server = simulator.url().trim_start_matches("http://").to_owned();
        let connection = stage.footprint(&simulator, "Main").await;
        let (good, seen) = http_proxy().await;
        let (socks, asked) = socks_proxy(Some(("soar", CANARY))).await;
        let (wants_login, _) = proxy_that_answers("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        let (forbids, _) = proxy_that_answers("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        let (is_none, _) = proxy_that_answers("220 mail.example.com ESMTP\r\n").await;
        let dead = { tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string() };
        for (address, passes, status, expected) in [
            (format!("http://{good}"), true, Some(200), "The proxy made a connection to"),
            (format!("socks5h://{socks}"), true, None, "The proxy made a connection to"),
            (format!("socks5://{socks}"), true, None, "The proxy made a connection to"),
            (format!("http://{wants_login}"), false, Some(407), "does not accept the login"),
            (format!("http://{forbids}"), false, Some(403), "The proxy answered 403"),
            (format!("http://{is_none}"), false, None, "answer is not valid HTTP"),
            (format!("https://{is_none}"), false, None, "The TLS handshake with the proxy failed"),
            (format!("http://{dead}"), false, None, "cannot be reached"),
        ] {
            stage.agent(&admin, agent("Branch", &address)).await.unwrap();
            for target in [AgentTarget::Connection(connection.id), AgentTarget::Server(server.clone())] {
                let tested = stage.agents().test(&admin, "branch", &target).await.unwrap();
                assert_eq!(
                    (tested.passed, tested.status, &tested.to),
                    (passes, status, &server),
                    "{address}: {tested:?}"
                );
                assert!(tested.text.contains(expected), "{address}: {tested:?}");
                assert!(!format!("{tested:?}").contains(CANARY));
            }
            stage.remove_agent(&admin, "Branch").await.unwrap();
        }
        let heads = seen.all();
        let connect = heads.iter().find(|head| head.starts_with(&format!("CONNECT {server} HTTP/1.1"))).unwrap();
        assert!(connect.contains(LOGIN), "{connect}");
        assert!(asked.all().contains(&server), "{:?}", asked.all());

        let wrong =
            json!({"name": "Branch", "address": format!("socks5h://{socks}"), "userName": "soar", "secret": "bad"});
        stage.agent(&admin, wrong).await.unwrap();
        let tested = stage.agents().test(&admin, "Branch", &AgentTarget::Server(server)).await.unwrap();
        assert!(!tested.passed && tested.text.starts_with("The proxy refused"), "{tested:?}");
        for target in ["", "http://a.example/x y", "user@a.example", "a b"] {
            because(stage.agents().test(&admin, "Branch", &AgentTarget::Server(target.to_owned())).await);
        }
    }
}

#[tokio::test]
async fn an_agents_secret_is_sealed_again_by_a_rotation_and_found_nowhere() {
    let logs = CapturedLogs::start();
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let (proxy, seen) = http_proxy().await;
        let made = stage.agent(&admin, agent("Branch", &format!("http://{proxy}"))).await.unwrap();
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        stage.update(&admin, connection.id, json!({"agentName": "Branch"})).await.unwrap();
        let sealed = async || {
            let found = stage.test.store.reader().await.unwrap().records().find_agent("Branch").await.unwrap();
            match found.unwrap().secret {
                Some(StoredValue::Sealed(sealed)) => sealed,
                other => panic!("{other:?}"),
            }
        };
        let before = sealed().await;
        rotate(&stage.test.store, &stage.keyring, SEALED_PLACES, Moment(1)).await.unwrap();
        assert_ne!(sealed().await, before);
        let mut shown = vec![format!("{made:?}"), serde_json::to_string(&made).unwrap()];
        shown.push(format!("{:?}", scanners(&stage, &admin).await.unwrap()));
        assert!(seen.all().iter().any(|head| head.contains(LOGIN)), "it opens with the new key");
        let moved = stage.change_agent(&admin, "Branch", json!({"address": "ftp://x", "secret": CANARY})).await;
        shown.push(because(moved));
        let change: soar_host::agents::AgentChange = serde_json::from_value(json!({"secret": CANARY})).unwrap();
        shown.push(format!("{change:?}"));
        for secret in [CANARY, &LOGIN[6..]] {
            stage.assert_store_lacks(secret).await;
        }
        for text in shown {
            assert!(!text.contains(CANARY) && !text.contains(&LOGIN[6..]), "{text}");
        }
    }
    let text = logs.text();
    assert!(!text.is_empty() && !text.contains(CANARY) && !text.contains(&LOGIN[6..]));
}

#[tokio::test]
async fn agents_are_managed_over_http_and_every_change_is_in_the_audit_log() {
    for host in Served::on_both().await {
        let (proxy, _) = http_proxy().await;
        let draft = json!({"name": "Branch", "site": "security operations", "address": format!("http://{proxy}"),
            "userName": "soar", "secret": CANARY, "description": "Of the branch"});
        let (status, made) = host.send("POST", "/agents", &draft).await;
        let expected = json!({
            "id": made["id"], "name": "Branch", "site": "Security Operations", "address": format!("http://{proxy}"),
            "userName": "soar", "secret": {"secret": true}, "description": "Of the branch", "version": 1,
            "createdAt": made["createdAt"], "modifiedAt": made["modifiedAt"],
        });
        assert_eq!((status, &made), (201, &expected));
        let noted = |command: &str, status| {
            (command.to_owned(), status, true, "Security Operations".to_owned(), "Branch".to_owned())
        };
        assert_eq!(host.noted().await, noted("POST /api/manage/v1/agents", 201));
        assert_eq!(host.get("/agents").await, (200, json!([made])));
        assert_eq!(host.get("/agents/branch").await, (200, made));
        assert_eq!(host.send("POST", "/agents", &draft).await.0, 409);
        assert_eq!(host.send("PATCH", "/agents/Branch", &json!({"address": "http://other.example"})).await.0, 422);
        let (status, changed) = host.send("PATCH", "/agents/Branch", &json!({"userName": "other"})).await;
        assert_eq!((status, &changed["userName"], &changed["version"]), (200, &json!("other"), &json!(2)));
        let target = format!("127.0.0.1:{}", proxy.rsplit(':').next().unwrap());
        let (status, tested) = host.send("POST", "/agents/Branch/test", &json!({"to": target})).await;
        assert_eq!((status, &tested["passed"], &tested["agent"]), (200, &json!(true), &json!("Branch")), "{tested}");
        assert_eq!(host.send("POST", "/agents/Branch/test", &json!({})).await.0, 422);
        assert_eq!(answer(host.call("DELETE", "/agents/Branch")).await.0, 200);
        assert_eq!(host.noted().await, noted("DELETE /api/manage/v1/agents/Branch", 200));
        assert_eq!(host.get("/agents/Branch").await.0, 404);
    }
}
