"""Archives after SOL004: what is in them, and that the same package makes the same bytes."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from pathlib import Path

import pytest
import yaml

from tests.unit.vnf.csar.archives import FILES, csar, members, package
from weft.vnf.csar.build import build_csar
from weft.vnf.csar.descriptor import descriptor_id, id_of
from weft.vnf.digest import package_digest
from weft.vnf.manifest import read_manifest
from weft.vnf.package import load_package
from weft.vnf.source import read_archive, read_files

ROOT = Path(__file__).resolve().parents[4]
PACKAGES = sorted(path.parent for path in (ROOT / "functions").glob("*/vnf.yaml"))


def made(folder: Path, *, mask: int, at: int, names: list[str]) -> Path:
    """The small package in a folder, written under a umask, at a time, in an order."""
    before = os.umask(mask)
    try:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(FILES[name])
            os.utime(folder / name, (at, at))
    finally:
        os.umask(before)
    return folder


def test_the_same_files_make_the_same_archive_byte_for_byte(tmp_path: Path) -> None:
    one = made(tmp_path / "a", mask=0o022, at=10**9, names=list(FILES))
    other = made(tmp_path / "b" / "c", mask=0o077, at=1, names=list(reversed(FILES)))
    (other / ".git").mkdir()
    (other / "sub" / "__pycache__").mkdir()
    assert build_csar(load_package(one)) == build_csar(load_package(other))


def test_an_archive_has_the_members_that_sol004_asks_for() -> None:
    contents = csar()
    assert list(contents) == [
        "TOSCA-Metadata/TOSCA.meta",
        "Definitions/vnfd.yaml",
        "ChangeLog.txt",
        "Licenses/LICENSE",
        "Package/LICENSE",
        "Package/sub/counter.click",
        "Package/vnf.yaml",
        "wire.mf",
    ]
    assert contents["TOSCA-Metadata/TOSCA.meta"] == (
        b"TOSCA-Meta-File-Version: 1.0\n"
        b"CSAR-Version: 1.1\n"
        b"Created-By: weft\n"
        b"Entry-Definitions: Definitions/vnfd.yaml\n"
        b"ETSI-Entry-Manifest: wire.mf\n"
        b"ETSI-Entry-Change-Log: ChangeLog.txt\n"
        b"ETSI-Entry-Licenses: Licenses\n"
    )
    assert contents["ChangeLog.txt"] == b"1.2.0: no change log is given\n"
    assert contents["Licenses/LICENSE"] == FILES["LICENSE"]


def test_the_list_has_a_hash_of_each_file() -> None:
    contents = csar()
    head, *entries = contents.pop("wire.mf").decode().rstrip("\n").split("\n\n")
    assert head == (
        "metadata:\n"
        f"  vnfd_id: {id_of('Example', 'wire', '1.2.0')}\n"
        "  vnf_product_name: wire\n"
        "  vnf_provider_id: Example\n"
        "  vnf_software_version: 1.2.0\n"
        "  vnf_package_version: 1.2.0\n"
        "  vnf_release_date_time: 1980-01-01T00:00:00Z\n"
        "  compatible_specification_versions: 4.2.1\n"
        "  vnfm_info: 0:weft"
    )
    assert entries == [
        f"Source: {name}\nAlgorithm: SHA-256\nHash: {hashlib.sha256(content).hexdigest()}"
        for name, content in contents.items()
    ]


def test_a_change_log_and_a_date_of_ones_own_are_taken() -> None:
    manifest = FILES["vnf.yaml"] + b"changelog: CHANGES.md\nreleased: 2026-03-31\n"
    files = {**FILES, "vnf.yaml": manifest, "CHANGES.md": b"- first\n"}
    contents = members(build_csar(package(files)))
    assert "ChangeLog.txt" not in contents
    assert b"ETSI-Entry-Change-Log: Package/CHANGES.md\n" in contents["TOSCA-Metadata/TOSCA.meta"]
    assert b"  vnf_release_date_time: 2026-03-31T00:00:00Z\n" in contents["wire.mf"]


def test_what_is_written_by_a_person_stays_on_its_line() -> None:
    manifest = FILES["vnf.yaml"].replace(
        b"provider: Example", b'provider: "A\\nSource: evil\\x00\\u2028B"'
    )
    archive = build_csar(package({**FILES, "vnf.yaml": manifest}))
    assert b"  vnf_provider_id: A Source: evil B\n" in members(archive)["wire.mf"]
    assert read_archive(archive, "a.csar").form == "csar"


def test_the_descriptor_describes_the_function_after_sol001() -> None:
    found = yaml.safe_load(csar()["Definitions/vnfd.yaml"])
    assert found["tosca_definitions_version"] == "tosca_simple_yaml_1_2"
    assert found["imports"] == [
        "etsi_nfv_sol001_common_types.yaml",
        "etsi_nfv_sol001_vnfd_types.yaml",
    ]
    vnf = found["node_types"]["weft.nodes.nfv.wire"]
    assert vnf["derived_from"] == "tosca.nodes.nfv.VNF"
    values = {name: item.get("default") for name, item in vnf["properties"].items()}
    assert values["descriptor_id"] == id_of("Example", "wire", "1.2.0")
    assert (values["provider"], values["product_name"]) == ("Example", "wire")
    assert (values["descriptor_version"], values["software_version"]) == ("1.2.0", "1.2.0")
    assert found["data_types"]["weft.datatypes.nfv.wire.Parameters"]["properties"] == {
        "limit": {"type": "integer", "required": False, "description": "how many", "default": 5}
    }
    nodes = found["topology_template"]["node_templates"]
    assert {name: node["type"] for name, node in nodes.items()} == {
        "vnf": "weft.nodes.nfv.wire",
        "sandbox": "tosca.nodes.nfv.Vdu.Compute",
        "cp_in": "tosca.nodes.nfv.VduCp",
        "link_in": "tosca.nodes.nfv.VnfVirtualLink",
        "ext_cp_in": "tosca.nodes.nfv.VnfExtCp",
        "cp_out": "tosca.nodes.nfv.VduCp",
        "link_out": "tosca.nodes.nfv.VnfVirtualLink",
        "ext_cp_out": "tosca.nodes.nfv.VnfExtCp",
    }
    compute = nodes["sandbox"]["capabilities"]["virtual_compute"]["properties"]
    assert compute == {
        "virtual_cpu": {"num_virtual_cpu": 2},
        "virtual_memory": {"virtual_mem_size": "67108864 B"},
    }
    mappings = found["topology_template"]["substitution_mappings"]
    assert mappings["requirements"]["in"] == ["ext_cp_in", "external_virtual_link"]
    assert nodes["ext_cp_in"]["requirements"] == [{"internal_virtual_link": "link_in"}]


# Of etsi_nfv_sol001_vnfd_types and _common_types, version 4.4.1: what nodes must have, and may require.
NODES = {
    "tosca.nodes.nfv.Vdu.Compute": ({"name", "description", "vdu_profile"}, set()),
    "tosca.nodes.nfv.VduCp": ({"layer_protocols"}, {"virtual_link", "virtual_binding"}),
    "tosca.nodes.nfv.VnfExtCp": (
        {"layer_protocols"},
        {"internal_virtual_link", "external_virtual_link"},
    ),
    "tosca.nodes.nfv.VnfVirtualLink": ({"connectivity_type", "vl_profile"}, set()),
}
VNF = {
    *("descriptor_id", "descriptor_version", "provider", "product_name", "software_version"),
    *("vnfm_info", "flavour_id", "flavour_description"),
}
VNFM_INFO = r"(^etsivnfm:v[0-9]?[0-9]\.[0-9]?[0-9]\.[0-9]?[0-9]$)|(^[0-9]+:[a-zA-Z0-9.-]+$)"


def test_the_descriptor_has_what_the_types_of_sol001_require() -> None:
    found = yaml.safe_load(csar()["Definitions/vnfd.yaml"])
    [vnf] = found["node_types"].values()
    assert set(vnf["properties"]) >= VNF
    assert re.fullmatch(VNFM_INFO, vnf["properties"]["vnfm_info"]["default"][0])
    nodes = found["topology_template"]["node_templates"]
    for name, node in nodes.items():
        if node["type"] in NODES:
            properties, requirements = NODES[node["type"]]
            assert set(node["properties"]) >= properties, name
            for requirement in node.get("requirements", []):
                [(kind, target)] = requirement.items()
                assert kind in requirements
                assert target in nodes


def test_the_id_of_a_descriptor_is_of_provider_name_and_version() -> None:
    one = package()
    assert descriptor_id(one) == id_of("Example", "wire", "1.2.0")
    assert uuid.UUID(descriptor_id(one)).version == 5
    others = {id_of("Other", "wire", "1.2.0"), id_of("Example", "wire", "1.2.1")}
    assert descriptor_id(one) not in others


def test_every_type_of_parameter_is_a_type_of_tosca() -> None:
    given = {
        "a": ("integer", "0x10", 16),
        "b": ("number", "1.5", 1.5),
        "c": ("boolean", "true", True),
        "d": ("mac", "02:00:00:00:00:01", "02:00:00:00:00:01"),
    }
    parameters = "".join(
        f"  {name}: {{type: {kind}, default: '{text}'}}\n"
        for name, (kind, text, _) in given.items()
    )
    head, _, tail = FILES["vnf.yaml"].decode().partition("  limit:")
    manifest = head + parameters + tail.split("\n", 1)[1]
    archive = members(build_csar(package({**FILES, "vnf.yaml": manifest.encode()})))
    found = yaml.safe_load(archive["Definitions/vnfd.yaml"])
    properties = found["data_types"]["weft.datatypes.nfv.wire.Parameters"]["properties"]
    assert {name: item["default"] for name, item in properties.items()} == {
        name: value for name, (_, _, value) in given.items()
    }


def test_what_comes_out_of_an_archive_is_what_went_in() -> None:
    source = read_archive(build_csar(package()), "wire.csar")
    assert {file.name: file.content for file in source.files} == FILES
    assert (source.form, source.signature) == ("csar", None)


def test_the_digest_is_that_of_the_files_in_any_form(tmp_path: Path) -> None:
    folder = made(tmp_path / "wire", mask=0o022, at=1, names=list(FILES))
    archive = tmp_path / "wire.csar"
    archive.write_bytes(build_csar(load_package(folder)))
    listed = "".join(
        f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n" for name in sorted(FILES)
    )
    digest = "sha256:" + hashlib.sha256(listed.encode()).hexdigest()
    assert load_package(folder).digest == load_package(archive).digest == digest
    assert package_digest(package().files) == digest


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_every_package_of_ours_goes_through_an_archive(folder: Path) -> None:
    files = read_files(folder)
    described, problems = read_manifest(files)
    assert described is not None, problems
    archive = build_csar(described)
    assert build_csar(described) == archive
    assert package_digest(read_archive(archive, "a.csar").files) == package_digest(files)
