"""Reading YAML 1.2 strictly: what each text means, and where every refusal points."""

from __future__ import annotations

import json
import math
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from truetune.errors import InputError
from truetune.spaces import Mistake, MistakesError
from truetune.spaces import __file__ as spaces_init
from truetune.spaces.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    Document,
    Place,
    parse_scalar,
    read,
)

SPACES = sorted(Path(spaces_init).parent.glob("*.yaml"))


def read_text(tmp_path: Path, text: str | bytes) -> Document:
    path = tmp_path / "space.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def refusal(tmp_path: Path, text: str | bytes) -> tuple[str, str, str]:
    """Return line:column, rule and fix of the one mistake that stops the reading."""
    with pytest.raises(MistakesError) as caught:
        read_text(tmp_path, text)
    (mistake,) = caught.value.mistakes
    return place(mistake, tmp_path), mistake.rule, mistake.fix


def place(mistake: Mistake, tmp_path: Path) -> str:
    return mistake.where.removeprefix(f"{tmp_path / 'space.yaml'}:")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E3", 1000.0),
        ("12e03", 12000.0),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("0", 0),
        ("-7", -7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("# only a comment", None),
        ("on", "on"),
        ("No", "No"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("0o18", "0o18"),
        ("1e", "1e"),
        ("2020-01-31", "2020-01-31"),
        ("2020-01-31 10:00:00", "2020-01-31 10:00:00"),
        ("'1'", "1"),
        ('"true"', "true"),
        ('"\\u00e9"', "é"),
        ("<<", "<<"),
        ("=", "="),
        ("[1, [2.5, on]]", [1, [2.5, "on"]]),
        ("{a: 1, b: {c: null}}", {"a": 1, "b": {"c": None}}),
    ],
)
def test_a_value_is_read_as_yaml_1_2(text: str, value: object) -> None:
    read_back = parse_scalar(text)
    assert (read_back, type(read_back)) == (value, type(value))


@pytest.mark.parametrize(("text", "sign"), [(".inf", 1), ("-.INF", -1)])
def test_infinity_is_written_with_a_dot(text: str, sign: int) -> None:
    assert parse_scalar(text) == sign * math.inf


def test_nan_is_written_with_a_dot() -> None:
    assert math.isnan(parse_scalar(".NaN"))


@pytest.mark.parametrize("text", ["inf", "nan", "1e-", "0xg", "--1", "1.2.3", "None", "e5"])
def test_what_only_resembles_a_number_is_text(text: str) -> None:
    assert parse_scalar(text) == text


@pytest.mark.parametrize("text", ["1e-4", "on", "010", "0o17", "~", "- 1\n- x", "a: [1, {b: c}]"])
def test_a_value_is_what_ruamels_safe_loader_makes_of_it(text: str) -> None:
    assert parse_scalar(text) == YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_a_shipped_space_is_read_as_ruamels_safe_loader_reads_it(path: Path) -> None:
    document = read(path)
    assert document.data == YAML(typ="safe", pure=True).load(path)
    assert (document.mistakes, document.warnings) == ([], [])


letters = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | letters
trees = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(letters, inner), max_leaves=8
)


