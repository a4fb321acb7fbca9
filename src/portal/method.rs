//! How a payer pays, as far as fees and limits care.

/// How a payer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// By debit card.
    Debit,
    /// By credit card.
    Credit,
    /// By code: WeChat, Alipay, UnionPay.
    Qr,
    /// A small amount, contactless.
    SmallContactless,
}

impl Method {
    /// How many there are.
    pub const COUNT: usize = 4;
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); Self::COUNT] = [
        (Self::Debit, "debit"),
        (Self::Credit, "credit"),
        (Self::Qr, "qr"),
        (Self::SmallContactless, "small-contactless"),
    ];
}
