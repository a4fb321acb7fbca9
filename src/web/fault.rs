//! What is wrong with a request before the portal sees it, or with the server: codes that begin with 9.

use axum::http::StatusCode;

macro_rules! faults {
    ($($name:ident $code:literal $status:ident $chinese:literal $english:literal;)*) => {
        /// What is wrong with a request before the portal sees it, or with the server.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        pub enum Fault {
            $(#[doc = concat!($english, ".")] #[error($english)] $name,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code, four digits.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The status of the answer.
            pub(super) const fn status_code(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The status of the answer, as a number.
            #[must_use]
            pub const fn status(self) -> u16 {
                self.status_code().as_u16()
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

faults! {
    Malformed "9001" BAD_REQUEST "请求体不是有效的JSON" "the body is not JSON";
    Shape "9002" UNPROCESSABLE_ENTITY "请求体的字段不正确" "a member of the body is missing, unknown or of the wrong form";
    Parameter "9003" BAD_REQUEST "路径或查询参数不正确" "a parameter of the path or of the query is missing or of the wrong form";
    Header "9004" BAD_REQUEST "请求头不正确" "a header has the wrong form";
    MediaType "9005" UNSUPPORTED_MEDIA_TYPE "请求体必须为application/json" "the body must be application/json";
    TooLarge "9006" PAYLOAD_TOO_LARGE "请求体过大" "the body is too large";
    TooSlow "9007" REQUEST_TIMEOUT "请求超时" "the request took too long";
    RouteUnknown "9008" NOT_FOUND "路径不存在" "there is nothing at this path";
    MethodUnknown "9009" METHOD_NOT_ALLOWED "不支持该方法" "the path does not know this method";
    Internal "9010" INTERNAL_SERVER_ERROR "服务器内部错误" "the server made a mistake";
    HostStopped "9011" SERVICE_UNAVAILABLE "主机已停止或没有商户门户" "the host has stopped, or has no portal";
    TokenWrong "9012" UNAUTHORIZED "控制台令牌不正确" "this is not the token of the console";
}
