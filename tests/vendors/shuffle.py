"""Runs actions of Shuffle's app with `shuffle-sdk`: `shuffle.py APP_FOLDER CONNECTION`. The backend is a stand-in of ours
that takes the results."""

import json
import logging
import os
import pathlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

RESULTS = []


class Backend(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        RESULTS.append(json.loads(body))
        answer = b'{"success": true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def run(module, action, parameters):
    """The result of an action, as the SDK sends it to the backend."""
    RESULTS.clear()
    given = [{"name": name, "value": str(value), "variant": "STATIC_VALUE"} for name, value in parameters.items()]
    call = {
        "id": "action", "name": action, "label": action, "app_name": module.CODAFootprint.app_name,
        "app_version": module.CODAFootprint.__version__, "parameters": given, "environment": "test",
    }
    full = {"execution_id": "execution", "authorization": "key", "workflow": {"actions": [call]}, "results": []}
    logger = logging.getLogger("test")
    app = module.CODAFootprint(redis=None, logger=logger, console_logger=logger)
    app.action, app.full_execution = call, json.dumps(full)
    app.authorization, app.current_execution_id = "key", "execution"
    app.execute_action(call)
    ended = [result for result in RESULTS if result.get("status") in ("SUCCESS", "FAILURE", "ABORTED", "FINISHED")]
    assert ended, f"{action}: the SDK sent no result: {RESULTS}"
    return ended[-1]


def main():
    folder, connection = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
    del connection["api_key"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    os.environ.update(CALLBACK_URL=address, BASE_URL=address, SHUFFLE_LOGS_DISABLED="true")
    sys.path.insert(0, str(folder / "src"))
    import app as module

    api = yaml.safe_load((folder / "api.yaml").read_text())
    ids = {"device_id": "1", "context_id": "1", "target_id": "1", "scope": "Out"}
    for action in api["actions"]:
        required = {given["name"]: ids.get(given["name"], given["example"]) for given in action["parameters"] if given["required"]}
        ended = run(module, action["name"], {**connection, **required})
        result = json.loads(ended["result"])
        ok = result["success"] or result["error"]["code"] != "invalid-parameter"
        assert ok, f"{action['name']}: {ended}"
        if action["name"] in ("test_connection", "list_devices", "list_scanners"):
            assert result["success"] and result["contextData"], ended
        if action["name"] == "patch_rescan":
            ended = run(module, action["name"], {**connection, "scanner_id": "424242"})
            assert "424242" in json.loads(ended["result"])["warnings"][0]["message"], ended
        print(action["name"], "success" if result["success"] else result["error"]["code"])


main()
