//! The one table of texts: everything that screens say, in each language they speak.
//!
//! Terms of the standard, figures, and what a scenario or the run itself says stay as they are.

/// A language that screens speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, in simplified characters.
    Chinese,
}

macro_rules! texts {
    ($($name:ident $english:literal $chinese:literal)*) => {
        /// A text of the screens; `{}` is a gap for a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Text {
            $($name,)*
        }

        impl Text {
            /// The text in a language.
            pub(super) const fn say(self, language: Language) -> &'static str {
                match (self, language) {
                    $(
                        (Self::$name, Language::English) => $english,
                        (Self::$name, Language::Chinese) => $chinese,
                    )*
                }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

texts! {
    // Screens.
    Overview "Overview" "总览"
    Latency "Latency" "时延"
    Steps "Steps" "步骤"
    Terminals "Terminals" "终端"
    Errors "Errors" "错误"
    Connections "Connections" "连接"
    Agents "Agents" "节点"
    Thresholds "Thresholds" "阈值"
    Log "Log" "日志"
    TooSmall "posfleet needs {}×{}" "posfleet 需要 {}×{}"

    // Head.
    Gone "connection lost" "连接已断开"
    VerdictPass "PASS" "通过"
    VerdictFail "FAIL" "未通过"
    VerdictInvalid "INVALID" "无效"
    NotInReplay "this is a recording: the run is over" "这是回放：运行已结束"
    NotRecorded " results folders do not hold this" " 结果目录不含此内容"
    NotTold " nothing more is in the results folder; the log has what was told" " 结果目录没有更多内容；见日志"
    Frozen "FROZEN" "已冻结"
    Seed "seed" "种子"
    Paused "paused" "已暂停"
    StoppingAgainAborts "stopping…, q again aborts" "正在停止…，再按 q 中止"
    Aborting "aborting…" "正在中止…"
    Starting "starting" "启动中"
    Running "running" "运行中"
    Waiting "waiting" "等待中"
    Finishing "finishing" "收尾中"
    Reconciling "reconciling" "对账中"
    DoneWord "done" "已完成"
    NoThresholds "no thresholds" "无阈值"
    PassSoFar "pass so far" "目前通过"
    FailOf "fail: {} of {}" "未通过: {}/{}"
    GeneratorNotWell "generator not well" "压测机异常"

    // Generator.
    Generator "generator" "压测机"
    LagLine "lag p50 {} p99 {}" "滞后 p50 {} p99 {}"
    Cores "cores" "核"
    ConnsWord "conns" "连接"
    ConnectionsWord "connections" "连接"
    Rss "RSS" "内存"
    ShardWord "shard" "分片"
    ShardsWord "shards" "分片"

    // Load.
    Load "Load" "负载"
    PlannedPerSecond "planned/s" "计划/s"
    StartedPerSecond "started/s" "开始/s"
    DonePerSecond "done/s" "完成/s"
    InFlight "in flight" "进行中"
    OfAll "of {}" "共 {}"
    PlannedWord "planned" "计划"
    Late "late" "延迟"
    Dropped "dropped" "丢弃"
    ErrorsWord "errors" "错误"
    LagWord "lag" "滞后"
    PlannedMeans "iterations that came due" "到期的迭代"
    LateMeans "began noticeably after they were due" "明显晚于计划开始"
    DroppedMeans "came due while no terminal was free" "到期时没有空闲终端"
    ErrorsMean "steps that timed out or could not be done" "超时或无法完成的步骤"
    LagMeans "from the scheduled to the actual start" "计划开始到实际开始"

    // Scenarios.
    Scenario "Scenario" "场景"
    ScenariosDone "Scenarios: {} of {} done" "场景: 已完成 {}/{}"
    NoScenarioYet " none has been planned yet" " 尚无场景"
    StageOf "stage {}/{}" "阶段 {}/{}"

    // Charts.
    Throughput "Throughput" "吞吐量"
    ThroughputDone "Throughput: done/s" "吞吐量: 完成/s"
    DashPlanned "╌ planned  " "╌ 计划  "
    TopRate "top {}/s" "最高 {}/s"
    ResponseTime "Response time" "响应时间"
    NoAnswerYet " no answer yet" " 尚无应答"
    LastTenSeconds "last 10 s" "最近 10 秒"
    LastMinute "last minute" "最近 1 分钟"
    LastFiveMinutes "last 5 min" "最近 5 分钟"
    WholeRun "whole run" "全程"
    ResponseTimeIs "Response time: from the scheduled start to the answer, waiting included" "响应时间: 从计划开始到应答，含等待"
    ServiceTimeIs "Service time: from the send to the answer, waiting not included" "服务时间: 从发送到应答，不含等待"
    ResponseDistribution "distribution of the response time" "响应时间分布"
    ServiceDistribution "distribution of the service time" "服务时间分布"
    ResponseCurve "response time by percentile" "响应时间百分位曲线"
    ServiceCurve "service time by percentile" "服务时间百分位曲线"
    HeatmapTitle "All steps: when and how fast" "全部步骤: 时间与时延"
    Few "few" "少"
    Many "many" "多"
    Now "now" "本次"
    BaselineWord "baseline" "基线"
    NothingRecorded "   nothing recorded yet" "   尚无记录"
    From "from" "从"
    To "to" "到"

    // Parts.
    PartsTitle "Where the time of all steps goes" "全部步骤的时间去向"
    Part "part" "部分"
    PartLag "schedule lag" "计划滞后"
    PartWait "waiting to connect" "等待连接"
    PartConnect "connecting" "建立连接"
    PartHandshake "TLS handshake" "TLS 握手"
    PartHttpConnect "HTTP: connecting" "HTTP: 建立连接"
    PartHttpHandshake "HTTP: TLS handshake" "HTTP: TLS 握手"
    PartFirstByte "HTTP: first byte" "HTTP: 首字节"
    PartService "request to answer" "请求到应答"

    // Steps.
    Step "step" "步骤"
    StepsResponse "Steps: response time" "步骤: 响应时间"
    StepsService "Steps: service time" "步骤: 服务时间"
    NoStepYet "   no step has ended yet" "   尚无步骤完成"
    RatePerSecond "rate/s" "次/s"
    Count "count" "次数"
    Mean "mean" "平均"
    P50 "p50" "p50"
    P90 "p90" "p90"
    P95 "p95" "p95"
    P99 "p99" "p99"
    P999 "p99.9" "p99.9"
    Max "max" "最大"
    Approved "approved" "批准"
    Declined "declined" "拒绝"
    Timeouts "timeouts" "超时"
    Checks "checks" "检查"
    Codes "codes" "应答码"
    ApprovedShort "appr" "批准"
    DeclinedShort "decl" "拒绝"
    TimeoutsShort "t/out" "超时"
    ErrorsShort "err" "错误"

    // Terminals.
    TerminalsRange "Terminals {} to {} of {}" "终端 {} 至 {}，共 {}"
    TerminalTitle "Terminal {}: {}" "终端 {}: {}"
    NoTerminal "   no terminal" "   没有终端"
    Busy "busy" "忙碌"
    Idle "idle" "空闲"
    SignedOut "signed out" "未签到"
    ReversalDue "reversal due" "待冲正"
    ByNumber "by number" "按编号"
    ByState "by state" "按状态"
    ByCode "by code" "按应答码"
    ByApproved "by approved" "按批准"
    ByDeclined "by declined" "按拒绝"
    ByFailed "by failed" "按失败"
    ByReversals "by reversals" "按冲正"
    Number "no" "号"
    TerminalId "terminal" "终端号"
    MerchantId "merchant" "商户号"
    StateWord "state" "状态"
    Up "up" "通"
    Stan "STAN" "流水号"
    Batch "batch" "批次号"
    Mti "MTI" "类型"
    Code "code" "码"
    FailedShort "fail" "失败"
    ReversalsShort "rev" "冲正"
    FailedWord "failed" "失败"
    Reversals "reversals" "冲正"
    Connected "connected" "已连接"
    LastMessage "last" "最近报文"
    Yes "yes" "是"
    No "no" "否"
    Messages "Messages, card data hidden" "报文（卡数据已隐藏）"
    Listening " listening…" " 正在监听…"
    NotYetKnown " not yet known" " 尚未获知"

    // Devices.
    Devices "Devices: {}" "设备: {}"
    DevicesTrouble "Devices: {}, {} quarantined" "设备: {}，隔离 {}"
    DevicesLeftOut "{} not shown" "{} 未显示"
    Device "device" "设备"
    Port "port" "端口"
    LastExchange "last exchange" "最近交互"
    Firmware "firmware" "固件"
    SerialNumber "serial number" "序列号"
    Exchanges "exch" "交互"
    DeviceTitle "Device {}: {}" "设备 {}: {}"
    Driver "driver" "驱动"
    GroupWord "group" "组"
    ExchangesWord "exchanges" "交互"
    HungUp "hung up" "掉线"
    LastError "last error" "最近错误"
    Quarantined "quarantined" "已隔离"
    Closed "closed" "已关闭"

    // Errors.
    ResponseCodes "Response codes" "应答码"
    CodesOverTime "Response codes over time" "应答码随时间"
    Others "others" "其他"
    Course "course" "走势"
    Share "share" "占比"
    First "first" "首次"
    Last "last" "最近"
    WithoutCode "Without a code: {} time-outs, {} errors" "无应答码: 超时 {}，错误 {}"
    Cause "cause" "原因"
    NothingWrong "   nothing went wrong" "   一切正常"
    Samples "Samples: {}" "样例: {}"
    NoSamples " no case of it has been kept" " 没有保留样例"

    // Connections.
    Open "open" "打开"
    Connecting "connecting" "连接中"
    OpenedPerSecond "opened/s" "新建/s"
    Opened "opened" "新建"
    Refused "refused" "被拒"
    Resets "resets" "重置"
    EndedByHost "ended by host" "主机关闭"
    Strays "strays" "无主应答"
    PerSecond "Per second" "每秒"
    SinceStart "Since the start" "自启动起"
    Handshakes "TLS handshakes" "TLS 握手"
    FullHandshakes "TLS full" "TLS 完整"
    ResumedHandshakes "resumed" "恢复"
    BytesOut "sent" "发送"
    BytesIn "received" "接收"
    FaultsInjected "faults injected" "注入故障"
    None "none" "无"

    // Agents.
    AgentsTitle "Agents: who makes the load" "节点: 谁产生负载"
    Agent "agent" "节点"
    ShareOfTerminals "share" "份额"
    TerminalsWord "terminals" "终端"
    StartedWord "started" "已开始"
    LagP50 "lag p50" "滞后 p50"
    LagP99 "lag p99" "滞后 p99"
    Cpu "CPU" "CPU"
    Descriptors "descriptors" "描述符"
    OpenConnections "conns" "连接"
    Age "age" "更新"

    // Thresholds.
    ThresholdsBroken "Thresholds: {} of {} broken" "阈值: {}/{} 未满足"
    NoThreshold " none in this scenario" " 此场景没有阈值"
    NoSample "no sample" "无样本"
    ThresholdWord "threshold" "阈值"
    Value "value" "当前值"
    Limit "limit" "限值"
    Margin "margin" "余量"
    Window "window" "窗口"
    Trend "trend" "趋势"
    Prospect "ends the run" "终止运行"
    RunWord "run" "全程"
    BrokenAt "broken at {}" "{} 未满足"
    EndsIn "in {} s" "{} 秒后"
    WouldEnd "if broken" "若不满足"

    // Log.
    Events "Events" "事件"
    LogLines "Log: {} of {} lines, the newest first" "日志: {}/{} 行，最新在前"
    NothingHappened " nothing happened yet" " 尚无事件"

    // Prompts.
    MarkPrompt "mark:" "标记:"
    FilterPrompt "filter:" "过滤:"
    SearchPrompt "search:" "搜索:"
    AnswerPrompt "Enter: done, refused WHY, skip:" "回车：完成，refused 原因，skip 跳过:"
    NothingAsked "nothing is asked" "没有待答的问题"
    PauseQuestion "pause the load? paused time counts for nothing" "暂停负载？暂停时间不计入"
    StopQuestion "stop the run gracefully?" "平稳停止运行？"
    AbortQuestion "abort the run now?" "立即中止运行？"
    YesOrNo "y/n" "y/n"

    // Keys.
    Keys "Keys" "按键"
    KeyQuit "stop; again: abort" "平稳停止；再按中止"
    KeyClose "close" "关闭"
    KeyAnswer "answer what is asked" "回答待办提示"
    KeyPlay "play, stand still" "播放、停住"
    KeySeek "10 s back, on" "后退、前进 10 秒"
    KeySpeed "slower, faster" "减速、加速"
    KeyToEnds "to begin, to end" "到开头、到结尾"
    KeyHelp "this help" "本帮助"
    KeyScreens "the nine screens" "九个画面"
    KeyTurn "next, previous screen" "下一个、上一个画面"
    KeyOpen "open the row, back" "打开所选行、返回"
    KeyTimeKind "response/service/parts" "响应时间、服务时间、各部分"
    KeyChartKind "bars, heatmap, curve" "直方图、热力图、曲线"
    KeyBaseline "baseline on, off" "显示、隐藏基线"
    KeySort "next sort key, invert" "换列排序、反转"
    KeyFilter "filter or search" "过滤终端、搜索日志"
    KeyDevices "fleet or devices" "终端或设备列表"
    KeyMove "select a row" "选择行"
    KeyPage "a page up, a page down" "上翻、下翻"
    KeyEnds "to first, to last" "到首行、到末行"
    KeySpan "more, less, all time" "扩大、缩小时间、全程"
    KeyFreeze "freeze the picture only" "仅冻结画面"
    KeyExpand "larger charts" "放大图表"
    KeyLog "the log over the screen" "叠加日志"
    KeyPause "pause, resume the load" "暂停、恢复负载"
    KeyRate "rate +5 %, −5 %" "速率 +5 %、−5 %"
    KeyRateMore "rate +25 %, −25 %" "速率 +25 %、−25 %"
    KeyStop "stop, abort (both ask)" "平稳停止、立即中止"
    KeyMark "mark on the time axis" "在时间轴上做标记"
    KeyKeep "keep this screen" "将画面存入结果"
    KeyLeave "leave; the run goes on" "离开画面，运行继续"
    HintQuit "stop" "停止"
    HintClose "close" "关闭"
    HintAnswer "answer" "回答"
    HintPlay "play" "播放"
    HintSeek "seek" "跳转"
    HintSpeed "speed" "速度"
    HintToEnds "begin/end" "首/尾"
    HintHelp "help" "帮助"
    HintScreens "overview" "总览"
    HintTurn "next screen" "下一画面"
    HintOpen "open" "打开"
    HintTimeKind "response/service/parts" "响应/服务/各部分"
    HintChartKind "chart" "图表"
    HintBaseline "baseline" "基线"
    HintSort "sort" "排序"
    HintFilter "filter" "过滤"
    HintDevices "devices" "设备"
    HintMove "select" "选择"
    HintPage "page" "翻页"
    HintEnds "first/last" "首/末"
    HintSpan "time" "时间"
    HintFreeze "freeze" "冻结"
    HintExpand "expand" "放大"
    HintLog "log" "日志"
    HintPause "pause" "暂停"
    HintRate "rate" "速率"
    HintRateMore "rate" "速率"
    HintStop "stop" "停止"
    HintMark "mark" "标记"
    HintKeep "keep" "保存"
    HintLeave "leave" "离开"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::text::width;

    #[test]
    fn every_text_has_the_same_gaps_and_margins_in_both_languages() {
        for text in Text::ALL {
            let [english, chinese] =
                [Language::English, Language::Chinese].map(|language| text.say(language));
            assert!(!english.is_empty() && !chinese.is_empty(), "{text:?}");
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{text:?}");
            let indent = |text: &str| width(text) - width(text.trim_start());
            assert_eq!(indent(english), indent(chinese), "{text:?}");
        }
    }
}
