"""The Command API's OpenAPI document, which hosts without a package import."""

import jsonschema
import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


@pytest.fixture(scope="module")
def document(connections):
    return requests.get(connections["via-host"]["host_url"].removesuffix("/VSOC") + "/openapi.json", timeout=30).json()


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    problems = [problem.message for problem in OpenAPIV31SpecValidator(document).iter_errors()]
    assert problems == []
    # A check that accepts everything proves nothing.
    broken = {"openapi": "3.1.0", "info": {}, "paths": {}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_each_command_has_an_example_that_its_schema_accepts(document):
    base = "urn:document"
    registry = Registry().with_resource(base, Resource(contents=document, specification=DRAFT202012))
    commands = {path: methods for path, methods in document["paths"].items() if "/api/Command/" in path}
    assert any(path.endswith("/ListDevices") for path in commands)
    for path, methods in commands.items():
        content = methods["post"]["requestBody"]["content"]["application/json"]
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in ["paths", path])
        schema = {"$ref": f"{base}#/{pointer}/post/requestBody/content/application~1json/schema"}
        validator = jsonschema.Draft202012Validator(schema, registry=registry)
        validator.validate(content["example"])
        assert not validator.is_valid({**content["example"], "Username": ""}), path
