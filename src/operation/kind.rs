//! The kinds of operations and the message that each one is: one table for terminals and hosts.

use super::form::{Effect, MessageForm, Reference, Side};
use crate::iso8583::{Mti, ProcessingCode};

/// Which transaction or management message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Sign-in 签到: brings the work keys and the batch number.
    SignIn,
    /// Cashier sign-in 收银员签到.
    CashierSignIn,
    /// Sign-out 签退.
    SignOut,
    /// Echo test 回响测试.
    Echo,
    /// Terminal status upload 状态上送.
    StatusUpload,
    /// Balance inquiry 余额查询.
    Balance,
    /// Sale 消费.
    Sale,
    /// Void of a sale 消费撤销.
    Void,
    /// Refund 退货.
    Refund,
    /// Pre-authorization 预授权.
    PreAuth,
    /// Addition to a pre-authorization 追加预授权.
    PreAuthAdd,
    /// Void of a pre-authorization 预授权撤销.
    PreAuthVoid,
    /// Completion of a pre-authorization, as a request 预授权完成(请求).
    Completion,
    /// Completion of a pre-authorization, as a notice 预授权完成(通知).
    CompletionNotice,
    /// Void of a completion 预授权完成撤销.
    CompletionVoid,
    /// Sale approved offline and told later 离线结算.
    OfflineSale,
    /// Settlement adjustment: the final amount of a sale, told later 结算调整.
    SettleAdjust,
    /// Tip adjustment: a tip on top of a sale, told later 小费调整.
    TipAdjust,
    /// Electronic cash sale, approved by the card and told later 电子现金脱机消费.
    CashSale,
    /// Refund of an electronic cash sale 脱机退货.
    CashRefund,
    /// Load of electronic cash from the account of the card 指定账户圈存.
    Load,
    /// Load of electronic cash with banknotes 现金充值.
    CashLoad,
    /// Load of electronic cash from another account 非指定账户圈存.
    TransferLoad,
    /// Void of a load with banknotes 现金充值撤销.
    CashLoadVoid,
    /// Sale by a code that the payer shows 扫码消费(被扫).
    QrSale,
    /// Sale by a code that the terminal shows and the payer scans 主扫.
    QrOrder,
    /// Asks what became of a payment by code 扫码结果查询.
    QrQuery,
    /// Void of a sale by code 扫码撤销.
    QrVoid,
    /// Refund of a sale by code 扫码退货.
    QrRefund,
    /// Upload of the signature of a transaction, in parts 电子签名上送.
    ESignature,
    /// What an issuer's script did to the card 脚本结果通知; terminals send it of their own accord.
    ScriptResult,
    /// Reversal 冲正 of an earlier operation; terminals send it of their own accord.
    Reversal,
    /// Batch settlement 批结算, with the upload of the batch when it does not balance.
    Settlement,
    /// A message of a batch upload 批上送; terminals send it of their own accord.
    BatchUpload,
    /// Download of terminal parameters 参数下载.
    ParameterDownload,
    /// Download of card applications 应用参数下载.
    AidDownload,
    /// Download of the card schemes' public keys 公钥下载.
    CapkDownload,
    /// Download of exchange rates 汇率下载.
    RateDownload,
    /// Download of blocked cards 黑名单下载.
    BlacklistDownload,
    /// Download of contactless parameters 免密参数下载.
    ContactlessDownload,
    /// Download of the table of card number ranges BIN表下载.
    BinDownload,
    /// Download of blocked card number ranges BIN黑名单下载.
    BinBlacklistDownload,
    /// Download of the master key 主密钥下载.
    KeyDownload,
}

