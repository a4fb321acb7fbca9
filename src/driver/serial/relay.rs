//! One message to a host and its answer back, on a connection of its own: for terminals that have no line of theirs.

use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Carries a message, which has its length before it, to `host`; nothing when no answer comes in time.
pub(super) async fn relay(bytes: Vec<u8>, host: String, within: Duration) -> Option<Vec<u8>> {
    let within = if within.is_zero() { PATIENCE } else { within };
    let exchange = async {
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(&bytes).await?;
        let mut length = [0; 2];
        stream.read_exact(&mut length).await?;
        let mut answer = length.to_vec();
        answer.resize(2 + usize::from(u16::from_be_bytes(length)), 0);
        stream.read_exact(answer.get_mut(2..).unwrap_or_default()).await?;
        io::Result::Ok(answer)
    };
    tokio::time::timeout(within, exchange).await.ok()?.ok()
}

/// How long a host may take about which nothing was said.
const PATIENCE: Duration = Duration::from_secs(60);
