//! Parameters are parsed once, from every form people and programs send, and refused with what was expected.

use proptest::prelude::*;
use serde_json::{Value, json};
use soar_connector::manifest::{Command, ManifestFile};
use soar_connector::{Parameters, RawParameters, SettingValues};

use crate::sample::{CONNECTOR, READ, load};

fn parse(raw: Value) -> Result<Parameters, Vec<String>> {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let Value::Object(raw) = raw else { panic!("an object") };
    Parameters::parse(&manifest.commands[0], &raw).map_err(|problems| {
        problems.described().iter().map(|problem| format!("{}: {problem}", problem.code())).collect()
    })
}

#[test]
fn values_come_in_many_forms_and_arrive_in_one() {
    for raw in [
        json!({"Kind": "big", "Page": 2, "Filter": {"size": 3, "tags": ["A", "b"], "open": true}}),
        json!({"kind": "BIG", "page": "2", "filter": "{\"SIZE\": \"3\", \"tags\": \"a, B\", \"open\": \"yes\"}"}),
        json!({"KIND": " Big ", "page": 2.0, "Filter": {"size": 3.0, "tags": "a,b", "open": "True"}}),
    ] {
        let parameters = parse(raw.clone()).unwrap_or_else(|problems| panic!("{raw}: {problems:?}"));
        assert_eq!(parameters.text("Kind"), Some("Big"), "{raw}");
        assert_eq!(parameters.integer("Page"), Some(2), "{raw}");
        let filter = parameters.object("Filter").unwrap();
        assert_eq!(filter.integer("size"), Some(3), "{raw}");
        assert_eq!(filter.list("tags").unwrap(), ["a", "b"], "{raw}");
        assert_eq!(filter.boolean("open"), Some(true), "{raw}");
    }
}

#[test]
fn blank_values_count_as_not_given() {
    let parameters = parse(json!({"Kind": "Small", "Page": "", "Filter": null})).unwrap();
    assert_eq!(parameters.integer("Page"), None);
    assert_eq!(parameters.object("Filter"), None);
}

#[test]
fn every_problem_says_what_was_expected_and_what_came() {
    let mut text = String::new();
    for raw in [
        json!({}),
        json!({"Kind": "Huge"}),
        json!({"Kind": ""}),
        json!({"Kind": "Big", "Pgae": 1}),
        json!({"Kind": "Big", "Page": 0}),
        json!({"Kind": "Big", "Page": 1.5}),
        json!({"Kind": "Big", "Page": "99999999999999999999"}),
        json!({"Kind": "Big", "Page": [1]}),
        json!({"Kind": "Big", "Filter": "{size: 3}"}),
        json!({"Kind": "Big", "Filter": []}),
        json!({"Kind": "Big", "Filter": {"sise": 1}}),
        json!({"Kind": "Big", "Filter": {"size": 10}}),
        json!({"Kind": "Big", "Filter": {"tags": "a,c"}}),
        json!({"Kind": "Big", "Filter": {"open": "perhaps"}}),
        json!({"Kind": "Big", "kind": "Small"}),
        json!({"Kind": {"a\u{1b}": "x".repeat(200)}}),
    ] {
        let problems = parse(raw.clone()).expect_err("refused");
        text.push_str(&format!("{raw}\n  {}\n", problems.join("\n  ")));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn json_inputs_take_arrays_and_objects_as_such_or_as_text_and_an_empty_list_is_none() {
    let file = ManifestFile {
        name: "commands/search.toml",
        text: r#"
            name = "Search"
            description = "Searches."
            effect = "read"
            permissions = ["User"]
            endpoint = "POST /search"

            [[inputs]]
            name = "Filter"
            type = "json"
            description = "Any JSON."
            example = [[{ field = "Status" }]]

            [[inputs]]
            name = "Names"
            type = "list"
            description = "Names."
            example = ["a"]
        "#,
    };
    let commands = Command::load_all(&[file]).unwrap();
    let parse = |raw: Value| Parameters::parse(&commands[0], raw.as_object().unwrap());
    let filter = json!([[{ "field": "Status" }]]);
    for given in [filter.clone(), json!(filter.to_string())] {
        assert_eq!(parse(json!({ "Filter": given })).unwrap().json("Filter"), Some(&filter));
    }
    assert_eq!(parse(json!({ "Names": [], "Filter": [] })).unwrap(), Parameters::default());
    for bad in [json!(1), json!("text"), json!(true), json!(["a\0"]), json!({ "a\0": 1 })] {
        assert!(parse(json!({ "Filter": bad })).is_err());
    }
    assert!(parse(json!({ "Names": "a,b\0" })).is_err());
    assert!(Command::load_all(&[file, file]).is_err());
}

#[test]
fn ten_problems_are_described_and_the_others_counted_however_many_come() {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let wrong = |count: usize| -> RawParameters { (0..count).map(|number| (format!("x{number}"), json!(1))).collect() };
    let refused = |raw: &RawParameters| Parameters::parse(&manifest.commands[0], raw).unwrap_err();
    let problems = refused(&wrong(9));
    assert_eq!((problems.described().len(), problems.more()), (10, 0), "Kind is missing too");
    let problems = refused(&wrong(330_000));
    assert_eq!((problems.described().len(), problems.more()), (10, 329_991));
    assert_eq!(problems.code(), "unknown-parameter");
    let text = problems.to_string();
    assert!(text.ends_with(" 329991 more problems are not listed.") && text.len() < 1_000, "{text}");
    // The same within an object, and of one name in many spellings.
    let nested =
        RawParameters::from_iter([("Kind".to_owned(), json!("Big")), ("Filter".to_owned(), wrong(330_000).into())]);
    assert!(refused(&nested).to_string().len() < 1_000);
    let spellings = (0..1_000).map(|blanks| (format!("Kind{}", " ".repeat(blanks)), json!("Huge"))).collect();
    assert_eq!(refused(&spellings).more(), 990);
}

#[test]
fn typed_parameters_are_written_as_they_are_read() {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let raw = json!({"kind": "BIG", "page": "2", "filter": "{\"SIZE\": \"3\", \"tags\": \"a, B\", \"open\": \"yes\"}"});
    let parameters = Parameters::parse(&manifest.commands[0], raw.as_object().unwrap()).unwrap();
    let written = serde_json::to_value(&parameters).unwrap();
    assert_eq!(written, json!({"Kind": "Big", "Page": 2, "Filter": {"size": 3, "tags": ["a", "b"], "open": true}}));
    assert_eq!(Parameters::parse(&manifest.commands[0], written.as_object().unwrap()).unwrap(), parameters);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_input_makes_the_parser_panic_and_every_refusal_is_one_line(
        name in prop_oneof![Just("Kind".to_owned()), Just("Page".to_owned()), Just("Filter".to_owned()), ".*"],
        value in any_json(),
    ) {
        let manifest = load(CONNECTOR, &[READ]).unwrap();
        let raw: RawParameters = [(name, value)].into_iter().collect();
        if let Err(problems) = Parameters::parse(&manifest.commands[0], &raw) {
            for problem in problems.described() {
                let one_line = !problem.to_string().chars().any(char::is_control);
                prop_assert!(one_line, "{}", problem);
            }
        }
    }
}

#[test]
fn ten_unknown_settings_are_described_and_the_others_counted() {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let given = (0..330_000).map(|number| (format!("x{number}"), "secret".into()));
    let error = SettingValues::parse(&manifest.connector, given).unwrap_err();
    assert_eq!(error.problems.iter().filter(|problem| problem.problem.contains("no such setting")).count(), 10);
    assert!(error.to_string().contains("329990 more names are no settings."), "{error}");
}
