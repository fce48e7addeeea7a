"""docs/hosts.md is followed as written: its commands run, and its files are where it says."""

import contextlib
import io
import json
import os
import pathlib
import re
import shlex
import subprocess

import pytest
import requests

import instance
from conftest import WAYS
from instance import FOOTPRINT

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "hosts.md").read_text()
HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)


def section(title):
    """The text below a heading, up to the next heading of its level or a higher one."""
    (found,) = [heading for heading in HEADING.finditer(PAGE) if heading[2] == title]
    ends = [h.start() for h in HEADING.finditer(PAGE, found.end()) if len(h[1]) <= len(found[1])]
    return PAGE[found.end() : min(ends, default=len(PAGE))]


def blocks(text, language):
    """The blocks of code in a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(margin) for line in code.splitlines()) + "\n" for margin, code in found]


def spans(text):
    """The commands, paths and names within sentences."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]


PACKAGES = section("Packages")
COMMANDS = sorted({span for span in spans(PACKAGES) if re.match(r"footprint package [a-z0-9-]+ .*--out [a-z]+$", span)})


def test_the_page_has_the_commands_and_the_ways_of_each_host():
    assert {command.split()[2] for command in COMMANDS} == set(WAYS)
    table = {row[0]: row[1] for row in re.findall(r"^\| [^|]+ \| `([a-z0-9-]+)` \| ([a-z ]+) \|", PACKAGES, re.MULTILINE)}
    said = {"both": ["direct", "via-host"], "direct": ["direct"], "via a host": ["via-host"]}
    assert {host: said[ways] for host, ways in table.items()} == WAYS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_writes_the_files_that_its_section_names(command, tmp_path):
    done = subprocess.run([FOOTPRINT, *shlex.split(command)[1:]], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = command.split()[-1]
    (text,) = [text for text in re.split(r"^### ", PACKAGES, flags=re.MULTILINE) if f"`{command}`" in " ".join(text.split())]
    named = {word for span in spans(text) for word in span.split() if word.startswith(f"{folder}/")}
    named |= {f"{folder}/{word}" for span in spans(text) for word in span.split() if word.startswith("Packs/")}
    for path in named:
        assert list(tmp_path.glob(path)), f"{path} is not there"


def test_the_steps_of_exec(connections):
    text = section("exec")
    (simulate,) = blocks(text, "sh")[:1]
    with instance.running(*shlex.split(simulate)[1:], "--json") as about:
        user = about["users"][0]
        lines, answer = blocks(text, "json")[:2]
        assert "PORT" in lines and user["user_name"] in lines
        lines = lines.replace("http://127.0.0.1:PORT", about["url"]).replace("…", user["password"])
        done = subprocess.run([FOOTPRINT, "exec"], input=lines, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("\n") == 1, done
    said, wanted = json.loads(done.stdout), json.loads(answer.replace("…", ""))
    assert list(said) == list(wanted) and list(said["outcome"]) == list(wanted["outcome"])
    for name in ("returnData", "error", "warnings"):
        assert said["outcome"][name] == wanted["outcome"][name]


def test_the_steps_of_python(connections):
    direct = connections["direct"]
    code = "".join(blocks(section("Python"), "python"))
    for example, value in [("https://footprint.example.com", direct["server_url"]), ("soar@example.com", direct["user_name"])]:
        assert example in code
        code = code.replace(example, value)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code.replace("…", direct["password"]), "docs/hosts.md", "exec"), {})
    assert said.getvalue().startswith("Successful {'"), said.getvalue()


def mcp(process, method, params):
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())["result"]


INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


def test_the_steps_of_mcp_over_standard_input(connections, tmp_path):
    direct, text = connections["direct"], section("footprint mcp")
    (profile,) = blocks(text, "toml")
    folder = tmp_path / ".config" / "footprint"
    folder.mkdir(parents=True)
    profile = profile.replace("https://footprint.lab.example.com", direct["server_url"])
    (folder / "profiles.toml").write_text(profile.replace("soar@example.com", direct["user_name"]))
    (folder / "lab.password").write_text(direct["password"])
    (folder / "lab.password").chmod(0o600)
    settings = [json.loads(block) for block in blocks(text, "json")]
    servers = [settings[0]["mcpServers"]["footprint"], settings[1]["servers"]["footprint"]]
    for server in servers:
        command = [FOOTPRINT, *server["args"]]
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
            mcp(process, "initialize", INITIALIZE)
            listed = mcp(process, "tools/call", {"name": "connections", "arguments": {}})["structuredContent"]
            process.stdin.close()
        assert [one["connection"] for one in listed["connections"]] == ["lab"]


@pytest.fixture(scope="module")
def of_acme(connections, tmp_path_factory):
    """A host with the site of the page: its folder, and a function that runs a command of the page on it."""
    folder = tmp_path_factory.mktemp("acme") / "instance"
    environment = {**os.environ, "FOOTPRINT_INSTANCE": str(folder)}

    def run(command, text=None):
        arguments = [FOOTPRINT, *shlex.split(command)[1:]]
        done = subprocess.run(arguments, env=environment, input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("footprint init --yes --time-zone UTC --listen 127.0.0.1:0")
    run('footprint site add "Acme Corp" --kind client')
    direct = connections["direct"]
    connection = f"--param 'Server URL={direct['server_url']}' --param 'User Name={direct['user_name']}'"
    add = "footprint connection add Footprint --site 'Acme Corp' --integration coda-footprint --secret-stdin Password"
    run(f"{add} {connection}", direct["password"])
    return folder, environment, run


def test_the_steps_of_mcp_over_http_and_of_a_host_without_a_package(of_acme):
    folder, environment, run = of_acme
    text = section("/mcp of a host")
    (settings,) = blocks(text, "toml")
    with open(folder / "host.toml", "a") as file:
        file.write("\n" + settings)
    (add,) = {span for span in spans(text) if span.startswith("footprint key add")}
    key = json.loads(run(f"{add} --output json"))["secret"]
    (server,) = json.loads(blocks(text, "json")[0])["servers"].values()
    curl = shlex.split(blocks(section("Tines, Torq and others"), "sh")[0].replace("\\\n", " "))
    with instance.running("serve", "--json", env=environment) as ready:
        address = "https://soar.example.com"
        headers = {name: value.replace("KEY", key) for name, value in server["headers"].items()}
        headers |= {"Accept": "application/json, text/event-stream", "Host": "soar.example.com"}
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
        url = server["url"].replace(address, ready["url"])
        reply = requests.post(url, json=message, headers=headers, timeout=30)
        assert reply.status_code == 200 and reply.json()["result"]["serverInfo"], reply.text

        options = list(zip(curl, curl[1:]))
        headers = dict(value.replace("KEY", key).split(": ", 1) for option, value in options if option == "-H")
        (body,) = [value for option, value in options if option == "-d"]
        (url,) = [part.replace(address, ready["url"]) for part in curl if part.startswith(address)]
        reply = requests.post(url, data=body, headers=headers, timeout=60)
        assert reply.json()["returnData"] == "Successful" and reply.json()["contextData"], reply.text


def test_the_names_of_commands_in_the_page_are_those_of_the_program():
    subcommands = {match[1] for match in re.finditer(r"`footprint ([a-z]+)", PAGE)}
    assert {"exec", "mcp", "package", "serve"} <= subcommands
    for subcommand in subcommands:
        done = subprocess.run([FOOTPRINT, subcommand, "--help"], capture_output=True, text=True)
        assert done.returncode == 0, subcommand
