import json

from soar_sdk.abstract import SOARClient
from soar_sdk.action_results import ActionOutput
from soar_sdk.app import App
from soar_sdk.asset import AssetField, BaseAsset
from soar_sdk.exceptions import ActionFailure
from soar_sdk.params import Param, Params

from .connector import Connector


class Asset(BaseAsset):
@fields@


app = App(
    name=@name@,
    app_type="information",
    logo="logo.svg",
    logo_dark="logo_dark.svg",
    product_vendor=@vendor@,
    product_name=@name@,
    publisher=@publisher@,
    appid="3f6f2c0e-6b1d-5b0e-9a55-0d6b4f6c7d21",
    python_version=@python_version@,
    asset_cls=Asset,
)


def run(asset, command, parameters, names):
    """The output of a command: its key fields by `names`, its rows as JSON text, and its warnings."""
    settings = {name: value for name, value in asset.@dump@().items() if value not in (None, "")}
    wanted = {name: value for name, value in parameters.items() if value not in (None, "")}
    try:
        outcome = Connector(**settings).execute(command, wanted)
    except (TypeError, ValueError) as error:
        raise ActionFailure(str(error)) from None
    error = outcome["error"]
    if error is not None:
        parts = (error["failureIndicator"], error["message"], error["cause"], error["cure"])
        raise ActionFailure(" ".join(part for part in parts if part))
    keys = {name: [str(value) for value in outcome["keyFields"].get(field, [])] for field, name in names.items()}
    rows = outcome["contextData"]
    warnings = [warning["message"] for warning in outcome["warnings"]]
    return {**keys, "row_count": len(rows), "rows": json.dumps(rows), "warnings": warnings}


@app.test_connectivity()
def test_connectivity(soar: SOARClient, asset: Asset) -> None:
    run(asset, @health_check@, {}, {})
@actions@


if __name__ == "__main__":
    app.cli()
