//! Every reason for which the portal refuses a request, with its code and its text in both languages.
//!
//! A refusal changes nothing but the counters that guard a password, a code or a day's attempts.

macro_rules! refusals {
    ($($name:ident $code:literal $chinese:literal $english:literal;)*) => {
        /// Why a request is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        pub enum Refusal {
            $(#[doc = concat!($english, ".")] #[error($english)] $name,)*
        }

        impl Refusal {
            /// All refusals.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code, four digits; the first tells the area.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The text for a Chinese page.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$name => $chinese,)* }
            }

            /// The text for an English page.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }
        }
    };
}

refusals! {
    LoginFailed "1001" "账号或密码错误" "wrong account or password";
    AccountLocked "1002" "密码错误次数过多，账号已锁定" "too many wrong passwords, the account is locked for a time";
    SessionUnknown "1003" "未登录或登录已失效" "not logged in, or logged in elsewhere since";
    SessionExpired "1004" "登录超时，请重新登录" "the session was idle for too long";
    KeyMissing "1101" "缺少幂等键" "a request that changes something needs an idempotency key";
    KeyConflict "1102" "幂等键已用于其他请求" "the idempotency key belongs to another request";

    NameInvalid "2001" "名称不正确" "the name is empty or too long";
    AddressInvalid "2002" "地址不正确" "the address is empty or too long";
    PhoneInvalid "2003" "手机号不正确" "a mobile number has 11 digits and begins with 1";
    IdentityInvalid "2004" "身份证号不正确" "the identity number or its check digit is wrong";
    MerchantMismatch "2005" "商户信息不一致" "the merchant number or name is not the one of the session";

    CardUnknown "3001" "结算卡不存在" "there is no such settlement card";
    CardForeign "3002" "结算卡不属于本商户" "the settlement card belongs to another merchant";
    CardNotEffective "3003" "该卡不是当前生效的结算卡" "the card is not the one that payouts go to";
    CardNotBound "3004" "该卡未绑定" "the card is not bound";
    CardLuhn "3005" "卡号校验失败" "the card number's check digit is wrong";
    CardNotActivated "3006" "该卡未激活" "the new card is unknown to its bank or not activated";
    CardOtherHolder "3007" "持卡人与商户法人不一致" "the new card belongs to another holder";
    CardIdentity "3008" "三要素验证失败" "name, identity number and card do not belong together";
    CardClass "3009" "不支持二类、三类账户" "accounts of class II or III are not accepted";
    CardSame "3010" "新卡与原卡相同" "the new card is bound already";
    ChangeOpen "3101" "重复提交：已有处理中的变更" "a change is open already";
    ChangeTooSoon "3102" "三十天内只能变更一次" "the card was changed too short a time ago";
    ChangeUnsettled "3103" "原卡有未结算交易，请先结算" "there are unsettled transactions, settle first";
    ChangeNotBegun "3104" "没有待确认的变更" "no change has been begun, or it has lapsed";

    CodeTooSoon "3201" "验证码发送过于频繁" "one code a minute";
    CodeMissing "3202" "请先获取验证码" "no code has been sent, or it was used";
    CodeWrong "3203" "验证码错误" "the code is wrong";
    CodeExpired "3204" "验证码已过期" "the code has expired";
    CodeSpent "3205" "验证码错误次数过多" "the code was tried too often";
    CodeNotVerified "3206" "尚未通过短信验证" "the code has not been verified yet";

    UnbindUnsettled "4001" "存在未结算余额" "there is an unsettled balance";
    UnbindOnlyCard "4002" "实时到账商户须保留一张结算卡" "instant settlement needs a card, and this is the only one";
    TerminalOffline "4003" "终端不在线" "the terminal is not online";
    BatteryLow "4004" "终端电量不足" "the battery of the terminal is low or unknown";
    VerificationFailed "4005" "查询密码错误" "the query password is wrong";
    SecondFactorFailed "4006" "人脸识别未通过" "the face check failed";
    SecondFactorNeeded "4007" "请先完成身份验证" "the verification comes before the face check";
    RiskTooHigh "4008" "风险等级过高，操作被拒绝" "the risk is too high, further attempts are frozen";
    UnbindFrozen "4009" "解绑功能已冻结" "unbinding is frozen after a risk";
    AttemptsSpent "4010" "今日尝试次数已用完" "no attempts are left today";
    OutsideHours "4011" "不在业务办理时间内" "unbinding is not done at this hour";
    CoolingOff "4012" "距上次解绑时间过短" "the last unbinding was too short a time ago";
    UnbindNotBegun "4013" "没有进行中的解绑" "no unbinding has been begun, or it has lapsed";

    DeviceUnknown "5001" "终端不存在" "there is no such terminal";
    DeviceForeign "5002" "终端未绑定到本商户" "the terminal is not bound to this merchant";
    DocumentsMissing "5003" "证照资料不全" "the business licence or the holder's documents are missing";
    ReasonMissing "5004" "请填写变更原因" "a change of merchant needs a reason";
    MerchantChangeOpen "5005" "重复提交：该终端已有处理中的变更" "a change of merchant is open for this terminal";
    ApplicationUnknown "5006" "申请不存在" "there is no such application";
    ApplicationForeign "5007" "申请不属于本商户" "the application belongs to somebody else";
    NotRejected "5008" "仅被退回的申请可重新提交" "only a rejected application can be submitted again";
    NotPending "5009" "申请不在审核中" "the application is not waiting for a review";

    InstantAlready "6001" "已开通实时到账" "instant settlement is enabled already";
    InstantOpen "6002" "重复提交：实时到账申请审核中" "an application for instant settlement is open";
    InstantWithoutCard "6003" "没有生效的结算卡" "instant settlement needs an effective settlement card";
    BalanceUnavailable "6004" "余额查询暂不可用" "the balance is not available at the moment";

    OrderOpen "7001" "重复提交：已有处理中的终端申请" "an application for a terminal is open for this person";
    ActivationUnknown "7002" "终端序列号或激活码错误" "wrong serial number or activation code";
    ActivationTooEarly "7003" "终端尚未签收" "the terminal has not been received yet";
    ActivatedAlready "7004" "终端已激活" "the terminal is activated already";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_refusal_has_its_own_code_and_both_texts() {
        let codes: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        let chinese: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.chinese()).collect();
        let english: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.english()).collect();
        let count = Refusal::ALL.len();
        assert_eq!((codes.len(), chinese.len(), english.len()), (count, count, count));
        assert!(
            Refusal::ALL.iter().all(|refusal| !refusal.chinese().is_ascii() && refusal.english().is_ascii())
        );
    }
}
