"""CKAN's Action API.

``address`` is the portal's, or goes on as far as ``/api/3/action/{action}``. Options, beside those of ``rounds`` and ``paging``:

``action``
    ``package_search`` (default), ``datastore_search``, ``organization_list``, ``package_show``, …
``params``
    ``q``, ``fq``, ``id``, ``resource_id``, ``all_fields``, …; ``page`` is the number of rows a call (default 1,000; pages for ``package_search``, ``datastore_search``,
    ``*_list``).
``since``
    ``{ field = "metadata_modified" }`` alone makes package_search's ``fq=metadata_modified:[… TO *]`` and orders by it.
``rows``
    Path inside ``result`` of the rows, where they are not where the action usually has them (``"packages"`` of organization_show).

Yields packages, records or organisations; a list of names as ``name``. Nested parts are JSON text.
"""

from __future__ import annotations

from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, SourceFault
from maru.commons.sources.kits import bodies, envelopes, paging, rest, shapes
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row
from maru.commons.sources.kits.words import NONE, by_words

_ERRORS = {"Authorization Error": "refused_key", "Not Found Error": "not_found", "Validation Error": "bad_request",
           "Search Query Error": "bad_request", "Search Error": "server", "Search Index Error": "server",
           "Integrity Error": "bad_request", "Internal Server Error": "server"}  # fmt: skip
_LISTS = ("results", "records")


def envelope_of(document: JSON, options: Options, raw: bytes) -> Envelope:
    """One action's answer. Raises SourceFault."""
    if isinstance(document, str):  # "Bad request - JSON Error: …", as CKAN answers to what it cannot read
        raise SourceFault("bad_request", document[:300], raw=raw[:65_536])
    if not isinstance(document, dict) or ("result" not in document and "success" not in document):
        raise bodies.malformed("no result: not an answer of the Action API", raw)
    if document.get("success") is False or "error" in document:
        raise _fault(document.get("error"), raw)
    result = document.get("result")
    total: int | None = None
    path = shapes.path_of(options.values.get("rows", ""))
    if path:
        found = shapes.rows_at(result, path)
    elif isinstance(result, dict):
        total = envelopes.count(result.get("count", result.get("total")))
        found = next((result[name] for name in _LISTS if isinstance(result.get(name), list)), [result])
        fields = result.get("fields")
        if isinstance(fields, list) and any(
            isinstance(item, list) for item in found[:1]
        ):  # records_format=lists
            names = [str(field.get("id")) if isinstance(field, dict) else str(field) for field in fields]
            found = [dict(zip(names, item, strict=False)) for item in found if isinstance(item, list)]
    else:
        found = envelopes.rows_of(result)
    return Envelope(rows=[row_of(item) for item in found], total=total)


def row_of(item: JSON) -> Row:
    """A package, record or name as a row."""
    return shapes.flat(item) if isinstance(item, dict) else {"name": item}


def _fault(error: JSON, raw: bytes) -> SourceFault:
    if isinstance(error, dict):
        kind = str(error.get("__type", ""))
        said = str(
            error.get("message")
            or bodies.dump({name: value for name, value in error.items() if name != "__type"})
        )
    else:
        kind, said = "", str(error or "success is false")
    code = _ERRORS.get(kind) or by_words(said)
    return SourceFault(
        code if code and code != NONE else "server",
        f"{kind}: {said}".strip(": ")[:300],
        raw=raw[:65_536],
    )


def action_of(declaration: Declaration) -> str:
    """The action that is asked."""
    named = Options.of(declaration).text("action")
    if named:
        return named
    _, mark, rest_of = declaration.address.partition("/action/")
    return rest_of.partition("?")[0].strip("/") if mark else "package_search"


def prepared(declaration: Declaration) -> Declaration:
    """The declaration with path, pages and the usual filter written out."""
    options = Options.of(declaration)
    action = action_of(declaration)
    params = options.mapping("params")
    table = options.table("since")
    extra: dict[str, JSON] = {"action": action}
    if table and "parameter" not in table:
        field = table.required("field")
        clause = f"{field}:[{{since}} TO *]"
        if "fq" in params:
            clause = f"{params.pop('fq')} AND {clause}"
        extra["since"] = {"parameter": "fq", "template": clause, **table.values}
        params.setdefault("sort", f"{field} asc")
    return replace(declaration, options={**declaration.options, **extra, "params": params})


def _pager(options: Options) -> paging.Pager:
    action, size = options.text("action"), options.number("page", 1_000)
    default: paging.Pager = paging.Once()
    if action == "package_search":
        default = paging.Offsets("start", "rows", size)
    elif action == "datastore_search" or action.endswith("_list"):
        default = paging.Offsets("offset", "limit", size, short=action.endswith("_list"))
    return paging.of(options, default)


KIT = rest.RestKit(
    reader=envelope_of,
    pager=_pager,
    path=lambda options: f"/api/3/action/{options.text('action')}",
    prepare=prepared,
)