@settings(max_examples=50, deadline=None, database=None, derandomize=True)
@given(st.dictionaries(letters, trees, max_size=4))
def test_json_is_read_as_a_json_parser_reads_it(data: dict[str, Any]) -> None:
    # JSON is a part of YAML 1.2, but for its spelling of infinity.
    text = json.dumps(data).replace("Infinity", "1e999")
    assert json.dumps(parse_scalar(text)) == json.dumps(json.loads(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [("|\n  one\n  two\n", "one\ntwo\n"), ("|-\n  one\n", "one"), ("\n- 1\n", [1])],
)
def test_blocks_are_read(tmp_path: Path, text: str, value: object) -> None:
    assert read_text(tmp_path, f"a: {text}").data == {"a": value}


def test_a_key_is_text_whatever_it_looks_like(tmp_path: Path) -> None:
    document = read_text(tmp_path, "1: a\nnull: b\non: c\n2020-01-01: d\n")
    assert document.data == {"1": "a", "null": "b", "on": "c", "2020-01-01": "d"}


@pytest.mark.parametrize("text", ["on", "OFF", "yes", "No", "y", "N"])
def test_a_former_boolean_is_text_with_a_warning(tmp_path: Path, text: str) -> None:
    document = read_text(tmp_path, f"a: 1\nb: {text}\n")
    assert document.data["b"] == text
    (warning,) = document.warnings
    assert place(warning, tmp_path) == "2:1"
    assert warning.rule.startswith(f"'{text}' is read as text here (YAML 1.2)")


@pytest.mark.parametrize(("text", "value"), [("010", 10), ("-017", -17), ("00", 0), ("08", 8)])
def test_a_former_octal_is_decimal_with_a_warning(tmp_path: Path, text: str, value: int) -> None:
    document = read_text(tmp_path, f"a: {text}\n")
    assert document.data == {"a": value}
    (warning,) = document.warnings
    assert f"'{text}' is read as a decimal number" in warning.rule
    assert warning.fix == "Drop the leading zero."


@pytest.mark.parametrize("text", ["'on'", '"no"', "0", "0.5", "0o17", "once", "true", "'010'"])
def test_a_value_that_all_readers_agree_on_has_no_warning(tmp_path: Path, text: str) -> None:
    assert read_text(tmp_path, f"a: {text}\n").warnings == []


def test_a_warning_in_a_list_points_at_the_item(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a:\n  - 1\n  - off\n")
    assert [place(warning, tmp_path) for warning in document.warnings] == ["3:5"]


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    document = read_text(tmp_path, b"\xef\xbb\xbfseed: 1\n")
    assert document.data == {"seed": 1}
    assert document.positions["seed",] == Place(str(document.path), 1, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_gives_the_same_data_and_places(tmp_path: Path, end: str) -> None:
    document = read_text(tmp_path, end.join(["a: 1", "b:", "  c: two", ""]))
    assert document.data == {"a": 1, "b": {"c": "two"}}
    assert document.positions["b", "c"] == Place(str(document.path), 3, 3)


def test_letters_beyond_ascii_are_kept(tmp_path: Path) -> None:
    assert read_text(tmp_path, "größe: 大きい 🙂\n").data == {"größe": "大きい 🙂"}


@pytest.mark.parametrize(
    ("content", "byte"),
    [(b"\xff\xfea\x00", 0), (b"a: caf\xe9\n", 6), (b"a: \xed\xa0\x80", 3), (b"a: 1\xc3", 4)],
)
def test_what_is_not_utf_8_is_refused(tmp_path: Path, content: bytes, byte: int) -> None:
    where, rule, fix = refusal(tmp_path, content)
    assert (where, fix) == ("1:1", "Save it as UTF-8.")
    assert rule == f"an experiment file is UTF-8 text, but byte {byte} is not."


@pytest.mark.parametrize("content", [b"a: \x00", b"a: \x07", b"a: '\x1b[2J'"])
def test_control_characters_are_refused(tmp_path: Path, content: bytes) -> None:
    where, rule, _ = refusal(tmp_path, content)
    assert where == ("1:5" if b"'" in content else "1:4")
    assert "cannot stand in a file" in rule


@pytest.mark.parametrize(
    ("text", "where"),
    [("\ta: 1\n", "1:1"), ("a: 1\n\tb: 2\n", "2:1"), ("a:\n\tb: 2\n", "2:1")],
)
def test_a_tab_cannot_indent(tmp_path: Path, text: str, where: str) -> None:
    found, rule, fix = refusal(tmp_path, text)
    assert rule.startswith("this is not YAML 1.2 (")
    assert (found, fix) == (where, "Check indentation and quotes.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "nothing"),
        ("\n\n", "nothing"),
        ("# only a comment\n", "nothing"),
        ("---\n", "nothing"),
        ("- a\n- b\n", "a list"),
        ("[a, b]", "a list"),
        ("mlp", "'mlp'"),
        ("3", "3"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, found: str) -> None:
    where, rule, fix = refusal(tmp_path, text)
    assert rule == f"an experiment file is a mapping of keys to values, but got {found}."
    assert (where, fix) == ("1:1", "Start from spaces/mlp.yaml.")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.yaml"
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.cause == f"{path}: there is no such file."
    assert "spaces/mlp.yaml" in caught.value.fix


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "space.yaml")
    with pytest.raises(MistakesError, match="is a device or a pipe"):
        read(tmp_path / "space.yaml")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match="is a folder, not an experiment file"):
        read(tmp_path)


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a: 1")
    with pytest.raises(InputError, match=r"cannot be read \(Not a directory\)"):
        read(tmp_path / "file" / "space.yaml")


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    _, rule, _ = refusal(tmp_path, b"\xff" * (MAX_BYTES + 1))
    assert rule == "an experiment file has at most 1,000,000 bytes, but got 1,000,001."


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    _, rule, _ = refusal(tmp_path, b"\xff" * MAX_BYTES)
    assert "UTF-8" in rule


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: 'x", "1:6"),
        ("a: [1, 2\n", "2:1"),
        ("a: {b\n", "2:1"),
        ("a: b: c", "1:5"),
        ('a: "\\q"', "1:5"),
        ("a: 1\n@b: 2", "2:1"),
        ("a: 1\n  b: 2", "2:4"),
        ("a: 1\n]", "2:1"),
    ],
)
def test_broken_syntax_is_refused_where_it_breaks(tmp_path: Path, text: str, where: str) -> None:
    found, rule, fix = refusal(tmp_path, text)
    assert rule.startswith("this is not YAML 1.2 (")
    assert (found, fix) == (where, "Check indentation and quotes.")


