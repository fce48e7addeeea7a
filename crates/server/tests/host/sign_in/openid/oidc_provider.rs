//! Against npm's oidc-provider, a process of its own on loopback.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use soar_store::model::Role;

use super::*;

/// A running provider.
struct ProviderProcess {
    process: Child,
    issuer: String,
    /// The provider ends if it cannot write its notices.
    _notices: BufReader<ChildStdout>,
}

impl ProviderProcess {
    /// One on this port, or on a free one for 0. Each has new keys.
    fn start(port: u16) -> Self {
        let package =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools/oidc-provider/node_modules/oidc-provider");
        assert!(package.is_dir(), "oidc-provider is not installed. Run the README's test command, which installs it.");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oidc-provider/provider.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .arg(package)
            .arg(port.to_string())
            .arg(format!("{PUBLIC}{OPENID_PATH}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is not installed. Run the README's test command, which installs it.");
        let mut issuer = String::new();
        let mut notices = BufReader::new(process.stdout.take().unwrap());
        notices.read_line(&mut issuer).unwrap();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer}");
        Self { process, issuer: issuer.trim().to_owned(), _notices: notices }
    }

    fn port(&self) -> u16 {
        self.issuer.parse::<Url>().unwrap().port().unwrap()
    }
}

impl Drop for ProviderProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The return of a browser that follows the provider's redirects, signed in there as `user`.
async fn browse(start: &OpenIdStart, user: &str) -> OpenIdReturn {
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let mut cookies = BTreeMap::new();
    let mut address: Url = format!("{}&login_hint={user}", start.address).parse().unwrap();
    for _ in 0..10 {
        let sent: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = client.get(address.clone()).header(COOKIE, sent.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status();
        let Some(target) = answer.headers().get(LOCATION) else { panic!("{status} {}", answer.text().await.unwrap()) };
        address = address.join(target.to_str().unwrap()).unwrap();
        if address.as_str().starts_with(PUBLIC) {
            let get = |name| parameter(address.as_str(), name);
            return OpenIdReturn {
                flow: Some(start.flow.clone()),
                state: get("state"),
                code: get("code").map(SecretString::from),
                error: get("error"),
                issuer: get("iss"),
                browser: browser(HOME),
            };
        }
    }
    panic!("the provider redirects without end");
}

async fn enter(sign_in: &SignIn, user: &str) -> Result<NewConsoleSession, SignInError> {
    let start = sign_in.begin_openid().await?;
    let returned = browse(&start, user).await;
    assert!(returned.code.is_some() && returned.issuer.is_some(), "{returned:?}");
    sign_in.finish_openid(returned).await
}

#[tokio::test]
async fn people_sign_in_with_their_groups_and_after_the_provider_rotated_its_keys() {
    for stage in SignInStage::on_both().await {
        let provider = ProviderProcess::start(0);
        let host = host(&stage, settings(&provider.issuer)).await;
        let sign_in = host.sign_in();
        let session = enter(sign_in, "carol").await.unwrap();
        let entered = sign_in.session(&session.token).await.unwrap().unwrap();
        assert_eq!((entered.user.name.as_str(), entered.user.is_administrator), ("carol", true));
        assert_eq!(entered.roles.values().collect::<Vec<_>>(), [&Role::Manager]);
        let refused = enter(sign_in, "dave").await.unwrap_err();
        assert!(matches!(refused, SignInError::NoUser), "{refused:?}");
        // A code is taken once.
        let start = sign_in.begin_openid().await.unwrap();
        let returned = browse(&start, "carol").await;
        let again =
            OpenIdReturn { code: returned.code.clone(), state: returned.state.clone(), ..super::returned(&start, "") };
        sign_in.finish_openid(returned).await.unwrap();
        let refused = sign_in.finish_openid(again).await.unwrap_err();
        assert!(matches!(refused, SignInError::Provider), "{refused:?}");
        assert!(stage.audit().await.pop().unwrap().reason.contains("invalid_grant"));
        // The provider starts again with other keys.
        let port = provider.port();
        drop(provider);
        assert!(matches!(sign_in.finish_openid(super::returned(&start, "x")).await, Err(SignInError::Provider)));
        let _provider = ProviderProcess::start(port);
        stage.clock.advance(Duration::from_secs(31));
        enter(sign_in, "carol").await.unwrap();
    }
}

#[tokio::test]
async fn a_public_client_needs_no_secret() {
    for stage in SignInStage::on_both().await {
        let provider = ProviderProcess::start(0);
        let public =
            OpenIdSettings { client_id: "public".to_owned(), client_secret: None, ..settings(&provider.issuer) };
        let host = host(&stage, public).await;
        assert_eq!(enter(host.sign_in(), "carol").await.unwrap().user.name, "carol");
    }
}
