"""A function of the user's own: found without running it, called quietly, and blamed by line."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from truetune.errors import InputError
from truetune.objectives.callables import is_callable, where
from truetune.objectives.own_rows import call

Write = Callable[..., str]


@pytest.fixture(autouse=True)
def _forget_modules(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Leave neither modules nor compiled files behind."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and "pytest-of" in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of Python and name its function."""

    def create(code: str, name: str = "own.py", function: str = "rows") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        return f"{path}:{function}"

    return create


def _message(source: str) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        call(source)
    assert "\n" not in caught.value.cause + caught.value.fix
    return caught.value.cause, caught.value.fix


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("package.module:function", True),
        ("module:function", True),
        ("./own.py:rows", True),
        ("/data/my own.py:rows", True),
        ("sklearn:iris", False),
        ("rows.csv", False),
        ("own.py", False),
        ("own.py:", False),
        ("own.py:1", False),
        ("package.module:Class.method", False),
        ("sqlite:///own.db", False),
        ("https://host:8000/own", False),
        ("https://host/own.csv", False),
    ],
)
def test_function_is_known_by_its_colon(source: str, expected: bool) -> None:
    assert is_callable(source) is expected


def test_place_of_code_is_found_without_running_any(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = "raise RuntimeError('was run')\n"
    write(fail, "package/__init__.py")
    write(fail, "package/inner/__init__.py")
    write(fail, "package/inner/module.py")
    write(fail, "space/of/names.py")
    write(fail, "other/installed.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "other")
    assert where("package.inner.module:rows") == str(tmp_path / "package/inner/module.py")
    assert where("package.inner:rows") == str(tmp_path / "package/inner/__init__.py")
    assert where("space.of.names:rows") == str(tmp_path / "space/of/names.py")
    assert where("installed:rows") == str(tmp_path / "other/installed.py")
    assert where(f"{tmp_path}/other/installed.py:rows") == f"{tmp_path}/other/installed.py"
    assert where("json.decoder:rows").endswith("json/decoder.py")
    assert "package" not in sys.modules


def test_file_that_is_named_before_is_the_one_that_runs(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import pandas\ndef rows(): return pandas.DataFrame({'file': [__file__]})\n"
    sources = [write(code), "package.inner:rows", "space.names:rows"]
    write("", "package/__init__.py")
    write(code, "package/inner.py")
    write(code, "space/names.py")
    monkeypatch.chdir(tmp_path)
    for source in sources:
        result = call(source)
        assert isinstance(result, pd.DataFrame)
        assert result["file"][0] == where(source)


def test_module_that_another_hides_is_refused(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("def rows(): return 1", "json.py")
    monkeypatch.chdir(tmp_path)
    cause, fix = _message("json:rows")
    assert "another module of this name is in use, from" in cause
    assert "json.py" in fix


@pytest.mark.parametrize(
    "code",
    [
        "pandas.DataFrame({'x': [1.5, 2.5], 'y': ['a', 'b']})",
        "pyarrow.table({'x': [1.5, 2.5], 'y': ['a', 'b']})",
    ],
)
def test_table_is_returned_as_it_is(write: Write, code: str) -> None:
    table = call(write(f"import pandas, pyarrow\ndef rows(): return {code}"))
    assert type(table) is (pa.Table if "pyarrow" in code else pd.DataFrame)
    assert {name: list(table[name].to_numpy()) for name in "xy"} == {
        "x": [1.5, 2.5],
        "y": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("pair", "inputs", "targets"),
    [
        ("[[1, 2], [3, 4]], [0, 1]", [[1, 2], [3, 4]], [0, 1]),
        ("np.eye(2, dtype='float32'), np.array(['a', 'b'])", [[1, 0], [0, 1]], ["a", "b"]),
        ("torch.eye(2, requires_grad=True), torch.tensor([3, 4])", [[1, 0], [0, 1]], [3, 4]),
        ("torch.ones(2, 1, dtype=torch.bfloat16), [True, False]", [[1], [1]], [True, False]),
        ("np.ma.array([[1], [2]], mask=[[0], [1]]), [1, 2]", [[1], [np.nan]], [1, 2]),
        ("np.zeros((2, 1, 1)), np.ones((2, 2))", [[[0]], [[0]]], [[1, 1], [1, 1]]),
        ("pd.DataFrame({'a': [1, 2]}), pd.Series(['a', 'b'])", [[1], [2]], ["a", "b"]),
    ],
)
def test_pair_is_returned_as_arrays(write: Write, pair: str, inputs: Any, targets: Any) -> None:
    code = f"import numpy as np, pandas as pd, torch\ndef rows(): return {pair}"
    found = call(write(code))
    assert isinstance(found, tuple)
    np.testing.assert_array_equal(found[0], inputs)
    np.testing.assert_array_equal(found[1], targets)
    assert found[0].dtype.kind in "if"
    assert all(type(array) is np.ndarray for array in found)
    assert found[1].dtype == object if targets[0] == "a" else found[1].dtype.kind in "bif"


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("None", "but got None."),
        ("3", "but got an object of type int."),
        ("'a.csv'", "but got an object of type str."),
        ("{'x': [1]}", "but got a dict of 1."),
        ("[[1, 2], [3, 4]]", "but got a list of 2."),
        ("(1, 2, 3)", "but got a tuple of 3."),
        ("np.eye(2)", "but got an array of float64, (2, 2)."),
        ("(x for x in [])", "but got an object of type generator."),
        ("([[1], [2]], [1])", "but got (2, 1) and (1,)."),
        ("([1, 2], [1, 2])", "but got (2,) and (2,)."),
        ("([[1], [2, 3]], [1, 2])", "inputs are as long in every row"),
        ("([['a'], ['b']], [1, 2])", "inputs of a pair are numbers, but got object."),
        ("(np.eye(2), None)", "targets are an array of numbers or text, but got None."),
        ("(np.eye(2), np.eye(2).astype('M8[s]'))", "got an array of datetime64[s], (2, 2)."),
    ],
)
def test_what_is_neither_table_nor_pair_is_named(write: Write, value: str, cause: str) -> None:
    source = write(f"import numpy as np\ndef rows(): return {value}")
    found, fix = _message(source)
    assert found.startswith(f"{source}: ")
    assert found.endswith(cause) or f"{cause}, but" in found
    assert fix


@pytest.mark.parametrize(
    ("function", "cause", "fix"),
    [
        ("row", "there is no function 'row'", "Did you mean 'rows'?"),
        ("zzz", "there is no function 'zzz'", "Known: needs, rows."),
        ("TABLE", "this is a function, but got a dict of 0", "Name a function"),
        ("needs", "without arguments, but needs path, n", "Give them defaults"),
    ],
)
def test_function_that_cannot_be_called_is_named(
    write: Write, function: str, cause: str, fix: str
) -> None:
    code = (
        "from os.path import join\nTABLE = {}\ndef rows(): pass\ndef needs(path, *, n, m=1): pass"
    )
    found = _message(write(code, function=function))
    assert cause in found[0]
    assert fix in found[1]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("{folder}/none.py:rows", "{folder}/none.py: there is no such file."),
        ("{folder}/folder.py:rows", "{folder}/folder.py: there is no such file."),
        ("none_such:rows", "there is no file of a module 'none_such' to run."),
        ("none_such.module:rows", "there is no file of a module 'none_such.module'"),
        ("json.none_such:rows", "there is no file of a module 'json.none_such'"),
        ("json.decoder.more:rows", "there is no file of a module"),
        ("sys:exit", "there is no file of a module 'sys'"),
    ],
)
def test_missing_code_is_named(tmp_path: Path, source: str, cause: str) -> None:
    (tmp_path / "folder.py").mkdir()
    source = source.replace("{folder}", str(tmp_path))
    found, fix = _message(source)
    assert cause.replace("{folder}", str(tmp_path)) in found
    assert fix
    with pytest.raises(InputError, match="there is no"):
        where(source)


