"""What a look at a function, a plan of a change and a server are at the edge."""

from __future__ import annotations

from weft.api.mirror import mirror
from weft.model.change import ChangePlan
from weft.model.host import Disk, HostFacts, HostInterface, HostProcess, HostRoute
from weft.model.look import (
    ComponentLook,
    ElementLook,
    InterfaceLook,
    Look,
    QueueLook,
    ValueLook,
)
from weft.model.package import Parameter
from weft.model.revision import ComponentText, FunctionText, Revision

__all__ = ["FunctionTextModel", "Host", "LookModel", "Plan", "RevisionModel"]

_COMPONENT_LOOK = {
    "full": "How many batches found no room.",
    "drops": "Packets dropped at it, by reason.",
    "in_flight": "Packets it has just then.",
    "waiting": "Packets that wait for it just then.",
    "capacity": "Packets it may have at a time.",
    "latency_p50_ns": "Median time from the engine to it and back, in nanoseconds.",
    "latency_p99_ns": "99th percentile of it.",
}
_COMPONENT_LOOK_EXAMPLE = {
    "name": "filter",
    "key": "filter",
    "state": "ready",
    "pid": 4713,
    "restarts": 0,
    "last_end": "was killed by signal 9",
    "cpu_s": 0.12,
    "memory_bytes": 1441792,
    "packets_in": 1000,
    "packets_out": 990,
    "bytes_in": 64000,
    "bytes_out": 63360,
    "batches_in": 40,
    "batches_out": 40,
    "in_flight": 0,
    "waiting": 0,
    "capacity": 512,
    "full": 0,
    "latency_p50_ns": 9000,
    "latency_p99_ns": 21000,
    "drops": [["filtered", 10]],
}
_ELEMENT_LOOK = {
    "bytes_in": "Bytes through its inputs since counting began; null while nobody has them counted.",
    "bytes_out": "Bytes through its outputs since counting began.",
}
_ELEMENT_EXAMPLE = {
    **{"name": "rules", "kind": "IPFilter", "drops": [["filtered", 7]]},
    **{"packets_in": 1000, "packets_out": 993, "bytes_in": 64000, "bytes_out": 63552},
}
_LOOK = {
    "at_s": "When, on a clock that only goes forward.",
    "state": "The function's state.",
    "engine_cpu_s": "Processor time of all of it but its components, in seconds.",
    "components": "Its components in processes of their own.",
    "bytes_since": "Since when bytes of elements are counted, in seconds since 1970; null while not.",
    "elements": "Its elements that are no component.",
}
_LOOK_EXAMPLE = {
    "at_s": 8123.25,
    "state": "active",
    "engine_cpu_s": 0.19,
    "memory_bytes": 3145728,
    "restarts": 0,
    "components": [_COMPONENT_LOOK_EXAMPLE],
    "elements": [_ELEMENT_EXAMPLE],
}
_PLAN = {
    "started": "Components that are started.",
    "kept": "Components whose processes stay.",
    "replaced": "Components that get a new process.",
    "ended": "Components that go.",
    "graph": "The graph that runs after it.",
    "keys": "The key of each component's process after it.",
    "version": "The version of the package after it.",
    "values": "Parameters that are set anew.",
    "by_handlers": "Whether nothing else changes than what handlers take.",
}
_PLAN_EXAMPLE = {
    "started": ["second"],
    "kept": ["filter"],
    "replaced": [],
    "ended": [],
    "graph": "FromDevice(in) -> ...",
    "keys": [["filter", "filter"], ["second", "second"]],
    "version": "1.1.0",
    "values": [["allow", "udp"]],
    "by_handlers": False,
}
_PARAMETER_EXAMPLE = {
    "name": "allow",
    "type": "text",
    "default": "tcp port 80",
    "help": "what may pass",
    "handler": "filter.allow",
}
_SOURCE_EXAMPLE = {
    "name": "filter",
    "framework": "c",
    "file": "filter.c",
    "text": "#include <weft.h>\n",
}
_TEXT = {
    "path": "The path; null where it has none.",
    "components": "Its components with their sources.",
    "parameters": "Its parameters.",
    "files": "The names of all files of its package.",
}
_TEXT_EXAMPLE = {
    "path": "in -> filter -> out",
    "components": [_SOURCE_EXAMPLE],
    "parameters": [_PARAMETER_EXAMPLE],
    "files": ["filter.c", "vnf.yaml"],
}
_REVISION = {
    "number": "Its number; 1 is the deployment.",
    "cause": "What made it.",
    "created": "When it was made, in seconds since 1970.",
    "version": "The version of the package.",
    "operation": "The id of the operation.",
    "values": "The values of parameters.",
}
_REVISION_EXAMPLE = {
    "number": 2,
    "cause": "configure",
    "created": 1767225600.0,
    "version": "1.0.0",
    "operation": "0b7a3c0e-58ac-4a6b-9d0a-d9a4e6f0a7c1",
    "values": {"allow": "udp"},
}
_DISK_EXAMPLE = {
    "mount": "/",
    "device": "/dev/vda",
    "type": "ext4",
    "total_bytes": 107374182400,
    "free_bytes": 85899345920,
}
_INTERFACE_EXAMPLE = {
    "name": "eth1",
    "index": 3,
    "kind": "",
    "state": "up",
    "mtu": 1500,
    "mac": "02:00:00:00:00:01",
    "addresses": ["192.0.2.1/24"],
    "packets_in": 1000,
    "packets_out": 900,
    "bytes_in": 640000,
    "bytes_out": 580000,
    "drops_in": 0,
    "drops_out": 0,
}
_ROUTE_EXAMPLE = {
    "destination": "0.0.0.0/0",
    "gateway": "192.0.2.254",
    "interface": "eth1",
    "metric": 0,
}
_PROCESS_EXAMPLE = {
    "pid": 4711,
    "name": "weft-engine",
    "state": "S",
    "user": 0,
    "memory_bytes": 3145728,
    "cpu_s": 0.31,
}
_HOST_EXAMPLE = {
    "name": "server1",
    "version": "0.1.0",
    "system": "Debian GNU/Linux 12 (bookworm)",
    "kernel": "6.1.0",
    "machine": "x86_64",
    "uptime_s": 86400.0,
    "cpus": 2,
    "cpu_busy_s": 3600.0,
    "cpu_idle_s": 169200.0,
    "load": [0.1, 0.2, 0.1],
    "memory_total_bytes": 25769803776,
    "memory_available_bytes": 21474836480,
    "swap_total_bytes": 0,
    "swap_free_bytes": 0,
    "disks": [_DISK_EXAMPLE],
    "interfaces": [_INTERFACE_EXAMPLE],
    "routes": [_ROUTE_EXAMPLE],
    "process_count": 112,
    "processes": [_PROCESS_EXAMPLE],
}