impl Kind {
    /// All kinds with their names in scenario files and results.
    pub const ALL: [(Self, &'static str); 43] = [
        (Self::SignIn, "sign-in"),
        (Self::CashierSignIn, "cashier-sign-in"),
        (Self::SignOut, "sign-out"),
        (Self::Echo, "echo"),
        (Self::StatusUpload, "status-upload"),
        (Self::Balance, "balance"),
        (Self::Sale, "sale"),
        (Self::Void, "void"),
        (Self::Refund, "refund"),
        (Self::PreAuth, "pre-auth"),
        (Self::PreAuthAdd, "pre-auth-add"),
        (Self::PreAuthVoid, "pre-auth-void"),
        (Self::Completion, "completion"),
        (Self::CompletionNotice, "completion-notice"),
        (Self::CompletionVoid, "completion-void"),
        (Self::OfflineSale, "offline-sale"),
        (Self::SettleAdjust, "settle-adjust"),
        (Self::TipAdjust, "tip-adjust"),
        (Self::CashSale, "cash-sale"),
        (Self::CashRefund, "cash-refund"),
        (Self::Load, "load"),
        (Self::CashLoad, "cash-load"),
        (Self::TransferLoad, "transfer-load"),
        (Self::CashLoadVoid, "cash-load-void"),
        (Self::QrSale, "qr-sale"),
        (Self::QrOrder, "qr-order"),
        (Self::QrQuery, "qr-query"),
        (Self::QrVoid, "qr-void"),
        (Self::QrRefund, "qr-refund"),
        (Self::ESignature, "e-signature"),
        (Self::ScriptResult, "script-result"),
        (Self::Reversal, "reversal"),
        (Self::Settlement, "settlement"),
        (Self::BatchUpload, "batch-upload"),
        (Self::ParameterDownload, "parameter-download"),
        (Self::AidDownload, "aid-download"),
        (Self::CapkDownload, "capk-download"),
        (Self::RateDownload, "rate-download"),
        (Self::BlacklistDownload, "blacklist-download"),
        (Self::ContactlessDownload, "contactless-download"),
        (Self::BinDownload, "bin-download"),
        (Self::BinBlacklistDownload, "bin-blacklist-download"),
        (Self::KeyDownload, "key-download"),
    ];

    /// The name in scenario files and results.
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("?", |(_, name)| name)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Whether the operation may have a card; one with an original takes the original's card when it has none.
    pub const fn takes_card(self) -> bool {
        use Kind::*;
        let by_code = matches!(self, QrSale | QrOrder | QrQuery | QrVoid | QrRefund);
        self.form().processing_code.is_some() && !by_code
    }

    /// Whether it is about money; all else manages the terminal.
    pub const fn is_financial(self) -> bool {
        self.form().processing_code.is_some()
    }

    /// Whether the message says an amount (DE 4).
    pub const fn takes_amount(self) -> bool {
        self.form().has_amount
    }

    /// Whether the amount may be left out because it is the original's.
    pub const fn amount_is_originals(self) -> bool {
        use Kind::*;
        matches!(self, Void | PreAuthVoid | CompletionVoid | CashLoadVoid | QrVoid)
    }

    /// The kinds of earlier transactions that this one can be about; none when it stands alone.
    pub const fn originals(self) -> &'static [Self] {
        use Kind::*;
        match self {
            Void => &[Sale],
            Refund => &[Sale],
            PreAuthAdd | PreAuthVoid | Completion | CompletionNotice => &[PreAuth],
            CompletionVoid => &[Completion],
            SettleAdjust | TipAdjust => &[Sale, OfflineSale],
            CashRefund => &[CashSale],
            CashLoadVoid => &[CashLoad],
            QrVoid | QrRefund => &[QrSale, QrOrder],
            QrQuery => &[QrOrder, QrSale],
            ESignature => &[Sale, PreAuth, Completion, Void, Refund],
            _ => &[],
        }
    }

    /// Whether it is told as a notice: stored when it is done, and uploaded later.
    pub const fn is_notice(self) -> bool {
        use Kind::*;
        matches!(self, OfflineSale | SettleAdjust | TipAdjust | CashSale | CashRefund)
    }

