//! The file of a ledger: what goes in comes out, and what is not a sound ledger is refused and left as it is.

use crate::program::Folder;
use posfleet::{
    card::Pan,
    driver::{Charter, Entry, LedgerFile, Store, StoreError},
    iso8583::{BatchNo, ResponseCode, Stan, TerminalId},
    ledger::{Account, Booking, Ledger, Postings, Record, State},
    money::Amount,
    operation::{Kind, Variant},
    reconcile::Key,
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::PathBuf};

// What goes in comes out.

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_come_back_as_they_were_and_in_order(records in records(), group in 1usize..9) {
        let place = Place::new();
        let mut file = place.open().unwrap();
        for records in records.chunks(group) {
            commit(&mut file, records).unwrap();
        }
        prop_assert_eq!(&place.read(&file), &records);
        drop(file);
        let file = place.open().unwrap();
        prop_assert_eq!(&place.read(&file), &records);
        drop(file);
        prop_assert_eq!(place.balances(), moved(&records));
    }
}

#[test]
fn a_reopened_ledger_goes_on() {
    let place = Place::new();
    for round in 1..=3u32 {
        let mut file = place.open().unwrap();
        assert_eq!(place.read(&file).len() as u32, round - 1);
        commit(&mut file, &[booked(round)]).unwrap();
    }
    assert_eq!(place.read(&place.open().unwrap()), [booked(1), booked(2), booked(3)]);
}

#[test]
fn a_group_is_kept_whole_or_not_at_all() {
    let place = Place::new();
    let mut file = place.open().unwrap();
    commit(&mut file, &[booked(1)]).unwrap();
    let unbalanced = Record::Moved {
        key: key(1),
        state: State::Voided,
        amount: Amount::ZERO,
        postings: Postings { card: 5, ..Postings::NONE },
    };
    let of_nothing =
        Record::Moved { key: key(9), state: State::Voided, amount: Amount::ZERO, postings: Postings::NONE };
    for wrong in [unbalanced, of_nothing] {
        let refused = commit(&mut file, &[booked(2), wrong]);
        assert!(matches!(refused, Err(StoreError::Write { .. })), "{refused:?}");
        assert_eq!(place.read(&file), [booked(1)]);
    }
    commit(&mut file, &[booked(2)]).unwrap();
    assert_eq!(place.read(&file), [booked(1), booked(2)]);
}

#[test]
fn a_second_booking_under_a_key_is_kept_and_shown() {
    let place = Place::new();
    let mut file = place.open().unwrap();
    let reversed = Record::Moved {
        key: key(1),
        state: State::Reversed,
        amount: Amount::from_minor(500),
        postings: Postings { card: 500, merchant: -497, fees: -3, ..Postings::NONE },
    };
    commit(&mut file, &[booked(1), booked(1), reversed.clone()]).unwrap();
    assert_eq!(place.read(&file), [booked(1), booked(1), reversed]);
    let doubled = place.rows("SELECT terminal, batch, stan, bookings FROM doubled");
    assert_eq!(doubled, ["10000001|000001|000001|2"]);
    let states = place.rows("SELECT state FROM statement ORDER BY rrn, state");
    assert_eq!(states, ["captured", "reversed"], "the first of the two was reversed");
}

#[test]
fn a_user_finds_his_way_with_the_shell() {
    let place = Place::new();
    let mut file = place.open().unwrap();
    let void = Record::Moved {
        key: key(2),
        state: State::Voided,
        amount: Amount::from_minor(500),
        postings: Postings { card: 500, merchant: -497, fees: -3, ..Postings::NONE },
    };
    let closed = Record::BatchClosed {
        terminal: key(1).terminal,
        batch: BatchNo::FIRST,
        next: BatchNo::new(2).unwrap(),
    };
    commit(&mut file, &[booked(1), booked(2), void, closed]).unwrap();
    // The host still has it open.
    let statement =
        place.rows("SELECT terminal, batch, stan, kind, amount, state, card, settled, at FROM statement");
    assert_eq!(
        statement,
        [
            "10000001|000001|000001|sale|500|captured|621234****0001|1|2026-01-01 00:00:01",
            "10000001|000001|000002|sale|500|voided|621234****0001|1|2026-01-01 00:00:02",
        ]
    );
    let balances = place.rows("SELECT account, holder, moved, balance FROM balances ORDER BY account");
    assert_eq!(
        balances,
        ["card|6212340000000001|-500|99999500", "fees|NULL|3|3", "merchant|898100012340001|497|497"]
    );
}

