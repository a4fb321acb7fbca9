//! `/simulator/clock`: the host's clock, by which everything in the portal happens.

use super::{moment::Moment, problem::Failure, site::Site};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What the host's clock shows.
#[derive(Serialize, ToSchema)]
struct Clock {
    now: Moment,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(show_clock))
}

/// What the host's clock shows: a convenience of the simulation.
#[utoipa::path(get, path = "/simulator/clock", tag = "simulator",
    responses((status = 200, description = "The time.", body = Clock)))]
async fn show_clock(State(site): State<Site>) -> Result<Json<Clock>, Failure> {
    let wall = site.wall;
    site.visit(move |_, now, _| Ok(Json(Clock { now: Moment::at(wall, now) }))).await
}
