"""D3's custom integration, run with our stand-in for D3's `pb` and `runtime`."""

import json

import pytest


class Pb:
    """Our stand-in: D3 gives none."""

    def returnOutputModel(self, result, returnData, keyFields, contextData, rawData, error):
        return {
            "result": result,
            "returnData": returnData,
            "keyFields": keyFields,
            "contextData": contextData,
            "rawData": rawData,
            "error": error,
        }


def load(folder, settings):
    script = (folder / "CODAFootprint.py").read_text()
    names = {"pb": Pb(), "runtime": {"connector": {name.replace("_", ""): value for name, value in settings.items()}}}
    exec(compile(script, "CODAFootprint.py", "exec"), names)
    return names


@pytest.fixture(scope="module", params=["direct", "via-host"])
def integration(request, packages, connections):
    return load(packages / "d3-soar" / request.param, connections[request.param])


def test_each_command_is_a_function_that_takes_its_inputs_in_the_order_of_the_form(packages, integration):
    form = json.loads((packages / "d3-soar" / "direct" / "integration.json").read_text())
    for command in form["commands"]:
        values = ["no" if given["isRequired"] else "" for given in command["inputs"]]
        if command["internalName"] not in ("PatchRescan",):
            assert set(integration[command["internalName"]](*values)) == set(Pb().returnOutputModel(*range(6)))


def test_a_command_gives_the_output_model(integration):
    assert integration["TestConnection"]()["returnData"] == "Successful"
    model = integration["ListDevices"]('{"riskLevel": "critical"}', "5")
    assert (model["returnData"], model["error"]) == ("Successful", "")
    assert model["keyFields"]["Device IDs"] and model["contextData"] and json.loads(model["rawData"])["items"]


def test_a_warning_is_above_the_rows_of_the_result(integration):
    inputs = ["Scanner ID", "User Input ID", "Footprint Tenant ID"]
    result = integration["_run"]("Patch Rescan", inputs, ["424242", "", ""])["result"]
    assert "424242" in result[0]["Warning"] and "Scan UUID" in result[1]


def test_a_failed_command_has_the_three_lines_of_the_error_tab(integration):
    error = integration["ListDeviceUsers"]("999999999")["error"]
    assert error.startswith("List Device Users failed.\nStatus Code: 404.\nMessage: "), error


def test_settings_that_cannot_work_are_an_error(packages, connections):
    lost = {**connections["via-host"], "host_url": "http://127.0.0.1:1/VSOC"}
    wrong = {**connections["via-host"], "host_key": "wrong"}
    for settings, problem in [(lost, "cannot be reached"), (wrong, "Status Code: 401")]:
        failed = load(packages / "d3-soar" / "via-host", settings)["ListDevices"]()
        assert failed["returnData"] == "Failed" and problem in failed["error"]
    failed = load(packages / "d3-soar" / "direct", {"server_url": "nonsense"})["ListDevices"]()
    assert failed["returnData"] == "Failed" and "Server URL" in failed["error"]