mirror(ValueLook, "ValueLook", {}, {"name": "filter.depth", "unit": "packets", "value": 3.0})
mirror(InterfaceLook, "InterfaceLook", {}, {"name": "in", "drops_in": [], "drops_out": []})
mirror(QueueLook, "QueueLook", {}, {"name": "queue", "capacity": 1000, "highwater": 12})
mirror(ComponentLook, "ComponentLook", _COMPONENT_LOOK, _COMPONENT_LOOK_EXAMPLE)
mirror(ElementLook, "ElementLook", _ELEMENT_LOOK, _ELEMENT_EXAMPLE)
LookModel = mirror(Look, "Look", _LOOK, _LOOK_EXAMPLE)
Plan = mirror(ChangePlan, "ChangePlan", _PLAN, _PLAN_EXAMPLE)
mirror(Parameter, "Parameter", {}, _PARAMETER_EXAMPLE)
mirror(ComponentText, "ComponentText", {}, _SOURCE_EXAMPLE)
FunctionTextModel = mirror(FunctionText, "FunctionText", _TEXT, _TEXT_EXAMPLE)
RevisionModel = mirror(Revision, "Revision", _REVISION, _REVISION_EXAMPLE)
mirror(Disk, "Disk", {}, _DISK_EXAMPLE)
mirror(HostInterface, "HostInterface", {}, _INTERFACE_EXAMPLE)
mirror(HostRoute, "HostRoute", {}, _ROUTE_EXAMPLE)
mirror(HostProcess, "HostProcess", {}, _PROCESS_EXAMPLE)
Host = mirror(HostFacts, "Host", {}, _HOST_EXAMPLE)
