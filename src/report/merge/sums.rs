//! What of the summaries of several runs is added up; what no sum is true of is left out.

use crate::{
    control::OrderRecord,
    metrics::{CasesSummary, ControlSummary, DeviceResult, Summary},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

/// The cases of all runs; `None` where none had any.
pub(super) fn cases(summaries: &[&Summary]) -> Option<CasesSummary> {
    let mut all = summaries.iter().filter_map(|summary| summary.cases.as_ref());
    let mut whole = all.next()?.clone();
    all.for_each(|cases| whole.merge(cases));
    whole.sort();
    Some(whole)
}

/// The orders of all runs by their time; each paused for itself, so the longest pause is told.
pub(super) fn control(summaries: &[&Summary]) -> Option<ControlSummary> {
    let all = || summaries.iter().filter_map(|summary| summary.control.as_ref());
    all().next()?;
    let mut orders: Vec<OrderRecord> = all().flat_map(|one| one.orders.iter().cloned()).collect();
    orders.sort_by_key(|order| order.at_ms);
    orders.truncate(Summary::ORDERS_MAX);
    let paused_seconds = all().map(|one| one.paused_seconds).fold(0.0, f64::max);
    Some(ControlSummary { paused_seconds, orders })
}

/// The devices of all runs; the same device in the same place is one.
pub(super) fn devices(summaries: &[&Summary]) -> Vec<DeviceResult> {
    let mut all: Vec<DeviceResult> = Vec::new();
    for device in summaries.iter().flat_map(|summary| &summary.devices) {
        match all.iter_mut().find(|known| known.is_same(device)) {
            Some(known) => known.merge(device),
            None => all.push(device.clone()),
        }
    }
    all
}

pub(super) fn added<'c>(counts: impl Iterator<Item = (&'c String, &'c u64)>) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    counts.for_each(|(name, count)| *all.entry(name.clone()).or_default() += count);
    all
}

/// The sum of two sets of counts, key by key.
pub(super) fn sum<T: Serialize + DeserializeOwned>(one: T, other: T) -> T {
    let value = |counts: T| serde_json::to_value(counts).expect("counts are JSON");
    let sum = added_values(value(one), value(other));
    serde_json::from_value(sum).expect("the sum of counts is one of them")
}

fn added_values(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            for (key, value) in other {
                let mine = one.remove(&key).unwrap_or(Value::Null);
                one.insert(key, added_values(mine, value));
            }
            Value::Object(one)
        }
        (Value::Null, value) | (value, Value::Null) => value,
        (one, other) => match (one.as_u64(), other.as_u64()) {
            (Some(one), Some(other)) => one.saturating_add(other).into(),
            _ => one,
        },
    }
}
