"""Runs the actions of Splunk SOAR's app with the SDK's own runner: `splunk.py ASSET_FILE PYTHON`, in the app's folder."""

import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    asset, python = sys.argv[1:]
    settings = json.loads(pathlib.Path(asset).read_text())
    # Either a password or a key.
    settings.pop("api_key", None)
    pathlib.Path(asset).write_text(json.dumps(settings))

    def run(action, parameters=None):
        command = [python, "-m", "src.app", "action", action, "-a", asset]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            if parameters is not None:
                file.write(json.dumps(parameters))
                file.flush()
                command += ["-p", file.name]
            done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout + done.stderr

    said = run("test_connectivity")
    assert "Action success: True" in said, said
    said = run("list_devices", {"page_size": 5})
    assert "Action success: True" in said and '"row_count": 5' in said, said
    said = run("list_scanners", {})
    assert "Action success: True" in said, said
    said = run("patch_rescan", {"scanner_id": "424242"})
    assert "Action success: True" in said and "424242 is not in List Scanners" in said, said
    said = run("list_device_users", {"device_id": 999999999})
    assert "Action success: False" in said and "List Device Users failed." in said, said
    source = pathlib.Path("src/app.py").read_text()
    print("actions ran;", source.count("@app.action("), "in the app's source")


main()
