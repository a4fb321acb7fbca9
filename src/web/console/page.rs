//! The page of the console and what belongs to it, as they are compiled in.

use super::PATH;
use crate::web::site::Site;
use axum::{
    Router,
    http::{
        HeaderName,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS},
    },
    response::Redirect,
    routing::get,
};

/// A file of the page.
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

pub(super) fn routes() -> Router<Site> {
    let to_page = get(async || Redirect::permanent("/console/"));
    ASSETS.iter().fold(Router::new().route(PATH, to_page), |router, asset| {
        router.route(asset.path, get(async || (headers(asset.kind), asset.text)))
    })
}

fn headers(kind: &'static str) -> [(HeaderName, &'static str); 4] {
    [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
    ]
}

const ASSETS: &[Asset] = &[
    Asset { path: "/console/", kind: "text/html; charset=utf-8", text: include_str!("assets/console.html") },
    Asset {
        path: "/console/console.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("assets/console.css"),
    },
    Asset {
        path: "/console/console.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("assets/console.js"),
    },
    Asset {
        path: "/console/words.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("assets/words.js"),
    },
    Asset { path: "/console/icon.svg", kind: "image/svg+xml", text: include_str!("assets/icon.svg") },
];
/// Nothing from elsewhere, nothing inline, nothing framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