    /// Whether a terminal sends it only of its own accord, so that no flow can ask for it.
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::ScriptResult | Self::Reversal | Self::BatchUpload)
    }

    /// Whether it brings tables or keys into the terminal.
    pub const fn is_download(self) -> bool {
        use Kind::*;
        matches!(
            self,
            ParameterDownload
                | AidDownload
                | CapkDownload
                | RateDownload
                | BlacklistDownload
                | ContactlessDownload
                | BinDownload
                | BinBlacklistDownload
                | KeyDownload
        )
    }

    /// How the message looks on the wire; a reversal takes all but the message type from its original.
    pub const fn form(self) -> MessageForm {
        use Kind::*;
        match self {
            SignIn => MessageForm { before_sign_in: true, ..numbered(Mti::NETWORK, 1) },
            CashierSignIn => numbered(Mti::NETWORK_ADVICE, 401),
            SignOut => numbered(Mti::NETWORK_ADVICE, 2),
            Echo => query(Mti::NETWORK_ADVICE, 301),
            StatusUpload => query(Mti::NETWORK_ADVICE, 362),
            Balance => MessageForm {
                has_amount: false,
                reversible: false,
                effect: Effect::None,
                side: Side::None,
                ..financial(ProcessingCode::BALANCE, 0, 1)
            },
            Sale => financial(ProcessingCode::SALE, 0, 22),
            Void => against(Reference::Transaction, financial(ProcessingCode::VOID, 0, 23)),
            Refund => against(Reference::Date, notice(ProcessingCode::VOID, 0, 25)),
            PreAuth => authorization(ProcessingCode::PRE_AUTHORIZATION, 6, 10),
            PreAuthAdd => against(Reference::Empty, authorization(ProcessingCode::PRE_AUTHORIZATION, 60, 10)),
            PreAuthVoid => MessageForm {
                effect: Effect::Release,
                ..against(Reference::Date, authorization(ProcessingCode::VOID, 6, 11))
            },
            Completion => MessageForm {
                effect: Effect::Complete,
                ..against(Reference::Date, financial(ProcessingCode::SALE, 6, 20))
            },
            CompletionNotice => MessageForm {
                effect: Effect::Complete,
                side: Side::Debit,
                ..against(Reference::Date, notice(ProcessingCode::SALE, 6, 24))
            },
            CompletionVoid => against(Reference::DatedTransaction, financial(ProcessingCode::VOID, 6, 21)),
            OfflineSale => debit(notice(ProcessingCode::SALE, 0, 30)),
            SettleAdjust => adjustment(32),
            TipAdjust => adjustment(34),
            CashSale => MessageForm { mti: Mti::FINANCIAL, ..debit(notice(ProcessingCode::SALE, 0, 36)) },
            CashRefund => against(Reference::DatedTransaction, notice(ProcessingCode::VOID, 0, 27)),
            Load => MessageForm { effect: Effect::None, side: Side::None, ..financial(LOAD, 91, 45) },
            CashLoad => credit(financial(LOAD_WITH_CASH, 91, 46)),
            TransferLoad => {
                MessageForm { effect: Effect::None, side: Side::None, ..financial(LOAD_FROM_OTHER, 91, 47) }
            }
            // It gives back what a load took, so that the merchant is owed again.
            CashLoadVoid => {
                against_only(Reference::DatedTransaction, financial(ProcessingCode::CASH_LOAD_VOID, 91, 51))
            }
            QrSale => financial(ProcessingCode::SALE, 0, 22),
            QrOrder => MessageForm { reversible: false, ..financial(CODE_ORDER, 0, 62) },
            QrQuery => MessageForm {
                has_amount: false,
                reversible: false,
                effect: Effect::None,
                side: Side::None,
                ..against_only(Reference::DatedTransaction, financial(ProcessingCode::CODE_QUERY, 0, 61))
            },
            QrVoid => against(Reference::Transaction, financial(ProcessingCode::VOID, 0, 23)),
            QrRefund => against(Reference::Date, notice(ProcessingCode::VOID, 0, 25)),
            ESignature => MessageForm { message_kind: 7, ..numbered(Mti::NETWORK_ADVICE, 800) },
            ScriptResult => {
                MessageForm { mti: Mti::SCRIPT_RESULT, ..neutral(financial(ProcessingCode::SALE, 0, 0)) }
            }
            Reversal => MessageForm { mti: Mti::REVERSAL, ..neutral(financial(ProcessingCode::SALE, 0, 0)) },
            Settlement => numbered(Mti::SETTLEMENT, 201),
            BatchUpload => numbered(Mti::BATCH_UPLOAD, 201),
            ParameterDownload => query(Mti::NETWORK, 360),
            AidDownload => query(Mti::NETWORK, 380),
            CapkDownload => query(Mti::NETWORK, 370),
            RateDownload => query(Mti::NETWORK, 384),
            BlacklistDownload => query(Mti::NETWORK, 390),
            ContactlessDownload => query(Mti::NETWORK, 394),
            BinDownload => query(Mti::NETWORK, 396),
            BinBlacklistDownload => query(Mti::NETWORK, 398),
            KeyDownload => query(Mti::NETWORK, 401),
        }
    }
}

/// A management message with a STAN, done only when signed in.
const fn numbered(mti: Mti, network_management: u16) -> MessageForm {
    MessageForm { has_stan: true, before_sign_in: false, ..query(mti, network_management) }
}

