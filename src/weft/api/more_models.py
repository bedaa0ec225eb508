"""What packages, handlers, checks and monitoring are at the edge."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from weft.api.mirror import mirror
from weft.api.models import FileBody, Short, Strict, Text
from weft.model.catalogue import PackageFacts, PackagePart, StorePolicy, TrustedCertificate
from weft.model.check import FunctionCheck, PartCheck
from weft.model.handler import HandlerFacts
from weft.model.monitoring import Alarm, Series, Severity, Threshold, Track

__all__ = [
    "AlarmModel",
    "CallBody",
    "CallResult",
    "CheckModel",
    "HandlerModel",
    "PackageModel",
    "PolicyBody",
    "PolicyModel",
    "SeriesModel",
    "ThresholdBody",
    "ThresholdModel",
    "TrackModel",
]

mirror(
    PackagePart,
    "PackagePart",
    {
        "kind": "What it is there, as in `deployment unit` or `Helm chart`.",
        "runs": "Whether it runs here.",
        "told": "Why it does not, or as what it does.",
        "file": "Its file in the archive.",
    },
    {
        "name": "router",
        "kind": "deployment unit",
        "runs": False,
        "told": "image 'disk.qcow2' is of a virtual machine",
        "file": "Files/disk.qcow2",
        "size_bytes": 41943040,
    },
)
PackageModel = mirror(
    PackageFacts,
    "Package",
    {
        "digest": "SHA-256 of its files, whatever form they are in.",
        "archive": "Its form: `csar`, `signed-zip`, `foreign` where it was made for another system, or "
        "`folder` where it lies ready.",
        "signed_by": "Who has signed it.",
        "untrusted": "Why that signer was not trusted when it came.",
        "pushed": "When it came, in seconds since 1970; null where it lies ready.",
        "components": "The framework of each component.",
        "parameters": "The default of each parameter; null where it must be given.",
        "runs": "Whether it can be run: what is `foreign` is kept anyhow.",
        "why_not": "Why it cannot.",
        "descriptor_id": "The id of the descriptor of one that is `foreign`.",
        "parts": "What there is in one that is `foreign`, and what becomes of it.",
    },
    {
        "name": "nat",
        "version": "1.2.0",
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "provider": "Example",
        "interfaces": ["in", "out"],
        "archive": "csar",
        "signed_by": "CN=Example",
        "untrusted": "its certificate has expired",
        "pushed": 1767225600.0,
    },
)
mirror(
    TrustedCertificate,
    "TrustedCertificate",
    {"subject": "Whose it is.", "expires": "The last day it is good.", "pem": "The certificate."},
    {"name": "example.pem", "subject": "CN=Example", "expires": "2027-01-01"},
)
PolicyModel = mirror(
    StorePolicy,
    "StorePolicy",
    {
        "require_signature": "Whether only packages are taken that someone trusted has signed.",
        "trusted": "The certificates that are trusted.",
    },
    {},
)
HandlerModel = mirror(
    HandlerFacts,
    "Handler",
    {
        "name": "`ELEMENT.HANDLER`.",
        "limits": "`MIN..MAX`, `A|B|C` or `..N bytes`; empty where there are none.",
        "callable": "Whether it is a command.",
        "parameter": "Whether a read takes a parameter.",
    },
    {"name": "filter.depth", "type": "u32", "unit": "packets", "limits": "0..65535"},
)
mirror(
    PartCheck,
    "PartCheck",
    {"alive": "Whether it answered; null where it was not asked.", "problem": "What is wrong."},
    {"name": "engine", "state": "active", "alive": True, "answer_ms": 0.4, "problem": ""},
)
CheckModel = mirror(
    FunctionCheck,
    "FunctionCheck",
    {"parts": "Its process 1, its engine, and each of its components."},
    {"name": "fw"},
)
SeriesModel = mirror(
    Series,
    "Series",
    {"is_counter": "Whether it only grows; `NAME/s` is how fast."},
    {"name": "cpu", "is_counter": False, "unit": "cores", "help": "Processors that it uses."},
)
TrackModel = mirror(
    Track,
    "Track",
    {
        "start_s": "The Unix time of the first value.",
        "step_s": "The time between two values, in seconds.",
        "values": "The values; null is a gap.",
    },
    {"function": "fw", "start_s": 1767225600.0, "step_s": 1.0, "values": [0.25, 0.5]},
)
ThresholdModel = mirror(
    Threshold,
    "Threshold",
    {
        "id": "Its name.",
        "series": "Names or globs of series, with commas between them.",
        "above": "Raise an alarm above this.",
        "below": "Raise an alarm below this.",
        "for_s": "Once it has been so for that time.",
        "clear": "Clear it when the series is back at this; the value itself where it is null.",
        "hold_s": "Once it has been back for that time.",
        "function": "A name, a glob, or a label `KEY=VALUE`.",
        "text": "What the alarm says.",
    },
    {"id": "busy", "series": "cpu", "above": 0.9, "for_s": 10.0, "function": "fw-*"},
)
AlarmModel = mirror(
    Alarm,
    "Alarm",
    {
        "threshold": "The threshold that raised it.",
        "value": "The value then.",
        "raised_s": "When it was raised, in seconds since 1970.",
        "changed_s": "When it changed the last time.",
        "cleared_s": "When it was cleared; null while it is not.",
        "acknowledged_s": "When somebody took note of it.",
    },
    {"function": "fw", "threshold": "busy", "series": "cpu", "text": "cpu is above 0.9 for 10 s"},
)


class ThresholdBody(Strict):
    """A threshold; one of `above` and `below` is needed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"series": "cpu", "above": 0.9, "for_s": 10}]}
    )

    series: Text = Field(description="Names or globs of series, with commas between them.")
    above: float | None = Field(None, description="Raise an alarm above this.")
    below: float | None = Field(None, description="Raise an alarm below this.")
    for_s: float = Field(0.0, ge=0, description="Once it has been so for that time.")
    clear: float | None = Field(None, description="Clear it when the series is back at this.")
    hold_s: float = Field(0.0, ge=0, description="Once it has been back for that time.")
    severity: Severity = Field(Severity.MINOR, description="How bad it is.")
    function: Short = Field("*", description="A name, a glob, or a label `KEY=VALUE`.")
    text: Text = Field("", description="What the alarm says.")


class PolicyBody(Strict):
    """A change of the policy of the store."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"require_signature": True}]})

    require_signature: bool | None = Field(None, description="Whether to take signed ones only.")
    trust: list[FileBody] = Field([], description="Certificates to trust.", max_length=100)
    distrust: list[Short] = Field([], description="Names of those to trust no more.")


class CallBody(Strict):
    """What a command is called with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"argument": "10"}]})

    argument: Text = Field("", description="The argument, as text.")


class CallResult(BaseModel):
    """What a command gave."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"handler": "filter.flush", "result": "12 flows"}]}
    )

    handler: str = Field(description="The command.")
    result: str = Field(description="Its result; bytes that are no UTF-8 are replaced.")
