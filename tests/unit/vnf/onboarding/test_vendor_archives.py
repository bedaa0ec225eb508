"""Archives as makers hand them out: each part is understood, or kept and told."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.vendors import META, csar, listed, meta, units, zipped
from tests.unit.vnf.csar.archives import Person
from weft.errors import NotRunnableError, PackageError, UsageError
from weft.vnf.csar.signing import Signer
from weft.vnf.onboarding.importing import onboard_bytes
from weft.vnf.source import read_archive

if TYPE_CHECKING:
    from weft.vnf.onboarding import Onboarded, Origin

RUNS = "what runs: Click, C, Python, Java, JavaScript and programs"
MACHINE = (
    "web: {type: acme.Vdu, properties: {boot_data: {source_path: ../Files/init.yaml}}, "
    "artifacts: {sw_image: {type: tosca.artifacts.nfv.SwImage, file: ../Files/images/web.qcow2}}}"
)
IMAGE = {"Files/images/web.qcow2": b"QFI\xfb", "Files/init.yaml": b"#cloud-config\n"}


def onboarded(files: dict[str, bytes]) -> Onboarded:
    return onboard_bytes(zipped(files), "ims.csar")


def origin(files: dict[str, bytes]) -> Origin:
    found = onboarded(files).origin
    assert found is not None
    return found


def parts(files: dict[str, bytes]) -> list[str]:
    return [
        f"{'runs' if part.runs else 'not'} {part.kind} {part.name}: {part.told}"
        for part in origin(files).parts
    ]


@pytest.mark.parametrize("version", ["2_5_1", "2_6_1", "2_7_1", "3_3_1", "3_6_1", "4_4_1"])
def test_a_virtual_machine_is_told_with_what_belongs_to_it(version: str) -> None:
    files = csar({"simple": units(MACHINE)}, IMAGE, version)
    assert parts(files) == [
        "not deployment unit web (simple): "
        f"image '../Files/images/web.qcow2' is of a virtual machine; {RUNS}",
        "not boot data web (simple): "
        "boot data (cloud-init) is for a virtual machine, which is not run here: kept",
        "not life-cycle script instantiate_start: "
        "script '../Scripts/start.sh' is not run: the life cycle here has no scripts",
    ]
    found = origin(files)
    assert (found.name, found.version, found.provider) == ("ims-core", "21.4", "ACME Networks")
    assert found.descriptor_id == "b1bb0ce7-ebca-4fa7-95ed-4840d70a1177"
    assert onboarded(files).files == ()


def test_flavours_and_units_are_told_one_by_one() -> None:
    disk = (
        "disk: {type: tosca.nodes.nfv.Vdu.VirtualBlockStorage, "
        "properties: {sw_image_data: {name: hss-image, disk_format: vmdk}}}"
    )
    store = "hss: {type: tosca.nodes.nfv.Vdu.Compute, requirements: [{virtual_storage: disk}]}"
    found = parts(csar({"simple": units(MACHINE), "large": units(MACHINE, store, disk)}, IMAGE))
    assert [line.partition(":")[0] for line in found if " unit " in line] == [
        "not deployment unit web (simple)",
        "not deployment unit web (large)",
        "not deployment unit hss (large)",
    ]
    assert f"hss (large): image 'hss-image' (vmdk) is of a virtual machine; {RUNS}" in found[2]


def test_containers_and_helm_charts_are_told() -> None:
    pod = (
        "pod: {type: tosca.nodes.nfv.Vdu.OsContainerDeployableUnit, "
        "requirements: [{container: nginx}, {container: sidecar}]}"
    )
    chart = (
        "mciop: {type: tosca.nodes.nfv.Mciop, requirements: [{associatedVdu: pod}], "
        "artifacts: {helm: {type: tosca.artifacts.nfv.HelmChart, file: ../Files/web-1.tgz}}}"
    )
    containers = [
        f"{name}: {{type: tosca.nodes.nfv.Vdu.OsContainer}}" for name in ("nginx", "sidecar")
    ]
    found = parts(csar({"simple": units(pod, chart, *containers)}, {"Files/web-1.tgz": b"\x1f"}))
    assert found[:2] == [
        "not deployment unit pod (simple): tosca.nodes.nfv.Vdu.OsContainerDeployableUnit: "
        f"made of the containers nginx, sidecar; {RUNS}",
        "not Helm chart mciop: "
        "Helm chart '../Files/web-1.tgz' is for Kubernetes, which is not run here: kept",
    ]


def test_what_is_not_understood_is_kept_and_told() -> None:
    files = csar(
        {"simple": units("fpga: {type: acme.nodes.Fpga}", MACHINE)},
        {**IMAGE, "Licenses/l.txt": b"free", "Docs/a.pdf": b"%PDF", "Docs/b.pdf": b"%PDF-"},
    )
    assert parts(files)[3:] == [
        "not node template fpga: node template of type 'acme.nodes.Fpga': kept, not understood",
        "not files 3 files: 13 bytes that nothing here reads: kept: "
        "Docs/b.pdf, Docs/a.pdf, Licenses/l.txt",
    ]


def test_artifacts_for_other_managers_are_told_by_their_set() -> None:
    head = (
        "metadata:\n  vnf_product_name: ims\n  # a remark\n\nnon_mano_artifact_sets:\n"
        "  onap_ansible_playbooks:   # registered\n    Source: Artifacts/play.yml\n"
        "  onap_pm_dictionary:\n    Source: Artifacts/pm.yaml\n    extra: word\n"
    )
    further = {**IMAGE, "Artifacts/play.yml": b"- hosts: all\n", "Artifacts/pm.yaml": b"a: b\n"}
    found = onboarded(csar({"simple": units(MACHINE)}, further, head=head))
    assert found.origin is not None
    sets = [(part.name, part.told) for part in found.origin.parts if part.kind == "artifact set"]
    kept = "artifacts that are not for a manager of functions: kept, not used:"
    assert sets == [
        ("onap_ansible_playbooks", f"{kept} Artifacts/play.yml"),
        ("onap_pm_dictionary", f"{kept} Artifacts/pm.yaml"),
    ]
    assert not any("hash" in note.message for note in found.notes)


def test_an_archive_without_metadata_has_its_descriptor_at_the_root() -> None:
    files = csar({"simple": units(MACHINE)}, IMAGE)
    rooted = {
        name.removeprefix("Definitions/"): content
        for name, content in files.items()
        if name not in (META, "ims.mf")
    }
    rooted["ims.mf"] = listed(rooted)
    assert origin(rooted).name == "ims-core"
    in_folder = {f"ims-21.4/{name}": content for name, content in rooted.items()}
    assert origin(in_folder).digest == origin(rooted).digest


def test_a_manifest_may_be_sparing() -> None:
    """Without metadata, other spellings of algorithms, hashes in TOSCA.meta, and files without any."""
    script = hashlib.sha256(b"#!/bin/sh\n").hexdigest()
    files = csar({"simple": units(MACHINE)}, IMAGE)
    files[META] = meta(
        "ETSI-Entry-Manifest: ims.mf", "", "Name: Scripts/start.sh", "Content-Type: text/x-sh",
        "Algorithm: SHA-256", f"Hash: {script}",
    )  # fmt: skip
    files["ims.mf"] = (
        f"Source: ./Scripts/start.sh\nAlgorithm: sha256\nHash: {script.upper()}\n\n"
        "Source: Files/init.yaml\nSource: Files/gone.txt\nSource: http://acme.example/x.img\n"
    ).encode()
    assert [str(note) for note in onboarded(files).notes[:3]] == [
        "ims.mf: 3 files are listed without a hash: nothing shows that they are whole",
        "ims.mf:6: 'Files/gone.txt' is listed, but not in the archive",
        "ims.mf:7: 'http://acme.example/x.img' lies elsewhere and is not fetched",
    ]
    files[META] = files[META].replace(script.encode(), b"0" * 64)
    with pytest.raises(PackageError, match=r"Scripts/start\.sh: is not what 'TOSCA-Metadata/TOSCA"):
        onboarded(files)


def test_an_archive_in_a_zip_with_its_signature_is_opened() -> None:
    person = Person("Vendor", None)
    inner = zipped(csar({"simple": units(MACHINE)}, IMAGE))
    block = Signer(person.key_pem(), person.pem)._block(inner)
    files = {"ims.csar": inner, "ims.cms": block, "ims.cert": person.pem}
    found = origin(files)
    assert (found.name, found.signature and found.signature.signed_by) == ("ims-core", "CN=Vendor")
    files["ims.csar"] = inner.replace(b"ims.mf", b"imz.mf")
    with pytest.raises(PackageError, match="altered"):
        onboarded(files)
    assert origin({"ims.csar": inner}).digest == found.digest


def test_a_signature_in_the_manifest_is_checked() -> None:
    person = Person("Vendor", None)
    files = csar({"simple": units(MACHINE)}, IMAGE)
    signed = files["ims.mf"] + b"\n"
    files["ims.mf"] = signed + Signer(person.key_pem(), person.pem)._block(signed)
    found = origin(files)
    assert found.signature is not None
    assert found.signature.signed_by == "CN=Vendor"
    files["ims.mf"] = files["ims.mf"].replace(b"vnf_product_name: ims", b"vnf_product_name: imz")
    with pytest.raises(PackageError, match="altered"):
        onboarded(files)


def test_aliases_in_descriptors_are_followed() -> None:
    templates = "    a: &one {type: acme.Vdu}\n    b: *one\n"
    found = parts(csar({"simple": templates}))
    assert [line.partition(" (")[0] for line in found[:2]] == [
        "not deployment unit a",
        "not deployment unit b",
    ]


def test_a_descriptor_that_nests_or_grows_without_end_is_told() -> None:
    files = csar({"simple": units(MACHINE)}, IMAGE)
    name = "Definitions/ims_df_simple.yaml"
    for text, why in (
        (b"[" * 100_000, "nested too deeply"),
        (b"a: &a [x,x,x,x,x,x,x,x]\n" + b"".join(
            b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9))
            for n in range(8)
        ), "more than 100000 values"),
        (b"x: " + b"y" * 2**20, "larger than 1024 KiB"),
    ):  # fmt: skip
        files[name] = text
        rest = {one: content for one, content in files.items() if one != "ims.mf"}
        told = [line for line in parts({**rest, "ims.mf": listed(rest)}) if " definitions " in line]
        assert len(told) == 1
        assert why in told[0]


def test_an_archive_of_others_does_not_run_and_says_why() -> None:
    with pytest.raises(NotRunnableError) as caught:
        read_archive(zipped(csar({"simple": units(MACHINE)}, IMAGE)), "ims.csar")
    assert caught.value.message.startswith(
        "ims.csar: nothing of it can be run here\n"
        "  web (simple): image '../Files/images/web.qcow2' is of a virtual machine; "
    )


def test_limits_are_told_with_the_way_to_raise_them(monkeypatch: pytest.MonkeyPatch) -> None:
    files = csar({"simple": units(MACHINE)}, {**IMAGE, "Files/large.img": bytes(9 * 2**20)})
    monkeypatch.setenv("WEFT_ARCHIVE_LIMIT", "8MiB")
    with pytest.raises(PackageError) as caught:
        onboarded(files)
    hint = "WEFT_ARCHIVE_LIMIT=SIZE allows more, as in WEFT_ARCHIVE_LIMIT=64GiB"
    assert str(caught.value.problems[0]) == f"Files/large.img: larger than 8 MiB; {hint}"
    monkeypatch.setenv("WEFT_ARCHIVE_LIMIT", "10MiB")
    assert origin(files).size_bytes > 9 * 2**20
    monkeypatch.setenv("WEFT_ARCHIVE_LIMIT", "much")
    with pytest.raises(UsageError, match="WEFT_ARCHIVE_LIMIT 'much': not understood; allowed: "):
        onboarded(files)


def test_a_file_that_is_not_as_large_as_its_entry_says_is_refused() -> None:
    content = bytearray(
        zipped(csar({"simple": units(MACHINE)}, {**IMAGE, "Files/x.img": b"z" * 999}))
    )
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        length = struct.unpack_from("<H", content, at + 28)[0]
        if content[at + 46 : at + 46 + length] == b"Files/x.img":
            struct.pack_into("<I", content, at + 24, 2000)
        at += 4
    with pytest.raises(PackageError, match=r"Files/x\.img|damaged zip file"):
        onboard_bytes(bytes(content), "ims.csar")


def test_files_that_unpack_to_much_more_are_refused() -> None:
    files = csar({"simple": units(MACHINE)}, {**IMAGE, "Files/zeros.img": bytes(64 * 2**20)})
    with pytest.raises(PackageError) as caught:
        onboard_bytes(zipped(files, zipfile.ZIP_BZIP2), "ims.csar")
    [problem] = map(str, caught.value.problems)
    assert problem.startswith("Files/zeros.img: unpacks from ")
    assert problem.endswith(" to 67108864 bytes; at most 1100 times as many are allowed")
    assert origin(files).name == "ims-core"  # as tight as most images are


def test_files_that_share_bytes_are_refused() -> None:
    content = bytearray(zipped(csar({"simple": units(MACHINE)}, IMAGE), zipfile.ZIP_STORED))
    first = content.find(b"PK\x01\x02")
    second = content.find(b"PK\x01\x02", first + 4)
    struct.pack_into(
        "<I", content, second + 42, struct.unpack_from("<I", content, first + 42)[0] + 1
    )
    with pytest.raises(PackageError, match="overlaps"):
        onboard_bytes(bytes(content), "ims.csar")


SOL006 = """\
vnfd:
  id: probe-vnfd
  provider: Open Lab
  product-name: Probe VNF
  version: '1.3'
  ext-cpd:
  - id: mgmt-ext
    int-cpd: {cpd: mgmt-int, vdu-id: probe}
  mgmt-cp: mgmt-ext
  sw-image-desc:
  - {id: ubuntu, name: ubuntu20.04, image: ubuntu20.04}
  vdu:
  - id: probe
    cloud-init-file: init.cfg
    sw-image-desc: ubuntu
  kdu:
  - {name: store, helm-chart: stable/store}
