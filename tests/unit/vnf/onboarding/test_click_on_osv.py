"""Files of Click-on-OSv: their header tells the facts, their DPDK ports become interfaces."""

from __future__ import annotations

import pytest

from weft.errors import PackageError
from weft.model.package import PackageFile
from weft.vnf.onboarding.click_on_osv import header_of, onboard_click_on_osv
from weft.vnf.package import package_of

TEXT = """//VNF_HEADER
//VNF_VERSION: 1.0
//VNF_ID:9196f99f-2270-48f4-a814-57206e658d24
//VNF_PROVIDER:Example Labs
//VNF_NAME: Static Router
//VNF_RELEASE_DATE:2017-04-08 21-45-45
//VNF_RELEASE_VERSION:1.0
//VNF_RELEASE_LIFESPAN:2017-06-08 21-45
//VNF_DESCRIPTION: Between two networks
FromDPDKDevice(0) -> Queue -> ToDPDKDevice(1);
FromDPDKDevice( 1 , PROMISC true ) -> Queue -> ToDPDKDevice(0);
"""


def test_the_header_is_read() -> None:
    assert header_of(TEXT) == {
        "VERSION": "1.0",
        "ID": "9196f99f-2270-48f4-a814-57206e658d24",
        "PROVIDER": "Example Labs",
        "NAME": "Static Router",
        "RELEASE_DATE": "2017-04-08 21-45-45",
        "RELEASE_VERSION": "1.0",
        "RELEASE_LIFESPAN": "2017-06-08 21-45",
        "DESCRIPTION": "Between two networks",
    }


def test_ports_become_interfaces() -> None:
    onboarded = onboard_click_on_osv(PackageFile("func.click", TEXT.encode()), "func.click")
    manifest, graph = onboarded.files
    assert manifest.content.decode() == (
        "weft: 1\nvnf: static-router\nversion: '1.0'\nprovider: Example Labs\n"
        "description: Between two networks\ninterfaces:\n- port0\n- port1\n"
        "components:\n  graph:\n    framework: click\n    file: func.click\n"
    )
    assert graph.content.decode().endswith(
        "FromDevice(port0) -> Queue -> ToDevice(port1);\n"
        "FromDevice(port1) -> Queue -> ToDevice(port0);\n"
    )
    assert [str(note) for note in onboarded.notes] == [
        "func.click: RELEASE_DATE (2017-04-08 21-45-45) is kept in the file, and not used",
        "func.click: RELEASE_LIFESPAN (2017-06-08 21-45) is kept in the file, and not used",
        "func.click: ID (9196f99f-2270-48f4-a814-57206e658d24) is kept in the file, and not used",
    ]


def test_devices_that_are_pushed_to_lie_behind_queues() -> None:
    text = TEXT.replace("Queue -> ToDPDKDevice(1)", "c :: Counter -> out").replace(
        "Queue -> ToDPDKDevice(0)", "ToDPDKDevice(0, BLOCKING false)"
    )
    text = text.replace("FromDPDKDevice(0)", "out :: ToDPDKDevice(1);\nFromDPDKDevice(0)")
    onboarded = onboard_click_on_osv(PackageFile("func.click", text.encode()), "func.click")
    graph = onboarded.files[1].content.decode()
    assert graph.endswith(
        "out :: { input -> Queue -> ToDevice(port1) };\n"
        "FromDevice(port0) -> c :: Counter -> out;\n"
        "FromDevice(port1) -> { input -> Queue -> ToDevice(port0) };\n"
    )
    package_of(onboarded.files, "func.click")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("//VNF_HEADER", "// none", "func.click:1: '//VNF_HEADER' is missing in the header"),
        ("//VNF_NAME", "//VNF_NAMES", "func.click:5: '//VNF_NAME:' is missing in the header"),
        (
            "DPDKDevice",
            "Device",
            "func.click: no FromDPDKDevice or ToDPDKDevice, so that it has no",
        ),
    ],
)
def test_what_is_missing_is_told(before: str, after: str, message: str) -> None:
    file = PackageFile("func.click", TEXT.replace(before, after).encode())
    with pytest.raises(PackageError) as caught:
        onboard_click_on_osv(file, "func.click")
    assert str(caught.value.problems[0]).startswith(message)
