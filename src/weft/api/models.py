"""What crosses the edge, with examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID  # noqa: TC003 - pydantic reads it

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from weft.api.mirror import mirror
from weft.model.function import ComponentStatus, FunctionFacts, FunctionStatus
from weft.model.log import LogLine

__all__ = [
    "AdditionBody",
    "BatchAnswer",
    "BatchBody",
    "BatchCall",
    "ChangeBody",
    "Check",
    "FileBody",
    "Function",
    "FunctionBody",
    "GraphText",
    "HandlerValue",
    "KernelLog",
    "LogLineModel",
    "PathBody",
    "ProblemDetails",
    "ProblemItem",
    "ReplacementBody",
    "Short",
    "Strict",
    "Text",
    "TextBody",
    "TraceBody",
    "ValueBody",
    "Values",
    "ValuesBody",
]

UUID_EXAMPLE = "4d6656ae-7037-4d7b-83b4-1df2cbbcd80f"
Text = Annotated[str, StringConstraints(max_length=2**20)]
Short = Annotated[str, StringConstraints(max_length=255)]


class Strict(BaseModel):
    """A body: what it may not have is refused by name."""

    model_config = ConfigDict(extra="forbid")


class ProblemItem(BaseModel):
    """One thing wrong with a package or with a request, and where."""

    message: str = Field(description="What is wrong.")
    file: str | None = Field(None, description="The file of the package.")
    line: int | None = Field(None, description="The line in it; 0 is the whole file.")
    location: str | None = Field(None, description="Where in the request, as in `body.name`.")


class ProblemDetails(BaseModel):
    """A problem (RFC 9457), as `application/problem+json`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:weft:problem:function-not-found",
                    "title": "No function has that name",
                    "status": 404,
                    "detail": "no function named 'fw'; there are: nat, wire",
                    "instance": "/v1/functions/fw",
                    "hint": "`weft ps` lists them",
                }
            ]
        },
    )

    type: str = Field("about:blank", description="Names the kind: `urn:weft:problem:...`.")
    title: str = Field(description="What kind of problem it is.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="What is wrong, where, and what is allowed.")
    instance: str | None = Field(None, description="What was asked for.")
    hint: str | None = Field(None, description="What to do about it.")
    problems: list[ProblemItem] | None = Field(None, description="Every problem, one by one.")
    code: int | None = Field(None, description="Of a handler: the code of Click's ControlSocket.")
    stage: str | None = Field(None, description="Of a start or change: where it failed.")
    lines: list[str] | None = Field(None, description="Of a start or change: the reasons.")


_COMPONENT = {
    "key": "The name of its process, unique in the function.",
    "name": "Its name in the package.",
    "state": "How its process is: `ready`, `starting`, `restarting`, `failed` ...",
    "pid": "The number of its process.",
    "restarts": "How often its process has been started again.",
    "memory_bytes": "Memory it uses.",
    "cpu_s": "Processor time it has used, in seconds.",
    "last_end": "How its process ended the last time.",
}
_COMPONENT_EXAMPLE = {
    "key": "filter",
    "name": "filter",
    "state": "ready",
    "pid": 4713,
    "restarts": 0,
    "memory_bytes": 1441792,
    "cpu_s": 0.12,
    "last_end": "was killed by signal 9",
}
_STATUS = {
    "state": "Its state, after ETSI GS NFV-SWA 001.",
    "pid": "Process 1 of its sandbox.",
    "engine_pid": "The process of its engine.",
    "restarts": "How often the engine has been started again.",
    "uptime_s": "Seconds since it was started.",
    "memory_bytes": "Memory that all its processes use.",
    "cpu_s": "Processor time that all its processes have used, in seconds.",
    "limits": "The limits it is held to.",
    "errors": "What is wrong with it.",
    "components": "Its components that are processes.",
}
_STATUS_EXAMPLE = {
    "state": "active",
    "pid": 4711,
    "engine_pid": 4712,
    "restarts": 0,
    "uptime_s": 12.5,
    "memory_bytes": 3145728,
    "cpu_s": 0.31,
    "limits": "memory 64 MiB",
    "errors": [],
    "components": [_COMPONENT_EXAMPLE],
}
_FACTS = {
    "uuid": "Its identity.",
    "name": "Its name, unique in its project.",
    "project": "The project it belongs to.",
    "package": "The name of its package.",
    "version": "The version of its package.",
    "interfaces": "What each interface is joined to.",
    "created": "When it was deployed, in seconds since 1970.",
    "operation": "The id of the operation that deployed it.",
    "sandbox_kind": "The kind of its sandbox.",
    "links": "The link that was made for each interface.",
    "values": "The value of each parameter.",
    "component_uids": "User ids of component processes, by key.",
    "component_keys": "The key of each component's process.",
    "component_numbers": "How many keys each name has had.",
    "frameworks": "What each component is written in.",
    "change": "What the last change did, with its operation's id.",
}
FUNCTION_EXAMPLE = {
    "uuid": UUID_EXAMPLE,
    "name": "fw",
    "project": "default",
    "package": "stateless-firewall",
    "version": "1.0.0",
    "interfaces": {"in": "netns:left:eth0", "out": "netns:right:eth0"},
    "created": 1767225600.0,
    "operation": "0b7a3c0e-58ac-4a6b-9d0a-d9a4e6f0a7c1",
    "sandbox_kind": "process",
    "links": {"in": "wf4d6656ae700", "out": "wf4d6656ae701"},
    "values": {"allow": "tcp port 80"},
    "component_uids": {},
    "component_keys": {},
    "component_numbers": {},
    "frameworks": {"filter": "c"},
    "change": {},
    "active": True,
    "missing": [],
    "click_file": "",
}

ComponentModel = mirror(ComponentStatus, "ComponentStatus", _COMPONENT, _COMPONENT_EXAMPLE)
StatusModel = mirror(FunctionStatus, "FunctionStatus", _STATUS, _STATUS_EXAMPLE)
Function = mirror(
    FunctionFacts,
    "Function",
    _FACTS,
    FUNCTION_EXAMPLE,
    status=(StatusModel, Field(description="How it is just now.")),
)

LogLineModel = mirror(
    LogLine,
    "LogLine",
    {
        "at_s": "When it was said, in seconds since 1970.",
        "source": "`init`, `engine`, or the name of a component.",
        "level": "Its level, where it tells one.",
        "text": "What was said.",
    },
    {"at_s": 1767225600.25, "source": "engine", "level": "warning", "text": "warning: no route"},
)


class FunctionBody(Strict):
    """A function to deploy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "package": "stateless-firewall",
                    "name": "fw",
                    "interfaces": {"in": "netns:left:eth0", "out": "netns:right:eth0"},
                    "values": {"allow": "tcp port 80"},
                }
            ]
        }
    )

    package: Short | None = Field(
        None,
        description="A package of the store: NAME, NAME@VERSION ...; none for an upload.",
    )
    name: Short | None = Field(None, description="The name; the package's where there is none.")
    uuid: UUID | None = Field(None, description="The identity; a new one where there is none.")
    interfaces: dict[Short, Text] = Field(
        {}, description="What each interface is joined to, as `weft run --interface` takes it."
    )
    values: dict[Short, Text] = Field({}, description="Values of parameters.")
    drivers: dict[Short, Short] = Field({}, description="Drivers of interfaces.")
    active: bool = Field(
        True, description="Whether to start it; one that waits may lack values until then."
    )


class FileBody(Strict):
    """A file; its content is in base64."""

    name: Short = Field(description="Its name.", examples=["filter.c"])
    content: str = Field(description="Its bytes, in base64.", examples=["aW50IG1haW47Cg=="])


class AdditionBody(Strict):
    """A component that comes."""

    name: Short = Field(description="The component's name.", examples=["second"])
    framework: Short = Field(description="What it is written in.", examples=["c"])
    file: FileBody = Field(description="Its file.")


class ReplacementBody(Strict):
    """Another file for a component."""

    name: Short = Field(description="The component's name.", examples=["filter"])
    file: FileBody = Field(description="Its new file.")
    framework: Short = Field("", description="What it is written in, where that changes.")


class ChangeBody(Strict):
    """A change of a running function; with an upload the package is that."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"path": "in -> filter -> out", "dry_run": True}]}
    )

    package: Short | None = Field(None, description="The new version of the whole package.")
    path: Text | None = Field(None, description="Another path.")
    added: list[AdditionBody] = Field([], description="Components that come.", max_length=100)
    removed: list[Short] = Field([], description="Components that go.", max_length=100)
    replaced: list[ReplacementBody] = Field(
        [], description="Other files for components.", max_length=100
    )
    values: dict[Short, Text] = Field({}, description="Values of new parameters.")
    dry_run: bool = Field(False, description="Only tell what would be done.")
    cause: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z -]{0,30}$")] = Field(
        "reconfigure", description="What the revision is said to come from."
    )


