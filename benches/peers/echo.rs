//! A raw host for programs to be compared with: it sends every frame of 202 bytes back and counts, so that nobody is asked
//! to count himself. It prints its address; then each line of its input is answered by the number of frames so far.
//!
//! `peers-echo ADDRESS CONNECTIONS` is the other side, the floor: a task per connection that sends and receives such frames
//! and does nothing else, for as long as it is let live.

use std::{
    cell::Cell,
    io::{self, BufRead},
    rc::Rc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

fn main() -> io::Result<()> {
    posfleet::driver::raise_descriptor_limit();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default())?;
    runtime.block_on(async {
        match arguments.as_slice() {
            [] => host().await,
            [address, connections] => clients(address, connections.parse().map_err(io::Error::other)?).await,
            _ => Err(io::Error::other("peers-echo [ADDRESS CONNECTIONS]")),
        }
    })
}

async fn host() -> io::Result<()> {
    let (asked, mut questions) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        io::stdin().lock().lines().map_while(Result::ok).try_for_each(|_| asked.send(()))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let count = Rc::new(Cell::new(0_u64));
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                tokio::task::spawn_local(echo(accepted?.0, Rc::clone(&count)));
            }
            question = questions.recv() => match question {
                Some(()) => println!("{}", count.get()),
                None => return Ok(()),
            },
        }
    }
}

async fn echo(mut stream: TcpStream, count: Rc<Cell<u64>>) {
    let mut frame = [0; FRAME];
    while stream.read_exact(&mut frame).await.is_ok() && stream.write_all(&frame).await.is_ok() {
        count.set(count.get() + 1);
    }
}

async fn clients(address: &str, connections: usize) -> io::Result<()> {
    for _ in 0..connections {
        tokio::task::spawn_local(ping_pong(TcpStream::connect(address).await?));
    }
    tokio::time::sleep(LONGEST).await;
    Ok(())
}

async fn ping_pong(mut stream: TcpStream) {
    let mut frame = [b'U'; FRAME];
    while stream.write_all(&frame).await.is_ok() && stream.read_exact(&mut frame).await.is_ok() {}
}

/// Two bytes of length and 200 more, as in the bench `floor`.
const FRAME: usize = 202;
/// Nobody lets the clients live longer.
const LONGEST: Duration = Duration::from_secs(120);
