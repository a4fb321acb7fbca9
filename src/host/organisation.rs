//! Whose card it is: the organisation of DE 63.1 and the issuer of DE 44, by the first digits of the number.

use crate::card::Pan;

/// A card organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Organisation {
    /// DE 63.1.
    pub(super) code: [u8; 3],
    /// DE 44: issuer and acquirer, eleven characters each.
    pub(super) issuer_and_acquirer: [u8; 22],
}

impl Organisation {
    /// The organisation of a card; UnionPay for payments without one.
    pub(super) fn of(card: Option<&Pan>) -> &'static Self {
        let known = |card: &Pan| TABLE.iter().find(|(prefix, _)| card.as_bytes().starts_with(prefix));
        card.and_then(known).map_or(&UNIONPAY, |(_, organisation)| organisation)
    }

    /// Whether its cards are settled as domestic ones.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the totals of a settlement"))]
    pub(super) fn is_domestic(&self) -> bool {
        self.code == UNIONPAY.code
    }
}

const UNIONPAY: Organisation =
    Organisation { code: *b"CUP", issuer_and_acquirer: *b"01020000   00095840   " };
const VISA: Organisation = Organisation { code: *b"VIS", issuer_and_acquirer: *b"90000001   00095840   " };
const MASTERCARD: Organisation =
    Organisation { code: *b"MCC", issuer_and_acquirer: *b"90000002   00095840   " };
const MAESTRO: Organisation = Organisation { code: *b"MAE", issuer_and_acquirer: *b"90000003   00095840   " };
const JCB: Organisation = Organisation { code: *b"JCB", issuer_and_acquirer: *b"90000004   00095840   " };
const DINERS: Organisation = Organisation { code: *b"DCC", issuer_and_acquirer: *b"90000005   00095840   " };
const AMEX: Organisation = Organisation { code: *b"AMX", issuer_and_acquirer: *b"90000006   00095840   " };

/// The first row that fits decides; the issuers are made up.
const TABLE: &[(&[u8], Organisation)] = &[
    (b"62", UNIONPAY),
    (b"4", VISA),
    (b"50", MAESTRO),
    (b"56", MAESTRO),
    (b"57", MAESTRO),
    (b"58", MAESTRO),
    (b"5", MASTERCARD),
    (b"35", JCB),
    (b"34", AMEX),
    (b"37", AMEX),
    (b"30", DINERS),
    (b"36", DINERS),
    (b"38", DINERS),
    (b"39", DINERS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_digits_say_whose_card_it_is() {
        for (number, code) in [
            ("6212345000000000", b"CUP"),
            ("4111111111111111", b"VIS"),
            ("5500000000000004", b"MCC"),
            ("5018000000000009", b"MAE"),
            ("3530111333300000", b"JCB"),
            ("378282246310005", b"AMX"),
            ("30569309025904", b"DCC"),
            ("9999999999999999", b"CUP"),
        ] {
            let pan = number.parse().expect("a card number");
            let organisation = Organisation::of(Some(&pan));
            assert_eq!(&organisation.code, code, "{number}");
            assert_eq!(organisation.is_domestic(), code == b"CUP", "{number}");
        }
        assert_eq!(&Organisation::of(None).code, b"CUP");
    }
}
