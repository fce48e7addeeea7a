"""Tracecat's action templates fit the published form of a template. Tracecat itself is not run."""

import re

import jsonschema
import pytest
import yaml

EXPECTED = {
    "type": "object",
    "required": ["type", "description"],
    "properties": {"type": {"type": "string"}, "description": {"type": "string"}, "default": {}},
    "additionalProperties": False,
}
STEP = {
    "type": "object",
    "required": ["ref", "action", "args"],
    "properties": {"ref": {"type": "string"}, "action": {"type": "string"}, "args": {"type": "object"}},
    "additionalProperties": False,
}
TEXTS = {"type": "array", "items": {"type": "string"}}
SECRET = {
    "type": "object",
    "required": ["name", "keys"],
    "properties": {"name": {"type": "string"}, "keys": TEXTS, "optional_keys": TEXTS},
    "additionalProperties": False,
}
TEMPLATE = {
    "type": "object",
    "required": ["type", "definition"],
    "properties": {
        "type": {"const": "action"},
        "definition": {
            "type": "object",
            "required": ["name", "namespace", "title", "display_group", "expects", "steps", "returns"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
                "namespace": {"type": "string", "pattern": "^tools\\.[a-z0-9_]+$"},
                "title": {"type": "string"},
                "description": {"type": "string"},
                "display_group": {"type": "string"},
                "secrets": {"type": "array", "items": SECRET},
                "expects": {"type": "object", "additionalProperties": EXPECTED},
                "steps": {"type": "array", "items": STEP, "minItems": 1},
                "returns": {"type": ["string", "array", "object"]},
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize("way", ["direct", "via-host"])
def test_each_template_fits_the_published_form_and_names_only_what_it_declares(packages, way):
    templates = list((packages / "tracecat" / way).rglob("*.yml"))
    assert len(templates) > 10
    for path in templates:
        text = path.read_text()
        template = yaml.safe_load(text)
        jsonschema.validate(template, TEMPLATE)
        definition = template["definition"]
        assert set(re.findall(r"inputs\.(\w+)", text)) == set(definition["expects"])
        secret = definition["secrets"][0]
        used = set(re.findall(rf"SECRETS\.{secret['name']}\.(\w+)", text))
        assert used == set(secret["keys"]) | set(secret["optional_keys"])


def scripts(folder):
    """The main functions of the scripts in the templates, each once."""
    steps = [step for path in folder.rglob("*.yml") for step in yaml.safe_load(path.read_text())["definition"]["steps"]]
    functions = []
    for script in sorted({step["args"]["script"] for step in steps if "script" in step["args"]}):
        names = {}
        exec(compile(script, "script", "exec"), names)
        functions.append(names["main"])
    return functions
