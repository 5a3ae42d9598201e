"""Checks ids in bodies and queries."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


def checked_id(value: str) -> str:
    """Return a UUID of any version as 32 hexadecimal digits."""
    try:
        return uuid.UUID(value).hex
    except ValueError:
        raise PydanticCustomError("invalid_uuid", "Invalid UUID format") from None


def no_doubles(ids: list[str]) -> list[str]:
    """Return a list of ids, or raise if it repeats one."""
    twice = [id for id, count in Counter(ids).items() if count > 1]
    if twice:
        shown = ", ".join(f"'{id}'" for id in twice)
        raise PydanticCustomError("duplicate_ids", "Duplicate ids: {shown}", {"shown": shown})
    return ids


Id = Annotated[str, AfterValidator(checked_id)]


class Named(BaseModel):
    """The body of a deletion: ids, or all; nothing if it names neither."""

    model_config = ConfigDict(strict=True, extra="ignore")

    ids: Annotated[list[Id], AfterValidator(no_doubles)] | None = None
    delete_all: bool = False
