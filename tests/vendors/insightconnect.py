"""Runs the actions of InsightConnect's plugin with the vendor's runtime: `insightconnect.py CONNECTION PYTHON`, in the
plugin's folder."""

import json
import os
import pathlib
import subprocess
import sys


def main():
    connection, python = json.loads(sys.argv[1]), sys.argv[2]
    for secret in ("password", "host_key"):
        if secret in connection:
            connection[secret] = {"secretKey": connection[secret]}
    connection.pop("api_key", None)

    def step(kind, action, given):
        body = {"meta": {}, "action": action, "trigger": "", "connection": connection, "dispatcher": None, "input": given}
        message = json.dumps({"version": "v1", "type": "action_start", "body": body})
        command = [python, "bin/icon_coda_footprint", kind]
        done = subprocess.run(command, input=message, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."})
        events = [line for line in done.stdout.splitlines() if line.startswith('{"body"')]
        return done.stdout + done.stderr, json.loads(events[-1])["body"] if events else {}

    said, body = step("test", "list_devices", {})
    assert body.get("status") == "ok", said
    said, body = step("run", "list_devices", {"page_size": 5})
    assert body.get("status") == "ok" and len(body["output"]["rows"]) == 5, said
    assert len(body["output"]["key_fields"]["Device IDs"]) == 5, said
    for action in ("list_scanners", "list_technical_contexts", "list_scan_surfaces"):
        said, body = step("run", action, {})
        assert body.get("status") == "ok" and body["output"]["rows"], said
    # A person who leaves optional fields untouched sends the empty values of their types.
    said, body = step("run", "list_devices", {"page_size": 0, "page": 0, "all_pages": "", "footprint_tenant_id": 0, "filter": {}})
    assert body.get("status") == "ok" and body["output"]["rows"] and body["output"]["warnings"] == [], said
    said, body = step("run", "patch_rescan", {"scanner_id": "424242"})
    assert body.get("status") == "ok" and "424242" in body["output"]["warnings"][0], said
    said, body = step("run", "list_device_users", {"device_id": 999999999})
    assert body.get("status") != "ok" and "List Device Users failed." in said, said
    print("actions ran;", len(list(pathlib.Path("icon_coda_footprint/actions").glob("*/action.py"))), "in the plugin")


main()
