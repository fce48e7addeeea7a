//! A headless Chromium: visits pages, and reports accessibility findings, console errors and violations of the policy.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{ChildStdin, Command};

use crate::world::{ConsoleWorld, PASSWORD};

/// Keeps the browser headless and off the network.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    // Chromium ends when chromedriver does.
    "--remote-debugging-pipe",
];

/// Runs chromedriver until standard input ends, which it does with the test, however the test ends.
const DRIVER: &str = "chromedriver --port=0 & read -r _; kill $!";

/// The timeout for what the browser does.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The timeout for an answer of the browser.
const LONGEST_ANSWER: Duration = Duration::from_secs(120);

const MISSING: &str = "is not installed. Run `tests/run`, which installs it.";

/// A window width and colours.
#[derive(Debug, Clone, Copy)]
pub struct WindowLook {
    pub width: u32,
    pub scheme: &'static str,
}

/// A wide window with light colours.
pub const WIDE: WindowLook = WindowLook { width: 1440, scheme: "light" };

/// The looks in which each page is checked: all of them if the variable `FOOTPRINT_CONSOLE` is `full`.
pub fn looks() -> &'static [WindowLook] {
    const ALL: [WindowLook; 4] = [
        WindowLook { width: 1440, scheme: "dark" },
        WindowLook { width: 360, scheme: "light" },
        WIDE,
        WindowLook { width: 360, scheme: "dark" },
    ];
    if is_full() { &ALL } else { &ALL[..2] }
}

/// Whether pages are checked in each look for each role, which takes long.
pub fn is_full() -> bool {
    std::env::var("FOOTPRINT_CONSOLE").is_ok_and(|value| value == "full")
}

/// A browser.
pub struct Browser {
    pub client: Client,
    /// The end of the pipe that keeps chromedriver running.
    _alive: ChildStdin,
}

