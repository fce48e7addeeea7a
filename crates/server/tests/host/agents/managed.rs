//! Rights, fields, tests and secrets of agents.

use super::{CANARY, LOGIN, agent, scanners};
use serde_json::json;
use soar_connector::testing::CapturedLogs;
use soar_host::agents::AgentTarget;
use soar_host::sealing::rotate;
use soar_store::model::{Caller, Moment, Role};
use soar_store::{SEALED_PLACES, StoredValue};

use crate::proxy::{http_proxy, proxy_that_answers, socks_proxy};
use crate::served::ServedHost;
use crate::stage::{ExecutorStage, because, simulator};
use crate::support::answer;

#[tokio::test]
async fn who_may_do_what_with_agents() {
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
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
    for host in ServedHost::on_both().await {
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
        let (status, refused) = host.send("POST", "/agents/Branch/test", &json!({"to": "x".repeat(301)})).await;
        assert!(status == 422 && refused.to_string().len() < 300, "{refused}");
        assert_eq!(answer(host.call("DELETE", "/agents/Branch")).await.0, 200);
        assert_eq!(host.noted().await, noted("DELETE /api/manage/v1/agents/Branch", 200));
        assert_eq!(host.get("/agents/Branch").await.0, 404);
    }
}
