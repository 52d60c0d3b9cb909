"""OpenAPI documents are sound, and what the interfaces answer is what the documents say, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import hypothesis
import jsonschema_rs
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_30, OPENAPI_31

Get = Callable[..., httpx.Response]
DATASETS = ("bikes", "air", "strange")
DOCUMENTS = (
    *(f"/data/{name}/openapi.json" for name in DATASETS),
    "/api/v1/datasets/openapi.json",
    "/ogc/api",
)
# Calls for each operation and document; all of them are made in some 30 s on two cores.
EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_sound(get: Get, path: str) -> None:
    document = get(path).json()
    schema = OPENAPI_30 if document["openapi"].startswith("3.0") else OPENAPI_31
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []
    names = [one["get"]["operationId"] for one in document["paths"].values()]
    assert len(names) == len(set(names))
    assert document["servers"][0]["url"].startswith("http://127.0.0.1")


def test_a_planted_fault_in_a_document_is_found(get: Get) -> None:
    document = get(DOCUMENTS[0]).json()
    del document["info"]["title"]
    assert not jsonschema_rs.validator_for(OPENAPI_31).is_valid(document)


@pytest.mark.parametrize("path", [one for one in DOCUMENTS if "strange" not in one])
def test_no_question_makes_a_fault_or_an_answer_that_was_not_promised(address: str, path: str) -> None:
    document = httpx.get(f"{address}{path}").json()
    for one in document["paths"].values():
        for parameter in one["get"].get("parameters", ()):
            if parameter["name"] in (
                "slug",
                "collectionId",
            ):  # else every name would be one that is not there
                parameter["schema"] = {"type": "string", "enum": ["bikes", "strange", "nothing"]}
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    for result in schema.get_all_operations():
        operation: Any = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _ask(operation, mode)


def test_a_broken_promise_is_found(address: str) -> None:
    document = httpx.get(f"{address}{DOCUMENTS[0]}").json()
    document["components"]["schemas"]["Row"]["properties"]["racks"]["type"] = "string"
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    operation: Any = schema["/api/v1/datasets/bikes/rows"]["GET"]
    with pytest.raises((AssertionError, ExceptionGroup, BaseExceptionGroup)):
        _ask(operation, GenerationMode.POSITIVE)


def _ask(operation: Any, mode: GenerationMode) -> None:
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:  # nothing about this operation can be wrong
        assert mode is GenerationMode.NEGATIVE
