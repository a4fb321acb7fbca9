//! Downloads at the host: lists page by page, items, tables, keys, and who is asked to fetch what.

use super::{Host, Inquiry, respond::Answer, tables::ProcessingRequest};
use crate::{
    iso8583::{
        De, EntryName, Mti, Page, PageMarker, PageQuery, ResponseCode, TaggedTable, TerminalId, Tlv,
        append_tlv,
    },
    operation::{Kind, KindSet},
    terminal::SignInForm,
};

/// What a terminal was asked to do by the header of an answer, and what of it it has done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    asked: KindSet,
    done: KindSet,
}

impl Host {
    /// Answers a message of a download.
    pub(super) fn download(&mut self, inquiry: &Inquiry<'_>) -> Answer {
        let management = inquiry.private60.management.unwrap_or_default();
        let text = inquiry.message.get(De::PRIVATE_62).map(|value| value.raw()).unwrap_or_default();
        let page = match management {
            AID_LIST => self.name_page(TaggedTable::Aid, text),
            CAPK_LIST | CAPK_LIST_SM2 => self.name_page(TaggedTable::Capk, text),
            AID => self.item(TaggedTable::Aid, text),
            CAPK => self.item(TaggedTable::Capk, text),
            PARAMETERS | PARAMETERS_TMS => Some(self.config.tables.parameters.to_vec()),
            KEY => return self.renew_key(inquiry),
            other if ENDS.contains(&other) => return Answer::code(ResponseCode::APPROVED),
            other => match list_kind(other) {
                Some(kind) => self.list_page(kind, text),
                None => return Answer::code(ResponseCode::NOT_SUPPORTED),
            },
        };
        match page {
            Some(page) => Answer { private62: Some(page), ..Answer::code(ResponseCode::APPROVED) },
            None => Answer::code(ResponseCode::FORMAT_ERROR),
        }
    }

    /// A page of the names of a table's items; `None` when the question is none.
    fn name_page(&self, table: TaggedTable, question: &[u8]) -> Option<Vec<u8>> {
        let from = usize::from(PageQuery::from_text(question).ok()?.from);
        let entries = self.config.tables.entries(table);
        let wanted = entries.get(from..).unwrap_or_default();
        let (here, rest) = wanted.split_at(wanted.len().min(self.config.tables.page_items.max(1)));
        let mut body = Vec::new();
        here.iter().for_each(|entry| append_listed(&mut body, table, entry));
        Some(Page { marker: marker(here.is_empty(), rest.is_empty()), body: &body }.to_bytes())
    }

    /// The item that a terminal names; a page of nothing when there is none.
    fn item(&self, table: TaggedTable, name: &[u8]) -> Option<Vec<u8>> {
        let is_named =
            |entry: &&Vec<u8>| table.name_of(entry).as_ref().map(EntryName::as_bytes) == Some(name);
        let entry = self.config.tables.entries(table).iter().find(is_named);
        let body = entry.map(Vec::as_slice).unwrap_or_default();
        Some(Page { marker: marker(body.is_empty(), true), body }.to_bytes())
    }

    /// A page of any other table.
    fn list_page(&self, kind: Kind, question: &[u8]) -> Option<Vec<u8>> {
        let page = usize::from(PageQuery::from_text(question).ok()?.from);
        let size = self.config.tables.page_bytes.clamp(1, PAGE_BYTES_MAX);
        let mut pages = self.config.tables.list(kind).chunks(size).skip(page);
        let body = pages.next().unwrap_or_default();
        Some(Page { marker: marker(body.is_empty(), pages.next().is_none()), body }.to_bytes())
    }

    /// A new master key under the old one.
    fn renew_key(&mut self, inquiry: &Inquiry<'_>) -> Answer {
        if !self.config.tables.renews_keys {
            return Answer::code(ResponseCode::NOT_SUPPORTED);
        }
        let rng = &mut self.rng;
        let station = self.stations.get_mut(&inquiry.terminal);
        match station.and_then(|station| station.renew_master_key(rng)) {
            Some(key) => Answer { private62: Some(key), ..Answer::code(ResponseCode::APPROVED) },
            None => Answer::code(ResponseCode::SYSTEM_FAULT),
        }
    }

