//! The JSON schema of a report.

use schemars::generate::SchemaSettings;

use crate::model::Report;

/// The JSON schema (draft 7, which editors and most validators read) of a report in the JSON form.
///
/// `reports/report.schema.json` is this text; a test says whether it is current.
pub fn schema() -> serde_json::Value {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Report>();
    schema.to_value()
}

#[cfg(test)]
mod tests {
    #[test]
    fn draft_and_required_members() {
        let schema = super::schema();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["title"], "Report");
        assert!(schema["required"].as_array().unwrap().iter().any(|member| member == "cases"));
    }
}
