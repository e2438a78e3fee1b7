"""The JSON Schema of an experiment file, for editors."""

from __future__ import annotations

import json
from typing import Any

from .experiment import Experiment
from .extending import KEY


def schema_text() -> str:
    """Return the schema as indented JSON.

    It describes files, of which an `Experiment` is what is left when they are read: a file may
    leave out `study`, extend another, and write parameters in branches.
    """
    schema = Experiment.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "truetune experiment"
    required = [key for key in schema.pop("required") if key != "study"]
    schema["anyOf"] = [{"required": required}, {"required": [KEY]}]
    base = {"type": "string", "minLength": 1, "description": "A file that this one builds on."}
    schema["properties"] = {KEY: base, **schema["properties"]}
    _allow_branches(schema)
    return json.dumps(schema, indent=1) + "\n"


def _allow_branches(schema: dict[str, Any]) -> None:
    """Let a name stand for a branch of parameters: a mapping that is no parameter itself."""
    parameters = schema["properties"]["parameters"]
    parameters["additionalProperties"] = False  # names as the pattern
    ((pattern, parameter),) = parameters["patternProperties"].items()
    parameters["patternProperties"] = {pattern: {"$ref": "#/$defs/Parameter"}}
    is_entry = {"anyOf": [{"required": ["type"]}, {"required": ["expression"]}]}
    schema["$defs"]["Branch"] = {
        "description": "Parameters whose names begin with that of the branch.",
        "type": "object",
        "minProperties": 1,
        "not": is_entry,
        "patternProperties": {pattern: {"$ref": "#/$defs/Parameter"}},
        "additionalProperties": False,
    }
    parameter["oneOf"].append({"$ref": "#/$defs/Branch"})
    schema["$defs"]["Parameter"] = parameter
