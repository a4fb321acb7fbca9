//! The JSON Schema of scenario files, for editors and for the check of shapes.

use super::file::File;
use serde_json::Value;

/// The JSON Schema (draft 2020-12) of scenario files.
pub fn schema() -> Value {
    of::<File>()
}

/// The schema of a type of one of the file formats.
pub(super) fn of<T: schemars::JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    forbid_null(&mut schema);
    schema
}

/// Leaving a key out is how a file says nothing; the `null` that optional fields bring along is not part of the format.
fn forbid_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            for key in ["anyOf", "oneOf"] {
                if let Some(Value::Array(all)) = map.get_mut(key) {
                    all.retain(|one| one["type"] != "null");
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            map.values_mut().for_each(forbid_null);
        }
        Value::Array(all) => all.iter_mut().for_each(forbid_null),
        _ => {}
    }
}
