#!/usr/bin/env python3
"""The official Python client of the Model Context Protocol (`mcp` on PyPI) against the tools.

    client.py PLACE stdio COMMAND ARGUMENT...
    client.py PLACE http URL KEY

PLACE is a JSON object: connection, site, tenant, and rows (of List Devices). The server must offer writes.
"""

import asyncio
import json
import sys

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def server(arguments):
    kind, *rest = arguments
    if kind == "stdio":
        return StdioServerParameters(command=rest[0], args=rest[1:], env=None)
    url, key = rest
    headers = {"Authorization": f"Bearer {key}"}
    return streamable_http_client(url, http_client=create_mcp_http_client(headers=headers))


async def refused(client, tool, arguments, code):
    result = await client.call_tool(tool, arguments)
    error = result.structured_content["error"]
    assert result.is_error and error["code"] == code, (tool, arguments, result)
    assert error["cause"] and error["cure"], error


async def check(client, place):
    on = {name: place[name] for name in ("connection", "site", "tenant")}
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools["list-devices"].annotations.read_only_hint is True
    assert tools["patch-rescan"].annotations.read_only_hint is False

    connections = (await client.call_tool("connections", {})).structured_content["connections"]
    named = {"connection": on["connection"], "site": on["site"]}
    assert any(named.items() <= one.items() for one in connections), connections

    described = await client.call_tool("describe-command", {"command": "list-device-users"})
    assert described.structured_content["parameters"][0]["name"] == "device-id", described

    # The whole list in small results: each row once, the total in each, and none above its budget.
    arguments, ids = {**on, "budget": 3000}, []
    while True:
        result = await client.call_tool("list-devices", arguments)
        content = result.structured_content
        assert not result.is_error, result
        assert len(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()) <= 3000
        assert on.items() <= content.items() and content["total"] == place["rows"], content
        ids += [row["ID"] for row in content["contextData"]]
        if "cursor" not in content:
            break
        arguments["cursor"] = content["cursor"]
    assert len(ids) == len(set(ids)) == place["rows"], (len(ids), place["rows"])

    await refused(client, "list-devices", {**on, "connection": on["connection"].upper() + "x"}, "unknown-connection")
    await refused(client, "list-devices", {**on, "site": "Elsewhere"}, "unknown-connection")
    await refused(client, "list-devices", {"connection": on["connection"], "site": on["site"]}, "missing-parameter")
    await refused(client, "list-devices", {**on, "page-size": "many"}, "invalid-parameter")
    await refused(client, "list-devices", {**on, "cursor": "1.5.0"}, "invalid-cursor")
    await refused(client, "list-device-users", {**on, "device-id": 99999999}, "device-not-found")
    try:
        await client.call_tool("lst-devices", {})
        raise AssertionError("an unknown tool was called")
    except MCPError as error:
        assert "list-devices" in str(error), error

    # Two calls with one plan at once: the change is made once.
    change = {**on, "scanner-id": "101"}
    planned = (await client.call_tool("patch-rescan", change)).structured_content
    assert planned["returnData"] == "Planned" and on.items() <= planned.items(), planned
    change["plan"] = planned["plan"]
    await refused(client, "patch-rescan", {**change, "scanner-id": "102"}, "unknown-plan")
    ended = await asyncio.gather(*(client.call_tool("patch-rescan", change) for _ in range(2)), return_exceptions=True)
    contents = [one.structured_content for one in ended]
    # The scanner may be busy with another scan. Then the change failed once.
    done = {one["receipt"]["requestId"] for one in contents if "receipt" in one}
    # On a host the second call may be told that the first still runs; a repeat then gets its answer.
    waiting = [one["error"]["code"] for one in contents if "receipt" not in one]
    assert len(done) == 1 and set(waiting) <= {"still-running"}, contents
    again = (await client.call_tool("patch-rescan", change)).structured_content
    assert again["receipt"]["requestId"] in done, again


async def main():
    place, arguments = json.loads(sys.argv[1]), sys.argv[2:]
    for mode in ("legacy", "auto"):
        async with Client(server(arguments), mode=mode) as client:
            await check(client, place)
    print("ok")


asyncio.run(main())
