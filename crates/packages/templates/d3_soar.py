@connector_module@


# The connector's settings by D3's names of the connection parameters.
CONNECTION = @connection@


def _connector():
    given = runtime.get("connector", {})
    return Connector(**{setting: given[name] for name, setting in CONNECTION.items() if given.get(name) not in (None, "")})


def _run(command, inputs, values):
    parameters = {name: value for name, value in zip(inputs, values) if value not in (None, "")}
    try:
        outcome = _connector().execute(command, parameters)
    except (TypeError, ValueError) as error:
        return pb.returnOutputModel("", "Failed", "", "", "", f"{command} failed.\nStatus Code: N/A.\nMessage: {error}")
    error = outcome["error"]
    if error is not None:
        text = f"{error['failureIndicator']}\nStatus Code: {error['statusCode']}.\nMessage: {error['message']}"
        advice = " ".join(part for part in (error["cause"], error["cure"]) if part)
        return pb.returnOutputModel("", "Failed", "", "", "", f"{text}\n{advice}".rstrip())
    rows, raw = outcome["contextData"], outcome["rawData"]
    warnings = [{"Warning": warning["message"]} for warning in outcome["warnings"]]
    return pb.returnOutputModel(warnings + rows, outcome["returnData"], outcome["keyFields"], rows, raw or "", "")


@functions@