/// A management message without a STAN, allowed before a sign-in.
const fn query(mti: Mti, network_management: u16) -> MessageForm {
    MessageForm {
        mti,
        processing_code: None,
        condition_code: None,
        message_kind: 0,
        network_management,
        has_amount: false,
        has_stan: false,
        reversible: false,
        before_sign_in: true,
        reference: Reference::None,
        effect: Effect::None,
        side: Side::None,
    }
}

/// A financial request that takes money from the card.
const fn financial(code: ProcessingCode, condition: u8, message_kind: u8) -> MessageForm {
    MessageForm {
        mti: Mti::FINANCIAL,
        processing_code: Some(code.number()),
        condition_code: Some(condition),
        message_kind,
        network_management: 0,
        has_amount: true,
        has_stan: true,
        reversible: true,
        before_sign_in: false,
        reference: Reference::None,
        effect: Effect::Debit,
        side: Side::Debit,
    }
}

/// A request of the pre-authorization family: it holds money, and no settlement counts it.
const fn authorization(code: ProcessingCode, condition: u8, message_kind: u8) -> MessageForm {
    MessageForm {
        mti: Mti::AUTHORIZATION,
        effect: Effect::Hold,
        side: Side::None,
        ..financial(code, condition, message_kind)
    }
}

/// A financial notice: sent until it is answered, never reversed.
const fn notice(code: ProcessingCode, condition: u8, message_kind: u8) -> MessageForm {
    MessageForm { mti: Mti::ADVICE, reversible: false, ..financial(code, condition, message_kind) }
}

/// About an earlier transaction; with processing code 20 it gives money back.
const fn against(reference: Reference, form: MessageForm) -> MessageForm {
    let form = against_only(reference, form);
    match form.processing_code {
        Some(200_000) if matches!(form.side, Side::Debit) => credit(form),
        _ => form,
    }
}

const fn against_only(reference: Reference, form: MessageForm) -> MessageForm {
    MessageForm { reference, ..form }
}

const fn adjustment(message_kind: u8) -> MessageForm {
    MessageForm {
        effect: Effect::Adjust,
        side: Side::Adjust,
        ..against_only(Reference::Transaction, notice(ProcessingCode::SALE, 0, message_kind))
    }
}

const fn debit(form: MessageForm) -> MessageForm {
    MessageForm { effect: Effect::Debit, side: Side::Debit, ..form }
}

const fn credit(form: MessageForm) -> MessageForm {
    MessageForm { effect: Effect::Credit, side: Side::Credit, ..form }
}

/// Moves no money of its own.
const fn neutral(form: MessageForm) -> MessageForm {
    MessageForm { reversible: false, effect: Effect::None, side: Side::None, ..form }
}

/// 600000: load of electronic cash from the account of the card.
const LOAD: ProcessingCode = code(600_000);
/// 620000: load of electronic cash from another account.
const LOAD_FROM_OTHER: ProcessingCode = code(620_000);
/// 630000: load of electronic cash with banknotes.
const LOAD_WITH_CASH: ProcessingCode = code(630_000);
/// 000020: a code that the terminal shows; acquirers differ.
const CODE_ORDER: ProcessingCode = code(20);

const fn code(number: u32) -> ProcessingCode {
    match ProcessingCode::new(number) {
        Some(code) => code,
        None => panic!("six digits are a processing code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_names_is_in_the_order_of_the_kinds() {
        for (place, (kind, name)) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place, "{name}");
            assert_eq!(Kind::from_name(name), Some(*kind));
        }
    }

    #[test]
    fn what_gives_money_back_is_settled_as_credit() {
        for kind in
            [Kind::Void, Kind::Refund, Kind::CompletionVoid, Kind::QrVoid, Kind::QrRefund, Kind::CashLoad]
        {
            assert_eq!(kind.form().side, Side::Credit, "{}", kind.name());
        }
        for kind in [Kind::Sale, Kind::Completion, Kind::CompletionNotice, Kind::OfflineSale, Kind::QrOrder] {
            assert_eq!(kind.form().side, Side::Debit, "{}", kind.name());
        }
        for kind in
            [Kind::Balance, Kind::PreAuth, Kind::PreAuthVoid, Kind::PreAuthAdd, Kind::Load, Kind::QrQuery]
        {
            assert_eq!(kind.form().side, Side::None, "{}", kind.name());
        }
    }
}
