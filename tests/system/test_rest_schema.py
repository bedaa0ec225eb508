"""Whatever the OpenAPI description allows, and what it does not, is answered as it says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.support.rest import Rest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.conftest import Weft

# What never ends by itself, and what would take the function away, is told of in test_serve.py.
LEFT_OUT = ("/v1/events", "/v1/functions/{name}/trace", "/v1/functions/{name}/off")
GRAPH = (
    "InfiniteSource(LIMIT 5, STOP false) -> counter :: Counter -> Queue -> Unqueue -> Discard;\n"
)
ALWAYS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CHECKS = {
    GenerationMode.POSITIVE: [*ALWAYS, unsupported_method],
    GenerationMode.NEGATIVE: [*ALWAYS, negative_data_rejection],
}
SETTINGS = settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def schema(weft: Weft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The description of a server on which a function runs that is called as in the examples."""
    graph = tmp_path / "fw.click"
    graph.write_text(GRAPH)
    weft("run", str(graph), "-d")
    monkeypatch.setenv("WEFT_RUN_DIR", str(weft.run_directory))
    monkeypatch.setenv("WEFT_DATA_DIR", str(tmp_path / "data"))
    rest = Rest()
    yield (
        schemathesis.openapi.from_asgi("/openapi.json", rest.application)
        .exclude(path=list(LEFT_OUT))
        .exclude(path="/v1/functions/{name}", method="DELETE")
        .exclude(path="/v1/packages", method="POST")  # a zip is no data that could be invented
    )
    asyncio.run(rest.application.state.context.close())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_the_description_holds(schema: Any, mode: GenerationMode) -> None:
    wrong = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @SETTINGS
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered_as_described(case: Any) -> None:
            if case.query and "follow" in case.query:
                case.query["follow"] = "false"  # else it goes on as long as the function
            case.call_and_validate(checks=CHECKS[mode])

        try:
            answered_as_described()
        except Unsatisfiable:
            continue  # nothing is wrong that could be sent to it
        except Exception as error:
            wrong.append(f"{operation.label}: {error!r}: {getattr(error, 'exceptions', '')}")
    assert wrong == []
