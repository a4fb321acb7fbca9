//! The floor: tasks that send and receive 202 bytes without looking at them, over connections that are kept and over one
//! for each round trip; and the host that sends them back.

use super::{
    measure::{Measure, Point, spread},
    role::Role,
};
use posfleet::driver::usage;
use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_local,
};

/// One round over so many connections that are kept.
pub fn kept(host: &mut Role, connections: usize) -> Measure {
    run(async {
        let counts = counts(connections);
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            streams.push(TcpStream::connect(host.address).await.expect("the echo host accepts"));
        }
        for (number, stream) in streams.into_iter().enumerate() {
            let counts = Rc::clone(&counts);
            spawn_local(async move { ping_pong(stream, &counts[number]).await });
        }
        measure(host, &counts).await
    })
}

/// One round of so many tasks that make a connection for each round trip.
pub fn visits(host: &mut Role, tasks: usize) -> Measure {
    run(async {
        let counts = counts(tasks);
        for number in 0..tasks {
            let (counts, address) = (Rc::clone(&counts), host.address);
            spawn_local(async move {
                loop {
                    visit(address).await.expect("the echo host accepts");
                    counts[number].set(counts[number].get() + 1);
                }
            });
        }
        measure(host, &counts).await
    })
}

type Counts = Rc<Vec<Cell<u64>>>;

fn counts(tasks: usize) -> Counts {
    Rc::new((0..tasks).map(|_| Cell::new(0)).collect())
}

fn run<T>(round: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.expect("a runtime").block_on(round)
}

/// What a second of load costs, after it has settled.
async fn measure(host: &mut Role, counts: &Counts) -> Measure {
    let began = Instant::now();
    let mut point = || Point {
        at: began.elapsed(),
        count: counts.iter().map(Cell::get).sum(),
        cpu: usage().cpu,
        host_cpu: host.cpu(),
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begin = point();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let end = point();
    let mut counts: Vec<u64> = counts.iter().map(Cell::get).collect();
    Measure::between(&begin, &end, spread(&mut counts))
}

async fn ping_pong(mut stream: TcpStream, count: &Cell<u64>) {
    let (request, mut answer) = (request(), [0; FRAME]);
    while stream.write_all(&request).await.is_ok() && stream.read_exact(&mut answer).await.is_ok() {
        count.set(count.get() + 1);
    }
}

async fn visit(host: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(host).await?;
    stream.write_all(&request()).await?;
    stream.read_exact(&mut [0; FRAME]).await.map(drop)
}

fn request() -> [u8; FRAME] {
    let mut request = [0x55; FRAME];
    request[..2].copy_from_slice(&((FRAME - 2) as u16).to_be_bytes());
    request
}

/// The raw host: sends every frame back.
pub fn echo_host() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("bound"));
        loop {
            let (mut stream, _) = listener.accept().await.expect("a descriptor");
            spawn_local(async move {
                let mut frame = [0; FRAME];
                while stream.read_exact(&mut frame).await.is_ok() && stream.write_all(&frame).await.is_ok() {}
            });
        }
    });
}

const FRAME: usize = 202;
