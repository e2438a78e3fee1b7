"""Something called by its name, with options: `tpe`, or `{name: tpe, n_ei_candidates: 48}`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from .parameters import Section


class Named(Section):
    """A name, and options that whoever is called by it knows."""

    model_config = ConfigDict(extra="allow")

    name: str

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    @model_serializer(mode="wrap")
    def _short_form(self, handler: SerializerFunctionWrapHandler) -> Any:
        return handler(self) if self.options else self.name


def from_name(value: Any) -> Any:
    """Return a name as a mapping, and leave a mapping as it is."""
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict | Section):
        return value
    raise ValueError(f"this is a name, or a mapping with `name:` and options, but got {value!r}.")


NameOrNamed = Annotated[Named, BeforeValidator(from_name, json_schema_input_type=str | Named)]
