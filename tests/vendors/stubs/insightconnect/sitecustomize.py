"""Takes the place of the look-ups of `insight-plugin validate`, so that none leaves the machine."""

import json

import requests

ANSWER = {
    "results": [{"type": "keyword", "name": "vulnerability"}, {"type": "keyword", "name": "footprint"}],
    "pageInfo": {"hasNextPage": False},
}


def answer(*_, **__):
    reply = requests.Response()
    # 404 to the question for the plugin's published version: it is new.
    reply.status_code = 404
    reply._content = json.dumps(ANSWER).encode()
    return reply


requests.get = requests.Session.request = answer
