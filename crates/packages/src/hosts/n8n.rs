//! n8n: a community node, which calls the Command API of a host. n8n runs no Python.

use serde_json::{Map, Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Input, InputType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::{camel, pascal};
use crate::source::{PackageSetting, Source};

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let word = pascal(&source.manifest.connector.name).replace("CODA", "Coda");
    let credentials = fill(
        include_str!("../../templates/n8n_credentials.ts"),
        &[
            ("class", &word),
            ("camel", &camel(&word_of(source))),
            ("title", &source.manifest.connector.name),
            ("properties", &literal(&credential_properties(source), 1)),
        ],
    );
    let node = fill(
        include_str!("../../templates/n8n_node.ts"),
        &[
            ("class", &word),
            ("camel", &camel(&word_of(source))),
            ("title", &source.manifest.connector.name),
            ("description", &Value::from(described(&source.manifest.connector.description)).to_string()),
            ("properties", &literal(&properties(source), 2).replace("'requireSuccess'", "requireSuccess")),
        ],
    );
    vec![
        File::new("package.json", format!("{:#}\n", package(source, &word))),
        File::new("tsconfig.json", include_str!("../../templates/n8n_tsconfig.json")),
        File::new("eslint.config.mjs", include_str!("../../templates/n8n_eslint.config.mjs")),
        File::new(format!("credentials/{word}HostApi.credentials.ts"), credentials),
        File::new("credentials/footprint.svg", icon::SVG),
        File::new(format!("nodes/{word}/{word}.node.ts"), node),
        File::new(format!("nodes/{word}/footprint.svg"), icon::SVG),
        source.readme("n8n", STEPS),
    ]
}

const STEPS: &str = "
1. In the package's folder run `npm install --ignore-scripts` and `npm run build`, and install the package into n8n as a
   private community node. The installation script of n8n's linter wants pnpm, so it is left out.
2. Add the credential with the host's address, key, user and site.
3. Run the operation Test Connection.";

fn word_of(source: &Source<'_>) -> String {
    source.manifest.connector.name.to_lowercase()
}

/// A description as n8n's linter takes it: no full stop behind a single sentence, and ID in capitals.
fn described(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.trim_end_matches(['.', ',', ';']) {
        id @ ("id" | "Id") => word.replace(id, "ID"),
        ids @ ("ids" | "Ids") => word.replace(ids, "IDs"),
        _ => word.to_owned(),
    });
    let text = words.collect::<Vec<_>>().join(" ");
    match text.strip_suffix('.') {
        Some(sentence) if !sentence.contains(". ") => sentence.to_owned(),
        _ => text,
    }
}

fn package(source: &Source<'_>, word: &str) -> Value {
    let connector = &source.manifest.connector;
    json!({
        "name": format!("n8n-nodes-{}", connector.id),
        "version": source.version,
        "description": connector.description,
        "license": "MIT",
        "author": { "name": connector.id, "email": format!("maintainers@{}.example", connector.id) },
        "keywords": ["n8n-community-node-package"],
        "scripts": { "build": "n8n-node build", "lint": "n8n-node lint" },
        "files": ["dist"],
        "n8n": {
            "n8nNodesApiVersion": 1,
            "strict": true,
            "credentials": [format!("dist/credentials/{word}HostApi.credentials.js")],
            "nodes": [format!("dist/nodes/{word}/{word}.node.js")],
        },
        "devDependencies": { "@n8n/node-cli": "^0.48.0", "typescript": "^5.9.0" },
        "peerDependencies": { "n8n-workflow": "*" },
    })
}

fn credential_properties(source: &Source<'_>) -> Value {
    let property = |setting: &PackageSetting| {
        let mut property = json!({
            "displayName": setting.name, "name": camel(&setting.name), "type": "string", "default": "",
            "required": setting.required, "description": described(&setting.description),
        });
        if setting.secret {
            property["typeOptions"] = json!({ "password": true });
        }
        property
    };
    // n8n trusts certificates by settings of its own.
    source.settings().iter().filter(|setting| setting.name != "Host CA File").map(property).collect()
}

