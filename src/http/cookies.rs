//! The cookies of one visitor, after RFC 6265 as far as a portal needs it; whose cookies they are is the caller's.
//!
//! There is no list of public suffixes: a `Domain` without a dot inside is not taken.

use super::cookie_date;
use std::{fmt, time::Duration};

/// The cookies that servers have set, to be sent back; at most [`Cookies::MAX`] of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cookies {
    /// In the order in which they were first set.
    kept: Vec<Cookie>,
}

/// The place that a request goes to, as far as cookies are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Host name or address, without port.
    pub host: &'a str,
    /// The path of the request, without the query.
    pub path: &'a str,
    /// Whether TLS is spoken.
    pub is_secure: bool,
}

#[derive(Clone, PartialEq)]
struct Cookie {
    name: String,
    value: String,
    /// In lower case.
    domain: String,
    is_host_only: bool,
    path: String,
    is_secure: bool,
    /// Since 1970; without it the cookie lives as long as the visitor.
    expires: Option<Duration>,
}

impl Cookies {
    /// The field `cookie` of a request to `site`; nothing when no cookie goes there. `now` counts from 1970.
    #[must_use]
    pub fn header(&self, site: Site<'_>, now: Duration) -> Option<String> {
        let mut sent: Vec<&Cookie> =
            self.kept.iter().filter(|cookie| cookie.is_alive(now) && cookie.goes_to(site)).collect();
        // Longer paths first; what was set earlier stays in front (RFC 6265, 5.4).
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            sent.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes what a field `set-cookie` of an answer from `site` says; what `site` may not set is passed over.
    pub fn take(&mut self, site: Site<'_>, field: &str, now: Duration) {
        let Some(mut cookie) = Cookie::parse(site, field, now) else { return };
        if cookie.is_secure && !site.is_secure {
            return;
        }
        let known = self.kept.iter().position(|known| known.is_same(&cookie));
        match known.and_then(|place| self.kept.get_mut(place).zip(Some(place))) {
            Some((known, _)) if cookie.is_alive(now) => std::mem::swap(known, &mut cookie),
            Some((_, place)) => drop(self.kept.remove(place)),
            None if cookie.is_alive(now) => self.add(cookie, now),
            None => {}
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn add(&mut self, cookie: Cookie, now: Duration) {
        if self.kept.len() >= Self::MAX {
            self.kept.retain(|kept| kept.is_alive(now));
        }
        if self.kept.len() >= Self::MAX {
            self.kept.remove(0);
        }
        self.kept.push(cookie);
    }

    /// The most that are kept; the one set first makes room.
    pub const MAX: usize = 50;
    /// The longest field `set-cookie` that is looked at, in bytes.
    pub const FIELD_MAX: usize = 4096;
}

impl Cookie {
    /// Reads a field `set-cookie` (RFC 6265, 5.2 and 5.3).
    fn parse(site: Site<'_>, field: &str, now: Duration) -> Option<Self> {
        let is_readable = field.len() <= Cookies::FIELD_MAX && !field.contains(|c: char| c.is_control());
        let mut parts = field.split(';').filter(|_| is_readable);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let mut cookie = Self {
            name: (!name.is_empty()).then(|| name.to_owned())?,
            value: value.to_owned(),
            domain: site.host.to_ascii_lowercase(),
            is_host_only: true,
            path: default_path(site.path).to_owned(),
            is_secure: false,
            expires: None,
        };
        let mut has_max_age = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" => cookie.restrict(value)?,
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.is_secure = true,
                "max-age" => {
                    has_max_age = true;
                    cookie.expires = Some(after(now, value)?);
                }
                // The age counts, whichever of the two comes first.
                "expires" if !has_max_age => cookie.expires = cookie_date::parse(value).or(cookie.expires),
                _ => {}
            }
        }
        Some(cookie)
    }

    /// Widens the cookie to a domain that its host belongs to; nothing when it may not.
    fn restrict(&mut self, domain: &str) -> Option<()> {
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        if domain.is_empty() || domain == self.domain {
            return Some(());
        }
        let is_wide = domain.contains('.') && belongs_to(&self.domain, &domain);
        is_wide.then(|| {
            self.domain = domain;
            self.is_host_only = false;
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.domain, &self.path) == (&other.name, &other.domain, &other.path)
    }

    fn is_alive(&self, now: Duration) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    fn goes_to(&self, site: Site<'_>) -> bool {
        let host = site.host.to_ascii_lowercase();
        let is_host = host == self.domain || !self.is_host_only && belongs_to(&host, &self.domain);
        is_host && (site.is_secure || !self.is_secure) && path_matches(site.path, &self.path)
    }
}

impl fmt::Debug for Cookie {
    /// Without the value: it may be what a session is held by.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, domain, path, .. } = self;
        write!(f, "{name} of {domain}{path}")
    }
}

/// When an age of so many seconds is over; nothing when it is no number.
fn after(now: Duration, age: &str) -> Option<Duration> {
    let digits = age.strip_prefix('-').unwrap_or(age);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = is_number.then(|| digits.parse().unwrap_or(u64::from(u32::MAX)))?;
    Some(if age.starts_with('-') { Duration::ZERO } else { now.saturating_add(Duration::from_secs(seconds)) })
}

/// The path that a cookie without one gets: the folder of the request (RFC 6265, 5.1.4).
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(end) if end > 0 && path.starts_with('/') => path.get(..end).unwrap_or("/"),
        _ => "/",
    }
}