    /// A MAC under keys that the newest master key carried has shown that the terminal has it.
    pub(super) fn confirm_master_key(&mut self, terminal: TerminalId) {
        if let Some(station) = self.stations.get_mut(&terminal) {
            station.confirm_master_key();
        }
    }

    /// The digit that the header of an answer asks for: the first thing that this terminal has not done yet.
    pub(super) fn asks_for(&mut self, inquiry: &Inquiry<'_>, code: ResponseCode) -> u8 {
        if !code.is_approval() {
            return 0;
        }
        let requests = &self.config.tables.requests;
        if self.counter.is_some() {
            let parameters = Kind::ParameterDownload;
            let digit = requests.iter().find(|request| request.kind == parameters);
            let digit = digit.map_or(PARAMETERS_DIGIT, |request| request.digit);
            if self.is_outdated(inquiry, completes(parameters, inquiry)) {
                return digit;
            }
        }
        if self.config.tables.requests.is_empty() {
            return 0;
        }
        let all = || self.config.tables.requests.iter();
        let progress = self.asked.entry(inquiry.terminal).or_insert(Asked::NOTHING);
        let done =
            all().filter(|request| progress.asked.has(request.kind) && completes(request.kind, inquiry));
        progress.done = done.fold(progress.done, |done, request| done.with(request.kind));
        let Some(ProcessingRequest { digit, kind }) = all().find(|request| !progress.done.has(request.kind))
        else {
            return 0;
        };
        progress.asked = progress.asked.with(*kind);
        *digit
    }
}

impl Asked {
    const NOTHING: Self = Self { asked: KindSet::EMPTY, done: KindSet::EMPTY };
}

/// Whether a message is the last of what was asked for.
fn completes(kind: Kind, inquiry: &Inquiry<'_>) -> bool {
    let (form, mti) = (kind.form(), inquiry.message.mti());
    let management = inquiry.private60.management.unwrap_or_default();
    match kind {
        Kind::SignIn => mti == Mti::NETWORK && SignInForm::from_network_management(management).is_some(),
        Kind::KeyDownload => management == KEY,
        _ if kind.is_download() => management == form.network_management + 1,
        _ => mti == form.mti && management == form.network_management,
    }
}

/// What a list says of an item: its name, and of a key until when it is valid.
fn append_listed(body: &mut Vec<u8>, table: TaggedTable, entry: &[u8]) {
    let Some(name) = table.name_of(entry) else { return };
    body.extend_from_slice(name.as_bytes());
    let expiry = Tlv::new(entry).map_while(Result::ok).find(|object| object.tag.number() == KEY_EXPIRY);
    if let Some(expiry) = expiry {
        append_tlv(body, expiry.tag, expiry.value);
    }
}

fn marker(is_empty: bool, is_last: bool) -> PageMarker {
    match (is_empty, is_last) {
        (true, _) => PageMarker::NONE,
        (false, true) => PageMarker::LAST,
        (false, false) => PageMarker::MORE,
    }
}

fn list_kind(management: u16) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .map(|(kind, _)| kind)
        .find(|kind| kind.is_download() && kind.form().network_management == management)
}

/// What asks for a download of parameters in most versions of the dialect.
const PARAMETERS_DIGIT: u8 = 1;
/// DF05.
const KEY_EXPIRY: u32 = 0xDF05;
/// DE 62 has no room for more.
const PAGE_BYTES_MAX: usize = 998;
/// DE 60.3 of questions and downloads.
const PARAMETERS: u16 = 360;
const PARAMETERS_TMS: u16 = 364;
const CAPK: u16 = 370;
const CAPK_LIST: u16 = 372;
const CAPK_LIST_SM2: u16 = 373;
const AID: u16 = 380;
const AID_LIST: u16 = 382;
const KEY: u16 = 401;
/// DE 60.3 of the messages that end a download.
const ENDS: [u16; 9] = [361, 365, 371, 381, 385, 391, 395, 397, 399];
