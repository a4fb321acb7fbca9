//! How long a million transactions take to reconcile from files, and how much memory: at once, and in parts.
//!
//! `cargo bench --bench reconcile [-- TRANSACTIONS]`. Each way is a process of its own, so that its memory is its own.
//! One transaction in a thousand is under the wrong terminal, one in a thousand is lost.

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use posfleet::{
    driver::usage,
    reconcile::Mapping,
    report::{Meter, reconcile_files},
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    num::NonZero,
    path::Path,
    process::Command,
    time::Instant,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["role", folder, parts, rrn] => reconcile(folder.as_ref(), number(parts), rrn == "rrn"),
        [transactions] => all(number(transactions)),
        _ => all(1_000_000),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn all(transactions: usize) {
    let folder = std::env::temp_dir().join(format!("posfleet-bench-{}", std::process::id()));
    fs::create_dir_all(folder.join("journal")).expect("a new directory");
    write(&folder, transactions).expect("space");
    println!("{transactions} transactions, {} MB in two files", megabytes(bytes(&folder)));
    println!("  {:28} {:>9} {:>11} {:>14} {:>11}", "", "seconds", "peak RSS", "B/transaction", "mismatches");
    for (name, parts, identity) in
        [("at once", "1", "key"), ("in parts, as it chooses", "0", "key"), ("in parts, by RRN", "0", "rrn")]
    {
        let this = std::env::current_exe().expect("this program");
        let ran = Command::new(this).arg("role").arg(&folder).args([parts, identity]).output();
        let told = String::from_utf8(ran.expect("a process").stdout).expect("text");
        let told: Vec<f64> = told.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let [seconds, rss, mismatches] = told[..] else { panic!("{name}: {told:?}") };
        let each = rss / transactions as f64;
        let rss = megabytes(rss as u64);
        println!("  {name:28} {seconds:>9.2} {rss:>8} MB {each:>14.0} {mismatches:>11}");
        let per_million = seconds * 1e6 / transactions as f64;
        bar(&format!("seconds a million transactions, {name}"), per_million, ..=SECONDS_MOST);
        if parts == "0" && transactions >= 1_000_000 {
            bar(&format!("bytes a transaction, {name}"), each, ..=BYTES_MOST);
        }
    }
    fs::remove_dir_all(folder).expect("removable");
}

fn reconcile(folder: &Path, parts: usize, by_rrn: bool) {
    let mut mapping = Mapping::default();
    mapping.sources.retain(|(column, _)| !by_rrn || column.name() != "stan");
    let began = Instant::now();
    let statement = folder.join("journal/host.csv");
    let found = reconcile_files(folder, &statement, &mapping, NonZero::new(parts), &Meter::default())
        .expect("readable");
    let seconds = began.elapsed().as_secs_f64();
    println!("{seconds} {} {}", usage().max_rss_bytes, found.summary.mismatches);
}

/// Journals and the statement of a fleet of 2,000; a quarter of the transactions is settled as well.
fn write(folder: &Path, transactions: usize) -> io::Result<()> {
    let mut journal = BufWriter::new(File::create(folder.join("journal/terminals.csv"))?);
    let mut host = BufWriter::new(File::create(folder.join("journal/host.csv"))?);
    writeln!(journal, "at_ms,terminal,batch,stan,kind,amount_minor,card,belief,merchant,rrn")?;
    writeln!(host, "terminal,merchant,batch,stan,kind,amount_minor,rrn,card,state")?;
    for number in 0..transactions {
        let (terminal, stan) = (number % TERMINALS, number / TERMINALS + 1);
        let (amount, card) = (100 + number * 7919 % 100_000, number % 10_000);
        for belief in ["approved", "settled"].into_iter().take(1 + usize::from(number % 4 == 0)) {
            writeln!(
                journal,
                "{number},{:08},000001,{stan:06},sale,{amount},622202******{card:04},{belief},898100{terminal:09},{number:012}",
                10_000_000 + terminal,
            )?;
        }
        let neighbour = terminal + usize::from(number % 1000 == 1);
        if number % 1000 != 2 {
            writeln!(
                host,
                "{:08},898100{terminal:09},000001,{stan:06},sale,{amount},{number:012},622202******{card:04},captured",
                10_000_000 + neighbour,
            )?;
        }
    }
    journal.flush()?;
    host.flush()
}

fn bytes(folder: &Path) -> u64 {
    let files = ["journal/terminals.csv", "journal/host.csv"].map(|file| folder.join(file));
    files.iter().map(|file| fs::metadata(file).map_or(0, |found| found.len())).sum()
}

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

const TERMINALS: usize = 2_000;
/// They guard what was reached: 2.5 seconds, and 90 bytes of memory a transaction in parts.
const SECONDS_MOST: f64 = 6.0;
const BYTES_MOST: f64 = 200.0;