/// Whether `path` is `folder` or lies in it.
fn path_matches(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

/// Whether `host` is a name below `domain`; addresses are below nothing.
fn belongs_to(host: &str, domain: &str) -> bool {
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    !is_address && host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);
    const HERE: Site<'static> = Site { host: "shop.example.com", path: "/api/sessions", is_secure: true };

    fn with(fields: &[&str]) -> Cookies {
        let mut cookies = Cookies::default();
        fields.iter().for_each(|field| cookies.take(HERE, field, NOW));
        cookies
    }

    fn sent(cookies: &Cookies, host: &str, path: &str, is_secure: bool) -> Option<String> {
        cookies.header(Site { host, path, is_secure }, NOW)
    }

    #[test]
    fn pairs_go_back_to_the_folder_they_came_from() {
        let cookies = with(&["a=1", "b = 2 ; HttpOnly; SameSite=Lax", "c=x=y; Path=/"]);
        assert_eq!(cookies.header(HERE, NOW).as_deref(), Some("a=1; b=2; c=x=y"));
        assert_eq!(sent(&cookies, "shop.example.com", "/apis", true).as_deref(), Some("c=x=y"));
        assert_eq!(sent(&cookies, "SHOP.example.com", "/api", true).as_deref(), Some("a=1; b=2; c=x=y"));
        assert_eq!(sent(&cookies, "other.example.com", "/api", true), None);
    }

    #[test]
    fn longer_paths_come_first_and_a_second_value_takes_the_place_of_the_first() {
        let cookies = with(&["a=1; Path=/", "b=2; Path=/api", "a=3; Path=/"]);
        assert_eq!(cookies.header(HERE, NOW).as_deref(), Some("b=2; a=3"));
    }

    #[test]
    fn a_domain_widens_but_never_to_a_stranger() {
        let cookies = with(&["a=1; Domain=.Example.com; Path=/"]);
        assert_eq!(sent(&cookies, "other.example.com", "/", true).as_deref(), Some("a=1"));
        assert_eq!(sent(&cookies, "badexample.com", "/", true), None);
        for domain in ["com", "example.org", "x.shop.example.com"] {
            assert!(with(&[&format!("a=1; Domain={domain}")]).is_empty(), "{domain}");
        }
        let mut cookies = Cookies::default();
        let address = Site { host: "127.0.0.1", path: "/", is_secure: false };
        cookies.take(address, "a=1; Domain=0.0.1", NOW);
        assert!(cookies.is_empty());
        cookies.take(address, "a=1; Domain=127.0.0.1", NOW);
        assert_eq!(cookies.header(address, NOW).as_deref(), Some("a=1"));
    }

    #[test]
    fn age_and_date_end_a_cookie_and_the_age_counts_more() {
        let cookies = with(&["a=1; Max-Age=60", "b=2; Expires=Fri, 15 Jan 2027 08:00:01 GMT"]);
        assert_eq!(cookies.header(HERE, NOW).as_deref(), Some("a=1; b=2"));
        assert_eq!(cookies.header(HERE, NOW + Duration::from_secs(1)).as_deref(), Some("a=1"));
        assert_eq!(cookies.header(HERE, NOW + Duration::from_secs(60)), None);
        let past = "Thu, 01 Jan 1970 00:00:01 GMT";
        assert!(!with(&[&format!("a=1; Max-Age=5; Expires={past}")]).is_empty());
        for end in
            ["Max-Age=0", "Max-Age=-1", &format!("Expires={past}"), &format!("expires={past}; max-age=0")]
        {
            assert!(with(&["a=1", &format!("a=gone; {end}")]).is_empty(), "{end}");
        }
    }

    #[test]
    fn secure_cookies_travel_by_tls_only() {
        let cookies = with(&["a=1; Secure; Path=/"]);
        assert_eq!(sent(&cookies, HERE.host, "/", false), None);
        assert_eq!(sent(&cookies, HERE.host, "/", true).as_deref(), Some("a=1"));
        let mut cookies = Cookies::default();
        cookies.take(Site { is_secure: false, ..HERE }, "a=1; Secure", NOW);
        assert!(cookies.is_empty());
    }

    #[test]
    fn what_is_no_cookie_is_passed_over() {
        let long = format!("a={}", "x".repeat(Cookies::FIELD_MAX));
        for field in ["", "a", "=1", "; a=1", "a=1\r\nb: 2", &long] {
            assert!(with(&[field]).is_empty(), "{field:.20}");
        }
    }

    #[test]
    fn the_first_makes_room_when_there_are_too_many() {
        let mut cookies = with(&["short=1; Max-Age=1"]);
        let later = NOW + Duration::from_secs(2);
        (0..Cookies::MAX).for_each(|number| cookies.take(HERE, &format!("c{number}=1"), later));
        assert_eq!(cookies.kept.len(), Cookies::MAX);
        assert_eq!(cookies.kept[0].name, "c0", "what had expired went first");
        cookies.take(HERE, "last=1", later);
        assert_eq!((cookies.kept.len(), &*cookies.kept[0].name), (Cookies::MAX, "c1"));
    }

    #[test]
    fn the_value_does_not_print() {
        assert_eq!(format!("{:?}", with(&["sid=secret"])), "Cookies { kept: [sid of shop.example.com/api] }");
    }
}