fn properties(source: &Source<'_>) -> Value {
    let mut commands: Vec<_> = source.commands().collect();
    commands.sort_by_key(|command| command.name.to_lowercase());
    let options: Vec<_> = commands.iter().map(|command| operation(command)).collect();
    let first = commands.first().map(|command| camel(&command.name)).unwrap_or_default();
    let mut properties = vec![json!({
        "displayName": "Operation", "name": "operation", "type": "options", "noDataExpression": true,
        "options": options, "default": first,
        // The name of a function of the node.
        "routing": { "output": { "postReceive": ["requireSuccess"] } },
    })];
    for command in commands {
        let (required, optional): (Vec<_>, Vec<_>) = command.inputs.iter().partition(|input| input.required);
        for input in required {
            let mut property = field(input);
            property["required"] = json!(true);
            property["displayOptions"] = shown_for(command);
            properties.push(property);
        }
        if !optional.is_empty() {
            let mut fields: Vec<_> = optional.into_iter().map(field).collect();
            fields.sort_by_key(|field| field["displayName"].as_str().unwrap_or_default().to_lowercase());
            properties.push(json!({
                "displayName": "Additional Fields", "name": "additionalFields", "type": "collection",
                "placeholder": "Add Field", "default": {}, "displayOptions": shown_for(command), "options": fields,
            }));
        }
    }
    json!(properties)
}

fn shown_for(command: &Command) -> Value {
    json!({ "show": { "operation": [camel(&command.name)] } })
}

fn operation(command: &Command) -> Value {
    let action = {
        let mut text = command.name.to_lowercase();
        text.get_mut(..1).map(str::make_ascii_uppercase);
        text
    };
    json!({
        "name": command.name,
        "value": camel(&command.name),
        "description": described(&command.description),
        "action": action,
        "routing": {
            "request": {
                "method": "POST",
                "url": format!("/{}", pascal(&command.name)),
            },
        },
    })
}

fn field(input: &Input) -> Value {
    let (kind, default) = match input.kind {
        // The host refuses 0 for an id, so that a forgotten one names nothing.
        InputType::Integer => ("number", json!(0)),
        InputType::Boolean => ("boolean", json!(false)),
        InputType::Choice => ("options", json!(input.choices.first())),
        InputType::Object | InputType::Json => ("json", json!("{}")),
        InputType::Text | InputType::List => ("string", json!("")),
    };
    let mut description = described(&input.description);
    if input.kind == InputType::Boolean && !description.starts_with("Whether") {
        description = format!("Whether to use this. {}", input.description);
    }
    let mut field = json!({
        "displayName": input.name, "name": camel(&input.name), "type": kind, "default": default,
        "description": description,
        "routing": { "send": { "type": "body", "property": format!("CommandParams.{}", input.name) } },
    });
    if input.kind == InputType::Choice {
        let mut choices: Vec<_> = input.choices.iter().map(|choice| (title_case(choice), choice)).collect();
        choices.sort_by_key(|(name, _)| name.to_lowercase());
        field["options"] = choices.iter().map(|(name, choice)| json!({ "name": name, "value": choice })).collect();
    }
    field
}

/// The name of a choice as n8n's linter takes it: each word begins with a capital.
fn title_case(choice: &str) -> String {
    let words = choice.split(' ').map(|word| {
        let mut word = word.to_owned();
        word.get_mut(..1).map(str::make_ascii_uppercase);
        word
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A TypeScript literal, indented by tabs as n8n's linter wants it.
fn literal(value: &Value, depth: usize) -> String {
    let margin = "\t".repeat(depth);
    let inner = "\t".repeat(depth + 1);
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items: String = items.iter().map(|item| format!("{inner}{},\n", literal(item, depth + 1))).collect();
            format!("[\n{items}{margin}]")
        }
        Value::Object(fields) if !fields.is_empty() => format!("{{\n{}{margin}}}", members(fields, &inner, depth)),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        other => other.to_string(),
    }
}

fn members(fields: &Map<String, Value>, inner: &str, depth: usize) -> String {
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric());
    let name = |name: &str| if is_plain(name) { name.to_owned() } else { format!("'{name}'") };
    // n8n's linter wants a parameter's title first.
    let (first, rest): (Vec<_>, Vec<_>) = fields.iter().partition(|(key, _)| *key == "displayName");
    let member = |(key, value): (&String, &Value)| format!("{inner}{}: {},\n", name(key), literal(value, depth + 1));
    first.into_iter().chain(rest).map(member).collect()
}
