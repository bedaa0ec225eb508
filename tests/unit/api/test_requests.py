"""Requests that cannot be meant are refused, each with what is allowed; none fails the server."""

from __future__ import annotations

import asyncio
import io
import json
import random
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from weft.api.guards import BodyLimit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.rest import Rest

JSON = {"Content-Type": "application/json"}


def refusal(rest: Rest, method: str, target: str, **options: Any) -> tuple[int, str]:
    answer = rest(method, target, **options)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["detail"]


def test_nothing_is_there(rest: Rest) -> None:
    assert refusal(rest, "GET", "/v2/functions") == (
        404,
        "nothing at '/v2/functions'; /openapi.json lists what there is",
    )


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("PATCH", "/v1/functions", "GET, POST"),
        ("POST", "/v1/functions/fw", "DELETE, GET"),
        ("DELETE", "/v1/functions/fw/handlers/a.b", "GET, POST, PUT"),
    ],
)
def test_another_method_is_refused_with_those_there_are(
    rest: Rest, method: str, target: str, allowed: str
) -> None:
    answer = rest(method, target)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["detail"] == f"{method} is not for '{target}'; allowed: {allowed}"


def test_an_unknown_query_parameter_is_refused(rest: Rest) -> None:
    assert refusal(rest, "GET", "/v1/functions?limt=3") == (
        422,
        "query parameter 'limt' is not known; allowed: selector, limit, after",
    )
    assert refusal(rest, "GET", "/v1/server?x=") == (
        422,
        "query parameter 'x' is not known; allowed: none",
    )
    assert refusal(rest, "GET", "/v1/functions?limit=1&limit=2") == (
        422,
        "query parameter 'limit' is there twice",
    )


def test_a_value_out_of_bounds_is_named(rest: Rest) -> None:
    assert refusal(rest, "GET", "/v1/functions?limit=0") == (
        422,
        "query.limit: Input should be greater than or equal to 1",
    )


def test_another_media_type_is_refused(rest: Rest) -> None:
    allowed = "allowed: application/json, multipart/form-data"
    headers = {"Content-Type": "text/csv"}
    assert refusal(rest, "POST", "/v1/functions", content=b"a,b", headers=headers) == (
        415,
        f"Content-Type 'text/csv': {allowed}",
    )
    assert refusal(rest, "POST", "/v1/functions") == (415, f"a Content-Type is missing: {allowed}")


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"{", "body: Invalid JSON: EOF while parsing an object at line 1 column 1"),
        (b"[]", "body: Input should be an object"),
        (b'{"package": 3}', "body.package: Input should be a valid string"),
        (b'{"packag": "x"}', "body.packag: Extra inputs are not permitted"),
        (b"{}", "name a package in 'package', or send one as a part, and not both"),
        (
            b'{"package": "/etc/passwd"}',
            "'/etc/passwd' is a path; a package is named as the store knows it, or sent as a part",
        ),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused(rest: Rest, content: bytes, detail: str) -> None:
    status, told = refusal(rest, "POST", "/v1/functions", content=content, headers=JSON)
    assert status == 422
    assert told == detail


