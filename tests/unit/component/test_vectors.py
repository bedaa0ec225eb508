"""The SDK encodes and decodes the contract's vectors, byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from weft.component import protocol, ring
from weft.component.errors import ProtocolError
from weft.component.nsh import Tlv
from weft.component.nsh import decoded as decoded_tlvs
from weft.component.protocol import Message, Metadata, Welcome

VECTORS = Path(__file__).resolve().parents[3] / "sdk" / "contract" / "vectors"


def vectors(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text())
    assert found
    return [pytest.param(v["fields"], bytes.fromhex(v["bytes"]), id=v["what"]) for v in found]


def decoded(data: bytes) -> Message:
    """The one message that is `data`; no proper beginning of it is one."""
    buffer = bytearray(data[:-1])
    assert protocol.decode(buffer) is None
    buffer += data[-1:]
    message = protocol.decode(buffer)
    assert message is not None
    assert buffer == b""
    return message


def value_of(fields: dict[str, Any]) -> bytes:
    if "value_hex" in fields:
        return bytes.fromhex(fields["value_hex"])
    return str(fields["value"]).encode()


def test_every_vector_file_has_its_test() -> None:
    text = Path(__file__).read_text()
    for path in VECTORS.glob("*.json"):
        assert f'vectors("{path.stem}")' in text


@pytest.mark.parametrize(("fields", "data"), vectors("hello"))
def test_hello(fields: dict[str, Any], data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MINOR", fields["minor"])
    payload = protocol.hello_payload(
        *(fields["name"], fields["sdk"], fields["features"]),
        *(fields["small_spares"], fields["large_spares"]),
    )
    assert protocol.encode(Message(protocol.HELLO, payload)) == data


@pytest.mark.parametrize(("fields", "data"), vectors("welcome"))
def test_welcome(fields: dict[str, Any], data: bytes) -> None:
    message = decoded(data)
    assert message.type == protocol.WELCOME
    welcome = Welcome.decode(message.payload)
    names = {"ring_to": "ring_in", "ring_from": "ring_out"}
    assert {name: getattr(welcome, names.get(name, name)) for name in fields} == fields


@pytest.mark.parametrize(("fields", "data"), vectors("refused"))
def test_refused(fields: dict[str, Any], data: bytes) -> None:
    assert decoded(data) == Message(protocol.REFUSED, fields["reason"].encode())


@pytest.mark.parametrize(("fields", "data"), vectors("handler"))
def test_handler(fields: dict[str, Any], data: bytes) -> None:
    payload = protocol.handler_payload(
        *(fields["value"], fields["access"], fields["name"], fields["unit"], fields["help"]),
        fields.get("limits", ""),
    )
    assert protocol.encode(Message(protocol.HANDLER, payload)) == data


@pytest.mark.parametrize(("fields", "data"), vectors("reason"))
def test_reason(fields: dict[str, Any], data: bytes) -> None:
    message = Message(protocol.REASON, fields["reason"].encode(), 0, fields["number"])
    assert protocol.encode(message) == data


@pytest.mark.parametrize(("fields", "data"), vectors("ready"))
def test_ready(fields: dict[str, Any], data: bytes) -> None:
    assert fields == {}
    assert protocol.encode(Message(protocol.READY)) == data


@pytest.mark.parametrize(("fields", "data"), vectors("call"))
def test_call(fields: dict[str, Any], data: bytes) -> None:
    message = decoded(data)
    assert (message.type, message.status, message.id) == (
        *(protocol.CALL, int(fields["write"])),
        fields["call"],
    )
    assert protocol.call_of(message.payload) == (fields["name"], value_of(fields))


@pytest.mark.parametrize(("fields", "data"), vectors("answer"))
def test_answer(fields: dict[str, Any], data: bytes) -> None:
    message = Message(protocol.ANSWER, value_of(fields), int(fields["error"]), fields["call"])
    assert protocol.encode(message) == data


@pytest.mark.parametrize(("fields", "data"), vectors("bye"))
def test_bye(fields: dict[str, Any], data: bytes) -> None:
    assert fields == {}
    assert protocol.encode(Message(protocol.BYE)) == data
    assert decoded(data) == Message(protocol.BYE)


@pytest.mark.parametrize(("fields", "data"), vectors("descriptor"))
def test_descriptor(fields: dict[str, Any], data: bytes) -> None:
    assert protocol.DESCRIPTOR.unpack(data) == tuple(fields.values())
    assert protocol.DESCRIPTOR.pack(*fields.values()) == data


@pytest.mark.parametrize(("fields", "data"), vectors("metadata"))
def test_metadata(fields: dict[str, Any], data: bytes) -> None:
    record = Metadata(**{**fields, "context": bytes.fromhex(fields["context"])})
    assert Metadata.read(data, 0) == record
    memory = bytearray(b"\xff" * 64)
    record.write(memory, 0)
    assert memory == data


@pytest.mark.parametrize(("fields", "data"), vectors("tlvs"))
def test_tlvs(fields: dict[str, Any], data: bytes) -> None:
    tlvs = [
        Tlv(one["class"], one["type"], bytes.fromhex(one["value"]), one["unassigned"])
        for one in fields["tlvs"]
    ]
    assert decoded_tlvs(data) == tlvs
    assert b"".join(tlv.encode() for tlv in tlvs) == data
    for end in range(len(data)):
        assert decoded_tlvs(data[:end]) == tlvs[: len(decoded_tlvs(data[:end]))]


@pytest.mark.parametrize(("fields", "data"), vectors("link"))
def test_link(fields: dict[str, Any], data: bytes) -> None:
    words = memoryview(data).cast("I")
    assert data[:8] == protocol.MAGIC
    assert fields == {
        "tail_to": words[ring.TAIL_IN],
        "tail_from": words[ring.TAIL_OUT],
        "component_sleeps": words[ring.SLEEPY],
        "engine_sleeps": words[ring.ENGINE_SLEEPY],
    }


def test_a_message_longer_than_allowed_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"^a message of 1048577 bytes; at most"):
        protocol.decode(bytearray((1048577).to_bytes(4, "little") + bytes(12)))


@pytest.mark.parametrize(
    ("offset", "value", "why"),
    [
        (0, b"\x02\0", "the engine speaks version 2, this SDK 1"),
        (16, b"\x41\0\0\0", "rings of 65 entries for 512 packets"),
        (20, b"\x01\x02\0\0", "rings of 512 entries for 513 packets"),
        (24, b"\xff\xff\0\0", "the ring to the component does not lie within the link memory"),
        (28, b"\x04\0\0\0", "the ring from the component does not lie within the link memory"),
        (32, b"\0\0\1\0", "the metadata table does not lie within the link memory"),
        (52, b"\x10\0\0\0", "small slots of 16 bytes, 16 of them reserved"),
        (60, b"\0\0\0\0", "large slots of 0 bytes, 16 of them reserved"),
        (48, b"\xff\xff\xff\xff", "the slots do not lie within the frames memory"),
        (72, b"\0\0\0\0", "the slots do not lie within the frames memory"),
    ],
)
def test_a_welcome_that_makes_no_sense_is_refused(offset: int, value: bytes, why: str) -> None:
    first = json.loads((VECTORS / "welcome.json").read_text())[0]
    payload = bytearray(bytes.fromhex(first["bytes"])[16:])
    payload[offset : offset + len(value)] = value
    with pytest.raises(ProtocolError) as raised:
        Welcome.decode(bytes(payload))
    assert str(raised.value) == why
