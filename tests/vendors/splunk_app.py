"""Checks the app that Splunk SOAR's tool built: `splunk_app.py FILE WAY`."""

import json
import sys
import tarfile


def main():
    file, way = sys.argv[1:]
    with tarfile.open(file) as app:
        names = app.getnames()
        (manifest,) = [name for name in names if name.endswith("/manifest.json")]
        described = json.load(app.extractfile(manifest))
    wheels = [name for name in names if "/wheels/" in name and "/coda_footprint-" in name]
    dependencies = [
        wheel["input_file"]
        for python, listed in described.items()
        if python.endswith("_dependencies")
        for wheel in listed["wheel"]
        if wheel["module"] == "coda-footprint"
    ]
    assert len(wheels) == len(dependencies) == (1 if way == "direct" else 0), (wheels, dependencies)
    assert all(wheel.endswith(dependency) for wheel, dependency in zip(wheels, dependencies))
    actions = len(described["actions"])
    assert actions > 10, actions
    print(f"{actions} actions in the app, for Python {described['python_version']}", *wheels)


main()
