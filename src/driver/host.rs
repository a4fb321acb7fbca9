//! The TCP driver of the simulated host: one thread, one listener, a task for every connection.
//!
//! With a ledger, [`Books`] takes what the host records to the thread of the [`LedgerWriter`], and holds answers until
//! what they tell of is durable. When the ledger fails the host stops, connections and all: what it holds in memory is
//! no longer what a restart would find, so that it may answer nothing more.

use super::{
    Clock, Counter, Entry, HostSide, LedgerWriter, StoreError, Tap,
    books::Books,
    counter::Visit,
    held::Due,
    outage::{Outage, outages},
    wire::{self, Wire},
};
use crate::{
    host::{ConnectionId, Host, Outbox, Output, Overheard, Rule, Session},
    iso8583::TerminalId,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    net::SocketAddr,
    rc::Rc,
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot, watch,
    },
};

/// A simulated host that serves on a thread of its own.
#[derive(Debug)]
pub struct HostServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    rules: UnboundedSender<Vec<Rule>>,
    counter: Counter,
    tap: Tap,
    outages: mpsc::Receiver<Outage>,
    /// Closes when the thread ends.
    ended: watch::Receiver<()>,
    thread: JoinHandle<(Host, Result<(), StoreError>)>,
}

/// Why a host cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, not ours, or not allowed.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The thread or its runtime could not be made.
    #[error("cannot start the host's thread: {0}")]
    Thread(#[source] io::Error),
}

