"""What all blocks of params.yaml and schema.yaml have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Block(BaseModel):
    """Base of every block of settings: unknown keys and wrong types are errors, and nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; give a name")
    return text


Name = Annotated[str, AfterValidator(_not_empty)]
"""A text that is not empty."""
