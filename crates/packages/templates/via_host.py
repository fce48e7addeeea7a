"""Runs the commands of @name@ over the Command API of a host, `footprint serve`."""

import http.client
import json
import re
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request

__all__ = ["Connector"]


class Connector:
    """A connection that the host keeps. Its outcomes have the names of the Python package."""

    def __init__(self, *, host_url, host_key, host_user, site, connection_name=None, host_ca_file=None):
        address = urllib.parse.urlsplit(host_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("Host URL: expected an address such as https://soar.example.com/VSOC")
        if not re.fullmatch("[!-~]+", host_key):
            raise ValueError("Host Key: expected ASCII characters without blanks")
        self._url = f"{host_url.rstrip('/')}/api/Command/"
        self._headers = {"Content-Type": "application/json", "d3key": host_key}
        self._caller = {"Username": host_user, "Site": site}
        self._connection = {"Connection Name": connection_name} if connection_name else {}
        try:
            self._tls = ssl.create_default_context(cafile=host_ca_file) if host_ca_file else None
        except OSError as error:
            raise ValueError(f"Host CA File: {error}") from None

    def execute(self, command, parameters=None, *, time_limit=330):
        # The host answers within 300 seconds, unless its time-limit-seconds is longer.
        body = {**self._caller, "CommandParams": {**(parameters or {}), **self._connection}}
        url = self._url + command.replace(" ", "")
        request = urllib.request.Request(url, json.dumps(body).encode(), self._headers)
        carried_out = f"{command} may have been carried out."
        try:
            with urllib.request.urlopen(request, timeout=time_limit, context=self._tls) as reply:
                answer = json.load(reply)
            return _outcome(command, answer)
        except urllib.error.HTTPError as error:
            may_be_done = f" {carried_out}" if error.code >= 500 else ""
            text = _said(error) or f"The host answered with status {error.code}.{may_be_done}"
            return _failed(command, text, statusCode=str(error.code))
        except urllib.error.URLError as error:
            return _failed(command, f"The host cannot be reached: {error.reason}")
        except socket.timeout:
            message = f"The host gave no answer within {time_limit} seconds. {carried_out}"
            return _failed(command, message, code="timed-out")
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
            return _failed(command, f"The host's answer cannot be read: {error}. {carried_out}")


def _outcome(command, answer):
    if answer.get("returnData") == "Running":
        return _failed(
            command,
            answer.get("message") or "The work goes on.",
            answer,
            code="still-running",
            cause="The work that the command started is not over.",
            cure=f"Run it again with Follow = {answer.get('followToken')}. It follows the same work, and starts nothing.",
            retryable=True,
        )
    if answer.get("returnData") != "Successful":
        message = answer.get("error") or "The host gives no reason."
        return _failed(command, message, answer, **(answer.get("errorDetails") or {}))
    return {**_parts(answer), "returnData": "Successful", "error": None}


def _parts(answer):
    raw = answer.get("rawData")
    return {
        "keyFields": answer.get("keyFields") or {},
        "contextData": answer.get("contextData") or [],
        "rawData": None if raw is None else json.dumps(raw),
        "receipt": answer.get("receipt") or {},
        "warnings": answer.get("warnings") or [],
    }


def _said(error):
    """The problem and the cure, if the answer is the host's own."""
    try:
        return json.load(error)["Error"]
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None


def _failed(command, text, answer={}, **details):
    """An outcome of a failed command. `text` is its message, unless `details` has one."""
    error = {
        "failureIndicator": f"{command} failed.",
        "statusCode": "N/A",
        "message": text,
        "code": "host",
        "cause": "",
        "cure": "",
        "retryable": False,
        **details,
    }
    return {**_parts(answer), "returnData": "Failed", "error": error}
