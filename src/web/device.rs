//! `/devices`: the merchant's devices, their numbers and what they last told about themselves.

use super::{caller::Caller, problem::Failure, segment::Segment, site::Site};
use crate::portal::{
    AccountRequest, DeviceView as Known, MerchantChangeRequest, Request, Response, SerialNumber,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Devices.
#[derive(Serialize, ToSchema)]
struct Devices {
    devices: Vec<DeviceView>,
}

/// A device.
#[derive(Serialize, ToSchema)]
struct DeviceView {
    /// Serial number.
    #[schema(example = "SN10000001")]
    serial: String,
    /// Terminal number, DE 41.
    #[schema(example = "10000001")]
    terminal: String,
    /// Merchant number, DE 42.
    #[schema(example = "898310000000001")]
    merchant: String,
    /// What it last told about itself; absent when it was never heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<DeviceStatus>,
}

/// What a device told about itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeviceStatus {
    /// Whether it was heard of lately.
    online: bool,
    /// Charge of the battery in percent, where it has told that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100)]
    battery: Option<u8>,
    /// Version of its firmware.
    firmware: String,
    /// Address on the network.
    address: String,
    /// Whether it has signed in today.
    signed_in: bool,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list_devices)).routes(routes!(show_device))
}

/// All devices of the merchant.
#[utoipa::path(get, path = "/devices", tag = "device", security(("session" = [])),
    responses((status = 200, description = "The devices.", body = Devices)))]
async fn list_devices(State(site): State<Site>, caller: Caller) -> Result<Json<Devices>, Failure> {
    let request = Request::Account(AccountRequest::Devices);
    let Response::Devices(devices) = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    Ok(Json(Devices { devices: devices.into_iter().map(DeviceView::from).collect() }))
}

/// One device.
#[utoipa::path(get, path = "/devices/{serial}", tag = "device", security(("session" = [])),
    params(("serial" = String, Path, description = "Serial number.", example = "SN10000001")),
    responses((status = 200, description = "The device.", body = DeviceView)))]
async fn show_device(
    State(site): State<Site>,
    caller: Caller,
    Segment(serial): Segment,
) -> Result<Json<DeviceView>, Failure> {
    let request = Request::MerchantChange(MerchantChangeRequest::Device(SerialNumber(serial)));
    let Response::Device(device) = site.ask(caller.asks(request)).await? else {
        return Err(Failure::confused());
    };
    Ok(Json(device.into()))
}

impl From<Known> for DeviceView {
    fn from(known: Known) -> Self {
        let status = known.status.map(|status| DeviceStatus {
            online: status.is_online,
            battery: status.battery,
            firmware: status.firmware,
            address: status.address,
            signed_in: status.is_signed_in,
        });
        let (terminal, merchant) = (known.pair.terminal.to_string(), known.pair.merchant.to_string());
        Self { serial: known.device.0, terminal, merchant, status }
    }
}
