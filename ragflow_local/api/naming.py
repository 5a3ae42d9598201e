"""Names of documents: the one that was asked for, or the next that is free in its dataset."""

from __future__ import annotations

from ragflow_local.stores.catalog import Connection, documents


def unique_name(connection: Connection, dataset_id: str, name: str) -> str:
    """Return ``name``, or ``stem(1).ending`` with the first number that is free in the dataset."""
    if not documents.is_named(connection, dataset_id, name):
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    taken = documents.names_like(connection, dataset_id, f"{stem}(", f"){dot}{ending}")
    number = 1
    while f"{stem}({number}){dot}{ending}" in taken:
        number += 1
    return f"{stem}({number}){dot}{ending}"
