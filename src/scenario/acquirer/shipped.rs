//! The profiles that come with the program.

/// The shipped profiles by name, with their text.
pub const SHIPPED: [(&str, &str); 5] = [
    ("unionpay", include_str!("../../../scenarios/profiles/unionpay.yaml")),
    ("overseas", include_str!("../../../scenarios/profiles/overseas.yaml")),
    ("iso87-ascii", include_str!("../../../scenarios/profiles/iso87-ascii.yaml")),
    ("iso87-binary", include_str!("../../../scenarios/profiles/iso87-binary.yaml")),
    ("x919-raw-mac", include_str!("../../../scenarios/profiles/x919-raw-mac.yaml")),
];

/// The text of a shipped profile.
pub(super) fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