class ValuesBody(Strict):
    """Parameters to set."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"values": {"allow": "udp"}}]})

    values: dict[Short, Text] = Field(description="The value of each parameter that is set.")
    files: list[FileBody] = Field(
        [], description="Files that parameters of type `file` are set to.", max_length=100
    )
    dry_run: bool = Field(False, description="Only tell what would be done.")


class Values(BaseModel):
    """The parameters of a function."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"values": {"allow": "udp"}, "missing": []}]}
    )

    values: dict[str, str] = Field(description="The value of each parameter that has one.")
    missing: list[str] = Field(description="Parameters that need a value before a start.")


class TextBody(Strict):
    """A text."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "FromDevice(in) -> ToDevice(out);\n"}]}
    )

    text: Annotated[str, StringConstraints(max_length=2**24)] = Field(description="The text.")


class PathBody(Strict):
    """Another path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": "in -> filter -> out"}]})

    path: Text = Field(description="The path, as in `vnf.yaml`.")


class ValueBody(Strict):
    """A value for a handler."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": "100"}]})

    value: Text = Field(description="The value, as text.")


class HandlerValue(BaseModel):
    """What a handler says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"handler": "counter.count", "value": "42"}]}
    )

    handler: str = Field(description="The handler, ELEMENT.HANDLER.")
    value: str = Field(description="Its value; bytes that are no UTF-8 are replaced.")