FAILING = """\
import json
def rows():
    return helper()
def helper():
    {line}
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("raise ValueError('too few\\nrows')", "raised ValueError: too few (line 5 of own.py)."),
        ("json.loads('{')", "raised JSONDecodeError: Expecting property name"),
        ("json.loads('{')", "(line 5 of own.py)."),
        ("import none_such", "raised ModuleNotFoundError: No module named 'none_such' (line 5"),
        ("assert False", "raised AssertionError (line 5 of own.py)."),
        ("import sys; sys.exit()", "raised SystemExit (line 5 of own.py)."),
        ("import sys; sys.exit('bye')", "raised SystemExit: bye (line 5 of own.py)."),
        ("exec('1 / 0')", "raised ZeroDivisionError: division by zero (line 5 of own.py)."),
        ("return rows()", "raised RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_failure_is_told_with_the_users_own_line(write: Write, line: str, expected: str) -> None:
    source = write(FAILING.format(line=line))
    cause, fix = _message(source)
    assert cause.startswith(f"{source} raised ")
    assert expected in cause
    assert fix.startswith("Run it by itself: ")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1\nraise OSError('gone')", "raised OSError: gone (line 2 of own.py)."),
        ("x = 1\ndef rows(:\n", "raised SyntaxError: invalid syntax"),
        ("x = 1\ndef rows(:\n", "(line 2 of own.py)."),
        ("import beside\n", "raised KeyError: 'beside' (line 1 of beside.py)."),
    ],
)
def test_failure_of_an_import_is_told(write: Write, code: str, expected: str) -> None:
    write("raise KeyError('beside')", "beside.py")
    assert expected in _message(write(code))[0]


def test_interruption_is_no_failure_of_the_function(write: Write) -> None:
    with pytest.raises(KeyboardInterrupt):
        call(write("def rows(): raise KeyboardInterrupt"))


@pytest.mark.parametrize("name", ["own.py", "my own-1.py", "class.py"])
def test_command_that_is_given_runs_it(write: Write, tmp_path: Path, name: str) -> None:
    write("VALUE = 'from beside'", "beside.py")
    source = write("def rows():\n    import beside\n    raise ValueError(beside.VALUE)", name)
    command = _message(source)[1].removeprefix("Run it by itself: ")
    command = command.replace("python", shlex.quote(sys.executable), 1)
    done = subprocess.run(command, shell=True, capture_output=True, text=True)  # noqa: S602
    assert done.stderr.endswith("ValueError: from beside\n")


def test_command_of_a_module_names_the_module(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("def rows(): 1 / 0", "alone.py")
    monkeypatch.chdir(tmp_path)
    expected = "Run it by itself: python -c 'from alone import rows; rows()'"
    assert _message("alone:rows")[1] == expected


def test_files_beside_it_are_imported_only_while_it_runs(write: Write) -> None:
    write("TARGETS = [1, 2]", "beside.py")
    path = list(sys.path)
    code = "def rows():\n    from beside import TARGETS\n    return [[1], [2]], TARGETS"
    assert list(call(write(code))[1]) == [1, 2]
    assert sys.path == path


def test_dataclasses_of_the_file_work(write: Write) -> None:
    code = """\
from __future__ import annotations
from dataclasses import KW_ONLY, dataclass
@dataclass
class Row:
    _: KW_ONLY
    x: float = 1.0
def rows():
    return [[Row().x]], [0]
"""
    assert call(write(code))[0].tolist() == [[1.0]]


LOUD = """\
print('at import')
import ctypes, os, subprocess, sys
def rows():
    print('from python')
    print('past a redirection', file=sys.__stdout__)
    os.write(1, b'to the descriptor\\n')
    ctypes.CDLL(None).printf(b'from C\\n')
    subprocess.run(['echo', 'from a child'])
    {end}
"""


@pytest.mark.parametrize("end", ["return [[1]], [2]", "raise ValueError"])
def test_nothing_it_prints_reaches_standard_output(write: Write, end: str) -> None:
    program = f"""\
import sys
from truetune.errors import InputError
from truetune.objectives.own_rows import call
print('before')
try:
    call({write(LOUD.format(end=end))!r})
except InputError:
    pass
print('after')
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "before\nafter\n"
    said = done.stderr.splitlines()
    assert sorted(said) == sorted(
        [
            "at import",
            "from python",
            "past a redirection",
            "to the descriptor",
            "from C",
            "from a child",
        ]
    )
