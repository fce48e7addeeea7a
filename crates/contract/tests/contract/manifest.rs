//! A broken manifest is refused with file, field and fix.

use soar_connector::manifest::{command_schema, connector_schema};

use crate::sample::{CONNECTOR, READ, WRITE, load};

#[test]
fn a_good_manifest_loads_with_its_shared_inputs() {
    let manifest = load(CONNECTOR, &[READ, WRITE]).unwrap();
    let names: Vec<_> = manifest.commands[0].inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["Kind", "Filter", "Page"]);
}

#[test]
fn every_kind_of_broken_manifest_names_file_field_and_fix() {
    let refused = [
        ("unknown field", "effect =", "efect ="),
        ("wrong type", "effect = \"read\"", "effect = \"sing\""),
        ("not TOML", "name = \"Read Things\"", "name = Read Things"),
        ("missing description", "description = \"Reads.\"", ""),
        ("broken JSONPath", "$.parts[*].id", "$.parts[*"),
        ("choice without choices", "choices = [\"Big\", \"Small\"], ", ""),
        ("example that does not parse", "example = \"Big\"", "example = \"Huge\""),
        (
            "example of a field",
            "maximum = 9, description = \"Size.\", example = 1",
            "maximum = 9, description = \"Size.\", example = 10",
        ),
        ("bounds the wrong way round", "minimum = 0, maximum = 9", "minimum = 9, maximum = 0"),
        (
            "object without fields",
            "name = \"Kind\", type = \"choice\", required = true, choices = [\"Big\", \"Small\"]",
            "name = \"Kind\", type = \"object\"",
        ),
        ("bounds on text", "name = \"tags\", type = \"list\"", "name = \"tags\", minimum = 1, type = \"list\""),
        ("input twice", "name = \"Filter\"", "name = \"kind\""),
        ("column twice", "name = \"Name\", path", "name = \"ID\", path"),
        ("no permission", "permissions = [\"Anyone\"]", "permissions = []"),
        ("unknown shared input", "takes = [\"Page\"]", "takes = [\"Pages\"]"),
        ("unknown shared error", "takes = [\"Page\"]", "ends-in = [\"no-error\"]"),
    ];
    let mut text = String::new();
    for (what, from, to) in refused {
        assert!(READ.contains(from), "{what}: the sample has no {from:?}");
        let error = load(CONNECTOR, &[&READ.replacen(from, to, 1)]).expect_err(what);
        text.push_str(&format!("{what}\n  {error}\n"));
    }
    for (what, from, to) in [
        ("health check that is no command", "health-check = \"Read Things\"", "health-check = \"Sing\""),
        ("code that is not kebab-case", "code = \"unknown-command\"", "code = \"Unknown_Command\""),
        ("error without cure", "cure = \"c\"\n", "cure = \"\"\n"),
    ] {
        let error = load(&CONNECTOR.replacen(from, to, 1), &[READ]).expect_err(what);
        text.push_str(&format!("{what}\n  {error}\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn schemas_describe_every_field_of_both_files() {
    let text = format!("{}{}", connector_schema(), command_schema());
    for field in ["health-check", "shared-inputs", "row-members", "key-fields", "failure-indicator", "ends-in"] {
        assert!(text.contains(field), "{field}");
    }
}

#[test]
fn exactly_one_whole_group_of_settings_is_asked_for() {
    use secrecy::SecretString;
    use soar_connector::SettingValues;

    let setting = |name: &str| {
        let key = name.to_lowercase();
        format!(
            "{{ name = \"{name}\", type = \"text\", description = \"d\", example = \"x\", environment = \"{key}\" }}"
        )
    };
    let settings = ["User", "Word", "Key"].map(setting).join(", ");
    let connector = CONNECTOR
        .replace("settings = [", &format!("one-of = [[\"User\", \"Word\"], [\"Key\"]]\nsettings = [{settings}, "));
    let manifest = load(&connector, &[READ]).unwrap();
    let problems = |given: &[&str]| {
        let given = given.iter().chain(&["Password"]).map(|name| ((*name).to_owned(), SecretString::from("value")));
        match SettingValues::parse(&manifest.connector, given) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(problems(&["user", "word"]), "");
    assert_eq!(problems(&["Key"]), "");
    let either = "Give either User and Word, or Key.";
    assert_eq!(problems(&[]), format!("User: It is missing. {either}\nWord: It is missing. {either}"));
    assert_eq!(problems(&["User"]), format!("Word: It is missing. {either}"));
    assert_eq!(problems(&["User", "Word", "Key"]), format!("Key: It is one too many. {either}"));
    let unknown = connector.replace("[\"Key\"]", "[\"Kez\"]");
    assert!(load(&unknown, &[READ]).unwrap_err().to_string().contains("one-of: the connector has no setting \"Kez\""));
}
