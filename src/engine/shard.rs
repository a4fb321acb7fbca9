//! One shard: a thread that owns its share of the terminals and runs its part of every scenario.

use super::{
    control::{Command, Control},
    device::Post,
    gate::Gates,
    listening,
    meeting::Meetings,
    recorder::{Blank, Delta, Gauges, Recorder},
    runner,
    way::Way,
};
use crate::{
    directory::Directory,
    driver::{
        Clock, Desk, Dialer, HttpClient, Line, Patron, Tap, block_on,
        serial::{CardFeeder, Prompts, Setup},
        thread_cpu, unix_seconds,
    },
    flow::{Cast, Numbers},
    http::Server,
    load::{Share, Throttles},
    metrics::{ActivityCounts, Connections, Interval, Origin, RowWindow, Selections, StepId, TraceLine},
    operation::Kind,
    regression::Record,
    scenario::{Group, Plan},
    terminal::Terminal,
    time::Instant,
};
use crossbeam::channel::{Receiver, Sender, TrySendError};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

/// What every shard is told.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) plan: Arc<Plan>,
    pub(super) ways: Arc<[Way]>,
    /// What the devices of each group share; nothing where its terminals are virtual.
    pub(super) setups: Arc<[Option<Arc<Setup>>]>,
    /// What the host of the run hears of devices.
    pub(super) tap: Option<Tap>,
    pub(super) servers: Arc<[Server]>,
    pub(super) clock: Clock,
    pub(super) shards: usize,
    pub(super) gates: Arc<Gates>,
    pub(super) throttles: Arc<Throttles>,
    pub(super) meetings: Arc<Meetings>,
    pub(super) control: Control,
    /// Where people are asked for what devices need.
    pub(super) prompts: Prompts,
    pub(super) feeder: CardFeeder,
    /// What the collector gives back.
    pub(super) emptied: Receiver<Blank>,
}

/// One shard.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) plan: Arc<Plan>,
    /// How the terminals of each group get their connections.
    dialers: Vec<Dialer>,
    pub(super) gates: Arc<Gates>,
    /// What the host of the run hears of devices.
    pub(super) tap: Option<Tap>,
    pub(super) throttles: Arc<Throttles>,
    pub(super) meetings: Arc<Meetings>,
    pub(super) control: Control,
    /// Has cards put into devices.
    pub(super) feeder: CardFeeder,
    pub(super) desk: Desk,
    pub(super) client: HttpClient,
    pub(super) share: Share,
    /// The terminals of this shard, group by group.
    pub(super) seats: Vec<Seat>,
    /// Which of them belong to each group.
    groups: Vec<Bench>,
    pub(super) recorder: RefCell<Recorder>,
    /// What speaks against those that went through cases, by their seat.
    pub(super) case_records: RefCell<BTreeMap<usize, Record>>,
    /// Where the figures of what terminals do of their own accord go, by kind.
    pub(super) automatic: [Option<StepId>; Kind::ALL.len()],
    pub(super) commands: watch::Receiver<Command>,
    selections: Arc<Selections>,
    index: usize,
    deltas: Sender<Delta>,
    /// What the collector gives back.
    emptied: Receiver<Blank>,
    window: watch::Receiver<RowWindow>,
}

/// The seats of the terminals of one group.
#[derive(Debug)]
struct Bench {
    seats: Range<usize>,
    busy: Cell<usize>,
    /// Where a free seat was found last.
    hint: Cell<usize>,
}

/// A terminal's place in its shard.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) terminal: RefCell<Terminal>,
    pub(super) line: RefCell<Line>,
    /// The number of its group.
    pub(super) group: u16,
    /// Its number in its group.
    pub(super) number: u32,
    /// The scenario it works for at this moment.
    pub(super) busy_for: Cell<Option<u16>>,
    /// The device that is its terminal; nothing where that is virtual.
    pub(super) post: Option<Box<Post>>,
    /// Whether that scenario warms up.
    pub(super) is_warming: Cell<bool>,
    /// Whether it does what follows where an iteration is cut short.
    pub(super) is_cleaning: Cell<bool>,
}

impl Shard {
    /// Runs the shard to its end; the body of its thread.
    pub(super) fn run(
        brief: Brief,
        index: usize,
        deltas: Sender<Delta>,
        commands: watch::Receiver<Command>,
        rows: watch::Receiver<RowWindow>,
    ) {
        let done = block_on(async {
            let shard = Rc::new(Self::new(brief, index, deltas, commands, rows));
            let ringing = Rc::clone(&shard);
            tokio::task::spawn_local(async move { ringing.desk.deadlines.run(ringing.desk.clock).await });
            let ticking = Rc::clone(&shard);
            let ticks = tokio::task::spawn_local(async move { ticking.tick_for_ever().await });
            let sweeping = Rc::clone(&shard);
            let sweeps = tokio::task::spawn_local(async move { sweeping.sweep_for_ever().await });
            // Whatever is under way when the run closes goes with the runtime, and its connections with it.
            tokio::select! {
                () = runner::run_all(&shard) => {}
                () = runner::command(&shard, Command::Close) => {}
            }
            ticks.abort();
            sweeps.abort();
            shard.send_last();
        });
        done.expect("a current-thread runtime needs a few descriptors only");
    }