@pytest.mark.parametrize(
    ("text", "where"),
    [("a: " + "[" * 20_000, "1:53"), ("{" * 20_000, "1:51")],
    ids=["lists", "mappings"],
)
def test_twenty_thousand_brackets_are_refused(tmp_path: Path, text: str, where: str) -> None:
    found, rule, _ = refusal(tmp_path, text)
    assert (found, rule) == (where, f"values nest at most {MAX_DEPTH} deep.")


def test_the_deepest_nesting_allowed_is_read(tmp_path: Path) -> None:
    lists = MAX_DEPTH - 1  # the file itself is a level
    value = read_text(tmp_path, "a: " + "[" * lists + "]" * lists).data["a"]
    assert json.dumps(value) == "[" * lists + "]" * lists


def test_one_level_more_than_allowed_is_refused(tmp_path: Path) -> None:
    _, rule, _ = refusal(tmp_path, "a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert rule == "values nest at most 50 deep."


def test_block_lists_count_as_levels(tmp_path: Path) -> None:
    where, rule, _ = refusal(tmp_path, "- " * 200 + "x")
    assert (where, rule) == ("1:101", "values nest at most 50 deep.")


def test_as_many_values_as_allowed_are_read(tmp_path: Path) -> None:
    values = MAX_VALUES - 2  # the file itself is a value, and so is the list
    text = "a: [" + "x, " * values + "]"
    assert len(read_text(tmp_path, text).data["a"]) == values
    where, rule, _ = refusal(tmp_path, text[:-1] + "y]")
    assert (where, rule) == (f"1:{len(text)}", "a file holds at most 20,000 values.")


def test_a_bomb_of_anchors_is_refused_at_its_first_alias(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    where, rule, fix = refusal(tmp_path, "\n".join(lines))
    assert (where, rule, fix) == ("2:10", "aliases (*a0) are not allowed.", "Write the value out.")


@pytest.mark.parametrize(
    ("text", "where"),
    [("a: &x 1\nb: *x\n", "2:4"), ("&x [*x]", "1:5"), ("b: *undefined", "1:4"), ("*x : 1", "1:1")],
)
def test_an_alias_is_refused(tmp_path: Path, text: str, where: str) -> None:
    found, rule, _ = refusal(tmp_path, text)
    assert found == where
    assert rule.startswith("aliases (*")


def test_a_merge_of_an_anchor_is_refused(tmp_path: Path) -> None:
    where, rule, _ = refusal(tmp_path, "base: &base {seed: 1}\nother:\n  <<: *base\n")
    assert (where, rule) == ("3:7", "aliases (*base) are not allowed.")


def test_a_merge_key_is_a_key_like_any_other(tmp_path: Path) -> None:
    assert read_text(tmp_path, "<<: {seed: 1}\n").data == {"<<": {"seed": 1}}


def test_an_anchor_that_nothing_uses_is_harmless(tmp_path: Path) -> None:
    assert read_text(tmp_path, "a: &x 1\n").data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: 1\n---\nb: 2\n", "2:1"),
        ("a: 1\n--- {b: 2}\n", "2:1"),
        ("text\n---\na: 1\n", "2:1"),
        ("a: 1\n---\n---\n", "2:1"),
    ],
)
def test_a_second_document_is_refused_where_it_starts(
    tmp_path: Path, text: str, where: str
) -> None:
    found, rule, fix = refusal(tmp_path, text)
    assert (found, fix) == (where, "Remove the line `---`.")
    assert rule == "a file holds one document, but a second one starts here."


def test_nothing_can_follow_the_end_of_a_document(tmp_path: Path) -> None:
    where, rule, _ = refusal(tmp_path, "a: 1\n...\nb: 2\n")
    assert where == "3:1"
    assert "document" in rule


def test_a_file_says_that_it_is_yaml_1_2_or_nothing(tmp_path: Path) -> None:
    assert read_text(tmp_path, "%YAML 1.2\n---\na: 1\n").data == {"a": 1}
    where, rule, fix = refusal(tmp_path, "%YAML 1.1\n---\na: on\n")
    assert (where, fix) == ("1:1", "Remove the line.")
    assert rule == "a %YAML directive is not allowed; files are YAML 1.2."


