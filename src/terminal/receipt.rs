//! The receipt of a transaction as text, for terminals that print; Chinese and English labels side by side.

use super::{Event, Outbox, Profile, Terminal, transaction::Transaction};
use crate::{
    money::Amount,
    operation::{Entry, Kind},
    time::{DateTime, Instant},
};
use std::fmt::{Display, Write};

impl Terminal {
    /// Prints the receipt of a transaction, where the profile says that its terminals print.
    pub(super) fn print(&self, profile: &Profile, now: Instant, transaction: &Transaction, out: &mut Outbox) {
        if profile.prints {
            out.event(Event::Receipt(self.receipt(profile, now, transaction)));
        }
    }

    fn receipt(&self, profile: &Profile, now: Instant, transaction: &Transaction) -> String {
        let mut slip = Slip(String::from("POS 签购单 SALES SLIP\n"));
        slip.line("商户编号", "MERCHANT NO", self.merchant);
        slip.line("终端编号", "TERMINAL NO", self.id);
        slip.line("操作员", "OPERATOR", format_args!("{:02}", profile.operator));
        let (chinese, english) = type_of(transaction.kind);
        slip.line("交易类型", "TYPE", format_args!("{chinese} {english}"));
        slip.put_means(transaction);
        slip.put_numbers(transaction);
        if let Some(time) = self.clock.map(|clock| clock.at(now)) {
            slip.put_time(time);
        }
        slip.line("金额", "AMOUNT", transaction.amount);
        if transaction.tip > Amount::ZERO {
            slip.line("小费", "TIP", transaction.tip);
        }
        slip.0
    }
}

/// The text of a receipt while it is written.
struct Slip(String);

impl Slip {
    /// What was paid with.
    fn put_means(&mut self, transaction: &Transaction) {
        if let Some(card) = transaction.card {
            self.line("卡号", "CARD NO", format_args!("{} /{}", card.pan, letter(card.entry)));
            let (year, month) = (card.expiry.year(), card.expiry.month());
            self.line("有效期", "EXP DATE", format_args!("{year:02}/{month:02}"));
        }
        if let Some(voucher) = transaction.voucher() {
            self.line("付款凭证码", "VOUCHER", String::from_utf8_lossy(voucher));
        }
    }

    /// What names the transaction at terminal, host and issuer.
    fn put_numbers(&mut self, transaction: &Transaction) {
        self.line("批次号", "BATCH NO", transaction.batch);
        self.line("凭证号", "TRACE NO", transaction.stan);
        if let Some(rrn) = transaction.rrn {
            self.line("参考号", "REF NO", rrn);
        }
        if let Some(code) = transaction.approval_code {
            self.line("授权码", "AUTH NO", code);
        }
    }

    fn put_time(&mut self, time: DateTime) {
        let DateTime { year, month, day, hour, minute, second } = time;
        let text = format_args!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}");
        self.line("日期/时间", "DATE/TIME", text);
    }

    fn line(&mut self, chinese: &str, english: &str, value: impl Display) {
        // A text in memory takes whatever is written to it.
        let _ = writeln!(self.0, "{chinese} {english}: {value}");
    }
}

/// The letter behind the card number: swiped, inserted, waved, keyed.
fn letter(entry: Entry) -> char {
    match entry {
        Entry::Stripe => 'S',
        Entry::Chip => 'I',
        Entry::Contactless => 'C',
        Entry::Keyed => 'M',
    }
}

/// What the transaction is called on paper.
fn type_of(kind: Kind) -> (&'static str, &'static str) {
    TYPES
        .iter()
        .find(|(known, ..)| *known == kind)
        .map_or(("交易", kind.name()), |(_, chinese, english)| (chinese, english))
}

const TYPES: [(Kind, &str, &str); 22] = [
    (Kind::Sale, "消费", "SALE"),
    (Kind::Void, "消费撤销", "VOID"),
    (Kind::Refund, "退货", "REFUND"),
    (Kind::PreAuth, "预授权", "PRE-AUTH"),
    (Kind::PreAuthAdd, "追加预授权", "PRE-AUTH ADD"),
    (Kind::PreAuthVoid, "预授权撤销", "PRE-AUTH VOID"),
    (Kind::Completion, "预授权完成(请求)", "AUTH COMPLETE"),
    (Kind::CompletionNotice, "预授权完成(通知)", "AUTH SETTLEMENT"),
    (Kind::CompletionVoid, "预授权完成撤销", "COMPLETE VOID"),
    (Kind::OfflineSale, "离线结算", "OFFLINE SALE"),
    (Kind::SettleAdjust, "结算调整", "ADJUST"),
    (Kind::TipAdjust, "小费调整", "TIP ADJUST"),
    (Kind::CashSale, "电子现金消费", "EC SALE"),
    (Kind::CashRefund, "脱机退货", "EC REFUND"),
    (Kind::Load, "指定账户圈存", "LOAD"),
    (Kind::CashLoad, "现金充值", "CASH LOAD"),
    (Kind::TransferLoad, "非指定账户圈存", "TRANSFER LOAD"),
    (Kind::CashLoadVoid, "现金充值撤销", "CASH LOAD VOID"),
    (Kind::QrSale, "扫码消费", "QR SALE"),
    (Kind::QrOrder, "扫码消费", "QR SALE"),
    (Kind::QrVoid, "扫码撤销", "QR VOID"),
    (Kind::QrRefund, "扫码退货", "QR REFUND"),
];