impl HostServer {
    /// Starts to serve `host` on `address`, its books in memory; port 0 takes any free port.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(host: Host, address: SocketAddr, clock: Clock) -> Result<Self, ServeError> {
        Self::start_with(host, address, clock, None)
    }

    /// Starts to serve `host` on `address`; what it records goes to `ledger`, which holds all that it knows already.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start_with(
        host: Host,
        address: SocketAddr,
        clock: Clock,
        ledger: Option<LedgerWriter>,
    ) -> Result<Self, ServeError> {
        Self::start_over(host, address, clock, ledger, None)
    }

    /// The same, speaking TLS where `tls` says how.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start_over(
        host: Host,
        address: SocketAddr,
        clock: Clock,
        ledger: Option<LedgerWriter>,
        tls: Option<HostSide>,
    ) -> Result<Self, ServeError> {
        let (stop, stopped) = oneshot::channel();
        let (rules, new_rules) = unbounded_channel();
        let (visit, visits) = unbounded_channel();
        let (end, ended) = watch::channel(());
        let (ready, started) = mpsc::sync_channel(1);
        let tap = Tap::default();
        let (tell, outages) = outages();
        let listening = tap.clone();
        let floor = move || Floor::new(host, clock, ledger.map(Books::new), tls, listening, tell);
        let thread = std::thread::Builder::new()
            .name("host".to_owned())
            .spawn(move || {
                let _end = end;
                serve(floor(), address, Orders { stopped, new_rules, visits }, &ready)
            })
            .map_err(ServeError::Thread)?;
        match started.recv() {
            Ok(Ok(address)) => {
                Ok(Self { address, stop, rules, counter: Counter::new(visit), tap, outages, ended, thread })
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ServeError::Thread(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to the host for other threads.
    pub fn counter(&self) -> Counter {
        self.counter.clone()
    }

    /// What the terminals say that are listened to.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// The times that the host was down since the last time that somebody asked.
    pub fn outages(&self) -> impl Iterator<Item = Outage> {
        self.outages.try_iter()
    }

    /// Has the host follow other rules from now on.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        // A receiver that is gone means that the thread has ended already.
        let _ = self.rules.send(rules);
    }

    /// Waits until it serves no more, which it does of its own accord only when its ledger has failed.
    pub async fn ended(&self) {
        // Nothing is ever sent: the sender is dropped with the thread.
        let _ = self.ended.clone().changed().await;
    }

    /// Stops serving and returns the host with its books.
    pub fn stop(self) -> Host {
        self.finish().0
    }

    /// Stops serving, commits what is not yet durable, and returns the host and whether its ledger has everything.
    pub fn finish(self) -> (Host, Result<(), StoreError>) {
        // A receiver that is gone means that the thread has ended already.
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// What a server is told while it serves.
struct Orders {
    stopped: oneshot::Receiver<()>,
    new_rules: UnboundedReceiver<Vec<Rule>>,
    visits: UnboundedReceiver<Visit>,
}

/// Listens with a backlog that takes a whole fleet switching on.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The body of the host's thread; says over `ready` where it listens, or why it does not.
fn serve(
    floor: Floor,
    address: SocketAddr,
    orders: Orders,
    ready: &mpsc::SyncSender<Result<SocketAddr, ServeError>>,
) -> (Host, Result<(), StoreError>) {
    // A starter that is gone waits for nothing.
    let say = |what| drop(ready.send(what));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            say(Err(ServeError::Thread(error)));
            return floor.close();
        }
    };
    let floor = Rc::new(floor);
    runtime.block_on(async {
        let listening = listen(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = match listening {
            Ok(listening) => listening,
            Err(error) => return say(Err(ServeError::Listen(address, error))),
        };
        // What fell due before the host was up comes before anybody who asks.
        floor.do_what_is_due();
        say(Ok(address));
        tokio::select! {
            _ = orders.stopped => {}
            () = floor.follow(orders.new_rules) => {}
            () = floor.receive_visitors(orders.visits) => {}
            () = accept(&floor, &listener) => {}
            () = floor.send_what_is_due() => {}
            () = floor.send_what_is_durable() => {}
        }
    });
    drop(runtime);
    Rc::into_inner(floor).map(Floor::close).expect("all tasks ended with their runtime")
}

/// What the connections of a host share.
#[derive(Debug)]
struct Floor {
    host: RefCell<Host>,
    clock: Clock,
    outbox: RefCell<Outbox>,
    buffer: RefCell<Box<[u8]>>,
    /// Connections that another task has something for.
    mail: RefCell<HashMap<ConnectionId, Rc<Mailbox>>>,
    /// Rings when an answer was put off.
    put_off: Notify,
    next_due: RefCell<Option<crate::time::Instant>>,
    /// Before this the host takes no connection.
    down_until: Cell<crate::time::Instant>,
    tell_outage: mpsc::SyncSender<Outage>,
    /// `None` keeps the books in memory only.
    books: Option<Books>,
    tap: Tap,
    /// Requests of terminals that are listened to and have no answer yet.
    overheard: RefCell<Vec<(ConnectionId, TerminalId)>>,
    /// `None` is plain text.
    tls: Option<HostSide>,
}

/// The connection that is just being served.
#[derive(Clone, Copy)]
struct Own<'a> {
    id: ConnectionId,
    wire: &'a Wire,
    mailbox: &'a Mailbox,
}

/// What others have for a connection.
#[derive(Debug, Default)]
struct Mailbox {
    unsent: RefCell<Vec<u8>>,
    is_closed: RefCell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Floor {
    fn new(
        host: Host,
        clock: Clock,
        books: Option<Books>,
        tls: Option<HostSide>,
        tap: Tap,
        tell_outage: mpsc::SyncSender<Outage>,
    ) -> Self {
        Self {
            host: RefCell::new(host),
            clock,
            outbox: RefCell::default(),
            buffer: RefCell::new(vec![0; READ_BUFFER].into_boxed_slice()),
            mail: RefCell::default(),
            put_off: Notify::new(),
            next_due: RefCell::new(None),
            down_until: Cell::new(crate::time::Instant::START),
            tell_outage,
            books,
            tap,
            overheard: RefCell::default(),
            tls,
        }
    }

    fn close(self) -> (Host, Result<(), StoreError>) {
        (self.host.into_inner(), self.books.map_or(Ok(()), |books| books.finish()))
    }

    /// Carries out what the host wants; `own` is the connection that is just being served.
    fn drain(&self, own: Option<Own<'_>>) {
        let mut outbox = self.outbox.borrow_mut();
        while let Some(output) = outbox.poll() {
            match output {
                Output::Record(record) => self.record(Entry::Record(record)),
                Output::Note(input) => self.record(Entry::Input(input)),
                Output::Down { from, until } => self.go_down(Outage { from, until }),
                Output::Send(id, range) => self.give(id, Due::Send(outbox.bytes(range)), own),
                Output::Close(id) => self.give(id, Due::Close, own),
                Output::Overheard(said) => self.hear(*said),
                Output::Unreadable { .. } => {}
                Output::Wait(due) => {
                    if let Some(books) = &self.books {
                        books.complete();
                    }
                    if *self.next_due.borrow() != due {
                        self.next_due.replace(due);
                        self.put_off.notify_one();
                    }
                }
            }
        }
    }

    fn record(&self, entry: Entry) {
        if let Some(books) = &self.books {
            books.record(entry);
        }
    }

    fn hear(&self, said: Overheard) {
        if said.code.is_some() {
            self.overheard.borrow_mut().push((said.connection, said.terminal));
        }
        self.tap.hear(said);
    }

    /// An answer leaves; nothing is to be done where nobody listens.
    fn answered(&self, id: ConnectionId) {
        let mut overheard = self.overheard.borrow_mut();
        let place = overheard.iter().position(|(connection, _)| *connection == id);
        if let Some((connection, terminal)) = place.map(|place| overheard.remove(place)) {
            self.tap.answer(self.clock.now(), terminal, connection);
        }
    }

    /// Takes new rules as they come, for ever.
    async fn follow(&self, mut new_rules: UnboundedReceiver<Vec<Rule>>) {
        while let Some(rules) = new_rules.recv().await {
            self.host.borrow_mut().set_rules(rules);
        }
        std::future::pending().await
    }

    /// Lets visitors speak with the host, one after the other, for ever.
    async fn receive_visitors(&self, mut visits: UnboundedReceiver<Visit>) {
        while let Some(visit) = visits.recv().await {
            let now = self.clock.now();
            let reply = visit(&mut self.host.borrow_mut(), now, &mut self.outbox.borrow_mut());
            self.drain(None);
            match &self.books {
                Some(books) => books.reply(reply),
                None => reply(),
            }
        }
        std::future::pending().await
    }

    /// Closes all connections; those that come before its end are closed as soon as they are there.
    fn go_down(&self, outage: Outage) {
        self.down_until.set(outage.until);
        // One that nobody takes is not told.
        let _ = self.tell_outage.try_send(outage);
        for mailbox in self.mail.borrow().values() {
            mailbox.unsent.borrow_mut().clear();
            mailbox.is_closed.replace(true);
            mailbox.ring();
        }
    }

    /// What a connection is made of.
    fn wire(&self, stream: TcpStream) -> io::Result<Wire> {
        match &self.tls {
            None => Ok(Wire::Plain(stream)),
            Some(tls) => tls.receive(stream),
        }
    }

    fn is_down(&self) -> bool {
        self.clock.now() < self.down_until.get()
    }

    /// Gives a connection what is due, or holds it until the ledger has what was recorded before.
    fn give(&self, id: ConnectionId, due: Due<'_>, own: Option<Own<'_>>) {
        let is_held = self.books.as_ref().is_some_and(|books| books.hold(id, due));
        if !is_held {
            self.give_now(id, due, own);
        }
    }

    fn give_now(&self, id: ConnectionId, due: Due<'_>, own: Option<Own<'_>>) {
        match due {
            Due::Send(bytes) => {
                self.answered(id);
                self.deliver(id, bytes, own);
            }
            Due::Close => {
                if let Some(mailbox) = self.mail.borrow().get(&id) {
                    mailbox.is_closed.replace(true);
                    mailbox.ring();
                }
            }
        }
    }

    /// Writes at once to the connection that is just being served, and leaves the rest to the task of the connection.
    fn deliver(&self, id: ConnectionId, bytes: &[u8], own: Option<Own<'_>>) {
        match own.filter(|own| own.id == id) {
            Some(own) => {
                let is_next = own.mailbox.is_open() && own.mailbox.unsent.borrow().is_empty();
                let taken = if is_next { own.wire.try_write(bytes).unwrap_or(0) } else { 0 };
                own.mailbox.put(bytes.get(taken..).unwrap_or_default());
            }
            // What was held may be for a connection that was closed meanwhile.
            None => self.mail.borrow().get(&id).into_iter().for_each(|mailbox| mailbox.put(bytes)),
        }
    }

    /// Sends what waited for the ledger, each time that it has come further; returns when it has failed.
    async fn send_what_is_durable(&self) {
        match &self.books {
            Some(books) => books.release(|id, due| self.give_now(id, due, None)).await,
            None => std::future::pending().await,
        }
    }

    /// Sends the answers that were put off when their time has come.
    async fn send_what_is_due(&self) {
        loop {
            let due = *self.next_due.borrow();
            let waiting = async {
                match due {
                    Some(due) => tokio::time::sleep_until(self.clock.to_std(due).into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = waiting => {
                    self.next_due.replace(None);
                    self.do_what_is_due();
                }
                () = self.put_off.notified() => {}
            }
        }
    }

    fn do_what_is_due(&self) {
        self.host.borrow_mut().timeout(self.clock.now(), &mut self.outbox.borrow_mut());
        self.drain(None);
    }
}

impl Mailbox {
    /// Leaves bytes to be sent, unless the connection is closed.
    fn put(&self, bytes: &[u8]) {
        if !bytes.is_empty() && self.is_open() {
            self.unsent.borrow_mut().extend_from_slice(bytes);
            self.ring();
        }
    }

    fn is_open(&self) -> bool {
        !*self.is_closed.borrow()
    }

    fn ring(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

async fn accept(floor: &Rc<Floor>, listener: &TcpListener) {
    for number in 1.. {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Out of descriptors, most likely: connections that end give some back.
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if floor.is_down() {
            continue;
        }
        let Ok(wire) = floor.wire(stream) else { continue };
        let floor = Rc::clone(floor);
        tokio::task::spawn_local(async move {
            let id = ConnectionId(number);
            let mailbox = Rc::new(Mailbox::default());
            floor.mail.borrow_mut().insert(id, Rc::clone(&mailbox));
            let session = Session::new(id, &floor.host.borrow());
            attend(&floor, wire, session, &mailbox).await;
            floor.mail.borrow_mut().remove(&id);
        });
    }
}

/// Serves one connection to its end.
async fn attend(floor: &Floor, mut stream: Wire, mut session: Session, mailbox: &Mailbox) {
    loop {
        let event =
            std::future::poll_fn(|context| poll_connection(floor, &mut stream, mailbox, context)).await;
        match event {
            Attention::Write if write(&stream, mailbox).is_err() => return,
            Attention::Write => {}
            Attention::Close | Attention::Read(Ok(0) | Err(_)) => return,
            Attention::Read(Ok(count)) => {
                let buffer = floor.buffer.borrow();
                let bytes = buffer.get(..count).unwrap_or_default();
                // Whoever wants to speak TLS here would wait for its answer for ever.
                if wire::is_hello(bytes) && floor.tls.is_none() {
                    return;
                }
                let (now, mut outbox) = (floor.clock.now(), floor.outbox.borrow_mut());
                floor.host.borrow_mut().received(now, &mut session, bytes, &mut outbox);
                drop(outbox);
                floor.drain(Some(Own { id: session.id(), wire: &stream, mailbox }));
            }
        }
    }
}

/// What a connection needs next.
enum Attention {
    /// What a read came to; the bytes are in the buffer of the floor.
    Read(io::Result<usize>),
    Write,
    Close,
}

fn poll_connection(
    floor: &Floor,
    stream: &mut Wire,
    mailbox: &Mailbox,
    context: &mut Context<'_>,
) -> Poll<Attention> {
    let has_mail = !mailbox.unsent.borrow().is_empty();
    if *mailbox.is_closed.borrow() && !has_mail {
        return Poll::Ready(Attention::Close);
    }
    if has_mail && stream.poll_write_ready(context).is_ready() {
        return Poll::Ready(Attention::Write);
    }
    if let Poll::Ready(read) = stream.poll_read(context, &mut floor.buffer.borrow_mut()) {
        return Poll::Ready(Attention::Read(read));
    }
    let mut waker = mailbox.waker.borrow_mut();
    if !waker.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
        *waker = Some(context.waker().clone());
    }
    Poll::Pending
}

fn write(stream: &Wire, mailbox: &Mailbox) -> io::Result<()> {
    let mut unsent = mailbox.unsent.borrow_mut();
    match stream.try_write(&unsent) {
        Ok(taken) => drop(unsent.drain(..taken)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

const BACKLOG: u32 = 4096;
const READ_BUFFER: usize = 16 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
