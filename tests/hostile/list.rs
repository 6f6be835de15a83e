//! The public functions, as rustdoc lists them.

use std::collections::BTreeSet;

use serde_json::Value;

/// Compares the names called with rustdoc's, both ways.
pub fn every_public_function_is_called(called: impl Iterator<Item = &'static str>) {
    let Some(path) = std::env::var_os("UNMASKCOST_RUSTDOC_JSON") else {
        eprintln!(
            "skipped: UNMASKCOST_RUSTDOC_JSON is not set, so the list of public functions is not known"
        );
        return;
    };
    let text = std::fs::read_to_string(&path).expect("rustdoc's JSON");
    let public = public_functions(&serde_json::from_str(&text).expect("JSON"));
    assert!(public.len() > 300, "rustdoc's JSON has another form: {public:?}");
    // What has no name of its own in rustdoc's list: traits of the standard library.
    let called: BTreeSet<String> = called.map(str::to_owned).collect();
    let others = |name: &String| {
        name == "display" || name.starts_with("json of") || name.ends_with("::from_str")
    };
    let missing: Vec<_> = public.difference(&called).collect();
    let unknown: Vec<_> = called.difference(&public).filter(|name| !others(name)).collect();
    assert!(missing.is_empty(), "not called by the driver: {missing:#?}");
    assert!(unknown.is_empty(), "called, but not public: {unknown:#?}");
}

/// `Type::method`, or the last two parts of the path of a free function.
fn public_functions(json: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let index = json["index"].as_object().expect("an index");
    let functions = |ids: &Value| -> Vec<String> {
        let items =
            ids.as_array().into_iter().flatten().filter_map(|id| index.get(&id.to_string()));
        let functions = items.filter(|item| !item["inner"]["function"].is_null());
        functions.filter_map(|item| item["name"].as_str()).map(str::to_owned).collect()
    };
    let sealed = |item: &Value| {
        let path = json["paths"][item["id"].to_string()]["path"].as_array();
        path.is_some_and(|path| path.iter().any(|part| part == "sealed"))
    };
    for item in index.values().filter(|item| item["crate_id"] == 0 && !sealed(item)) {
        let inner = &item["inner"];
        if inner["impl"]["trait"].is_null()
            && let Some(path) = inner["impl"]["for"]["resolved_path"]["path"].as_str()
        {
            let of = path.rsplit("::").next().unwrap_or(path);
            names.extend(
                functions(&inner["impl"]["items"]).into_iter().map(|name| format!("{of}::{name}")),
            );
        }
        if let (Some(of), false) = (item["name"].as_str(), inner["trait"].is_null()) {
            names.extend(
                functions(&inner["trait"]["items"]).into_iter().map(|name| format!("{of}::{name}")),
            );
        }
    }
    for path in json["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        if path["crate_id"] == 0 && path["kind"] == "function" {
            let parts: Vec<&str> =
                path["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            names.insert(parts[parts.len().saturating_sub(2)..].join("::"));
        }
    }
    names
}
