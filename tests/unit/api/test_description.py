"""The OpenAPI description leaves nothing out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.rest import Rest
from weft.api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIBED: dict[str, Any] = Rest().application.openapi()
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
]
NAMED = pytest.mark.parametrize(
    "operation", [item for _, item in OPERATIONS], ids=[name for name, _ in OPERATIONS]
)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return dict(DESCRIBED["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


def examples(media: dict[str, Any]) -> list[Any]:
    """The examples of a body, its own or those of its schema."""
    if "example" in media:
        return [media["example"]]
    schema = resolved(media.get("schema", {}))
    if "items" in schema:
        return [[item] for item in resolved(schema["items"]).get("examples", [])]
    return list(schema.get("examples", []))


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, response in operation["responses"].items():
        for media_type, media in response.get("content", {}).items():
            yield f"{status} {media_type}", media
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        yield media_type, media


@NAMED
def test_an_operation_says_what_it_does_and_may_answer(operation: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z_]+", operation["operationId"])
    assert operation["summary"]
    assert operation["description"].startswith(operation["summary"])
    assert operation["tags"]
    statuses = {int(status) for status in operation["responses"]}
    assert any(200 <= status < 300 for status in statuses)
    assert {422, 500} <= statuses
    for status in statuses:
        response = operation["responses"][str(status)]
        assert response["description"]
        if status >= 400:
            assert list(response["content"]) == [MEDIA_TYPE], status
            assert response["content"][MEDIA_TYPE]["example"]["status"] == status
        elif status != 204:
            assert response["content"], status


@NAMED
def test_parameters_are_described(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        assert parameter["description"], parameter["name"]


@NAMED
def test_bodies_have_examples_that_fit(operation: dict[str, Any]) -> None:
    for name, media in bodies(operation):
        if name == "multipart/form-data":
            continue
        found = examples(media)
        assert found, name
        if "schema" in media and "json" in name and "x-ndjson" not in name:
            schema = {**media["schema"], "components": DESCRIBED["components"]}
            for example in found:
                Draft202012Validator(schema).validate(example)


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_every_field_is_described() -> None:
    for name, schema in DESCRIBED["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field}"


def test_the_description_is_openapi_3_1_and_all_of_it_is_used() -> None:
    assert DESCRIBED["openapi"].startswith("3.1")
    text = json.dumps(DESCRIBED)
    for name in DESCRIBED["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, name
    for used in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert used in DESCRIBED["components"]["schemas"]
