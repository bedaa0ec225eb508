"""The VNF descriptor (VNFD) of a package, after ETSI GS NFV-SOL 001: a TOSCA template of one flavour.

The function is one virtual deployment unit (VDU), its sandbox. Each of its interfaces is an external
connection point, joined by a virtual link of its own to a connection point of the VDU.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any

import yaml

from weft.model.package import MANIFEST
from weft.vnf.csar.layout import FOLDER

if TYPE_CHECKING:
    from weft.model.package import Package, Parameter

__all__ = ["MANAGER", "descriptor_id", "descriptor_of", "descriptor_text", "id_of"]

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:weft:vnfd")
_IMPORTS = ("etsi_nfv_sol001_common_types.yaml", "etsi_nfv_sol001_vnfd_types.yaml")
_TYPES = {"integer": "integer", "number": "float", "boolean": "boolean"}
_LEAST_MEMORY_BYTES = 64 * 2**20
_FLAVOUR = "default"
MANAGER = "0:weft"
"""Who can manage such functions: an enterprise number, 0 for none, and a name."""


def id_of(provider: str, name: str, version: str) -> str:
    """The id of a descriptor: the same for the same provider, function and version."""
    return str(uuid.uuid5(_NAMESPACE, f"{provider}/{name}/{version}"))


def descriptor_id(package: Package) -> str:
    """The id of a package's descriptor."""
    return id_of(package.provider, package.name, package.version)


def descriptor_text(package: Package) -> str:
    """The descriptor as YAML."""
    return str(yaml.safe_dump(descriptor_of(package), sort_keys=False, width=4096))


def descriptor_of(package: Package) -> dict[str, Any]:
    """The descriptor as data."""
    node_type = f"weft.nodes.nfv.{package.name}"
    settings = f"weft.datatypes.nfv.{package.name}.Parameters"
    found: dict[str, Any] = {
        "tosca_definitions_version": "tosca_simple_yaml_1_2",
        "description": package.description or package.name,
        "imports": list(_IMPORTS),
    }
    if package.parameters:
        found["data_types"] = _data_types(package, settings)
    return found | {
        "node_types": {node_type: _node_type(package, settings)},
        "topology_template": {
            "substitution_mappings": _mappings(package, node_type),
            "node_templates": _node_templates(package, node_type),
        },
    }


def _data_types(package: Package, settings: str) -> dict[str, Any]:
    """The parameters, as properties that can be configured."""
    properties = {parameter.name: _property_of(parameter) for parameter in package.parameters}
    base = "tosca.datatypes.nfv"
    return {
        settings: {
            "derived_from": f"{base}.VnfAdditionalConfigurableProperties",
            "properties": properties,
        },
        f"{settings}.Configurable": {
            "derived_from": f"{base}.VnfConfigurableProperties",
            "properties": {
                "additional_configurable_properties": {"type": settings, "required": False}
            },
        },
    }


def _property_of(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": _TYPES.get(parameter.type, "string"),
        "required": parameter.default is None,
    }
    if parameter.help:
        described["description"] = parameter.help
    if parameter.default is not None:
        described["default"] = _typed(parameter.type, parameter.default)
    return described


def _typed(kind: str, text: str) -> str | int | float | bool:
    if kind == "integer":
        return int(text, 0) if "x" in text.lower() else int(text)
    if kind == "number":
        return float(text)
    return text == "true" if kind == "boolean" else text


def _node_type(package: Package, settings: str) -> dict[str, Any]:
    """The type of this one VNF: its properties can have no other values."""
    fixed = {
        "descriptor_id": descriptor_id(package),
        "descriptor_version": package.version,
        "provider": package.provider or "-",
        "product_name": package.name,
        "software_version": package.version,
        "flavour_id": _FLAVOUR,
    }
    properties: dict[str, Any] = {
        name: {"type": "string", "constraints": [{"valid_values": [value]}], "default": value}
        for name, value in fixed.items()
    }
    properties["vnfm_info"] = {
        "type": "list",
        "entry_schema": {"type": "string", "constraints": [{"valid_values": [MANAGER]}]},
        "default": [MANAGER],
    }
    properties["flavour_description"] = {"type": "string", "default": "the only one"}
    if package.parameters:
        properties["configurable_properties"] = {
            "type": f"{settings}.Configurable",
            "required": False,
        }
    requirements = [
        {
            name: {
                "capability": "tosca.capabilities.nfv.VirtualLinkable",
                "relationship": "tosca.relationships.nfv.VirtualLinksTo",
                "occurrences": [0, 1],
            }
        }
        for name in package.interfaces
    ]
    interfaces = {"Vnflcm": {"type": "tosca.interfaces.nfv.Vnflcm"}}
    return {
        "derived_from": "tosca.nodes.nfv.VNF",
        "properties": properties,
        "requirements": requirements,
        "interfaces": interfaces,
    }


def _mappings(package: Package, node_type: str) -> dict[str, Any]:
    return {
        "node_type": node_type,
        "properties": {"flavour_id": _FLAVOUR},
        "requirements": {
            name: [f"ext_cp_{name}", "external_virtual_link"] for name in package.interfaces
        },
    }


def _node_templates(package: Package, node_type: str) -> dict[str, Any]:
    templates: dict[str, Any] = {
        "vnf": {
            "type": node_type,
            "properties": {"flavour_description": "the only one"},
            "artifacts": {
                "package": {"type": "tosca.artifacts.File", "file": f"../{FOLDER}{MANIFEST}"}
            },
        },
        "sandbox": _sandbox(package),
    }
    for order, name in enumerate(package.interfaces):
        templates |= _interface(name, order)
    return templates


def _sandbox(package: Package) -> dict[str, Any]:
    """What is not limited needs little."""
    memory_bytes = package.resources.memory_bytes or _LEAST_MEMORY_BYTES
    return {
        "type": "tosca.nodes.nfv.Vdu.Compute",
        "properties": {
            "name": "sandbox",
            "description": "the processes of the function",
            "vdu_profile": {"min_number_of_instances": 1, "max_number_of_instances": 1},
        },
        "capabilities": {
            "virtual_compute": {
                "properties": {
                    "virtual_cpu": {"num_virtual_cpu": math.ceil(package.resources.cpu or 1)},
                    "virtual_memory": {"virtual_mem_size": f"{memory_bytes} B"},
                }
            }
        },
    }


def _interface(name: str, order: int) -> dict[str, Any]:
    layers = {"layer_protocols": ["ethernet"]}
    return {
        f"cp_{name}": {
            "type": "tosca.nodes.nfv.VduCp",
            "properties": {**layers, "order": order, "description": f"{name}, inside"},
            "requirements": [{"virtual_binding": "sandbox"}, {"virtual_link": f"link_{name}"}],
        },
        f"link_{name}": {
            "type": "tosca.nodes.nfv.VnfVirtualLink",
            "properties": {
                "connectivity_type": {"layer_protocols": ["ethernet"], "flow_pattern": "line"},
                "description": f"joins {name} to the sandbox",
                "vl_profile": {
                    "max_bitrate_requirements": {"root": 0},
                    "min_bitrate_requirements": {"root": 0},
                },
            },
        },
        f"ext_cp_{name}": {
            "type": "tosca.nodes.nfv.VnfExtCp",
            "properties": {
                "layer_protocols": ["ethernet"],
                "role": "leaf",
                "trunk_mode": True,
                "description": f"interface {name}",
            },
            "requirements": [{"internal_virtual_link": f"link_{name}"}],
        },
    }
