//! Splunk SOAR: an app of the vendor's SDK, with one action per command.

use serde_json::{Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Effect, Input, InputType, SettingType};

use crate::file::{File, fill};
use crate::icon;
use crate::names::{pascal, snake};
use crate::python;
use crate::source::{PackageSetting, RunMode, Source};

/// What an app needs of Splunk SOAR.
struct Platform {
    /// The versions of the vendor's SDK, as Python's packages name them.
    sdk: &'static str,
    /// The versions of Python that the app runs on. The SDK packs the dependencies for each.
    pythons: &'static [&'static str],
    /// The versions of Python, as Python's packages name them.
    requires_python: &'static str,
    /// The method that gives the fields of a model as a dict: the SDK changed from Pydantic 1 to 2.
    dump: &'static str,
    /// The addition to the type of a field that may be missing.
    optional: &'static str,
    steps: &'static str,
}

fn platform(way: RunMode) -> Platform {
    match way {
        // Older SDKs also pack each dependency for Python 3.9, which the connector's Python package does not run on.
        RunMode::Direct => Platform {
            sdk: ">=7.0.3,<8",
            pythons: &["3.13"],
            requires_python: ">=3.13, <3.14",
            dump: "model_dump",
            optional: " | None",
            steps: DIRECT,
        },
        RunMode::ViaHost => Platform {
            sdk: ">=2.3.7,<3",
            pythons: &["3.9", "3.13"],
            requires_python: ">=3.9, <3.14",
            dump: "dict",
            optional: "",
            steps: VIA_HOST,
        },
    }
}

/// The entries of a list in TOML, one per line.
fn entries(entries: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<_> = entries.into_iter().map(|entry| format!("    {},", text(&entry))).collect();
    lines.join("\n")
}

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    let folder = format!("{}_app", source.snake());
    let connector = &source.manifest.connector;
    let platform = platform(source.way);
    let fields: String = source.settings().iter().map(|setting| field(setting, &platform)).collect();
    let actions: String = source.commands().map(|command| action(source, command, &platform)).collect();
    let app = fill(
        include_str!("../../templates/splunk_soar.py"),
        &[
            ("name", &text(&connector.name)),
            ("vendor", &text(&connector.vendor)),
            ("publisher", &text(&connector.id)),
            ("health_check", &text(&connector.health_check)),
            ("dump", platform.dump),
            ("python_version", &text(&platform.pythons.join(","))),
            ("fields", fields.trim_end()),
            ("actions", actions.trim_end()),
        ],
    );
    let requirements = source.requirements();
    let dependencies =
        std::iter::once(format!("splunk-soar-sdk{}", platform.sdk)).chain(requirements.lines().map(str::to_owned));
    let environments = platform.pythons.iter().map(|version| {
        format!("sys_platform == 'linux' and platform_machine == 'x86_64' and python_version == '{version}'")
    });
    let project = fill(
        include_str!("../../templates/splunk_soar.toml"),
        &[
            ("project", &source.manifest.connector.id),
            ("version", source.version),
            ("description", &text(&connector.description)),
            ("requires_python", platform.requires_python),
            ("dependencies", &entries(dependencies)),
            ("environments", &entries(environments)),
        ],
    );
    vec![
        File::new(format!("{folder}/pyproject.toml"), project),
        File::new(format!("{folder}/src/__init__.py"), ""),
        File::new(format!("{folder}/src/connector.py"), source.connector_module()),
        File::new(format!("{folder}/src/app.py"), app),
        File::new(format!("{folder}/logo.svg"), icon::SVG),
        File::new(format!("{folder}/logo_dark.svg"), icon::SVG),
        source.readme("Splunk SOAR", platform.steps),
    ]
}

const DIRECT: &str = "
1. Install splunk-soar-sdk 7 in an environment with Python 3.13, and the wheel of `@id@` beside it with `pip install`: the
   build imports the app. The wheel's name has to have the tag manylinux, as that of `tests/wheel dist` has.
2. Serve the folder with the wheel as a package index: `pypi-server run -i 127.0.0.1 -p 8080 --disable-fallback FOLDER`. In
   the app's folder run `uv lock --index http://127.0.0.1:8080/simple/`, and then `soarapps package build`.
3. Install the file that was built in Apps > Install App.
4. Add an asset, and press Test Connectivity.";

const VIA_HOST: &str = "
1. In the app's folder run `uv lock`, and then `soarapps package build`.
2. Install the file that was built in Apps > Install App.
3. Add an asset, and press Test Connectivity.";

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn field(setting: &PackageSetting, platform: &Platform) -> String {
    let kind = match setting.kind {
        SettingType::Boolean => "bool",
        SettingType::Integer => "int",
        _ => "str",
    };
    let mut arguments = format!("description={}, required={}", text(&setting.description), truth(setting.required));
    if setting.secret {
        arguments.push_str(", sensitive=True");
    }
    if !setting.choices.is_empty() {
        arguments.push_str(&format!(", value_list={}", python::literal(&json!(setting.choices))));
    }
    if !setting.required {
        arguments.push_str(", default=None");
    }
    let optional = if setting.required { "" } else { platform.optional };
    format!("    {}: {kind}{optional} = AssetField({arguments})\n", setting.keyword())
}

fn parameter(input: &Input, platform: &Platform) -> String {
    let kind = match input.kind {
        InputType::Boolean => "bool",
        InputType::Integer => "int",
        _ => "str",
    };
    let mut arguments = format!("description={}, required={}", text(&input.description), truth(input.required));
    if input.kind == InputType::Choice {
        arguments.push_str(&format!(", value_list={}", python::literal(&json!(input.choices))));
    }
    if input.kind == InputType::List {
        arguments.push_str(", allow_list=True");
    }
    let optional = if input.required { "" } else { platform.optional };
    format!("    {}: {kind}{optional} = Param({arguments})\n", snake(&input.name))
}

fn action(source: &Source<'_>, command: &Command, platform: &Platform) -> String {
    let class = pascal(&command.name);
    let parameters: String = command.inputs.iter().map(|input| parameter(input, platform)).collect();
    let parameters = if parameters.is_empty() { "    pass\n".to_owned() } else { parameters };
    let keys: String =
        command.key_fields.iter().map(|field| format!("    {}: list[str]\n", snake(&field.name))).collect();
    let names = python::table(command.key_fields.iter().map(|field| (field.name.clone(), json!(snake(&field.name)))));
    let (kind, read_only) = match command.effect {
        Effect::Read => ("investigate", true),
        Effect::Write => ("generic", false),
    };
    let notes = std::iter::once(&command.description).chain(&command.notes).cloned().collect::<Vec<_>>().join(" ");
    // The SDK's own name of the action that tests an asset.
    let is_test = command.name == source.manifest.connector.health_check;
    fill(
        include_str!("../../templates/splunk_soar_action.py"),
        &[
            ("class", &class),
            ("dump", platform.dump),
            ("function", &if is_test { "run_health_check".to_owned() } else { snake(&command.name) }),
            ("parameters", parameters.trim_end()),
            ("keys", &keys),
            ("names", &names),
            ("command", &text(&command.name)),
            ("description", &text(&command.description)),
            ("verbose", &text(&notes)),
            ("kind", &text(kind)),
            ("read_only", truth(read_only)),
        ],
    )
}
