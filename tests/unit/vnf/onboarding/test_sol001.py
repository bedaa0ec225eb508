"""Archives of other makers: what is understood, what runs, and why the rest does not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support.coven import archive
from weft.cli.main import run
from weft.errors import PackageError
from weft.vnf.onboarding.importing import onboard_bytes

if TYPE_CHECKING:
    from pathlib import Path

META = "TOSCA-Metadata/TOSCA.meta"
DESCRIPTOR = """tosca_definitions_version: tosca_simple_yaml_1_2
imports:
  - etsi_nfv_sol001_vnfd_types.yaml
  - vendor: Definitions/vendor.yaml
node_types:
  example.Router:
    derived_from: tosca.nodes.nfv.VNF
    properties:
      descriptor_id: {type: string, default: 5b1f}
      provider: {type: string, default: Example Labs}
      product_name: {type: string, default: Edge Router}
      software_version: {type: string, default: 2.1}
topology_template:
  substitution_mappings:
    node_type: example.Router
    requirements:
      - lan: [cp_lan, external_virtual_link]
      - wan: [cp_wan, external_virtual_link]
  node_templates:
    vnf: {type: example.Router}
    cp_lan: {type: tosca.nodes.nfv.VnfExtCp}
    router:
      type: tosca.nodes.nfv.Vdu.Compute
      properties: {name: router, sw_image_data: {name: IMAGE}}
      artifacts: {sw_image: {type: tosca.artifacts.nfv.SwImage, file: Files/IMAGE}}
    odd: {type: vendor.nodes.Accelerator, properties: {speed: 9}}
"""
CLICK = "FromDevice(lan) -> Queue -> ToDevice(wan);\nFromDevice(wan) -> Queue -> ToDevice(lan);\n"


def members(image: str = "router.click", content: bytes = CLICK.encode()) -> dict[str, bytes]:
    descriptor = DESCRIPTOR.replace("IMAGE", image).encode()
    files = {"Definitions/vnfd.yaml": descriptor, f"Files/{image}": content}
    listed = "".join(
        f"Source: {name}\nAlgorithm: SHA-256\nHash: {hashlib.sha256(data).hexdigest()}\n\n"
        for name, data in files.items()
    )
    files["router.mf"] = f"metadata:\n  vnf_product_name: router\n\n{listed}".encode()
    files[META] = (
        b"TOSCA-Meta-File-Version: 1.0\nCSAR-Version: 1.1\nCreated-By: someone\n"
        b"Entry-Definitions: Definitions/vnfd.yaml\nETSI-Entry-Manifest: router.mf\n"
    )
    return files


def test_a_deployment_unit_that_is_a_click_file_becomes_a_package() -> None:
    onboarded = onboard_bytes(archive(members()), "router.csar")
    contents = {file.name: file.content for file in onboarded.files}
    assert contents["vnf.yaml"].decode() == (
        "weft: 1\nvnf: edge-router\nversion: '2.1'\nprovider: Example Labs\n"
        "description: Made of descriptor 5b1f\ninterfaces:\n- lan\n- wan\n"
        "components:\n  router:\n    framework: click\n    file: Files/router.click\n"
    )
    assert set(members()) <= set(contents)
    assert [str(note) for note in onboarded.notes] == [
        "odd: node template of type 'vendor.nodes.Accelerator': kept, not understood",
        "Definitions/vnfd.yaml: not read: import 'Definitions/vendor.yaml' is not in the archive",
    ]


@pytest.mark.parametrize(
    ("image", "content", "reason"),
    [
        (
            "disk.qcow2",
            b"QFI",
            "image 'Files/disk.qcow2' is of a virtual machine; what runs: Click",
        ),
        ("blob.bin", b"\0", "image 'Files/blob.bin' is of a kind that is not known; what runs: "),
    ],
)
def test_what_cannot_run_is_kept_and_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    image: str,
    content: bytes,
    reason: str,
) -> None:
    file = tmp_path / "router.csar"
    file.write_bytes(archive(members(image, content)))
    into = tmp_path / "made"
    assert run(["package", "import", str(file), "--into", str(into)]) == 3
    told = capsys.readouterr()
    assert (
        told.out == f"made {into}/, with nothing in it that can be run; see ONBOARDING.md there\n"
    )
    assert f"weft: note: router: {reason}" in told.err
    assert (into / "Files" / image).read_bytes() == content
    assert "Nothing of this package can be run as it is." in (into / "ONBOARDING.md").read_text()


def test_a_container_is_told_as_one() -> None:
    files = members("app.tar", b"x")
    text = files["Definitions/vnfd.yaml"].replace(b"Vdu.Compute", b"Vdu.OsContainer")
    files["Definitions/vnfd.yaml"] = text
    del files["router.mf"]
    files[META] = files[META].replace(b"ETSI-Entry-Manifest: router.mf\n", b"")
    notes = [str(note) for note in onboard_bytes(archive(files), "x.csar").notes]
    assert notes[0] == "archive: no manifest: nothing shows that the files are whole"
    assert any("image 'Files/app.tar' is of a container; what runs: " in note for note in notes)


def test_an_archive_with_a_package_inside_is_that_package() -> None:
    files = members("disk.qcow2", b"QFI")
    files |= {"Package/vnf.yaml": b"weft: 1\n", "Package/a.click": b""}
    del files["router.mf"]
    files[META] = files[META].replace(b"ETSI-Entry-Manifest: router.mf\n", b"")
    onboarded = onboard_bytes(archive(files), "x.csar")
    assert [file.name for file in onboarded.files] == ["vnf.yaml", "a.click"]


def test_a_descriptor_may_stand_alone_at_the_root() -> None:
    files = {"vnfd.yaml": DESCRIPTOR.replace("Files/IMAGE", "a.click").encode()}
    onboarded = onboard_bytes(archive(files | {"a.click": CLICK.encode()}), "x.zip")
    assert onboarded.is_runnable


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"Click", b"Clack", None),
        (
            b"FromDevice",
            b"FromDevise",
            "Files/router.click: is not what 'router.mf' lists on line ",
        ),
    ],
)
def test_a_wrong_hash_is_refused(before: bytes, after: bytes, message: str | None) -> None:
    files = members()
    files["Files/router.click"] = files["Files/router.click"].replace(before, after)
    if message is None:
        onboard_bytes(archive(files), "x.csar")
        return
    with pytest.raises(PackageError) as caught:
        onboard_bytes(archive(files), "x.csar")
    assert str(caught.value.problems[0]).startswith(message)


def test_a_missing_descriptor_is_told() -> None:
    files = members()
    del files["Definitions/vnfd.yaml"]
    files["router.mf"] = b"metadata:\n"
    with pytest.raises(PackageError, match=r"Entry-Definitions: no file 'Definitions/vnfd\.yaml'"):
        onboard_bytes(archive(files), "x.csar")