def test_marks_around_one_document_are_fine(tmp_path: Path) -> None:
    assert read_text(tmp_path, "%YAML 1.2\n---\na: 1\n...\n").data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("!!python/object:os.system ls", "tag:yaml.org,2002:python/object:os.system"),
        ("!!python/name:os.system x", "tag:yaml.org,2002:python/name:os.system"),
        (
            "!!python/object/apply:os.system [ls]",
            "tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("!!python/object/new:dict {x: 1}", "tag:yaml.org,2002:python/object/new:dict"),
        ("!!binary aGVsbG8=", "tag:yaml.org,2002:binary"),
        ("!!set {x}", "tag:yaml.org,2002:set"),
        ("!!omap [x: 1]", "tag:yaml.org,2002:omap"),
        ("!mine x", "!mine"),
        ("! x", "!"),
        ("!<tag:yaml.org,2002:int> 3", "tag:yaml.org,2002:int"),
        ("!!str 3", "tag:yaml.org,2002:str"),
        ("!!int x", "tag:yaml.org,2002:int"),
        ("!!float 1.2.3", "tag:yaml.org,2002:float"),
        ("!!bool maybe", "tag:yaml.org,2002:bool"),
        ("!!map {x: 1}", "tag:yaml.org,2002:map"),
        ("!!seq [1]", "tag:yaml.org,2002:seq"),
        ("&x !!null", "tag:yaml.org,2002:null"),
    ],
)
def test_a_tag_is_a_mistake_at_its_key(tmp_path: Path, text: str, tag: str) -> None:
    document = read_text(tmp_path, f"a: 1\nb: {text}\n")
    (mistake,) = document.mistakes
    assert (place(mistake, tmp_path), mistake.rule) == ("2:1", f"tags ({tag}) are not allowed.")
    assert document.data == {"a": 1, "b": None}


