@docstring@

import json
@imports@

import demistomock as demisto  # noqa: F401
from CommonServerPython import *  # noqa: F401

@connector@

# The connector's commands by their names in the playground.
COMMANDS = @commands@

# Where the rows of a command are in the context.
PREFIXES = @prefixes@

# The field that tells the rows of a command apart in the context.
KEY_FIELDS = @key_fields@

HEALTH_CHECK = @health_check@


def context_names(rows):
    """Names in the context have no blanks."""
    return [{name.replace(" ", ""): value for name, value in row.items()} for row in rows]


def run(connector, command, arguments):
    parameters = {name: value for name, value in arguments.items() if value not in (None, "")}
    outcome = connector.execute(command, parameters)
    error = outcome["error"]
    if error is not None:
        parts = (error["failureIndicator"], error["message"], error["cause"], error["cure"])
        raise DemistoException(" ".join(part for part in parts if part))
    return outcome


def results(command, outcome):
    rows, raw = outcome["contextData"], outcome["rawData"]
    warnings = "".join(f"**Warning**: {warning['message']}\n\n" for warning in outcome["warnings"])
    return CommandResults(
        outputs_prefix=PREFIXES[command],
        outputs_key_field=KEY_FIELDS.get(command),
        outputs=context_names(rows),
        readable_output=warnings + tableToMarkdown(command, rows, removeNull=True),
        raw_response=None if raw is None else json.loads(raw),
    )


def main():
    command = demisto.command()
    try:
        settings = {name: value for name, value in demisto.params().items() if value not in (None, "")}
        connector = Connector(**settings)
        if command == "test-module":
            run(connector, HEALTH_CHECK, {})
            return_results("ok")
        elif command in COMMANDS:
            name = COMMANDS[command]
            return_results(results(name, run(connector, name, demisto.args())))
        else:
            raise NotImplementedError(f"There is no command {command}.")
    except Exception as error:
        return_error(f"{command} failed: {error}", error)


if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
