//! The JSON Schema of `summary.json`, for those who read results with programs of their own.

use crate::metrics::Summary;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON Schema (draft 2020-12) of `summary.json`, of the version this program writes.
///
/// Within a version keys are added and none is changed or removed, so the schema allows keys that it does not know.
pub fn summary_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Summary>().to_value();
    schema["title"] = "summary.json of posfleet".into();
    schema["properties"]["schema"]["const"] = Summary::SCHEMA.into();
    schema
}