    fn new(
        brief: Brief,
        index: usize,
        deltas: Sender<Delta>,
        commands: watch::Receiver<Command>,
        rows: watch::Receiver<RowWindow>,
    ) -> Self {
        let Brief { plan, ways, setups, tap, servers, clock, shards, .. } = brief;
        let Brief { gates, throttles, meetings, control, prompts, feeder, emptied, .. } = brief;
        let share = Share { index: index as u32, of: shards as u32 };
        let (seats, groups) = seats(&plan, &setups, &prompts, share);
        let selections = Arc::new(plan.selections.clone());
        Self {
            desk: Desk::new(clock, seats.len()),
            client: HttpClient::new(clock, &servers).expect("the same servers were tried before the start"),
            recorder: RefCell::new(Recorder::new(blank(&plan), Arc::clone(&selections))),
            case_records: RefCell::default(),
            automatic: Kind::ALL.map(|(_, name)| plan.steps.find(name)),
            plan,
            dialers: ways
                .iter()
                .enumerate()
                .map(|(group, way)| dialer(way, shards, selections.links().any(|link| link.contains(&group))))
                .collect(),
            selections,
            gates,
            tap,
            throttles,
            meetings,
            control,
            feeder,
            share,
            seats,
            groups,
            commands,
            index,
            deltas,
            emptied,
            window: rows,
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.desk.clock.now()
    }

    /// The terminal in seat `place` as its driver sees it.
    pub(super) fn patron<'a>(&'a self, place: u32, seat: &'a Seat) -> Patron<'a> {
        let group = usize::from(seat.group);
        Patron {
            place,
            terminal: &seat.terminal,
            profile: &self.plan.groups[group].profile,
            dialer: self.dialer(seat),
            network: self.plan.groups[group].network.as_ref(),
            chance: (self.plan.seed, u64::from(seat.group) << 32 | u64::from(seat.number)),
        }
    }

    /// How the terminal in a seat gets its connections.
    pub(super) fn dialer(&self, seat: &Seat) -> &Dialer {
        &self.dialers[usize::from(seat.group)]
    }

    /// Where what happens in a seat comes from.
    pub(super) fn origin(&self, seat: &Seat) -> Origin {
        let scenario = seat.busy_for.get().map(usize::from);
        let flow = scenario.and_then(|number| Some(self.plan.scenarios.get(number)?.flow));
        let device = seat.post.as_ref().and_then(|post| post.number());
        Origin { scenario, group: usize::from(seat.group), flow, device }
    }

    /// The terminal in a seat as its flow sees it.
    pub(super) fn cast<'a>(&'a self, seat: &Seat) -> Cast<'a> {
        let terminal = seat.terminal.borrow();
        let identities = &self.plan.groups[usize::from(seat.group)].identities;
        Cast {
            number: seat.number,
            terminal: terminal.id(),
            merchant: terminal.merchant(),
            batch: terminal.batch(),
            planned: &identities[seat.number as usize].numbers,
            fleet: identities.len() as u32,
            directory: Directory::new(self.plan.seed),
            feeders: &self.plan.feeders,
        }
    }

    /// The seats of the terminals of a group that this shard owns.
    pub(super) fn seats_of(&self, group: usize) -> Range<usize> {
        self.groups[group].seats.clone()
    }

    /// The seat `wanted` when its terminal is free, else any free one of the group.
    pub(super) fn free_seat(&self, group: usize, wanted: usize) -> Option<usize> {
        let bench = &self.groups[group];
        let is_free = |place: &usize| !self.seats[*place].is_busy();
        if bench.busy.get() == bench.seats.len() {
            return None;
        }
        let (begin, hint, end) = (bench.seats.start, bench.hint.get(), bench.seats.end);
        let found = Some(wanted).filter(is_free).or_else(|| (hint..end).chain(begin..hint).find(is_free));
        bench.hint.set(found.unwrap_or(begin));
        found
    }

    /// Seats a terminal at the work of a scenario.
    pub(super) fn occupy(&self, place: usize, scenario: u16) {
        let seat = &self.seats[place];
        let bench = &self.groups[usize::from(seat.group)];
        bench.busy.set(bench.busy.get() + 1);
        seat.busy_for.set(Some(scenario));
    }

    /// The terminal of a seat is free again.
    pub(super) fn vacate(&self, seat: &Seat) {
        let bench = &self.groups[usize::from(seat.group)];
        bench.busy.set(bench.busy.get() - 1);
        seat.busy_for.set(None);
    }

    /// Tells every terminal that works for a scenario to give up.
    pub(super) fn interrupt(&self, scenario: u16) {
        for (place, seat) in self.seats.iter().enumerate() {
            if seat.busy_for.get() == Some(scenario) {
                self.desk.deadlines.interrupt(place as u32);
            }
        }
    }

    async fn tick_for_ever(&self) {
        let mut tick = 1;
        loop {
            let due = Instant::START + TICK * tick;
            tokio::time::sleep_until(self.desk.clock.to_std(due).into()).await;
            self.send(tick);
            tick += 1;
        }
    }

    /// Closes connections that are too old or idle for too long, again and again.
    async fn sweep_for_ever(&self) {
        let groups: Vec<usize> =
            (0..self.dialers.len()).filter(|group| self.dialers[*group].is_bounded()).collect();
        while !groups.is_empty() {
            tokio::time::sleep(TICK).await;
            let now = self.now();
            for group in &groups {
                let settings = self.dialers[*group].settings();
                let seats = &self.seats[self.groups[*group].seats.clone()];
                seats.iter().for_each(|seat| seat.line.borrow_mut().expire(now, settings));
            }
        }
    }

    /// Hands over what was recorded; when the collector is behind, it stays here for the next tick.
    fn send(&self, tick: u32) {
        let is_whole_second = tick.is_multiple_of(TICKS_PER_SECOND);
        let delta = self.delta(is_whole_second, false);
        if let Err(TrySendError::Full(delta)) = self.deltas.try_send(delta) {
            let mut recorder = self.recorder.borrow_mut();
            recorder.interval.merge(&delta.interval);
            recorder.journal.splice(0..0, delta.journal);
            recorder.cases.splice(0..0, delta.cases);
            recorder.broken |= delta.broken;
            recorder.put_back(delta.events, delta.causes);
            recorder.put_back_receipts(delta.receipts);
        }
    }

    fn send_last(&self) {
        // A collector that is gone has nobody to tell either.
        let _ = self.deltas.send(self.delta(true, true));
    }

    fn delta(&self, with_gauges: bool, is_last: bool) -> Delta {
        let gauges = if with_gauges { self.gauges() } else { Gauges::default() };
        let mut recorder = self.recorder.borrow_mut();
        let (events, causes) = recorder.take_told();
        let receipts = recorder.take_receipts();
        let trace = self.trace();
        let blank = self.emptied.try_recv().unwrap_or_else(|_| blank(&self.plan));
        let empty = Recorder::new(blank, Arc::clone(&self.selections));
        let Recorder { mut interval, journal, cases, samples, broken, .. } =
            std::mem::replace(&mut *recorder, empty);
        // As many entries come in the next tick, most likely; growing to them would copy them all.
        recorder.journal.reserve(journal.len());
        interval.connections.merge(&self.desk.connections.take());
        self.take_links(&mut interval);
        Delta {
            shard: self.index,
            interval,
            journal,
            cases,
            receipts,
            events,
            causes,
            samples,
            trace,
            gauges,
            broken,
            is_last,
        }
    }

    /// Adds up the connections of the groups that thresholds ask for.
    fn take_links(&self, interval: &mut Interval) {
        let of_groups: Vec<Option<Connections>> = self.dialers.iter().map(Dialer::take_figures).collect();
        for (link, groups) in interval.links.iter_mut().zip(self.selections.links()) {
            groups.iter().filter_map(|group| of_groups.get(*group)?.as_ref()).for_each(|one| link.merge(one));
        }
    }

    fn gauges(&self) -> Gauges {
        let window = self.window.borrow().clone();
        let mut activity = ActivityCounts::default();
        let mut connections = self.dialers.iter().map(|dialer| dialer.shared() as u64).sum();
        let mut devices = Vec::new();
        for seat in &self.seats {
            let terminal = seat.terminal.borrow();
            let is_busy = seat.is_busy();
            activity.busy += u64::from(is_busy);
            activity.idle += u64::from(!is_busy && terminal.is_signed_in());
            activity.signed_out += u64::from(!is_busy && !terminal.is_signed_in());
            activity.reversal_pending += u64::from(terminal.has_pending_reversal());
            let is_own = self.dialer(seat).has_own();
            connections += u64::from(is_own && terminal.is_connected());
            let number = || self.fleet_number(seat);
            devices.extend(seat.post.as_ref().map(|post| (number(), post.row())));
        }
        Gauges {
            terminals: self.seats.len() as u64,
            connections,
            waiting: self.desk.waiting.get(),
            activity,
            rows: self.rows(&window),
            devices,
            cpu: thread_cpu(),
        }
    }

    /// What the terminal that is looked at said and heard since the last tick, and which one that is.
    fn trace(&self) -> (Option<u32>, Vec<TraceLine>) {
        let heard = self.desk.trace.take();
        let before = self.desk.trace.place().and_then(|place| self.seats.get(place as usize));
        let lines = before.map(|seat| match &seat.post {
            Some(post) => listening::line_of_device(post.ear.take()),
            None => listening::lines(self.plan.groups[usize::from(seat.group)].profile.spec, heard),
        });
        let number = before.map(|seat| self.fleet_number(seat));
        // The window is looked at last, so that what was heard belongs to the terminal of before.
        let selected = self.selected_place(&self.window.borrow());
        self.listen_to(selected.map(|place| place as u32));
        (number, lines.unwrap_or_default())
    }

    /// Listens to the terminal in seat `place` from now on, or to none.
    fn listen_to(&self, place: Option<u32>) {
        let before = self.desk.trace.place();
        if before == place {
            return;
        }
        self.desk.trace.listen_to(place);
        for (place, listens) in [(before, false), (place, true)] {
            let seat = place.and_then(|place| self.seats.get(place as usize));
            seat.and_then(|seat| seat.post.as_ref()).into_iter().for_each(|post| post.ear.open(listens));
        }
    }

    /// The terminal's number in the whole fleet.
    pub(super) fn fleet_number(&self, seat: &Seat) -> u32 {
        let before: usize =
            self.plan.groups.iter().take(usize::from(seat.group)).map(|group| group.identities.len()).sum();
        before as u32 + seat.number
    }
}

