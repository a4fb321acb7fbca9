//! A headless Chromium that a test works with: a small client of the WebDriver protocol (W3C) over HTTP.

use serde_json::{Value, json};
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// A browser with a window of its own, and nothing from other sessions.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: PathBuf,
}

impl Browser {
    pub fn open() -> Self {
        let (driver, port) = start_driver();
        let profile = new_profile();
        let mut browser = Self { driver, port, session: String::new(), profile };
        let options = json!({ "binary": CHROMIUM, "args": browser.flags() });
        let wanted = json!({ "goog:loggingPrefs": { "browser": "ALL" }, "goog:chromeOptions": options });
        let made = browser.send("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = made["sessionId"].as_str().expect("a session").to_owned();
        browser.command("POST", "/timeouts", &json!({ "script": WAIT_MS, "pageLoad": WAIT_MS }));
        browser
    }

    pub fn go(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// What a function body returns in the page.
    pub fn run(&self, script: &str) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression holds in the page.
    #[track_caller]
    pub fn wait(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0];
             const look = () => {{ if ({expression}) done(true); else setTimeout(look, 20); }};
             look();"
        );
        let body = json!({ "script": script, "args": [] });
        let path = format!("/session/{}/execute/async", self.session);
        if let Err(error) = self.try_send("POST", &path, &body) {
            let page = self.run("return document.body.innerText");
            panic!("{expression}\n{error}\non the page:\n{}", page.as_str().unwrap_or_default());
        }
    }

    /// Clicks an element like a hand does: it must be there, visible, and not covered.
    #[track_caller]
    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Types into an element.
    #[track_caller]
    pub fn write(&self, css: &str, text: &str) {
        let element = self.find(css);
        self.command("POST", &format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses one key where the focus is.
    pub fn press(&self, key: &str) {
        let presses = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let keys = json!({ "actions": [{ "type": "key", "id": "keys", "actions": presses }] });
        self.command("POST", "/actions", &keys);
    }

    /// Gives the page so many pixels, as a phone or as a screen.
    pub fn resize(&self, width: u32, height: u32, is_phone: bool) {
        let scale = if is_phone { 2 } else { 1 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    pub fn dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// Keeps what is seen as `target/console/<name>.png`.
    pub fn picture(&self, name: &str) {
        let shot = self.devtools("Page.captureScreenshot", &json!({ "format": "png" }));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/console");
        fs::create_dir_all(&folder).unwrap();
        let bytes = from_base64(shot["data"].as_str().unwrap());
        fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    /// What the page has complained of since the last time.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    fn flags(&self) -> Vec<String> {
        let profile = format!("--user-data-dir={}", self.profile.display());
        FLAGS.iter().map(|flag| (*flag).to_owned()).chain([profile]).collect()
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.command("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    #[track_caller]
    fn find(&self, css: &str) -> String {
        let found = self.command("POST", "/element", &json!({ "using": "css selector", "value": css }));
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.send(method, &format!("/session/{}{path}", self.session), body)
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_send(method, path, body).unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    /// One request on a connection of its own.
    fn try_send(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(2 * WAIT_MS))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let json = read_answer(stream).map_err(|error| error.to_string())?;
        let value =
            serde_json::from_slice::<Value>(&json).map_err(|error| error.to_string())?["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default())),
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.try_send("DELETE", &format!("/session/{}", self.session), &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// The body of an answer; the driver keeps its connections open.
fn read_answer(stream: TcpStream) -> io::Result<Vec<u8>> {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// Starts the driver on any free port, which it says.
fn start_driver() -> (Child, u16) {
    let mut driver = Command::new(CHROMEDRIVER)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{CHROMEDRIVER}, of the package chromium-driver: {error}"));
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.filter_map(|line| {
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    let port = { port }.next().expect("the driver says its port");
    (driver, port)
}

fn new_profile() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("posfleet-browser-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let profile = std::env::temp_dir().join(name);
    fs::create_dir_all(&profile).unwrap();
    profile
}

/// Bytes out of their base64 (RFC 4648).
fn from_base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| BASE64.iter().position(|known| *known == byte).map(|value| value as u32);
    let digits: Vec<u32> = text.bytes().filter_map(value).collect();
    let groups = digits.chunks(4).flat_map(|group| {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        bits.to_be_bytes()[1..group.len()].to_vec()
    });
    groups.collect()
}

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-US",
    "--window-size=1280,900",
];
/// The longest wait for anything.
const WAIT_MS: u64 = 30_000;
/// The name under which the protocol has the reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
