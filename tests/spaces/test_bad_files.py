"""Files that are wrong in every way: refused at the right place, at once, in little space.

A file from anywhere may be handed to the command. Whatever is in it, reading it ends within a
second in an experiment or in a refusal that says where, what and what to do.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from truetune.errors import InputError, TuneError
from truetune.spaces import Experiment, MistakesError, load, load_with_document
from truetune.spaces import __file__ as spaces_init

MLP = Path(spaces_init).with_name("mlp.yaml")
BASE = """\
data: {source: sklearn:iris}
task: classification
parameters:
  rate: {type: float, low: 0.1, high: 0.9}
"""
RANGE = "type: int, low: 1, high: 3"

Content = str | bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Fault:
    """A file, and what is to be said about it. Text stands after `BASE`, bytes for themselves."""

    name: str
    content: Content
    where: str  # line:column, "" where the whole file is at fault
    rule: str  # a part of it, as is the fix
    fix: str = ""


def write(folder: Path, content: Content) -> Path:
    path = folder / "space.yaml"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else (BASE + content).encode())
    return path


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)  # takes no room on the disk


def bomb() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    return "\n".join(lines).encode()


def extending(text: str, **bases: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        for stem, base in bases.items():
            path.with_name(f"{stem}.yaml").write_text(base)
        path.write_text(text)

    return make


NOT_YAML = "this is not YAML 1.2 ("
NOT_A_MAPPING = "an experiment file is a mapping of keys to values, but got "

READING = [
    Fault("missing", lambda path: None, "", "there is no such file", "spaces/mlp.yaml"),
    Fault("a folder", lambda path: path.mkdir(), "1:1", "is a folder, not an experiment file"),
    Fault("empty", b"", "1:1", NOT_A_MAPPING + "nothing", "Start from spaces/mlp.yaml."),
    Fault("only a comment", b"# nothing\n", "1:1", NOT_A_MAPPING + "nothing", "Start from"),
    Fault("a list", b"- a\n- b\n", "1:1", NOT_A_MAPPING + "a list", "Start from"),
    Fault("a word", b"mlp\n", "1:1", NOT_A_MAPPING + "'mlp'", "Start from"),
    Fault("binary", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "1:1", "but byte 0 is not", "as UTF-8"),
    Fault("utf-16", "seed: 1".encode("utf-16"), "1:1", "but byte 0 is not", "as UTF-8"),
    Fault("latin-1", b"study: caf\xe9\n", "1:1", "but byte 10 is not", "as UTF-8"),
    Fault("a control character", b"seed: 1\nstudy: \x07\n", "2:8", "cannot stand in a file"),
    Fault("nul", b"seed: 1\nstudy: \0\n", "2:8", "cannot stand in a file"),
    Fault("100 megabytes", large, "1:1", "has at most 1,000,000 bytes, but got 100,000,000"),
    Fault("two documents", "---\nseed: 1\n", "5:1", "a second one starts here", "`---`"),
    Fault("text after the end", "...\nseed: 1\n", "6:1", NOT_YAML, "Check indentation"),
    Fault("a tab", "\tseed: 1\n", "5:1", NOT_YAML, "Check indentation and quotes."),
    Fault("yaml 1.1", b"%YAML 1.1\n---\nseed: 1\n", "1:1", "%YAML directive", "Remove the line."),
    Fault("cut short in quotes", "study: 'x", "5:10", NOT_YAML, "Check indentation and quotes."),
    Fault("cut short in braces", "  b: {type: int,\n", "6:1", NOT_YAML, "Check indentation"),
    Fault("cut short in brackets", "constraints: [\n", "6:1", NOT_YAML, "Check indentation"),
    Fault("a stray bracket", "seed: 1]\n]\n", "6:1", NOT_YAML, "Check indentation and quotes."),
    Fault("a value too many", "seed: a: 1\n", "5:8", NOT_YAML, "Check indentation and quotes."),
    Fault("a bomb of aliases", bomb(), "2:10", "aliases (*a0) are not allowed", "Write the value"),
    Fault(
        "a value in itself", "  b: &b [*b]\n", "5:10", "aliases (*b) are not", "Write the value"
    ),
    Fault("a merge", "a: &a {}\nb: {<<: *a}\n", "6:9", "aliases (*a) are not", "Write the value"),
    Fault("20,000 lists", "  b: " + "[" * 20_000, "5:54", "values nest at most 50 deep"),
    Fault("20,000 mappings", b"{" * 20_000, "1:51", "values nest at most 50 deep"),
    Fault("20,000 items of items", b"- " * 20_000, "1:101", "values nest at most 50 deep"),
    Fault(
        "a million brackets",
        b"[" * 999_999,
        "1:51",
        "values nest at most 50 deep",
    ),
    Fault(
        "too many values",
        "  b: [" + "1, " * 30_000 + "]\n",
        "5:59977",
        "a file holds at most 20,000 values",
    ),
    Fault(
        "too many keys",
        b"".join(b"k%d: 1\n" % k for k in range(30_000)),
        "20000:9",
        "a file holds at most 20,000 values",
    ),
    Fault(
        "a tag that would run code",
        "seed: !!python/object/apply:os.system [ls]\n",
        "5:1",
        "tags (tag:yaml.org,2002:python/object/apply:os.system) are not allowed",
        "Write plain values.",
    ),
    Fault("a tag", "study: !!str 3\n", "5:1", "tags (tag:yaml.org,2002:str) are not", "plain"),
    Fault("a tag on the whole", b"!!map {seed: 1}\n", "1:1", "tags (tag:yaml.org,2002:map)"),
    Fault("a list for a key", "[a]: 3\n", "5:1", "a key is a plain name", ""),
    Fault("a long number", f"seed: {'9' * 5000}\n", "5:1", "too many digits"),
    Fault("a long number in hex", f"seed: 0x{'f' * 5000}\n", "5:1", ""),
    Fault("a long number alone", b"0x" + b"f" * 5000, "1:1", "too many digits"),
]

KEYS = [
    Fault("a key twice", "task: binary\n", "5:1", "'task' stands here a second time, first in li"),
    Fault(
        "a parameter twice", "  rate: 3\n", "5:3", "'rate' stands here a second time", "Keep one"
    ),
    Fault(
        "a misspelled key",
        "training: {learning_rte: 0.1}\n",
        "5:12",
        "there is no key 'learning_rte' here.",
        "Did you mean 'learning_rate'?",
    ),
    Fault("a misspelled section", "trianing: {}\n", "5:1", "no key 'trianing'", "'training'?"),
    Fault(
        "another tool's section", "search_space: {}\n", "5:1", "no key 'search_space'", "`param"
    ),
    Fault("another tool's key", f"  b: {{{RANGE}, max: 3}}\n", "5:35", "no key 'max'", "`high`"),
    Fault(
        "another tool's type", "  b: {type: uniform}\n", "5:7", "got 'uniform'", "`type: float`"
    ),
    Fault("no type", "  b: {low: 1, high: 3}\n", "5:3", "has a `type:`", "Add `type: int`."),
    Fault(
        "a misspelled type", "  b: {type: itn}\n", "5:7", "but got 'itn'", "Did you mean 'int'?"
    ),
    Fault(
        "no high", "  b: {type: int, low: 1}\n", "5:3", "'parameters.b.high' is", "Add `high:`."
    ),
    Fault("no data", b"task: binary\nparameters: {a: 1}\n", "1:1", "'data' is missing", "`data:`"),
    Fault("no source", b"data: {}\ntask: binary\nparameters: {a: 1}\n", "1:1", "'data.source' is"),
    Fault("no name", "sampler: {n: 3}\n", "5:1", "'sampler.name' is missing", "Add `name:`."),
    Fault(
        "a key within a list",
        "card: {published: [{value: 1, source: x, sauce: 2}]}\n",
        "5:42",
        "no key 'sauce'",
        "'source'?",
    ),
]

VALUES = [
    Fault("low above high", "  b: {type: int, low: 3, high: 1}\n", "5:3", "`low <= high` must"),
    Fault(
        "log of nothing", "  b: {type: float, low: 0, high: 1, log: true}\n", "5:3", "`low > 0`"
    ),
    Fault(
        "log of less", "  b: {type: int, low: -1, high: 1, log: true}\n", "5:3", "`low > 0` must"
    ),
    Fault(
        "log with a step", f"  b: {{{RANGE}, log: true, step: 2}}\n", "5:3", "exclude each other"
    ),
    Fault("no step at all", f"  b: {{{RANGE}, step: 0}}\n", "5:3", "`step > 0` must hold"),
    Fault("a step down", f"  b: {{{RANGE}, step: -1}}\n", "5:3", "`step > 0` must hold"),
    Fault(
        "a step that does not fit", f"  b: {{{RANGE}, step: 5}}\n", "5:3", "whole number of ste"
    ),
    Fault("an endless range", "  b: {type: float, low: 0, high: .inf}\n", "5:28", "finite number"),
    Fault("a range of text", '  b: {type: float, low: "0", high: 1}\n', "5:20", "valid number"),
    Fault("1e-5 in whole numbers", "  b: {type: int, low: 1e-5, high: 3}\n", "5:18", "got 1e-05"),
    Fault(
        "a default outside", f"  b: {{{RANGE}, default: 9}}\n", "5:3", "must lie in [1, 3], but"
    ),
    Fault(
        "a default off the grid",
        "  b: {type: int, low: 1, high: 5, step: 2, default: 2}\n",
        "5:3",
        "must lie on a step",
    ),
    Fault(
        "a list by default", f"  b: {{{RANGE}, default: [1, 2]}}\n", "5:3", "there is a `repeat`"
    ),
    Fault("an empty default", f"  b: {{{RANGE}, repeat: 2, default: []}}\n", "5:3", "not empty"),
    Fault("no choices", "  b: {type: categorical, choices: []}\n", "5:3", "at least one value"),
    Fault("a choice of NaN", "  b: {type: categorical, choices: [1, .nan]}\n", "5:39", "got nan"),
    Fault("a choice twice", "  b: {type: categorical, choices: [a, b, a]}\n", "5:3", "'a' twice"),
    Fault("1 and true", "  b: {type: categorical, choices: [1, true]}\n", "5:3", "True twice"),
    Fault("a choice of lists", "  b: {type: categorical, choices: [[1]]}\n", "5:36", "got [1]"),
    Fault(
        "a default no choice",
        "  b: {type: categorical, choices: [a], default: b}\n",
        "5:3",
        "must be one of `choices`, but got 'b'",
    ),
    Fault("a path for a name", "  x/../y: 1\n", "5:3", "characters that a name cannot", "letters"),
    Fault("a number for a name", "  1: 1\n", "5:3", "characters that a name cannot", "letters"),
    Fault("no name at all", "  '': 1\n", "5:3", "characters that a name cannot", "letters"),
    Fault("a list in a list", "  b: [1, [2]]\n", "5:3", "but got [2]"),
    Fault("no value of a list", "  b: []\n", "5:3", "but got []"),
    Fault(
        "a role nobody knows",
        b"data: {source: a, columns: {x: nubmer}}\ntask: binary\nparameters: {a: 1}\n",
        "1:29",
        "'drop', but got 'nubmer'",
    ),
    Fault(
        "a list of columns",
        b"data: {source: a, columns: [x]}\ntask: binary\nparameters: {a: 1}\n",
        "1:19",
        "a mapping of keys to values",
    ),
    Fault(
        "a column twice",
        b"data: {source: a, columns: {x: drop, x: text}}\ntask: binary\nparameters: {a: 1}\n",
        "1:38",
        "stands here a second time",
    ),
    Fault(
        "one fold",
        b"data: {source: a, split: {folds: 1}}\ntask: binary\nparameters: {a: 1}\n",
        "1:27",
        "greater than or equal to 2",
    ),
    Fault(
        "time and groups",
        b"data: {source: a, split: {time: x, groups: y}}\ntask: binary\nparameters: {a: 1}\n",
        "1:19",
        "by `groups` or by `time`",
    ),
    Fault("a seed below nothing", "seed: -1\n", "5:1", "greater than or equal to 0, but got -1"),
    Fault(
        "a task nobody has", b"data: {source: a}\ntask: x\nparameters: {a: 1}\n", "2:1", "got 'x'"
    ),
    Fault("a long while", "budget: {time: soon}\n", "5:10", 'a duration reads like "90s"'),
    Fault(
        "too many parameters", "".join(f"  p{k}: 1\n" for k in range(1000)), "3:1", "at most 1000"
    ),
    Fault(
        "too many constraints", "constraints: [" + "rate < 2, " * 101 + "]\n", "5:1", "at most 100"
    ),
    Fault("a name with a bell", 'study: "a\\a"\n', "5:1", "no control characters", "Remove them."),
    Fault(
        "numbers beyond all steps",
        "  b: {type: float, low: 1e308, high: 1.1e308, step: 1e-10}\n",
        "5:3",
        "`step`",
    ),
    Fault(
        "a step too wide to count",
        "  b: {type: float, low: -1.7e308, high: 1.7e308, step: 1e308}\n",
        "5:3",
        "`high`",
    ),
]

LANGUAGE = [
    Fault(
        "when of nobody",
        f"  b: {{{RANGE}, when: rat > 1}}\n",
        "5:35",
        "no parameter 'rat'",
        "'rate'?",
    ),
    Fault(
        "when with one =",
        f"  b: {{{RANGE}, when: rate = 1}}\n",
        "5:35",
        "not an expression",
        "`==`",
    ),
    Fault(
        "when of a number",
        f"  b: {{{RANGE}, when: rate}}\n",
        "5:35",
        "comes to a boolean",
        "`optim",
    ),
    Fault(
        "when that is true",
        f"  b: {{{RANGE}, when: true}}\n",
        "5:35",
        "valid string, but got True",
    ),
    Fault(
        "when with i", f"  b: {{{RANGE}, repeat: 2, when: i > 0}}\n", "5:46", "`i` counts elements"
    ),
    Fault(
        "a choice nobody has",
        f"  a: {{type: categorical, choices: [x, y]}}\n  b: {{{RANGE}, when: a == z}}\n",
        "6:35",
        "`a` is never 'z'",
        "Known: x, y.",
    ),
    Fault(
        "an order of text",
        f"  a: {{type: categorical, choices: [x, y]}}\n  b: {{{RANGE}, when: a < y}}\n",
        "6:35",
        "has no order",
        "==",
    ),
    Fault(
        "a circle",
        f"  b: {{{RANGE}, when: c > 1}}\n  c: {{{RANGE}, when: b > 1}}\n",
        "5:3",
        "in a circle: b -> c -> b",
        "Break it.",
    ),
    Fault(
        "a circle of one", "  b: {expression: b + 1}\n", "5:3", "in a circle: b -> b", "Break it."
    ),
    Fault("a leaf and a branch", "  b: 1\n  b.c: 2\n", "6:3", "nothing can lie under it", "b_c"),
    Fault(
        "a leaf in two branches",
        "  b: {c: 1}\n  b.c: 2\n",
        "6:3",
        "'b.c' stands here a second",
        "Keep",
    ),
    Fault(
        "repeat of none",
        f"  b: {{{RANGE}, repeat: 0}}\n",
        "5:35",
        "greater than or equal to 1, but got 0",
    ),
    Fault(
        "repeat of too many",
        f"  b: {{{RANGE}, repeat: 1001}}\n",
        "5:35",
        "less than or equal to 1000",
    ),
    Fault("repeat of a half", f"  b: {{{RANGE}, repeat: 2.5}}\n", "5:35", "but got 2.5"),
    Fault(
        "repeat of a fraction",
        f"  b: {{{RANGE}, repeat: rate}}\n",
        "5:35",
        "is a whole number from 0 to",
    ),
    Fault(
        "repeat of nobody",
        f"  b: {{{RANGE}, repeat: lairs}}\n",
        "5:35",
        "no parameter 'lairs'",
        "Known",
    ),
    Fault(
        "repeat of a truth",
        f"  b: {{{RANGE}, repeat: rate > 1}}\n",
        "5:35",
        "comes to a number",
        "a numb",
    ),
    Fault("a list of repeats", f"  b: {{{RANGE}, repeat: [2]}}\n", "5:35", "but got [2]"),
    Fault("an expression of lists", "  b: {expression: [1]}\n", "5:7", "but got [1]"),
    Fault(
        "a range and an expression",
        f"  b: {{{RANGE}, expression: rate}}\n",
        "5:35",
        "expression",
        "",
    ),
    Fault(
        "an element of one", "  b: {expression: 'rate[0]'}\n", "5:7", "is not repeated", "its name"
    ),
    Fault(
        "all elements at once",
        f"  b: {{{RANGE}, repeat: 2}}\n  c: {{expression: 2 * b}}\n",
        "6:7",
        "`b` is repeated",
        "`b[0]`",
    ),
    Fault(
        "a division by nothing",
        "  b: {expression: 1 / (rate - 0.5)}\n",
        "5:7",
        "no value where rate: 0.5",
    ),
    Fault(
        "a number without end", "  b: {expression: 10 ** 10 ** 10}\n", "5:7", "has no value where"
    ),
    Fault(
        "a call of Python",
        "  b: {expression: \"__import__('os')\"}\n",
        "5:7",
        "no function '__import__'",
    ),
    Fault(
        "an attribute of Python",
        "  b: {expression: ().__class__}\n",
        "5:7",
        "not a parameter's name",
    ),
    Fault(
        "a long expression",
        f"  b: {{expression: {'1+' * 250}1}}\n",
        "5:7",
        "at most 500 characters",
    ),
    Fault(
        "brackets without end",
        f"  b: {{expression: {'(' * 240}1{')' * 240}}}\n",
        "5:7",
        "is not an exp",
    ),
    Fault(
        "minus without end", f"  b: {{expression: '{'-' * 480}1'}}\n", "5:7", "is nested too deep"
    ),
    Fault(
        "a constraint on trial 0",
        "constraints: [rate > 0.8]\n",
        "5:15",
        "trial 0, the default",
        "`default:`",
    ),
    Fault(
        "a constraint nobody meets",
        "constraints: [rate > 2]\n",
        "5:1",
        "not one of 20,000",
        "Loosen",
    ),
    Fault(
        "a constraint of nobody",
        "constraints:\n  - rate > 0\n  - rat > 0\n",
        "7:5",
        "no parameter 'rat'",
        "'rate'?",
    ),
    Fault(
        "a constraint of a number",
        "constraints: [rate]\n",
        "5:15",
        "comes to a boolean",
        "comparison",
    ),
    Fault(
        "a constraint of i", "constraints: [i < 3]\n", "5:15", "none is named here", "`name[i]`"
    ),
    Fault("one constraint", "constraints: rate > 0.2\n", "5:1", "`constraints` is a list"),
    Fault(
        "a constraint that is 3", "constraints: [rate > 0, 3]\n", "5:25", "valid string, but got 3"
    ),
    Fault("the base is missing", "extends: nowhere.yaml\n", "5:1", "there is none", "relative to"),
    Fault("the base is itself", "extends: space.yaml\n", "5:1", "in a circle"),
    Fault("the base is a number", "extends: 3\n", "5:1", "names a file to build on, but got 3"),
    Fault("the base is in a nul", 'extends: "a\\0b"\n', "5:1", "`extends`"),
    Fault("the base has a long name", f"extends: {'x' * 5000}\n", "5:1", "`extends`"),
    Fault(
        "a value set in a base",
        extending("extends: b.yaml\n", b=BASE + "seed: -1\n"),
        "5:1",
        "got -1",
    ),
]

FAULTS = READING + KEYS + VALUES + LANGUAGE

# Little text that could mean much work.
HEAVY: dict[str, Content] = {
    "a line of underscores": "seed: 1" + "_" * 15_000 + "x\n",
    "19,000 unknown keys": "".join(f"key{k}: 1\n" for k in range(19_000)),
    "a branch of 3,000 parameters": "".join(["  b:\n", *(f"    x{k}: 1\n" for k in range(3_000))]),
    "900 conditions on nobody": "".join(
        f"  p{k}: {{{RANGE}, when: nobody > 1}}\n" for k in range(900)
    ),
    "10,000 elements": "".join(f"  p{k}: {{{RANGE}, repeat: 1000}}\n" for k in range(10))
    + "constraints: [rate > 0.2]\n",
    "a constraint nobody meets on 100 parameters": "".join(
        f"  p{k}: {{{RANGE}}}\n" for k in range(100)
    )
    + "constraints: [rate > 2]\n",
    "100,000 keys that are one": "seed: 1\n" * 100_000,
    "a number of 900,000 digits": f"seed: {'1' * 900_000}\n",
    "a fraction of 900,000 digits": f"seed: 1.{'1' * 900_000}\n",
    "a time of 400,000 parts": f"seed: {'1:1' * 300_000}x\n",
    "a key of 900,000 letters": f"{'seed' * 225_000}: 1\n",
    "an expression of 900,000 letters": f"  b: {{expression: {'rate + ' * 128_000}1}}\n",
    "a name of 900,000 letters": f"study: {'a' * 900_000}\n",
}


def name_of(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_a_fault_is_told_with_its_place_and_the_way_out(tmp_path: Path, fault: Fault) -> None:
    path = write(tmp_path, fault.content)
    with pytest.raises(TuneError) as caught:
        load(path)
    error = caught.value
    assert isinstance(error, InputError)
    assert error.exit_code == 2
    if not isinstance(error, MistakesError):
        assert (fault.where, str(path) in error.cause) == ("", True)
        assert fault.rule in error.cause
        assert fault.fix in error.fix
        return
    (mistake,) = error.mistakes
    assert f"{mistake.place.line}:{mistake.place.column}" == fault.where
    assert fault.rule in mistake.rule
    assert fault.fix in mistake.fix


def test_no_two_faults_have_a_name_in_common() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40


MEASURE = '''
import json, resource, sys, time
from pathlib import Path
from truetune.errors import TuneError
from truetune.spaces import load

def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

def seconds_of(read):
    """Return processor time, of a machine that reads a space of seven parameters in 5 ms."""
    started = time.process_time()
    read()
    seconds = time.process_time() - started
    if seconds > 0.3:  # is it the file, or the machine?
        started = time.process_time()
        for _ in range(20):
            load(first)
        seconds *= min(1, 0.1 / (time.process_time() - started))
    return seconds

def end_of(path):
    try:
        load(path)
    except TuneError as error:
        return error.exit_code
    except Exception as error:
        return repr(error)[:200]
    return "opened"

first, *folders = sys.argv[1:]
load(first)
found, before = {}, peak()
for folder in folders:
    ends = []
    seconds = seconds_of(lambda: ends.append(end_of(Path(folder) / "space.yaml")))
    found[Path(folder).name] = [ends[0], seconds, peak() - before]
print(json.dumps(found))
'''


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What became of each file in one process of its own: the end, seconds, bytes so far.

    Seconds are weighed against another reading in the same process: the machine may be slow.
    """
    folder = tmp_path_factory.mktemp("faults")
    contents = {fault.name: fault.content for fault in FAULTS} | HEAVY
    for name, content in contents.items():
        (folder / name).mkdir()
        write(folder / name, content)
    arguments = [str(MLP), *(str(folder / name) for name in contents)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", HEAVY)
def test_what_looks_like_much_work_is_done_within_a_second(
    measured: dict[str, list[Any]], name: str
) -> None:
    ended, seconds, _ = measured[name]
    assert ended in ("opened", 2)
    assert seconds < 1


def test_every_refusal_comes_within_a_second(measured: dict[str, list[Any]]) -> None:
    refused = {fault.name: measured[fault.name] for fault in FAULTS}
    assert {name: ended for name, (ended, _, _) in refused.items() if ended != 2} == {}
    assert {name: seconds for name, (_, seconds, _) in refused.items() if seconds > 1} == {}


def test_all_refusals_together_take_less_than_100_megabytes(
    measured: dict[str, list[Any]],
) -> None:
    assert max(grown for _, _, grown in measured.values()) < 100e6


# What only looks wrong


@pytest.mark.parametrize(
    ("content", "warnings"),
    [
        ("", 0),
        (b"\xef\xbb\xbf" + BASE.encode(), 0),
        (BASE.replace("\n", "\r\n").encode(), 0),
        (BASE.replace("\n", "\r").encode(), 0),
        (b"%YAML 1.2\n---\n" + BASE.encode() + b"...\n", 0),
        (BASE.rstrip().encode(), 0),
        ("# größe 🙂\n\n\n", 0),
        ("'seed': 0\n", 0),
        ("seed: 00\n", 1),
        ("seed: &unused 0\n", 0),
        ("constraints:\n", 0),
        ("training: {epochs: 0x14}\n", 0),
        ("training:\n   epochs:\n     20\n", 0),
    ],
    ids=str,
)
def test_what_is_only_unusual_is_read(tmp_path: Path, content: Content, warnings: int) -> None:
    plain = load(write(tmp_path, ""))
    loaded = load_with_document(write(tmp_path, content))
    assert loaded.experiment == plain
    assert len(loaded.document.warnings) == warnings


@pytest.mark.parametrize(
    ("text", "value", "warned"),
    [
        ("1e-5", 1e-5, False),
        ("1E5", 100000.0, False),
        ("on", "on", True),
        ("No", "No", True),
        ("010", 10, True),
        ("0o10", 8, False),
        ("1_000", "1_000", True),
        ("1:30", "1:30", True),
        ("2020-01-31", "2020-01-31", False),
        ("<<", "<<", False),
        ("'on'", "on", False),
        ("null", None, False),
    ],
)
def test_what_others_read_otherwise_is_read_with_a_warning(
    tmp_path: Path, text: str, value: Any, warned: bool
) -> None:
    loaded = load_with_document(write(tmp_path, f"  b: {text}\n"))
    found = loaded.experiment.parameters["b"]
    assert (found, type(found)) == (value, type(value))
    assert [str(w.place).split("space.yaml:")[1] for w in loaded.document.warnings] == (
        ["5:3"] if warned else []
    )


@pytest.mark.parametrize(
    "text",
    [
        "seed: !!bool maybe",
        'seed: !!int ""',
        'study: "\\UFFFFFFFF"',
        "%YAML 1.3\n---\nseed: 1",
        "%YAML 1.1\n---\nmodel: on",
        "seed: -0x" + "f" * 5000,
        "constraints: 3",
        "model: {name: mlp, x: !!set y}",
        "? !!python/name:os.system seed\n: 1",
        "resources: {gpus: " + "9" * 400 + "}",
        "parameters: {a: {type: int, low: 1, high: 1" + "0" * 400 + "}}",
        "parameters: {a: {type: float, low: 0, high: 1, step: 1e-320}}",
        "data: {source: a}\nextends: [0x" + "f" * 5000 + "]",
        BASE + "  b: 0x" + "f" * 5000 + "\n  c: {expression: b / 2}",
        BASE + "  b: {distribution: 0x" + "f" * 5000 + "}",
    ],
    ids=lambda text: text[:40],
)
def test_text_that_breaks_a_reader_is_a_mistake_like_any_other(tmp_path: Path, text: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(text)
    with pytest.raises(InputError):
        load(path)


def test_a_file_of_any_name_is_read_or_refused(tmp_path: Path) -> None:
    for name in [
        b"\xff.yaml",
        b"\n.yaml",
        b"x" * 250 + b".yaml",
        "größe.yaml".encode(),
        b"-.yaml",
    ]:
        path = Path(str(tmp_path), name.decode("utf-8", "surrogateescape"))
        path.write_text(BASE)
        with suppress(InputError):
            assert load(path).study == path.stem


# Damage

EVERYTHING = """\
# Every part of the language of spaces.
extends: base.yaml
study: everything
card: {purpose: A test., published: [{value: 0.1, source: "https://example.org"}]}
parameters:
  model: {type: categorical, choices: [mlp, linear]}
  optimizer: {type: categorical, choices: [adam, sgd]}
  momentum: {type: float, low: 0.0, high: 0.99, when: optimizer == sgd}
  batch_size: {type: categorical, choices: [16, 32, 64], ordered: true, default: 32}
  dropout: {type: float, low: 0.0, high: 0.4, step: 0.1}
  mlp:
    layers: {type: int, low: 1, high: 4}
    hidden_units: {type: int, low: 4, high: 64, log: true, repeat: layers, default: [32, 16]}
    halves: {expression: "hidden_units[i] // 2", repeat: layers}
    inner: {size: {expression: sum(hidden_units) + layers}}
  linear.bias: {type: categorical, choices: [true, false, null]}
  weight_decay: {expression: 0.01 if optimizer == sgd else 0.1}
  depths: [1, 2, 3]
constraints:
  - mlp.hidden_units[i + 1] <= 2 * mlp.hidden_units[i]
  - mlp.layers < 4 or dropout > 0.2
sampler: {name: tpe, n_ei_candidates: 48}
"""
SOURCES = {"mlp": MLP.read_bytes(), "everything": EVERYTHING.encode()}

TOKENS = [
    *(b"*a", b"&a ", b"!!x ", b"!!python/object:os.system ", b"<<: *a", b"? ", b"- ", b": "),
    *(b"{", b"}", b"[", b"]", b",", b"'", b'"', b"\\", b"|\n", b">-\n", b"#", b"@", b"`", b"%"),
    *(b"\t", b"\r", b"\n", b"\n\n", b"  ", b"---\n", b"...\n", b"%YAML 1.2\n", b"\xef\xbb\xbf"),
    *(b"\x00", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"9" * 400, b"0x", b"_", b"=", b"-", b"."),
    *(b"null", b"~", b".nan", b"1e999", b"-1", b"0", b"1e-5", b"true", b"on", b"010"),
    *(
        b"when: layers > 1, ",
        b"when: ",
        b"expression: 2 * rate, ",
        b"expression: ",
        b"repeat: 3, ",
    ),
    *(b"repeat: layers, ", b"repeat: ", b"default: [1, 2], ", b"ordered: true, ", b"log: true, "),
    *(
        b"type: int, ",
        b"low: 0, ",
        b"high: 9, ",
        b"extends: base.yaml\n",
        b"extends: space.yaml\n",
    ),
    *(
        b"constraints: [i < 3]\n",
        b"model",
        b"mlp.",
        b"[i]",
        b"[i - 1]",
        b" and ",
        b" == ",
        b" ** 99",
    ),
    *(b"i", b"layers", b"optimizer", b"sum(", b"max(", b"sqrt(", b" / 0", b" if ", b" in [1]"),
]


def damaged(source: bytes, seed: int) -> bytes:
    """Cut a file short, or change a few of its bytes, lines or words."""
    chance, text = random.Random(seed), source
    if seed % 4 == 0:
        return source[: chance.randrange(len(source))]
    for _ in range(chance.randint(1, 3)):
        kind, at = chance.randrange(6), chance.randrange(len(text))
        if kind == 0:
            flipped = text[at] ^ 1 << chance.randrange(8)
            text = text[:at] + bytes([flipped]) + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at + chance.randint(1, 9) :]
        elif kind <= 3:
            lines = text.splitlines(keepends=True)
            one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
            if kind == 2:
                lines[one], lines[other] = lines[other], lines[one]
            else:
                lines.insert(one, lines[other])
            text = b"".join(lines)
        else:
            text = text[:at] + chance.choice(TOKENS) + text[at + chance.choice([0, 0, 1, 8]) :]
    return text


def end_of(path: Path) -> tuple[str, float]:
    """Return how reading a file ends, and after how many seconds."""
    started = time.process_time()
    try:
        ended = "opened" if isinstance(load(path), Experiment) else "?"
    except TuneError as error:
        ended = "refused" if error.exit_code == 2 and error.cause else repr(error)
    except Exception as error:
        ended = repr(error)
    return ended, time.process_time() - started


@pytest.mark.parametrize("batch", range(5))
@pytest.mark.parametrize("name", SOURCES)
def test_a_damaged_file_opens_or_is_refused_within_a_second(
    tmp_path: Path, name: str, batch: int
) -> None:
    (tmp_path / "base.yaml").write_bytes(SOURCES["mlp"])
    ends: dict[int, tuple[str, float]] = {}
    for seed in range(100 * batch, 100 * batch + 100):
        ends[seed] = end_of(write(tmp_path, damaged(SOURCES[name], seed)))
    assert {s: end for s, (end, _) in ends.items() if end not in ("opened", "refused")} == {}
    assert {s: seconds for s, (_, seconds) in ends.items() if seconds > 1} == {}
    assert {end for end, _ in ends.values()} == {"opened", "refused"}


def test_the_files_that_are_damaged_are_sound(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_bytes(SOURCES["mlp"])
    for source in SOURCES.values():
        assert end_of(write(tmp_path, source))[0] == "opened"