impl Seat {
    /// Whether its terminal works for a scenario.
    pub(super) fn is_busy(&self) -> bool {
        self.busy_for.get().is_some()
    }
}

/// The terminals of a share of the fleet, and which of them belong to each group.
fn seats(
    plan: &Plan,
    setups: &[Option<Arc<Setup>>],
    prompts: &Prompts,
    share: Share,
) -> (Vec<Seat>, Vec<Bench>) {
    let terminals = plan.groups.iter().map(|group| share.terminals(group.identities.len() as u32).count());
    let mut seats = Vec::with_capacity(terminals.sum());
    let mut groups = Vec::with_capacity(plan.groups.len());
    for (group_number, group) in plan.groups.iter().enumerate() {
        let begin = seats.len();
        let keeps_connection = group.link.strategy.is_kept();
        for number in share.terminals(group.identities.len() as u32) {
            let identity = &group.identities[number as usize];
            let (Numbers { terminal: id, merchant }, tmk) = (identity.numbers, identity.tmk.clone());
            seats.push(Seat {
                terminal: RefCell::new(Terminal::new(id, merchant, tmk, &group.profile, keeps_connection)),
                line: RefCell::default(),
                group: group_number as u16,
                number,
                busy_for: Cell::new(None),
                post: post(plan, group, setups.get(group_number), prompts, number),
                is_warming: Cell::new(false),
                is_cleaning: Cell::new(false),
            });
        }
        groups.push(Bench { seats: begin..seats.len(), busy: Cell::new(0), hint: Cell::new(begin) });
    }
    (seats, groups)
}

