//! `/transactions`: what the merchant has sold.

use super::{caller::Caller, moment::Moment, problem::Failure, site::Site};
use crate::{
    portal::{AccountRequest, Method, Request, Response, Sale},
    reconcile::Key,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Transactions, oldest first.
#[derive(Serialize, ToSchema)]
struct Transactions {
    transactions: Vec<TransactionView>,
}

/// An approved transaction.
#[derive(Serialize, ToSchema)]
struct TransactionView {
    #[serde(flatten)]
    key: TransactionKey,
    method: MethodName,
    /// In fen.
    #[schema(example = 1250)]
    amount: u64,
    /// Reference number, DE 37, as on the receipt.
    rrn: String,
    /// When.
    at: Moment,
}

/// What a transaction is known by.
#[derive(Serialize, ToSchema)]
pub(super) struct TransactionKey {
    /// Terminal number, DE 41.
    #[schema(example = "10000001")]
    terminal: String,
    /// Batch number, DE 60.2.
    #[schema(example = "000001")]
    batch: String,
    /// DE 11.
    #[schema(example = "000017")]
    stan: String,
}

/// How a payer pays.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum MethodName {
    Debit,
    Credit,
    Qr,
    SmallContactless,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list_transactions))
}

/// What the merchant has sold.
#[utoipa::path(get, path = "/transactions", tag = "money", security(("session" = [])),
    responses((status = 200, description = "The transactions.", body = Transactions)))]
async fn list_transactions(State(site): State<Site>, caller: Caller) -> Result<Json<Transactions>, Failure> {
    let request = Request::Account(AccountRequest::Transactions);
    let Response::Transactions(sales) = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    Ok(Json(Transactions { transactions: sales.iter().map(TransactionView::from).collect() }))
}

impl From<&Sale> for TransactionView {
    fn from(sale: &Sale) -> Self {
        let method = match sale.method {
            Method::Debit => MethodName::Debit,
            Method::Credit => MethodName::Credit,
            Method::Qr => MethodName::Qr,
            Method::SmallContactless => MethodName::SmallContactless,
        };
        let (amount, rrn) = (sale.amount.minor(), sale.rrn.to_string());
        Self { key: (&sale.key).into(), method, amount, rrn, at: Moment::from_unix(sale.at) }
    }
}

impl From<&Key> for TransactionKey {
    fn from(key: &Key) -> Self {
        let Key { terminal, batch, stan } = key;
        Self { terminal: terminal.to_string(), batch: batch.to_string(), stan: stan.to_string() }
    }
}