def test_a_parameter_reads_no_file_of_the_server(rest: Rest, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not to be told")
    asked = {"package": "static-router", "values": {"ROUTES": str(secret)}}
    content = json.dumps(asked).encode()
    status, told = refusal(rest, "POST", "/v1/functions", content=content, headers=JSON)
    assert (status, told) == (422, f"parameter ROUTES: no file '{secret}' in the package")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(rest: Rest) -> None:
    headers = {**JSON, "Content-Length": str(2**40)}
    assert refusal(rest, "POST", "/v1/functions", content=b"{}", headers=headers) == (
        413,
        "the body is too large; allowed: 32 MiB",
    )


def test_a_body_of_unknown_length_is_bounded_too(rest: Rest) -> None:
    sent: list[Any] = []
    pieces = iter(range(1000))

    async def receive() -> Any:
        return {"type": "http.request", "body": b" " * 2**20, "more_body": next(pieces) < 900}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/functions",
        "raw_path": b"/v1/functions",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(BodyLimit(rest.application)(scope, receive, send))
    assert sent[0]["status"] == 413
    assert next(pieces) == 33


@pytest.mark.parametrize(
    "name",
    ["%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..", "%00", "%ff%fe", "a%2fb", "%0a", "x" * 300, "%20"],
)
def test_names_never_leave_their_place(rest: Rest, name: str) -> None:
    for target in ("", "/graph", "/log", "/look", "/handlers/a.b", "/handlers/%0aQUIT"):
        answer = rest("GET", f"/v1/functions/{name}{target}")
        assert answer.status_code in (404, 422), (name, target, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def _multipart(*parts: bytes) -> dict[str, Any]:
    body = b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"
    return {"content": body, "headers": {"Content-Type": "multipart/form-data; boundary=cut"}}


def _part(name: str, content: bytes, filename: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    return f'Content-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content


def _zip(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def test_an_upload_is_called_in_messages_what_its_sender_calls_it(rest: Rest) -> None:
    package = _part("package", _zip(vnf__yaml="weft: 1\n"), "../fw.zip")
    answer = rest("POST", "/v1/functions", **_multipart(package))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:weft:problem:package"
    assert problem["detail"].startswith("fw.zip: ")
    assert problem["problems"][0]["file"] == "vnf.yaml"


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        ([], "the part 'package' is missing; it is the package as a zip"),
        ([_part("x", b"")], "a part is not understood; allowed: 'package' and 'request'"),
        ([b"no head"], "a part is not understood; allowed: 'package' and 'request'"),
        ([_part("package", b"")] * 5, "the body has too many parts; allowed: 4"),
        (
            [_part("package", b""), _part("package", b"")],
            "a part is not understood; allowed: 'package' and 'request'",
        ),
    ],
)
def test_parts_that_are_not_meant_are_refused(rest: Rest, parts: list[bytes], detail: str) -> None:
    assert refusal(rest, "POST", "/v1/functions", **_multipart(*parts)) == (422, detail)


def test_a_body_that_is_cut_off_is_refused(rest: Rest) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    assert refusal(rest, "POST", "/v1/functions", content=b"--cut\r\nx", headers=headers) == (
        422,
        "the body is cut off: its last boundary is missing",
    )
    headers = {"Content-Type": "multipart/form-data"}
    assert refusal(rest, "POST", "/v1/functions", content=b"x", headers=headers) == (
        422,
        "the body's Content-Type has no boundary",
    )


def test_bodies_of_any_bytes_never_fail_the_server(rest: Rest) -> None:
    chance = random.Random(7)
    seeds = [
        b'{"package": "x", "interfaces": {"in": "eth1"}, "values": {"a": "b"}}',
        _multipart(_part("package", _zip(vnf__yaml="weft: 1\n"), "a.zip"))["content"],
        b'{"calls": [{"method": "GET", "path": "/v1/functions"}]}',
    ]
    kinds = [
        "application/zip",
        "application/json",
        "multipart/form-data; boundary=cut",
        "text/plain",
        "",
    ]
    targets = ["functions", "batch", "functions/x/trace", "functions/x/reconfigure", "packages"]

    async def all_of_them() -> None:
        for _ in range(400):
            body = bytearray(chance.choice(seeds))
            for _ in range(chance.randrange(6)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            cut = bytes(body[: chance.randrange(len(body) + 1)])
            answer = await rest.ask(
                "POST",
                f"/v1/{chance.choice(targets)}",
                content=cut,
                headers={"Content-Type": chance.choice(kinds)},
            )
            assert answer.status_code < 500, (cut, answer.text)

    asyncio.run(all_of_them())


def test_a_page_leads_to_the_next(rest: Rest) -> None:
    answer = rest("GET", "/v1/functions")
    assert (answer.json(), "link" in answer.headers) == ([], False)


def test_a_batch_is_answered_in_order(rest: Rest) -> None:
    calls = [
        {"method": "GET", "path": "/v1/functions"},
        {"method": "POST", "path": "/v1/functions/x/stop"},
        {"method": "GET", "path": "/v1/functions?limit=1"},
    ]
    answers = rest("POST", "/v1/batch", json={"calls": calls}).json()
    assert [answer["status"] for answer in answers] == [200, 404, 200]
    assert answers[1]["body"]["detail"] == "no function named 'x'; none is running"
    answers = rest("POST", "/v1/batch", json={"calls": calls, "stop_at_error": True}).json()
    assert [answer["status"] for answer in answers] == [200, 404]


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/events", "/v1/batch", "/v1/functions/x/log?follow=1"),
        *("/v1/%65vents", "/v1/functions/x/log?%66ollow=1"),
    ],
)
def test_a_batch_holds_no_stream(rest: Rest, path: str) -> None:
    calls = [{"method": "GET", "path": path}]
    assert refusal(rest, "POST", "/v1/batch", json={"calls": calls}) == (
        422,
        f"'{path}' is a stream, which a batch cannot hold",
    )


def test_an_answer_in_pieces_ends_in_a_batch(rest: Rest) -> None:
    package = [{"method": "GET", "path": "/v1/packages/forwarder/latest/content"}]
    calls = [*package, {"method": "GET", "path": "/v1/functions"}]
    answers = rest("POST", "/v1/batch", json={"calls": calls}).json()
    assert [answer["status"] for answer in answers] == [200, 200]
    assert answers[0]["body"].startswith("PK\x03\x04")


def test_a_key_is_for_one_request(rest: Rest) -> None:
    headers = {"Idempotency-Key": "k1"}
    calls = {"calls": [{"method": "GET", "path": "/v1/functions"}]}
    first = rest("POST", "/v1/batch", json=calls, headers=headers)
    again = rest("POST", "/v1/batch", json=calls, headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    calls["calls"].append(calls["calls"][0])
    assert refusal(rest, "POST", "/v1/batch", json=calls, headers=headers) == (
        422,
        "Idempotency-Key 'k1' was used for another request; choose a new one",
    )


def test_the_server_is_shown(rest: Rest) -> None:
    host = rest("GET", "/v1/server").json()
    assert host["cpus"] >= 1
    assert 0 < host["memory_available_bytes"] <= host["memory_total_bytes"]
    assert "lo" in [item["name"] for item in host["interfaces"]]
    assert host["process_count"] >= len(host["processes"]) > 0
    assert len(rest("GET", "/v1/server/kernel-log?lines=3").json()["lines"]) <= 3
    assert "engine" in [check["what"] for check in rest("GET", "/v1/server/checks").json()]