/// The device with this number in a group of devices.
fn post(
    plan: &Plan,
    group: &Group,
    setup: Option<&Option<Arc<Setup>>>,
    prompts: &Prompts,
    number: u32,
) -> Option<Box<Post>> {
    let device = group.devices.as_ref()?.devices.get(number as usize)?;
    let identity = group.identities.get(number as usize)?;
    // A terminal may remember the number of its last request from an earlier run.
    let first_request = unix_seconds() as u32;
    let post = Post::new(device, &group.name, identity, setup?.as_ref()?, prompts, first_request);
    Some(Box::new(post.numbered(plan.device_number(&device.id))))
}

/// Dials for a group; where figures of it alone are asked for, it keeps them.
fn dialer(way: &Way, shards: usize, is_counted: bool) -> Dialer {
    let dialer = way.dialer(shards).expect("the same was tried before the start");
    if is_counted { dialer.counted() } else { dialer }
}

fn blank(plan: &Plan) -> Blank {
    let interval = Interval::new(plan.scenarios.len(), plan.steps.len()).with_selections(&plan.selections);
    Blank { interval: Box::new(interval), journal: Vec::new() }
}

/// How often a shard hands over what it recorded.
pub(super) const TICK: Duration = Duration::from_millis(250);
/// Ticks in the second after which intervals are complete.
pub(super) const TICKS_PER_SECOND: u32 = 4;