"""


@pytest.mark.parametrize("shape", ["alone", "in a catalogue", "in SOL004's folders"])
def test_a_descriptor_after_sol006_is_understood(shape: str) -> None:
    text, name = SOL006, "probe_vnf/probe_vnfd.yaml"
    if shape == "in a catalogue":
        inner = "".join(f"    {line}\n" for line in SOL006.splitlines()[1:])
        text = "vnfd:vnfd-catalog:\n  vnfd:\n  -\n" + inner
    files = {name: text.encode(), "probe_vnf/cloud_init/init.cfg": b"#cloud-config\n"}
    if shape == "in SOL004's folders":
        files = {f"Definitions/{file.rpartition('/')[2]}": text for file, text in files.items()}
        files[META] = meta(entry="Definitions/probe_vnfd.yaml")
    found = origin(files)
    assert (found.name, found.version, found.provider) == ("probe-vnf", "1.3", "Open Lab")
    assert found.descriptor_id == "probe-vnfd"
    assert parts(files) == [
        f"not deployment unit probe: image 'ubuntu20.04' (by name) is of a virtual machine; {RUNS}",
        "not Helm chart store: Helm chart 'stable/store' is for Kubernetes, which is not run here: kept",
        "not boot data probe: "
        "boot data (cloud-init) is for a virtual machine, which is not run here: kept",
    ]


def test_a_compressed_tar_is_told_how_to_be_packed() -> None:
    with pytest.raises(
        PackageError, match="compressed by gzip: unpack it, and pack its files as a "
    ):
        onboard_bytes(b"\x1f\x8b\x08" + bytes(100), "probe.tar.gz")