class GraphText(BaseModel):
    """The graph that runs in a function."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"graph": "FromDevice(in) -> ToDevice(out);\n"}]}
    )

    graph: str = Field(description="The text, in Click's language.")


class TraceBody(Strict):
    """Which packets are followed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"expression": "udp and dst port 53", "count": 1}]}
    )

    expression: Text | None = Field(None, description="Only packets that IPClassifier would take.")
    pattern: Text | None = Field(None, description="Only packets that Classifier would take.")
    at: Short | None = Field(None, description="Choose packets that arrive at this element.")
    every: int = Field(1, ge=1, le=2**32 - 1, description="Choose one in so many.")
    count: int = Field(1, ge=1, le=1000, description="Choose so many.")
    bytes_per_hop: int = Field(256, ge=0, le=2048, description="Bytes kept of a packet.")


class Check(BaseModel):
    """One thing that a server has or lacks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "what": "huge pages",
                    "state": "optional",
                    "found": "none",
                    "do": "not needed; for more speed: sysctl vm.nr_hugepages=64",
                }
            ]
        }
    )

    what: str = Field(description="What was looked for.")
    state: str = Field(description="`ok`, `missing` or `optional`.")
    found: str = Field(description="What was found.")
    do: str = Field(description="What to do about it.")


class KernelLog(BaseModel):
    """The end of the kernel's log."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": ["[    0.000000] Linux version 6.1.0"]}]}
    )

    lines: list[str] = Field(description="The lines, the oldest first.")


class BatchCall(Strict):
    """One call of a batch."""

    method: Literal["GET", "PUT", "POST", "DELETE"] = Field(description="The method.")
    path: Annotated[str, StringConstraints(max_length=4096, pattern=r"^/v1/")] = Field(
        description="The path, with its query."
    )
    body: Any = Field(None, description="The body, sent as JSON; none where it is null.")


class BatchBody(Strict):
    """Calls that are made one after the other."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "calls": [
                        {"method": "POST", "path": "/v1/functions/fw/stop"},
                        {"method": "POST", "path": "/v1/functions/fw/start"},
                    ],
                    "stop_at_error": True,
                }
            ]
        }
    )

    calls: list[BatchCall] = Field(description="The calls.", min_length=1, max_length=100)
    stop_at_error: bool = Field(False, description="Make no further call after one that failed.")


class BatchAnswer(BaseModel):
    """The answer to one call of a batch."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": 204, "location": None, "body": None}]}
    )

    status: int = Field(description="Its status.")
    location: str | None = Field(None, description="Where what it made is.")
    body: Any = Field(None, description="Its body: JSON as it is, else a text.")