/// A command of `ChromeDriver` that `WebDriver` does not have.
#[derive(Debug)]
struct Extended {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extended {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    pub async fn start() -> Self {
        let mut driver = Command::new("sh")
            .args(["-c", DRIVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let alive = driver.stdin.take().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("chromedriver gives no port; perhaps it {MISSING}"));
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let capabilities = json!({
            "goog:chromeOptions": { "args": FLAGS },
            "goog:loggingPrefs": { "browser": "ALL" },
            "pageLoadStrategy": "normal",
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let address = format!("http://127.0.0.1:{port}");
        let client = in_time(builder.capabilities(capabilities).connect(&address)).await.unwrap();
        Self { client, _alive: alive }
    }

    /// Ends the browser.
    pub async fn end(self) {
        answered(self.client.close()).await;
    }

    async fn extended(&self, path: &'static str, body: Value) -> Value {
        answered(self.client.issue_cmd(Extended { path, body })).await
    }

    /// A command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.extended("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// Gives the window this width and these colours.
    pub async fn look(&self, look: WindowLook) {
        let size = json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": look.scheme }] });
        self.devtools("Emulation.setEmulatedMedia", scheme).await;
    }

    /// Turns scripts of pages off.
    pub async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    pub async fn goto(&self, url: &str) {
        answered(self.client.goto(url)).await;
    }

    /// Signs a user in, by the sign-in page.
    pub async fn sign_in(&self, world: &ConsoleWorld, user: &str) {
        self.goto(&world.page("/sign-in")).await;
        self.fill("user", user).await;
        self.fill("secret.password", PASSWORD).await;
        self.press("Sign in").await;
        self.wait_for("nav.side").await;
    }

    /// Finds an element and does something with it, again if the page has replaced the element in the meantime.
    async fn act(&self, found: Locator<'_>, action: impl AsyncFn(Element) -> Result<(), CmdError>) {
        let started = std::time::Instant::now();
        loop {
            match in_time(async { action(self.client.find(found).await?).await }).await {
                Err(error) if error.is_stale_element_reference() && started.elapsed() < TIMEOUT => {}
                done => return done.unwrap(),
            }
        }
    }

    /// Types a text into the field with this id.
    pub async fn fill(&self, id: &str, text: &str) {
        self.act(Locator::Id(id), async |field| {
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// The value of the field with this id.
    pub async fn value(&self, id: &str) -> String {
        let value = self.evaluate(&format!("document.getElementById({}).value", json!(id))).await;
        value.as_str().unwrap().to_owned()
    }

    /// Chooses the option with this value in the field with this id.
    pub async fn select(&self, id: &str, value: &str) {
        self.act(Locator::Id(id), async |field| field.select_by_value(value).await).await;
    }

    /// Clicks the button with this text.
    pub async fn press(&self, text: &str) {
        let path = format!("//button[normalize-space()=\"{text}\"]");
        self.act(Locator::XPath(&path), async |button| button.click().await).await;
    }

    /// Waits for the button with this text, and clicks it.
    pub async fn press_when_there(&self, text: &str) {
        self.wait_for_text(text).await;
        self.press(text).await;
    }

    /// Waits until the page is loaded and no region is.
    async fn settled(&self) {
        let is_settled = "document.readyState === 'complete' && document.activeElement !== null \
                          && document.querySelector('[aria-busy]') === null";
        self.wait_until(is_settled).await;
    }

    /// Waits until a script in the page gives true.
    pub async fn wait_until(&self, expression: &str) {
        let started = std::time::Instant::now();
        while self.evaluate(expression).await != json!(true) {
            assert!(started.elapsed() < TIMEOUT, "{expression} stays untrue:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses keys one after the other, as on a keyboard, once the page is loaded.
    pub async fn keys(&self, keys: &str) {
        self.settled().await;
        let pressed = keys.chars().fold(KeyActions::new("keyboard".to_owned()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        answered(self.client.perform_actions(pressed)).await;
    }

    /// The text of the focused element.
    pub async fn focused(&self) -> String {
        self.settled().await;
        let focused = "document.activeElement.id || document.activeElement.textContent.trim()";
        self.evaluate(focused).await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the link with this text.
    pub async fn follow(&self, text: &str) {
        self.act(Locator::LinkText(text), async |link| link.click().await).await;
    }

    /// Waits for an element.
    pub async fn wait_for(&self, css: &str) {
        let wait = self.client.wait().at_most(TIMEOUT);
        if let Err(error) = in_time(wait.for_element(Locator::Css(css))).await {
            panic!("{css} did not appear: {error}\n{}", self.text().await);
        }
    }

    /// Waits for an element, and gives it the focus.
    pub async fn focus(&self, css: &str) {
        self.wait_for(css).await;
        self.evaluate(&format!("document.querySelector({css:?}).focus()")).await;
    }

    /// Waits for a text in the page.
    pub async fn wait_for_text(&self, text: &str) {
        let started = std::time::Instant::now();
        while !self.text().await.contains(text) {
            assert!(started.elapsed() < TIMEOUT, "{text:?} did not appear:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The visible text of the page. A page that is being replaced has none for a moment.
    pub async fn text(&self) -> String {
        let started = std::time::Instant::now();
        loop {
            let read = async { self.client.find(Locator::Css("body")).await?.text().await };
            match in_time(read).await {
                Ok(text) if !text.is_empty() => return text,
                read => assert!(started.elapsed() < TIMEOUT, "the page has no text: {read:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The result of a script in the page.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.devtools("Runtime.evaluate", parameters).await;
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// Errors and violations of the policy that the browser logged since the last call.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.extended("se/log", json!({ "type": "browser" })).await;
        let bad = log.as_array().unwrap().iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until the browser has logged a refused form, which it reports by its status 422, and checks that it has
    /// logged nothing else.
    pub async fn only_refused_forms(&self) {
        let started = std::time::Instant::now();
        let mut complaints = self.complaints().await;
        while complaints.is_empty() && started.elapsed() < TIMEOUT {
            tokio::time::sleep(Duration::from_millis(50)).await;
            complaints = self.complaints().await;
        }
        assert!(!complaints.is_empty(), "the browser has logged no refused form");
        assert!(complaints.iter().all(|one| one.contains("status of 422")), "{complaints:?}");
    }

    /// The serious findings of axe-core in the page.
    pub async fn accessibility(&self) -> Vec<String> {
        let script = tools().join("axe-core/node_modules/axe-core/axe.min.js");
        let script = std::fs::read_to_string(script).unwrap_or_else(|_| panic!("axe-core {MISSING}"));
        self.devtools("Runtime.evaluate", json!({ "expression": script })).await;
        let found = self
            .evaluate(
                "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.filter(one => \
                 ['serious', 'critical'].includes(one.impact)).flatMap(one => one.nodes.map(node => one.id + ': ' + \
                 node.html.slice(0, 300) + ' ' + node.failureSummary)))",
            )
            .await;
        found.as_array().unwrap().iter().map(|finding| finding.as_str().unwrap().to_owned()).collect()
    }

    /// Stores a picture of the whole page in the ignored folder `target/tmp/console`.
    pub async fn picture(&self, name: &str) {
        let taken = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("console");
        std::fs::create_dir_all(&folder).unwrap();
        let bytes = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    /// Checks the page in each look: no serious finding, no complaint of the browser, no sideways scrolling. Stores a
    /// picture of each.
    pub async fn check(&self, name: &str) {
        for look in looks() {
            self.look(*look).await;
            let label = format!("{name}-{}-{}", look.width, look.scheme);
            self.picture(&label).await;
            assert_eq!(self.accessibility().await, Vec::<String>::new(), "{label}");
            assert_eq!(self.complaints().await, Vec::<String>::new(), "{label}");
            let wider = self.evaluate("document.documentElement.scrollWidth > innerWidth").await;
            assert_eq!(wider, Value::Bool(false), "{label} scrolls sideways");
        }
    }
}

/// The browser's answer, which has to be a success.
async fn answered<T>(answer: impl Future<Output = Result<T, CmdError>>) -> T {
    in_time(answer).await.unwrap()
}

/// The browser's answer. A browser that has crashed gives none.
async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONGEST_ANSWER, answer).await.expect("the browser does not answer")
}

/// The folder of tools that `tests/run` installs.
fn tools() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools")
}