def test_a_tag_on_a_key_is_a_mistake_that_leaves_the_key(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a: 1\n!!str b: 2\n")
    (mistake,) = document.mistakes
    assert (place(mistake, tmp_path), mistake.fix) == ("2:1", "Remove it.")
    assert document.data == {"a": 1, "b": 2}


@pytest.mark.parametrize("text", ["!!python/object/apply:os.mkdir [{}]", "!!python/name:{} x"])
def test_a_tag_runs_nothing(tmp_path: Path, text: str) -> None:
    document = read_text(tmp_path, "a: " + text.replace("{}", str(tmp_path / "made")))
    assert len(document.mistakes) == 1
    assert not (tmp_path / "made").exists()


def test_every_key_given_twice_is_reported_where_it_stands_again(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a: 1\na: 2\nb: {c: 1, c: 2}\na: 3\n")
    assert [(place(m, tmp_path), m.rule) for m in document.mistakes] == [
        ("2:1", "the key 'a' stands here a second time, first in line 1."),
        ("3:11", "the key 'c' stands here a second time, first in line 3."),
        ("4:1", "the key 'a' stands here a second time, first in line 1."),
    ]


def test_the_first_of_two_equal_keys_stays_readable(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a: 1\na: 2\nb: 3\n")
    assert document.data == {"a": 1, "b": 3}
    assert [mistake.fix for mistake in document.mistakes] == ["Keep one of the two."]


def test_keys_are_equal_however_they_are_quoted(tmp_path: Path) -> None:
    (mistake,) = read_text(tmp_path, "seed: 1\n'seed': 2\n").mistakes
    assert place(mistake, tmp_path) == "2:1"


def test_the_same_key_in_two_sections_is_no_mistake(tmp_path: Path) -> None:
    assert read_text(tmp_path, "seed: 1\na: {seed: 2}\nb: {seed: 3}\n").mistakes == []


@pytest.mark.parametrize("key", ["? [a, b]\n: ", "? {a: 1}\n: ", "[a]: ", "{a: 1}: "])
def test_a_collection_cannot_be_a_key(tmp_path: Path, key: str) -> None:
    document = read_text(tmp_path, f"a: 1\n{key}2\n")
    (mistake,) = document.mistakes
    assert mistake.rule == "a key is a plain name, but got a collection."
    assert (place(mistake, tmp_path)[0], document.data) == ("2", {"a": 1})


NESTED = """\
# a comment
a: 1
b:
  c: [10, {d: 20}]
"""


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((), "2:1"),
        (("a",), "2:1"),
        (("b", "c"), "4:3"),
        (("b", "c", 0), "4:7"),
        (("b", "c", 1, "d"), "4:12"),
        (("b", "missing", "deeper"), "3:1"),
        (("missing",), "2:1"),
        (("b", "c", 9), "4:3"),
    ],
)
def test_a_place_is_that_of_the_key_or_of_what_is_around_it(
    tmp_path: Path, where: tuple[str | int, ...], expected: str
) -> None:
    document = read_text(tmp_path, NESTED)
    assert str(document.place(where)) == f"{tmp_path / 'space.yaml'}:{expected}"


def test_a_place_reads_as_file_line_and_column() -> None:
    assert str(Place("x.yaml", 3, 4)) == "x.yaml:3:4"


def test_a_place_on_the_command_line_has_no_line() -> None:
    assert str(Place("--set seed")) == "--set seed"


def test_places_are_ordered_by_line_then_column_as_numbers() -> None:
    places = [Place("x", 10, 1), Place("x", 9, 12), Place("x", 9, 3), Place("--set a")]
    assert sorted(places) == [Place("--set a"), Place("x", 9, 3), Place("x", 9, 12), places[0]]


def test_an_empty_document_is_at_its_start(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    assert Document(path, "").place(("a", 0)) == Place(str(path), 1, 1)


def test_mistakes_are_sorted_by_line_then_column_as_numbers(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a: {b: 1, c: 2}\n" + "\n" * 8 + "x: 1\ny: 1\n")
    for key in [("y",), ("x",), ("a", "c"), ("a", "b"), ("a",)]:
        document.mistake(key, "wrong.")
    places = [place(mistake, tmp_path) for mistake in document.mistakes_in_order()]
    assert places == ["1:1", "1:5", "1:11", "10:1", "11:1"]


def test_a_mistake_of_another_place_comes_after_those_of_the_file(tmp_path: Path) -> None:
    document = read_text(tmp_path, NESTED)
    document.positions["a",] = Place("--set a")
    document.mistake(("a",), "is set.")
    document.mistake(("b",), "is written.")
    rules = [mistake.rule for mistake in document.mistakes_in_order()]
    assert rules == ["is written.", "is set."]


def wrong(line: int, rule: str = "is wrong.", fix: str = "") -> Mistake:
    return Mistake(Place("x.yaml", line, 4), rule, fix)


def test_a_mistake_reads_as_place_rule_and_fix() -> None:
    mistake = wrong(3, fix="Mend it.")
    assert mistake.where == "x.yaml:3:4"
    assert str(mistake) == "x.yaml:3:4: is wrong. Mend it."


def test_a_mistake_without_a_fix_ends_after_the_rule() -> None:
    assert str(wrong(3)) == "x.yaml:3:4: is wrong."


def test_one_mistake_is_the_cause_and_keeps_its_fix() -> None:
    error = MistakesError([wrong(1, fix="Mend it.")])
    assert (error.cause, error.fix) == ("x.yaml:1:4: is wrong.", "Mend it.")


def test_several_mistakes_stand_one_a_line_under_their_count() -> None:
    error = MistakesError([wrong(1, "is odd."), wrong(2, "is even.", "Add one.")])
    assert error.cause.splitlines() == [
        "2 mistakes:",
        "x.yaml:1:4: is odd.",
        "x.yaml:2:4: is even. Add one.",
    ]
    assert error.exit_code == 2


def test_a_hundred_mistakes_are_shown_and_the_others_counted() -> None:
    error = MistakesError([wrong(line) for line in range(1, 251)])
    first, *lines = error.cause.splitlines()
    assert (first, len(error.mistakes)) == ("250 mistakes:", 250)
    assert lines == [f"x.yaml:{n}:4: is wrong." for n in range(1, 101)] + ["... and 150 more."]


@pytest.mark.parametrize("count", [1, 3])
def test_mistakes_survive_pickle(count: int) -> None:
    error = MistakesError([wrong(i, fix="Mend it.") for i in range(1, count + 1)])
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is MistakesError
    assert (copy.mistakes, copy.cause, copy.fix) == (error.mistakes, error.cause, error.fix)


@pytest.mark.parametrize("text", ["[1, 2", "*x", "a: 1\n---\nb: 2", "!mine x", "[" * 51, "'x"])
def test_a_broken_value_of_the_command_line_is_refused(text: str) -> None:
    with pytest.raises(MistakesError) as caught:
        parse_scalar(text)
    assert [mistake.place.source for mistake in caught.value.mistakes] == ["--set"]


def test_a_folded_block_reads_as_one_line(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text("a: >-\n  one\n  two\n")
    assert read(path).data == {"a": "one two"}
