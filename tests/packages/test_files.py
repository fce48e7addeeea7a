"""All packages: the same bytes each time, files that their readers can parse, and nothing overwritten."""

import ast
import json

import pytest
import yaml

from conftest import PACKAGES, package


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("host", "way"), PACKAGES)
def test_a_package_is_the_same_bytes_each_time(packages, tmp_path, host, way):
    assert package(host, way, tmp_path / "again").returncode == 0
    assert files(tmp_path / "again") == files(packages / host / way)


@pytest.mark.parametrize(("host", "way"), PACKAGES)
def test_each_file_can_be_parsed(packages, host, way):
    read = {".py": ast.parse, ".json": json.loads, ".yml": yaml.safe_load, ".yaml": yaml.safe_load}
    parsed = 0
    for path in (packages / host / way).rglob("*"):
        if path.suffix in read:
            read[path.suffix](path.read_text())
            parsed += 1
    assert parsed > 0


@pytest.mark.parametrize(("host", "way"), PACKAGES)
def test_a_package_has_an_icon_and_a_readme_with_every_command_or_stream(packages, host, way):
    folder = packages / host / way
    readme = (folder / "README.md").read_text()
    named = ["devices", "scans", "finding_changes"] if host == "airbyte" else ["List Devices", "Test Connection"]
    assert all(f"| {name} |" in readme for name in named)
    assert [path for path in folder.rglob("*") if path.suffix in (".png", ".svg")] or "large_image" in str(files(folder))


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    refused = package("tracecat", "direct", tmp_path)
    assert refused.returncode == 2 and "is not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_way_that_a_host_cannot_take_is_refused(tmp_path):
    refused = package("airbyte", "via-host", tmp_path / "out")
    assert refused.returncode == 2 and "--via-host" in refused.stderr
    assert not (tmp_path / "out").exists()
