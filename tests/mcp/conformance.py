#!/usr/bin/env python3
"""The official conformance suite of the Model Context Protocol (`@modelcontextprotocol/conformance` on npm) against `/mcp`.

    FOOTPRINT=target/debug/footprint tests/mcp/conformance.py

It needs npm. The suite sends no key, so a proxy on this machine adds it. `conformance.yml` lists the scenarios that cannot
apply, each with its reason. The status is 1 if another scenario fails, or if a listed one passes.
"""

import http.client
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOOTPRINT = os.environ.get("FOOTPRINT", "footprint")
# The suite uses functions of Node.js 22, which Debian does not have.
PACKAGES = ["@modelcontextprotocol/conformance@0.1.16", "node@22"]


def tool():
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target"))
    folder = target / "tools" / "conformance"
    node = folder / "node_modules/.bin/node"
    if not node.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *PACKAGES], check=True)
    return [node, folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"]


def start(arguments, **more):
    """A process and the line of JSON that it prints once it is ready."""
    process = subprocess.Popen([FOOTPRINT, *arguments], stdout=subprocess.PIPE, text=True, **more)
    return process, json.loads(process.stdout.readline())


def proxy(host, key):
    """The address of a proxy that adds the key."""

    class Adding(http.server.BaseHTTPRequestHandler):
        def do(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = dict(self.headers) | {"Authorization": f"Bearer {key}"}
            connection = http.client.HTTPConnection(host)
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Adding)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/mcp"


def main():
    suite = tool()
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, FOOTPRINT_INSTANCE=f"{folder}/instance")
        made = json.loads(subprocess.check_output([FOOTPRINT, "init", "--yes", "--output", "json"], env=environment))
        # The suite calls as a web page of this machine.
        with open(f"{folder}/instance/host.toml", "a") as settings:
            settings.write('\nrequests-per-second = 0\n[mcp]\nallowed-origins = ["http://127.0.0.1:*"]\n')
        host, ready = start(["serve", "--json", "--listen", "127.0.0.1:0"], env=environment)
        try:
            url = proxy(ready["url"].removeprefix("http://"), made["key"])
            baseline = ["--expected-failures", HERE / "conformance.yml"]
            return subprocess.run([*suite, "server", "--url", url, *baseline], cwd=folder).returncode
        finally:
            host.terminate()
            host.wait()


sys.exit(main())
