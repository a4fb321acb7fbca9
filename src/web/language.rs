//! The language in which a failure is told: Chinese for who prefers it, else English (RFC 9110, 12.5.4).

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};

/// A language of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The one that a client prefers.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let ranges = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let weight = |tag| ranges.split(',').filter_map(|range| weight(range, tag)).fold(0.0, f32::max);
        if weight("zh") > weight("en") { Self::Chinese } else { Self::English }
    }

    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

/// How much a range wants a language; nothing when it is about another.
fn weight(range: &str, tag: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    let primary = parts.next()?.split('-').next()?;
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    primary.eq_ignore_ascii_case(tag).then(|| quality.map_or(1.0, |text| text.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_for_who_prefers_it() {
        let preferred = |text: &'static str| {
            let header = (ACCEPT_LANGUAGE, axum::http::HeaderValue::from_static(text));
            Language::preferred(&HeaderMap::from_iter([header]))
        };
        for text in ["zh", "zh-CN,zh;q=0.9,en;q=0.8", "en;q=0.3, ZH-Hans;q=0.7", "fr, zh;q=0.1"] {
            assert_eq!(preferred(text), Language::Chinese, "{text}");
        }
        for text in ["", "en", "fr", "en, zh;q=0.9", "zh;q=0", "zh;q=x", "zh,en", ";;,q=1", "*"] {
            assert_eq!(preferred(text), Language::English, "{text}");
        }
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }
}
