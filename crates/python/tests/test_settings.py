"""Settings: all those of the manifest, and no secret where people read."""

import pickle
import traceback

import pytest

import coda_footprint
from coda_footprint import Connector

GIVEN = {"server_url": "https://fp.example.com", "user_name": "ada", "password": "hunter2-hunter2"}


def test_every_setting_of_the_manifest_is_a_keyword_argument():
    for setting in coda_footprint.manifest()["connector"]["settings"]:
        name = setting["name"].lower().replace(" ", "_")
        with pytest.raises((ValueError, TypeError)) as refused:
            Connector(**{**GIVEN, name: object()})
        assert refused.type is TypeError and str(refused.value).startswith(f"{name}: expected str, int or bool")


def test_values_have_pythons_types():
    Connector(**GIVEN, time_limit=30, skip_certificate_checks=True, minimum_tls_version="1.3", proxy=None)
    Connector(server_url="https://fp.example.com", api_key="0123456789abcdef", strict_scanner_id=False)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"server_ulr": "x"}, 'Did you mean "Server URL"'),
        ({"server_url": "fp.example.com"}, "Server URL: It has no scheme and host"),
        ({"server_url": None}, "Server URL: It is required"),
        ({"password": None}, "Password: It is missing"),
        ({"api_key": "k"}, "API Key: It is one too many"),
        ({"time_limit": 0}, "Time Limit: Expected a whole number from 1 to 86400"),
        ({"ca_file": "/no/such/file"}, "CA File: "),
        ({"proxy": "ftp://proxy"}, "Proxy: It is no http"),
        ({"password": "two\nlines"}, "Password: It holds more than one line"),
    ],
)
def test_settings_that_cannot_work_are_a_value_error_that_says_what_to_do(change, problem):
    with pytest.raises(ValueError) as refused:
        Connector(**{**GIVEN, **change})
    assert problem in str(refused.value)


def test_positional_arguments_are_refused():
    with pytest.raises(TypeError):
        Connector("https://fp.example.com")


def test_a_secret_is_in_no_text_that_people_read():
    connector = Connector(**GIVEN)
    texts = [repr(connector), str(connector), str(vars(connector)), str(dir(connector))]
    for change in [{"time_limit": 0}, {"server_ulr": 1}, {"password": "hunter2-hunter2\nx"}, {"password": "hunter2\ud800"}]:
        given = {**GIVEN, **change}
        try:
            Connector(**given)
        except (ValueError, TypeError) as error:
            # The caller's own frame has its variables; the package's frames have none.
            frames = traceback.TracebackException.from_exception(error, capture_locals=True)
            texts += [str(error), *(str(frame.locals) for frame in list(frames.stack)[1:])]
            assert error.__cause__ is None and error.__context__ is None
    assert not [text for text in texts if "hunter2" in text]
    assert "ada" in repr(connector) and "https://fp.example.com" in repr(connector)


def test_a_connector_is_not_pickled_with_its_secrets():
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(Connector(**GIVEN))


def test_the_authority_of_a_private_instance_is_trusted_by_ca_file(simulate, tmp_path):
    simulator = simulate("--tls")
    assert simulator.connect().execute("Test Connection")["error"]["code"] == "certificate-issuer-unknown"
    authority = next(value for value in simulator.about.values() if "BEGIN CERTIFICATE" in str(value))
    file = tmp_path / "authority.pem"
    file.write_text(authority)
    for given in [authority, str(file)]:
        assert simulator.connect(ca_file=given).execute("Test Connection")["returnData"] == "Successful"


def test_help_shows_the_manifests_text():
    manifest = coda_footprint.manifest()
    words = lambda text: " ".join(text.split())
    module, settings = words(coda_footprint.__doc__), words(Connector.__doc__)
    commands = words(Connector.execute.__doc__)
    assert words(manifest["connector"]["description"]) in module
    for setting in manifest["connector"]["settings"]:
        assert words(setting["description"]) in settings
    for command in manifest["commands"]:
        assert command["name"] in module and words(command["description"]) in commands
        for given in command["inputs"]:
            assert words(given["description"]) in commands
