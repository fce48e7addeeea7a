"""Our stand-in for the parts of Cortex XSOAR's `CommonServerPython` that the integration uses."""

import sys


class DemistoException(Exception):
    pass


class CommandResults:
    def __init__(
        self, outputs_prefix=None, outputs_key_field=None, outputs=None, readable_output=None, raw_response=None
    ):
        self.outputs_prefix = outputs_prefix
        self.outputs_key_field = outputs_key_field
        self.outputs = outputs
        self.readable_output = readable_output
        self.raw_response = raw_response


def tableToMarkdown(name, t, removeNull=False):
    return f"### {name}\n{len(t)} rows"


def return_results(results):
    print(results)


def return_error(message, error=""):
    print(message)
    sys.exit(0)
