//! What an HTTP request costs over the raw floor: client CPU per request and requests per second, side by side.
//!
//! The floor is a task per connection that writes the same bytes and reads the same number of them, without looking.
//! Against it stands the client of a shard: build the request, send, parse the answer, collect the body. Both speak
//! with the same server, a process of its own that knows nothing of HTTP; rounds alternate, figures are medians.
//!
//! `cargo bench --bench http [-- CONNECTIONS…]`

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use posfleet::{
    driver::{Clock, HttpClient, raise_descriptor_limit, usage},
    http::{Body, Cookies, Method, Request, Server},
};
use std::{
    cell::Cell,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_local,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    raise_descriptor_limit();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|argument| argument == "role-server") {
        return serve();
    }
    let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![50, 1_000] } else { sizes };
    println!("client CPU per request in µs, median of {ROUNDS} interleaved rounds of 1 s, one client thread");
    println!("{:>11}  {:16} {:>7} {:>9} {:>7}", "connections", "what", "µs", "per s", "ratio");
    for connections in sizes {
        compare(connections);
    }
}

fn compare(connections: usize) {
    let server = ServerProcess::start();
    let (mut floor, mut http) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(raw_round(server.address, connections));
        http.push(http_round(server.address, connections));
    }
    let base = median(&floor, |measure| measure.micros);
    for (what, measures) in [("raw ping-pong", &floor), ("HTTP client", &http)] {
        let micros = median(measures, |measure| measure.micros);
        let rate = median(measures, |measure| measure.per_second);
        println!("{connections:>11}  {what:16} {micros:>7.2} {rate:>9.0} {:>7.2}", micros / base);
    }
    let ratio = median(&http, |measure| measure.micros) / base;
    bar(&format!("HTTP request over raw, {connections} connections"), ratio, ..=RATIO_MOST);
}

/// One round of one side.
#[derive(Clone, Copy, Debug)]
struct Measure {
    micros: f64,
    per_second: f64,
}

fn median(measures: &[Measure], of: impl Fn(&Measure) -> f64) -> f64 {
    let mut values: Vec<f64> = measures.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The client of a shard, a caller for every connection.
fn http_round(server: SocketAddr, connections: usize) -> Measure {
    run(async {
        let server = Server {
            name: "bench".to_owned(),
            host: server.ip().to_string(),
            port: server.port(),
            prefix: String::new(),
            tls: None,
            connections,
            idle: Duration::from_secs(60),
            body_max: 1 << 20,
        };
        let client = Rc::new(HttpClient::new(Clock::start(), &[server]).expect("plain HTTP"));
        let count = Rc::new(Cell::new(0_u64));
        for _ in 0..connections {
            let (client, count) = (Rc::clone(&client), Rc::clone(&count));
            spawn_local(async move {
                let (request, mut cookies) = (request(), Cookies::default());
                let first = client.send(&request, &mut cookies).await.expect("an answer");
                assert_eq!(first.status, 200);
                loop {
                    let answer = client.send(&request, &mut cookies).await.expect("an answer");
                    assert_eq!(answer.timing.connect, None, "a connection is used again");
                    count.set(count.get() + 1);
                }
            });
        }
        measure(&count).await
    })
}

fn request() -> Request {
    Request {
        server: 0,
        method: Method::Post,
        target: "/card-changes".to_owned(),
        headers: vec![("authorization".to_owned(), TOKEN.to_owned())],
        body: Body::Json(REQUEST_BODY.to_owned()),
        timeout: Duration::from_secs(10),
    }
}

/// The same bytes without HTTP.
fn raw_round(server: SocketAddr, connections: usize) -> Measure {
    run(async {
        let request: Rc<str> = format!(
            "POST /card-changes HTTP/1.1\r\nhost: {server}\r\nauthorization: {TOKEN}\r\ncontent-type: \
             application/json\r\nuser-agent: posfleet/0.1.0\r\ncontent-length: {}\r\n\r\n{REQUEST_BODY}",
            REQUEST_BODY.len()
        )
        .into();
        let count = Rc::new(Cell::new(0_u64));
        for _ in 0..connections {
            let mut stream = TcpStream::connect(server).await.expect("the server accepts");
            let (count, request) = (Rc::clone(&count), Rc::clone(&request));
            spawn_local(async move {
                let mut answer = [0; ANSWER.len()];
                loop {
                    stream.write_all(request.as_bytes()).await.expect("open");
                    stream.read_exact(&mut answer).await.expect("open");
                    count.set(count.get() + 1);
                }
            });
        }
        measure(&count).await
    })
}

fn run<T>(round: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.expect("a runtime").block_on(round)
}

/// What one second of load costs, after it has settled.
async fn measure(count: &Cell<u64>) -> Measure {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (before, cpu, began) = (count.get(), usage().cpu, Instant::now());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (requests, cpu, length) = ((count.get() - before) as f64, usage().cpu - cpu, began.elapsed());
    Measure { micros: cpu.as_secs_f64() * 1e6 / requests, per_second: requests / length.as_secs_f64() }
}

/// A server in a process of its own, ended with this value.
struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

impl ServerProcess {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        let child = command.arg("role-server").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("this program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("the server says where it listens");
        Self { child, address: line.trim().parse().expect("an address") }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server: the same answer to everything that ends like a request.
fn serve() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("bound"));
        loop {
            let (mut stream, _) = listener.accept().await.expect("a descriptor");
            spawn_local(async move {
                let (mut buffer, mut length) = ([0; 1024], 0);
                while let Ok(count @ 1..) = stream.read(&mut buffer[length..]).await {
                    length += count;
                    if buffer[..length].ends_with(REQUEST_BODY.as_bytes()) {
                        length = 0;
                        if stream.write_all(ANSWER.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
}

const TOKEN: &str = "Bearer 0123456789abcdef0123456789abcdef";
const REQUEST_BODY: &str =
    r#"{"bank":"0102","card":"6222020000000000","holder":"Zhang San","phone":"13800000000"}"#;
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n\
                      {\"application\":\"CC00000001\",\"stage\":\"code\",\"expiresIn\":300 }";
const ROUNDS: usize = 5;
/// Guards what was reached: 1.8 with 50 connections, 2.6 with 1,000.
const RATIO_MOST: f64 = 3.0;
