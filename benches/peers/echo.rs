//! A raw host for programs to be compared with: it sends every frame of 202 bytes back and counts, so that nobody is asked
//! to count himself. It prints its address; then each line of its input is answered by the number of frames so far.

use std::{
    cell::Cell,
    io::{self, BufRead},
    rc::Rc,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

fn main() -> io::Result<()> {
    posfleet::driver::raise_descriptor_limit();
    let (asked, mut questions) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        io::stdin().lock().lines().map_while(Result::ok).try_for_each(|_| asked.send(()))
    });
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default())?;
    runtime.block_on(async {
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
    })
}

async fn echo(mut stream: TcpStream, count: Rc<Cell<u64>>) {
    let mut frame = [0; FRAME];
    while stream.read_exact(&mut frame).await.is_ok() && stream.write_all(&frame).await.is_ok() {
        count.set(count.get() + 1);
    }
}

/// Two bytes of length and 200 more, as in the bench `floor`.
const FRAME: usize = 202;
