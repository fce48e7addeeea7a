"""Checks events of the class Vulnerability Finding with py-ocsf-models, whose models have all objects of the class.

The package models no class 2002 and no object advisory, so the class is put together here from its base class and its
objects. An event is valid if the models read it and lose no member of it, and if it has the members that the schema requires
and the models do not.
"""

import json
import sys
from typing import Optional

from py_ocsf_models import OCSF_VERSION
from py_ocsf_models.events.findings.finding import Finding
from py_ocsf_models.objects.resource_details import ResourceDetails
from py_ocsf_models.objects.vulnerability_details import VulnerabilityDetails


class Vulnerability(VulnerabilityDetails):
    advisory: Optional[dict] = None


class VulnerabilityFinding(Finding):
    category_uid: int
    category_name: Optional[str] = None
    class_uid: int
    class_name: Optional[str] = None
    type_uid: int
    type_name: Optional[str] = None
    time: int
    resources: Optional[list[ResourceDetails]] = None
    vulnerabilities: list[Vulnerability]


def lost(event, model, path=""):
    """The members of an event that the model does not have."""
    if isinstance(event, dict) and path not in (".unmapped", ".resources[].data"):
        for name, value in event.items():
            if not isinstance(model, dict) or model.get(name) is None:
                yield f"{path}.{name}"
            else:
                yield from lost(value, model[name], f"{path}.{name}")
    elif isinstance(event, list) and isinstance(model, list):
        for one, other in zip(event, model):
            yield from lost(one, other, f"{path}[]")


events = [json.loads(line) for line in sys.stdin]
for event in events:
    model = VulnerabilityFinding(**event)
    missing = list(lost(event, model.model_dump(mode="json", exclude_none=True)))
    assert not missing, missing
    assert event["category_uid"] == 2 and event["class_uid"] == 2002, event
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"], event
    assert event["metadata"]["version"] == OCSF_VERSION, event
    for entry in event["vulnerabilities"]:
        assert sum(name in entry for name in ("advisory", "cve", "cwe")) == 1, entry
        assert "uid" in (entry.get("cve") or entry.get("cwe") or entry.get("advisory")), entry
        assert all("version" in score for score in entry.get("cve", {}).get("cvss", [])), entry
        assert type(entry.get("cve", {}).get("epss", {}).get("created_time", 0)) is int, entry
print(f"{len(events)} events are valid")
