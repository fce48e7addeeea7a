//! Commands, tests, health checks and diagnoses through an agent.

use super::{CANARY, LOGIN, agent, scanners};
use footprint_simulator::UserKind;
use serde_json::{Value, json};
use soar_host::connections::without_their_agent;
use soar_host::health::HealthFilter;
use soar_host::scheduler::{ExecutorRunner, WorkRunner as _};
use soar_store::model::{HealthState, ParameterState, Role, Version};

use crate::direct::DirectConnections as _;
use crate::proxy::{http_proxy, proxy_that_answers, socks_proxy};
use crate::stage::{ExecutorStage, because, simulator};

#[tokio::test]
async fn commands_tests_health_checks_and_diagnoses_go_through_the_agent_and_name_it() {
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let unknown = because(stage.update(&admin, connection.id, json!({"agentName": "Branch"})).await);
        assert!(unknown.contains("no agent \"Branch\"") && unknown.contains("footprint agent add"), "{unknown}");

        // A free text from a version before agents.
        stage.test.execute("UPDATE connections SET agent_name = 'Branch', version = version + 1").await;
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
        assert_eq!(shown.health.last_error_code, None, "the code is that of another error");
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
