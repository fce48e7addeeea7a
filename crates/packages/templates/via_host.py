"""Runs the commands of @name@ over the Command API of a host, `footprint serve`."""

import json
import re
import ssl
import urllib.error
import urllib.request

__all__ = ["Connector"]


class Connector:
    """A connection that the host keeps. Its outcomes have the names of the Python package."""

    def __init__(self, *, host_url, host_key, host_user, site, connection_name=None, host_ca_file=None):
        self._url = f"{host_url.rstrip('/')}/api/Command/"
        self._headers = {"Content-Type": "application/json", "d3key": host_key}
        self._caller = {"Username": host_user, "Site": site}
        self._connection = {"Connection Name": connection_name} if connection_name else {}
        self._tls = ssl.create_default_context(cafile=host_ca_file) if host_ca_file else None

    def execute(self, command, parameters=None, *, time_limit=180):
        body = {**self._caller, "CommandParams": {**(parameters or {}), **self._connection}}
        url = self._url + command.replace(" ", "")
        request = urllib.request.Request(url, json.dumps(body).encode(), self._headers)
        try:
            with urllib.request.urlopen(request, timeout=time_limit, context=self._tls) as reply:
                answer = json.load(reply)
        except urllib.error.HTTPError as error:
            return _failed(command, _said(error), str(error.code))
        except (OSError, ValueError) as error:
            return _failed(command, f"The host cannot be reached or does not answer with JSON: {error}")
        if answer.get("returnData") == "Failed":
            return _failed(command, answer.get("error") or "The host gives no reason.")
        raw = answer.get("rawData")
        return {
            "returnData": answer["returnData"],
            "keyFields": answer.get("keyFields") or {},
            "contextData": answer.get("contextData") or [],
            "rawData": None if raw is None else json.dumps(raw),
            "error": None,
        }


def _said(error):
    try:
        return json.load(error)["Error"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"The host answered with status {error.code}."


def _failed(command, message, status="N/A"):
    indicator = f"{command} failed."
    # The host gives the three lines of the Error tab as one text.
    lines = re.fullmatch(r"(.*)\nStatus Code: (.*)\.\nMessage: (.*)", message, re.DOTALL)
    if lines:
        indicator, status, message = lines.groups()
    error = {
        "failureIndicator": indicator,
        "statusCode": status,
        "message": message,
        "code": "host",
        "cause": "",
        "cure": "",
        "retryable": False,
    }
    return {"returnData": "Failed", "keyFields": {}, "contextData": [], "rawData": None, "error": error}
