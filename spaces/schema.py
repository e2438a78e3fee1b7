"""The JSON Schema of an experiment file, for editors."""

from __future__ import annotations

import json

from .experiment import Experiment


def schema_text() -> str:
    """Return the schema as indented JSON. A file may leave out `study`: its stem is the name."""
    schema = Experiment.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "truetune experiment"
    schema["required"].remove("study")
    schema["properties"]["parameters"]["additionalProperties"] = False  # names as the pattern
    return json.dumps(schema, indent=1) + "\n"
