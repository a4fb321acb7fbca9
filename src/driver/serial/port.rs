//! One open port, serial or TCP, behind one trait; the only place that knows the serial library.
//!
//! Nothing here flushes: on a serial line that waits for the line on the runtime's own thread, and swallows what fails.

use super::locate::Place;
use crate::rack::{DataBits, LineSettings, OnOpen, Parity, StopBits};
use std::{io, path::Path, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_serial::{ClearBuffer, ErrorKind, SerialPort, SerialStream};

/// An open port.
pub trait Port: AsyncRead + AsyncWrite + Unpin + Send {
    /// Throws away what came before the port was opened: it was meant for somebody else.
    ///
    /// # Errors
    /// When the port is gone.
    fn clear(&mut self) -> io::Result<()>;
}

impl Port for SerialStream {
    fn clear(&mut self) -> io::Result<()> {
        Ok(SerialPort::clear(self, ClearBuffer::Input)?)
    }
}

impl Port for TcpStream {
    /// A new connection has no past.
    fn clear(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a port is not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Nothing is there.
    #[error("{0} is not there")]
    Missing(String),
    /// Somebody else has it.
    #[error("{0} is in use by another program")]
    Busy(String),
    /// It is there and is no serial port.
    #[error("{0} is no serial port")]
    NotATerminal(String),
    /// This user may not.
    #[error("no permission to open {0}")]
    Denied(String),
    /// The port does not take these settings.
    #[error("{0} does not take {1}")]
    Settings(String, LineSettings),
    /// The address does not answer.
    #[error("cannot connect to {0}: {1}")]
    Unreachable(String, String),
    /// Anything else.
    #[error("cannot open {0}: {1}")]
    Other(String, String),
}

/// Opens a port exclusively, with nothing left in it.
///
/// # Errors
/// When it cannot be opened now; it may be tried again.
pub async fn open(place: &Place, line: LineSettings) -> Result<Box<dyn Port>, OpenError> {
    match place {
        Place::Serial(path) => {
            let mut port = serial(path, line)?;
            set_up(&mut port, line.on_open)
                .map_err(|error| OpenError::Other(shown(path), error.to_string()))?;
            Ok(Box::new(port))
        }
        Place::Tcp(address) => {
            let opening = tokio::time::timeout(CONNECT, TcpStream::connect(address.as_str()));
            let failed =
                |error: &dyn std::fmt::Display| OpenError::Unreachable(address.clone(), error.to_string());
            match opening.await {
                Ok(Ok(stream)) => {
                    // A protocol of small messages and single bytes waits for nothing.
                    stream.set_nodelay(true).map_err(|error| failed(&error))?;
                    Ok(Box::new(stream))
                }
                Ok(Err(error)) => Err(failed(&error)),
                Err(_) => Err(failed(&"no answer in time")),
            }
        }
    }
}

fn serial(path: &Path, line: LineSettings) -> Result<SerialStream, OpenError> {
    let builder = tokio_serial::new(path.to_string_lossy(), line.baud)
        .data_bits(match line.data {
            DataBits::Five => tokio_serial::DataBits::Five,
            DataBits::Six => tokio_serial::DataBits::Six,
            DataBits::Seven => tokio_serial::DataBits::Seven,
            DataBits::Eight => tokio_serial::DataBits::Eight,
        })
        .parity(match line.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Odd => tokio_serial::Parity::Odd,
            Parity::Even => tokio_serial::Parity::Even,
        })
        .stop_bits(match line.stop {
            StopBits::One => tokio_serial::StopBits::One,
            StopBits::Two => tokio_serial::StopBits::Two,
        });
    SerialStream::open(&builder).map_err(|error| refusal(path, line, &error))
}

/// Sets the modem lines and drains the port.
fn set_up(port: &mut SerialStream, on_open: OnOpen) -> io::Result<()> {
    let dtr = on_open.dtr.map_or(Ok(()), |level| port.write_data_terminal_ready(level));
    let rts = on_open.rts.map_or(Ok(()), |level| port.write_request_to_send(level));
    // Pseudo-terminals have no modem lines, and many a USB port has none behind it: who needs them notices.
    let _ = (dtr, rts);
    if on_open.drains { Port::clear(port) } else { Ok(()) }
}

/// The library's four ways to say no, and those of the kernel, in clear words.
fn refusal(path: &Path, line: LineSettings, error: &tokio_serial::Error) -> OpenError {
    let name = shown(path);
    let is = |text: &str| error.description.contains(text);
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::NotFound) => OpenError::Missing(name),
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => OpenError::Denied(name),
        ErrorKind::NoDevice if is("No such file") => OpenError::Missing(name),
        // "Unable to acquire exclusive lock" for the superuser, "Device or resource busy" for everybody else.
        ErrorKind::NoDevice if is("lock") || is("busy") => OpenError::Busy(name),
        ErrorKind::Unknown if is("typewriter") || is("ioctl") => OpenError::NotATerminal(name),
        ErrorKind::Unknown | ErrorKind::InvalidInput if is("ettings") => OpenError::Settings(name, line),
        // A device whose driver has gone while its name is still there.
        ErrorKind::NoDevice => OpenError::Missing(name),
        _ => OpenError::Other(name, error.description.clone()),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
