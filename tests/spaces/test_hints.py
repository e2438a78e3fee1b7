"""The words of neighbouring tools: each is answered, and with a key that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from truetune.spaces import Experiment, MistakesError, load
from truetune.spaces.experiment import Budget, Data, Objective, Resources, Split
from truetune.spaces.hints import (
    PARAMETER_WORDS,
    SECTION_WORDS,
    TOP_WORDS,
    TYPE_WORDS,
    hint,
)
from truetune.spaces.parameters import ENTRY_TYPES, PARAMETER_TYPES

HEAD = "data: {source: sklearn:iris}\ntask: classification\nparameters:\n"
RATE = "  rate: {type: float, low: 0.1, high: 0.9}\n"
PARAMETER_KEYS = {key for kind in ENTRY_TYPES.values() for key in kind.model_fields}


def mistakes_in(tmp_path: Path, text: str) -> list[tuple[str, str, str]]:
    """Return line:column, rule and fix of every mistake."""
    path = tmp_path / "space.yaml"
    path.write_text(text)
    with pytest.raises(MistakesError) as caught:
        load(path)
    return [(m.where.removeprefix(f"{path}:"), m.rule, m.fix) for m in caught.value.mistakes]


def answer(words: dict[str, str], word: str) -> str:
    """Return the fix as a person reads it."""
    return words[word] if words[word].endswith(".") else f"Write `{words[word]}` instead."


@pytest.mark.parametrize("word", TOP_WORDS)
def test_a_section_in_another_tools_words_is_answered(tmp_path: Path, word: str) -> None:
    mistakes = mistakes_in(tmp_path, HEAD + RATE + f"{word}: 1\n")
    assert mistakes == [("5:1", f"there is no key '{word}' here.", answer(TOP_WORDS, word))]


@pytest.mark.parametrize("word", PARAMETER_WORDS)
def test_a_key_of_a_parameter_in_another_tools_words_is_answered(
    tmp_path: Path, word: str
) -> None:
    text = f"{HEAD}  b: {{type: int, low: 1, high: 2, {word}: 1}}\n"
    rule, fix = f"there is no key '{word}' here.", answer(PARAMETER_WORDS, word)
    assert mistakes_in(tmp_path, text) == [("4:35", rule, fix)]


@pytest.mark.parametrize("word", PARAMETER_WORDS)
def test_a_parameter_written_in_another_tools_words_alone_is_answered(
    tmp_path: Path, word: str
) -> None:
    ((where, _, fix),) = mistakes_in(tmp_path, f"{HEAD}  b: {{{word}: 1}}\n")
    assert where == "4:3"
    if word not in ("distribution", "space", "parameterType"):
        assert answer(PARAMETER_WORDS, word) in fix
    if word != "value":
        assert fix.startswith("Add `type")


@pytest.mark.parametrize("word", TYPE_WORDS)
def test_a_type_in_another_tools_words_is_answered(tmp_path: Path, word: str) -> None:
    text = f"{HEAD}  b: {{low: 1, type: {word}, high: 2}}\n"
    rule = f"`type:` is one of float, int, categorical, but got '{word}'."
    assert mistakes_in(tmp_path, text) == [("4:15", rule, f"Write {TYPE_WORDS[word]}.")]


@pytest.mark.parametrize("key", ["distribution", "space", "parameterType"])
@pytest.mark.parametrize("word", TYPE_WORDS)
def test_a_type_under_another_tools_key_is_answered(tmp_path: Path, key: str, word: str) -> None:
    text = f"{HEAD}  b: {{{key}: {word}, min: 1, max: 2}}\n"
    ((where, _, fix),) = mistakes_in(tmp_path, text)
    assert where == "4:3"
    assert fix.startswith(f"Write {TYPE_WORDS[word]}.")


SECTIONS: dict[str, type[BaseModel]] = {
    "data": Data,
    "objective": Objective,
    "budget": Budget,
    "resources": Resources,
    "data.split": Split,
}
OF_SECTIONS = [
    (section, word)
    for section, model in SECTIONS.items()
    for word, ours in SECTION_WORDS.items()
    if ours in model.model_fields
]


@pytest.mark.parametrize(("section", "word"), OF_SECTIONS)
def test_a_key_of_a_section_in_another_tools_words_is_answered(
    tmp_path: Path, section: str, word: str
) -> None:
    if section == "data.split":
        text = HEAD.replace("iris}", f"iris, split: {{{word}: 1}}}}") + RATE
    else:
        text = HEAD + RATE + f"{section}: {{{word}: 1}}\n"
    ((_, rule, fix),) = mistakes_in(tmp_path, text)
    assert rule == f"there is no key '{word}' here."
    assert fix == answer(SECTION_WORDS, word)


def keys_in(recommended: str) -> list[list[str]]:
    """Return the paths of keys in `budget: {trials: ...}` or in a sentence with such."""
    is_sentence = recommended.endswith(".")
    parts = re.findall(r"`([^`]+)`", recommended) if is_sentence else [recommended]
    return [
        [*re.findall(r"(\w+): \{", part), *re.findall(r"(\w+)(?=: [^{]|:?$)", part)]
        for part in parts
        if re.fullmatch(r"[\w:{}., \[\]]+", part)
    ]


def has_path(model: type[BaseModel], path: list[str]) -> bool:
    key, *rest = path
    if key not in model.model_fields:
        return False
    inner = model.model_fields[key].annotation
    sections = [t for t in [inner, *getattr(inner, "__args__", ())] if isinstance(t, type)]
    return not rest or any(
        has_path(section, rest) for section in sections if issubclass(section, BaseModel)
    )


@pytest.mark.parametrize("word", TOP_WORDS)
def test_what_is_recommended_for_a_section_is_a_key_of_the_file(word: str) -> None:
    assert word not in Experiment.model_fields
    for path in keys_in(TOP_WORDS[word]):
        assert has_path(Experiment, path), path


@pytest.mark.parametrize("word", PARAMETER_WORDS)
def test_what_is_recommended_for_a_parameter_is_a_key_of_one(word: str) -> None:
    assert word not in PARAMETER_KEYS
    recommended = PARAMETER_WORDS[word]
    if recommended.endswith("."):
        keys = [path[0] for path in keys_in(recommended)]
        assert set(keys) <= PARAMETER_KEYS
    else:
        assert recommended in PARAMETER_KEYS


@pytest.mark.parametrize("word", SECTION_WORDS)
def test_what_is_recommended_within_a_section_is_a_key_of_some_section(word: str) -> None:
    recommended = SECTION_WORDS[word]
    keys = {key for model in SECTIONS.values() for key in model.model_fields}
    of_pruners = {"name", "min_resource", "reduction_factor"}
    assert recommended.endswith(".") or recommended in keys | of_pruners


@pytest.mark.parametrize("word", TYPE_WORDS)
def test_what_is_recommended_for_a_type_is_a_parameter_that_there_is(word: str) -> None:
    assert word not in PARAMETER_TYPES
    parts = re.findall(r"`([^`]+)`", TYPE_WORDS[word])
    if not parts:
        assert TYPE_WORDS[word] == "the plain value, without a mapping"
        return
    if parts == ["low", "high"]:
        assert "there is no such distribution" in TYPE_WORDS[word]
        return
    first, *others = parts
    kind = PARAMETER_TYPES[first.removeprefix("type: ")]
    assert [part for part in others if part.split(":")[0] not in kind.model_fields] == []


WRITTEN: dict[str, dict[str, Any]] = {
    "float": {"type": "float", "low": 1.0, "high": 2.0},
    "int": {"type": "int", "low": 1, "high": 2},
    "categorical": {"type": "categorical", "choices": [1, 2]},
}


@pytest.mark.parametrize("word", [word for word in TYPE_WORDS if "`type" in TYPE_WORDS[word]])
def test_who_follows_the_advice_about_a_type_has_a_parameter(word: str) -> None:
    kinds = re.findall(r"`type: (\w+)`", TYPE_WORDS[word])
    extra = dict(re.findall(r"`(log|ordered): (true)`", TYPE_WORDS[word]))
    parameter = WRITTEN[kinds[0]] | dict.fromkeys(extra, True)
    assert PARAMETER_TYPES[kinds[0]].model_validate(parameter)


def test_a_word_that_no_neighbour_has_has_no_hint() -> None:
    assert hint(TOP_WORDS, "banana") == ""


@pytest.mark.parametrize("words", [TOP_WORDS, PARAMETER_WORDS, SECTION_WORDS])
def test_a_hint_is_a_sentence_or_what_to_write(words: dict[str, str]) -> None:
    for word in words:
        assert hint(words, word) == answer(words, word)
