//! What a screen shows: one page of one list, and the totals; a second look at the same costs no more than its version.

use super::row::{self, Row};
use crate::{
    portal::{Acquirer, Part, Portal, Totals},
    time::{Instant, WallClock},
    web::{Fault, problem::Failure, segment::Terms, site::Site},
};
use axum::{
    Router,
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

/// Which page of which list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    screen: Screen,
    /// Part of a number or a name.
    #[serde(default)]
    search: String,
    /// What the page before ended with.
    #[serde(default)]
    after: String,
}

/// A screen of the console.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Screen {
    Merchants,
    Terminals,
    Reviews,
    Inbox,
    Payouts,
    Alarms,
}

/// A page of a list.
#[derive(Serialize)]
struct View {
    totals: Counts,
    rows: Vec<Row>,
    /// What the next page begins behind, when there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Clone, Copy, Serialize)]
struct Counts {
    merchants: usize,
    terminals: usize,
    reviews: usize,
    payouts: usize,
    alarms: usize,
}

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/console/api/view", get(show))
}

async fn show(
    State(site): State<Site>,
    headers: HeaderMap,
    Terms(wish): Terms<Wish>,
) -> Result<Response, Failure> {
    let view = view(&site, wish).await?;
    let text = serde_json::to_string(&view).expect("names and numbers are always JSON");
    let version = format!("\"{:016x}\"", fingerprint(text.as_bytes()));
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| *known == *version);
    let tag = [(ETAG, version)];
    Ok(match is_known {
        true => (StatusCode::NOT_MODIFIED, tag).into_response(),
        false => (tag, [(CONTENT_TYPE, "application/json")], text).into_response(),
    })
}

/// Looks as often as it takes to fill the page, and lets the host serve terminals in between.
async fn view(site: &Site, wish: Wish) -> Result<View, Failure> {
    let Wish { screen, search, mut after } = wish;
    let (search, wall) = (search.trim().to_owned(), site.wall);
    let mut rows = Vec::new();
    for look in 1.. {
        let (wanted, from) = (search.clone(), after);
        let most = ROWS - rows.len();
        let (totals, part) = site
            .visit(move |host, now, _| {
                let sight = host.look(now, |portal, acquirer| {
                    (portal.totals(), page(portal, acquirer, wall, now, (screen, &wanted, &from, most)))
                });
                let (totals, part) = sight.ok_or(Fault::HostStopped)?;
                Ok((totals, part.ok_or(Fault::Parameter)?))
            })
            .await?;
        rows.extend(part.rows);
        match part.next {
            Some(next) if rows.len() < ROWS && look < LOOKS => after = next,
            next => return Ok(View { totals: totals.into(), rows, next }),
        }
    }
    Err(Failure::confused())
}

/// A part of a page; nothing when `after` is no place in the list.
fn page(
    portal: &Portal,
    acquirer: &dyn Acquirer,
    wall: WallClock,
    now: Instant,
    (screen, wanted, after, most): (Screen, &str, &str, usize),
) -> Option<Part<Row, String>> {
    Some(match screen {
        Screen::Merchants => {
            let part = portal.merchants(acquirer, row::place(after, |text| text.parse().ok())?, wanted, most);
            shown(part, |sight| Row::merchant(&sight, wall))
        }
        Screen::Terminals => {
            let part = portal.terminals(acquirer, row::place(after, row::serial_number)?, wanted, most);
            shown(part, |view| Row::terminal(&view))
        }
        Screen::Reviews => {
            let part = portal.reviews(row::place(after, row::application_no)?, wanted, most);
            shown(part, |sight| Row::review(&sight, wall))
        }
        Screen::Payouts => {
            let part = portal.payouts(row::place(after, row::payout_no)?, wanted, most);
            shown(part, |sight| Row::payout(&sight, wall))
        }
        Screen::Inbox => {
            let inbox = portal.inbox(now, wanted, most);
            let rows = inbox.iter().map(|(phone, sms)| Row::sms(phone, sms, wall)).collect();
            Part { rows, next: None }
        }
        Screen::Alarms => {
            let skipped = row::place(after, |text| text.parse().ok())?.unwrap_or(0);
            let alarms = portal.newest_alarms(skipped, most + 1);
            let mut rows: Vec<Row> = alarms.map(|alarm| Row::alarm(alarm, wall)).collect();
            let next = (rows.len() > most).then(|| (skipped + most).to_string());
            rows.truncate(most);
            Part { rows, next }
        }
    })
}

fn shown<T, K: ToString>(part: Part<T, K>, row: impl Fn(T) -> Row) -> Part<Row, String> {
    Part { rows: part.rows.into_iter().map(row).collect(), next: part.next.map(|next| next.to_string()) }
}

impl From<Totals> for Counts {
    fn from(totals: Totals) -> Self {
        let Totals { merchants, terminals, reviews, payouts, alarms } = totals;
        Self { merchants, terminals, reviews, payouts, alarms }
    }
}

/// FNV-1a: what tells one view from the next.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Rows of a page.
const ROWS: usize = 50;
/// Looks at the host for one page; a search that finds too little goes on with the next page.
const LOOKS: usize = 50;