#[test]
fn rows_are_neither_changed_nor_deleted() {
    let place = Place::new();
    commit(&mut place.open().unwrap(), &[booked(1)]).unwrap();
    for change in ["UPDATE bookings SET amount = 1", "DELETE FROM bookings", "DELETE FROM moves"] {
        let answer = place.connect().execute(change, []);
        assert_eq!(answer.is_err(), change.ends_with("bookings") || change.starts_with("UPDATE"), "{change}");
    }
    assert_eq!(place.read(&place.open().unwrap()), [booked(1)]);
}

#[test]
fn only_the_owner_may_read_a_ledger() {
    let place = Place::new();
    let mut file = place.open().unwrap();
    commit(&mut file, &[booked(1)]).unwrap();
    for entry in fs::read_dir(&place.directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    let mode = fs::metadata(&place.directory).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}

// What is refused.

#[test]
fn a_ledger_serves_one_host_at_a_time() {
    let place = Place::new();
    let first = place.open().unwrap();
    assert!(matches!(place.open(), Err(StoreError::InUse(_))));
    drop(first);
    place.open().unwrap();
}

#[test]
fn what_is_no_ledger_is_refused_and_left_as_it_is() {
    type Spoil = fn(&Place);
    let cases: [(&str, Spoil); 9] = [
        ("is not a ledger of posfleet", |place| fs::write(place.file(), "not a database at all").unwrap()),
        ("is not a ledger of posfleet", |place| fs::write(place.file(), [0x55; 8192]).unwrap()),
        ("is not a ledger of posfleet", |place| {
            fs::remove_file(place.file()).unwrap();
            place.run("CREATE TABLE friends (name TEXT)");
        }),
        ("has format 7, written by posfleet 3.1; this program knows format 2", |place| {
            place.run("UPDATE meta SET value = '7' WHERE name = 'format'");
            place.run("UPDATE meta SET value = 'posfleet 3.1' WHERE name = 'creator'");
        }),
        ("is damaged: it is empty", |place| fs::write(place.file(), "").unwrap()),
        ("is damaged: ", |place| place.cut(2)),
        ("is damaged: ", |place| place.cut(8)),
        ("is damaged: record 2 is missing", |place| {
            place.run("DROP TRIGGER bookings_keep");
            place.run("DELETE FROM bookings WHERE record = 2");
        }),
        ("is damaged: record 1: kind \"theft\"", |place| {
            place.run("DROP TRIGGER bookings_stay");
            place.run("UPDATE bookings SET kind = 'theft' WHERE record = 1");
        }),
    ];
    for (what, spoil) in cases {
        let place = Place::with_records(3000);
        spoil(&place);
        let before = fs::read(place.file()).unwrap();
        let told = match place.open().and_then(|file| file.read(|_| Ok(()))) {
            Err(error) => error.to_string(),
            Ok(count) => panic!("{what}: {count} records"),
        };
        assert!(told.contains(what), "{what:?} in {told}");
        assert!(told.contains(&place.file().display().to_string()), "{told}");
        assert!(told.contains("name another directory"), "it says what to do: {told}");
        assert_eq!(fs::read(place.file()).unwrap(), before, "{what}");
    }
}

#[test]
fn cards_that_were_opened_with_another_amount_are_told() {
    let place = Place::with_records(1);
    let told =
        LedgerFile::open(&place.directory, &Charter { opening_balance: Amount::from_minor(1), ..CHARTER })
            .unwrap_err()
            .to_string();
    assert!(told.contains("its cards were opened with 1000000.00, not 0.01"), "{told}");
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let folder = Folder::new("no-directory");
    let file = folder.file("file", "");
    let told = LedgerFile::open(&file.join("ledger"), &CHARTER).unwrap_err().to_string();
    assert!(told.starts_with(&format!("ledger {}", file.join("ledger").display())), "{told}");
    LedgerFile::open(&file.with_file_name("a").join("b").join("c"), &CHARTER).unwrap();
}

#[test]
fn a_ledger_whose_making_was_interrupted_is_made_again() {
    let place = Place::new();
    fs::create_dir_all(&place.directory).unwrap();
    fs::write(place.directory.join("ledger.db.new"), [0x55; 100]).unwrap();
    commit(&mut place.open().unwrap(), &[booked(1)]).unwrap();
    assert_eq!(place.read(&place.open().unwrap()), [booked(1)]);
}

// What the tests are made of.

/// A directory for a ledger.
struct Place {
    directory: PathBuf,
    _folder: Folder,
}

impl Place {
    fn new() -> Self {
        let folder = Folder::new("ledger");
        let directory = folder.file("unused", "").with_file_name("ledger");
        Self { directory, _folder: folder }
    }

    /// A ledger of so many sales that nobody has open; all of it in the one file.
    fn with_records(count: u32) -> Self {
        let place = Self::new();
        let records: Vec<Record> = (1..=count).map(booked).collect();
        commit(&mut place.open().unwrap(), &records).unwrap();
        place
    }

    fn open(&self) -> Result<LedgerFile, StoreError> {
        LedgerFile::open(&self.directory, &CHARTER)
    }

    fn file(&self) -> PathBuf {
        self.directory.join("ledger.db")
    }

    fn connect(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    fn run(&self, statement: &str) {
        self.connect().execute_batch(statement).unwrap();
    }

    /// Keeps the first of so many parts of the file.
    fn cut(&self, parts: usize) {
        let bytes = fs::read(self.file()).unwrap();
        fs::write(self.file(), &bytes[..bytes.len() / parts]).unwrap();
    }

    fn read(&self, file: &LedgerFile) -> Vec<Record> {
        let mut records = Vec::new();
        let each = |entry| {
            let Entry::Record(record) = entry else { panic!("{entry:?}") };
            records.push(record);
            Ok(())
        };
        let count = file.read(each).unwrap();
        assert_eq!(count, records.len() as u64);
        records
    }

    /// The rows of a query, columns parted by bars.
    fn rows(&self, query: &str) -> Vec<String> {
        let connection = self.connect();
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
            let value = |column| {
                row.get_ref(column).map(|value| match value {
                    rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    other => other.as_str().unwrap().to_owned(),
                })
            };
            Ok((0..columns).map(value).collect::<Result<Vec<_>, _>>()?.join("|"))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    /// What moved on every account, as the view says.
    fn balances(&self) -> BTreeMap<String, i64> {
        let rows = self.rows("SELECT account, coalesce(holder, ''), moved FROM balances WHERE moved <> 0");
        let split = |row: String| {
            let (account, moved) = row.rsplit_once('|').unwrap();
            (account.to_owned(), moved.parse().unwrap())
        };
        rows.into_iter().map(split).collect()
    }
}

fn commit(file: &mut LedgerFile, records: &[Record]) -> Result<(), StoreError> {
    let entries: Vec<Entry> = records.iter().cloned().map(Entry::from).collect();
    file.commit(&entries)
}

/// What moved on every account, as the books in memory say.
fn moved(records: &[Record]) -> BTreeMap<String, i64> {
    let mut books = Ledger::default();
    records.iter().for_each(|record| books.apply(record));
    let name = |account| match account {
        Account::Card(pan) => format!("card|{}", pan.as_str()),
        Account::Hold(pan) => format!("hold|{}", pan.as_str()),
        Account::Merchant(merchant) => format!("merchant|{merchant}"),
        Account::Fees => "fees|".to_owned(),
        Account::Outside => "outside|".to_owned(),
        Account::Suspense => "suspense|".to_owned(),
    };
    books.balances().map(|(account, amount)| (name(account), amount)).collect()
}

fn key(stan: u32) -> Key {
    let terminal = TerminalId::from_bytes(b"10000001").unwrap();
    Key { terminal, batch: BatchNo::FIRST, stan: Stan::new(stan).unwrap() }
}

/// A sale of 5.00.
fn booked(stan: u32) -> Record {
    Record::Booked(Booking {
        key: key(stan),
        merchant: "898100012340001".parse().unwrap(),
        kind: Kind::Sale,
        variant: Variant::Plain,
        amount: Amount::from_minor(500),
        tip: Amount::ZERO,
        card: Some("6212340000000001".parse().unwrap()),
        rrn: format!("{stan:012}").parse().unwrap(),
        approval_code: Some("000001".parse().unwrap()),
        original: None,
        at: 1_767_225_600 + i64::from(stan),
        state: State::Captured,
        postings: Postings { card: -500, merchant: 497, fees: 3, ..Postings::NONE },
    })
}

/// Records of every shape: bookings with ascending references, moves of them, and closed batches.
fn records() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec((0u8..6, booking(), state(), postings(), any::<prop::sample::Index>()), 1..40)
        .prop_map(|choices| {
            let mut keys: Vec<(Key, Option<Pan>)> = Vec::new();
            let mut records = Vec::new();
            for (choice, booking, state, postings, index) in choices {
                let number = records.len() as u32 + 1;
                records.push(match choice {
                    0 => Record::BatchClosed {
                        terminal: booking.key.terminal,
                        batch: booking.key.batch,
                        next: booking.key.batch.next(),
                    },
                    1 if !keys.is_empty() => {
                        let (key, card) = keys[index.index(keys.len())];
                        let postings = if card.is_some() { postings } else { Postings::NONE };
                        Record::Moved { key, state, amount: booking.amount, postings }
                    }
                    _ => {
                        let rrn = format!("{number:012}").parse().unwrap();
                        let key = Key { stan: Stan::new(number).unwrap(), ..booking.key };
                        keys.push((key, booking.card));
                        Record::Booked(Booking { rrn, key, ..booking })
                    }
                });
            }
            records
        })
}

fn booking() -> impl Strategy<Value = Booking> {
    let names = (0u8..3, 0u32..3, prop::sample::select(&Kind::ALL[..]), variant(), 0u64..=999_999_999_999);
    let rest =
        (prop::option::of("[0-9]{13,19}"), prop::option::of("[A-Z0-9]{6}"), any::<bool>(), any::<i32>());
    (names, rest, state(), postings()).prop_map(|(names, rest, state, postings)| {
        let (terminal, batch, (kind, _), variant, amount) = names;
        let (card, approval_code, has_original, at) = rest;
        let terminal = TerminalId::from_bytes(&[b'T', b'0' + terminal][..]).unwrap();
        let key = Key { terminal, batch: BatchNo::new(batch).unwrap(), stan: Stan::FIRST };
        let card: Option<Pan> = card.map(|digits| digits.parse().unwrap());
        Booking {
            key,
            merchant: "898100012340001".parse().unwrap(),
            kind,
            variant,
            amount: Amount::from_minor(amount),
            tip: Amount::from_minor(amount / 10),
            card,
            rrn: "1".parse().unwrap(),
            approval_code: approval_code.map(|code| code.parse().unwrap()),
            original: has_original.then_some(key),
            at: i64::from(at),
            state,
            postings: if card.is_some() { postings } else { Postings::NONE },
        }
    })
}

fn variant() -> impl Strategy<Value = Variant> {
    prop_oneof![
        Just(Variant::Plain),
        Just(Variant::MailOrder),
        any::<u8>().prop_map(Variant::Instalments),
        Just(Variant::Points),
        Just(Variant::Reservation),
    ]
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Captured),
        Just(State::Voided),
        Just(State::Reversed),
        Just(State::Held),
        Just(State::Closed),
        Just(State::Waiting),
        "[A-Z0-9]{2}".prop_map(|code| State::Declined(code.parse::<ResponseCode>().unwrap())),
    ]
}

fn postings() -> impl Strategy<Value = Postings> {
    prop::array::uniform5(-1_000_000i64..1_000_000).prop_map(|[card, hold, merchant, fees, outside]| {
        let suspense = -(card + hold + merchant + fees + outside);
        Postings { card, hold, merchant, fees, outside, suspense }
    })
}

const CHARTER: Charter = Charter { opening_balance: Amount::from_minor(100_000_000), portal: None };
