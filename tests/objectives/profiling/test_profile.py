"""The profile: what it shows is of development rows, right, escaped, and loads nothing."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from plotly.offline import get_plotlyjs

from truetune.objectives.findings import Finding
from truetune.objectives.profiling.bins import binned, edges_of
from truetune.objectives.profiling.figures import label
from truetune.objectives.profiling.page import number, share
from truetune.objectives.profiling.profile import page
from truetune.objectives.profiling.ranking import ranked, tells
from truetune.objectives.profiling.rows import as_pictures, bins, draw
from truetune.objectives.quality.view import View
from truetune.objectives.rows import FoldRows, Rows
from truetune.objectives.table import Table

Array = np.ndarray[Any, Any]
N = 200
DEVELOPMENT, TEST = np.arange(160), np.arange(160, N)
ROWS = Rows((FoldRows(DEVELOPMENT[:120], DEVELOPMENT[120:]),), TEST, np.array([], int))
SCRIPT = "<script>alert(1)</script>"


def columns(seed: int = 0) -> pd.DataFrame:
    """One column of each kind, and of the odd ones."""
    rng = np.random.default_rng(seed)
    ages = np.where(rng.random(N) < 0.1, np.nan, rng.normal(40, 9, N))
    days = rng.integers(0, 500, N).astype("timedelta64[D]")
    words = rng.choice(["good", "bad", "slow", "fast"], (N, 5))
    return pd.DataFrame(
        {
            "age": ages,
            "skewed": np.exp(3 * rng.normal(size=N)),
            "flag": rng.integers(0, 2, N).astype(float),
            "constant": 1.0,
            "city": pd.Categorical(rng.choice(["Oslo", "Bergen", None], N, p=[0.6, 0.3, 0.1])),
            "day": np.datetime64("2020-01-01", "s") + days,
            "one day": np.datetime64("2020-01-01", "s"),
            "note": pd.Series([" ".join(row) for row in words], dtype="str"),
            "nothing": pd.Series([None] * N, dtype="str"),
        }
    )


def classes(n: int = 2, seed: int = 1) -> Array:
    names = np.array([f"class {i}" for i in range(n)], object)
    return names[np.random.default_rng(seed).integers(0, n, N)]


def numbers(*shape: int, seed: int = 2) -> Array:
    return np.random.default_rng(seed).normal(size=(N, *shape))


def pictures(seed: int = 3) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (N, 3, 12, 10), dtype=np.uint8)


def view(inputs: Any, targets: Array, task: Any = "classification", **more: Any) -> View:
    return View(Table(inputs, targets, **more), ROWS, task, "price")


VIEWS: dict[str, Callable[[], View]] = {
    "columns": lambda: view(columns(), classes(), "binary"),
    "columns and numbers": lambda: view(columns(), numbers(), "regression"),
    "columns and many classes": lambda: view(columns(), classes(7)),
    "arrays": lambda: view(numbers(3), classes()),
    "arrays and outputs": lambda: view(numbers(3), numbers(2), "regression"),
    "many inputs": lambda: view(numbers(70), classes()),
    "square arrays": lambda: view(numbers(64), classes()),
    "pictures": lambda: view(pictures(), classes(12)),
    "pictures and numbers": lambda: view(pictures(), numbers(), "regression"),
    "grey pictures": lambda: view(numbers(9, 9), classes()),
    "pictures of nothing": lambda: view(np.full((N, 9, 9), np.nan), classes()),
    "five axes": lambda: view(numbers(2, 3, 4, 5), classes()),
}
every_kind = pytest.mark.parametrize("kind", VIEWS)


def own(text: str) -> str:
    """Return what of a page is not Plotly."""
    return text.replace(get_plotlyjs(), "")


def figures(text: str) -> dict[str, list[dict[str, Any]]]:
    """Return the traces of each figure by its name."""
    found = {}
    for match in re.finditer(r'Plotly\.newPlot\(\s*"figure-([^"]+)",\s*', own(text)):
        found[match[1]] = json.JSONDecoder().raw_decode(own(text), match.end())[0]
    return found


@every_kind
def test_page_stands_alone(kind: str) -> None:
    text = page(VIEWS[kind](), "A study", [])
    assert text.count(get_plotlyjs()) == 1
    assert "://" not in own(text)
    assert not re.search(r'<link|@import|url\(|src="(?!data:)', own(text))
    assert "default-src 'none'" in text


@every_kind
def test_every_id_is_there_once_and_every_link_leads_to_one(kind: str) -> None:
    text = own(page(VIEWS[kind](), "A study", []))
    ids = Counter(re.findall(r'\bid="([^"]+)"', text))
    assert set(ids.values()) == {1}
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


@every_kind
def test_page_is_the_same_whatever_the_test_rows_are(kind: str) -> None:
    before = VIEWS[kind]()
    table = before.table
    targets, inputs = table.targets.copy(), table.inputs.copy()
    targets[TEST] = "another class" if targets.dtype == object else 1e6
    if isinstance(inputs, np.ndarray):
        inputs[TEST] = 123
    else:
        inputs.loc[TEST, ["age", "flag"]] = 98765.5
        inputs["city"] = (
            inputs["city"]
            .cat.add_categories("Atlantis")
            .cat.reorder_categories(["Atlantis", *inputs["city"].cat.categories])
        )
        inputs.loc[TEST, "city"] = "Atlantis"
        inputs.loc[TEST, "day"] = np.datetime64("2037-05-05", "s")
        inputs.loc[TEST, "note"] = "unheard"
    after = page(replace(before, table=replace(table, inputs=inputs, targets=targets)), "T", [])
    assert after == page(before, "T", [])
    for secret in ("another class", "Atlantis", "98,766", "98765.5", "2037-05", "unheard"):
        assert secret not in own(after)


def test_dates_of_the_split_are_those_of_its_development_rows() -> None:
    times = np.datetime64("2020-01-01", "s") + np.arange(N).astype("timedelta64[D]")
    text = page(view(columns(), classes(), "binary", times=times), "T", [])
    for rows in ROWS.folds[0]:
        assert f'<td class="n">{str(times[rows[0]])[:10]}</td>' in text
        assert f'<td class="n">{str(times[rows[-1]])[:10]}</td>' in text
    assert "in the order of time" in text
    assert not re.search("2020-06-(09|1|2)|2020-07", own(text).split("<nav>")[0])
    assert '>test, not shown</td><td class="n">40</td>' in text


def test_what_users_wrote_is_shown_and_not_run() -> None:
    inputs = columns().rename(columns={"age": SCRIPT, "note": '"><img src=x onerror=alert(2)>'})
    levels = ["<b>bold</b>", 'it\'s "quoted"', "🐎 & <a href='x'>", "</script><script>alert(3)"]
    inputs["city"] = pd.Categorical(np.resize(levels, N))
    targets = np.resize(np.array(["<i>yes</i>", "no"], object), N)
    found = Finding("error", f"column '{SCRIPT}'", "<u>rule", "<u>found", "<u>fix")
    text = page(replace(view(inputs, targets, "binary"), target="<u>target"), SCRIPT, [found])
    for tag in ("<script>alert", "<img src=x", "<b>", "<a href='", "<i>yes", "<u>"):
        assert tag not in own(text)
        assert tag.replace("<", "\\u003c").replace(">", "\\u003e") not in own(text)
    assert text.count("</script>") == len(figures(text)) + 1 + get_plotlyjs().count("</script>")
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in text
    shown = figures(text)["column-" + str(_place(text, "city"))][0]["hovertext"]
    assert sorted(shown) == sorted(label(level, 80) for level in levels)
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown


def _place(text: str, name: str) -> int:
    names = re.findall(r'<figure class="card[^"]*"><h3>([^<]*?) ?<', text)
    return names.index(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <b>\n &amp;", "a &lt;b&gt; &amp;amp;"),
        (" end ", "␣end␣"),
        ("x" * 30 + "end", "x" * 14 + "…" + "xxxxend"),
        ("", ""),
        (12, "12"),
    ],
)
def test_label_is_what_plotly_shows_as_it_was_written(text: object, shown: str) -> None:
    assert label(text) == shown


def test_findings_are_shown_as_given_and_their_columns_first() -> None:
    found = [
        Finding("warning", "column 'one day'", "a rule", "what is there", "the fix"),
        Finding("warning", "column 'flag'", "a rule", "what is there", "the fix"),
    ]
    text = page(VIEWS["columns"](), "T", found)
    assert "a rule<br>what is there" in text
    assert (_place(text, "one day"), _place(text, "flag")) == (0, 1)
    assert text.count("see findings") == 2


def test_numbers_of_rows_and_columns_are_told() -> None:
    before = VIEWS["columns"]()
    text = page(replace(before, dropped=pd.DataFrame({"an id": range(N)})), "T", [])
    dev = before.table.inputs.iloc[DEVELOPMENT]
    assert "9 columns: 4 numbers, 2 dates, 2 texts, 1 category." in text
    assert f"{share(dev.isna().to_numpy().mean())} of cells are missing" in text
    assert "No inputs: an id." in text
    for part, n in (("training", 120), ("validation", 40), ("test, not shown", 40)):
        assert f'<td>{part}</td><td class="n">{n}</td>' in text


def test_folds_are_told_one_by_one() -> None:
    halves = DEVELOPMENT[:80], DEVELOPMENT[80:]
    rows = Rows((FoldRows(*halves), FoldRows(*halves[::-1])), TEST[1:], TEST[:1])
    text = page(replace(VIEWS["columns"](), rows=rows), "T", [])
    assert "validation, fold 2" in text
    assert "the first of 2 folds" in text
    assert '<td>left out</td><td class="n">1</td>' in text


def test_classes_are_counted_by_part() -> None:
    targets = classes(3)
    traces = figures(page(view(columns(), targets), "T", []))["target-shares"]
    for trace, rows in zip(traces, ROWS.folds[0], strict=True):
        counts = pd.Series(targets[rows]).value_counts().sort_index()
        assert trace["text"] == [f"{n}" for n in counts]
        np.testing.assert_allclose(trace["x"], counts / len(rows))


def test_levels_are_counted_and_tell_the_target() -> None:
    targets = classes()
    text = page(view(columns(), targets, "binary"), "T", [])
    bars, dots = figures(text)[f"column-{_place(text, 'city')}"]
    dev = columns().iloc[DEVELOPMENT].assign(yes=targets[DEVELOPMENT] == "class 1")
    counts = dev["city"].value_counts()
    assert bars["hovertext"] == list(counts.index)
    assert bars["x"] == counts.to_list()
    of_level = dev.groupby("city", observed=True)["yes"].mean()
    np.testing.assert_allclose(dots["x"], of_level[list(counts.index)])


def test_numbers_are_drawn_by_class() -> None:
    targets = classes()
    text = page(view(columns(), targets, "binary"), "T", [])
    traces = figures(text)[f"column-{_place(text, 'age')}"]
    ages = columns()["age"].to_numpy()[DEVELOPMENT]
    edges = np.unique(traces[0]["x"])
    for trace, name in zip(traces, ("class 0", "class 1"), strict=True):
        of_class = ages[targets[DEVELOPMENT] == name]
        counts = np.histogram(of_class[~np.isnan(of_class)], edges)[0]
        np.testing.assert_allclose(trace["y"][1:-1:2], counts / counts.sum())


def test_mean_of_a_numeric_target_is_drawn_by_tenth() -> None:
    targets = numbers()
    text = page(view(columns(), targets, "regression"), "T", [])
    bars, line = figures(text)[f"column-{_place(text, 'age')}"]
    dev = pd.DataFrame({"age": columns()["age"], "y": targets}).iloc[DEVELOPMENT].dropna()
    of_tenth = dev.groupby(pd.qcut(dev["age"], 10))
    np.testing.assert_allclose(line["y"], of_tenth["y"].mean())
    np.testing.assert_allclose(line["x"], of_tenth["age"].median())
    assert sum(bars["y"]) == len(dev)


def test_words_are_counted_by_the_texts_that_hold_them() -> None:
    text = page(VIEWS["columns"](), "T", [])
    bars = figures(text)[f"column-{_place(text, 'note')}-words"][0]
    notes = columns()["note"].iloc[DEVELOPMENT]
    counts = Counter(word for note in notes for word in set(note.split()))
    assert dict(zip(bars["hovertext"], bars["x"], strict=True)) == counts


def test_missing_cells_and_correlations_are_those_of_pandas() -> None:
    drawn = figures(page(VIEWS["columns"](), "T", []))
    dev = columns().iloc[DEVELOPMENT]
    (missing,) = drawn["missing-shares"]
    np.testing.assert_allclose(missing["x"], dev[missing["hovertext"]].isna().mean())
    assert set(missing["hovertext"]) == {"age", "city", "nothing"}
    np.testing.assert_array_equal(
        drawn["missing-rows"][0]["z"], dev[missing["hovertext"]].isna().astype(int)
    )
    (heat,) = drawn["correlation"]
    names = [text.split(" and ")[1] for text in heat["hovertext"][0]]
    np.testing.assert_allclose(heat["z"], dev[names].corr(method="spearman"), atol=5e-4)


def test_sixty_columns_are_drawn_and_the_others_listed() -> None:
    inputs = pd.DataFrame(numbers(65), columns=[f"c{i}" for i in range(65)])
    text = page(view(inputs, classes(), "binary"), "T", [])
    assert text.count('<figure class="card') == 60
    assert "5 columns more, not drawn" in text


def test_drawn_rows_are_20_000_and_the_page_says_so() -> None:
    n = 30_000
    inputs = pd.DataFrame({"x": np.arange(n, dtype=float)})
    rows = Rows((FoldRows(np.arange(0, n, 2), np.arange(1, n, 2)),), np.array([], int), TEST[:0])
    big = View(Table(inputs, np.arange(n) % 2), rows, "binary")
    assert len(draw(big).at) == 20_000
    text = page(big, "T", [])
    assert "Pictures are drawn from 20,000 of them" in text
    assert "<span>max 29,999</span>" in text  # of all rows


@pytest.mark.parametrize("kind", ["number", "category", "date"])
def test_what_a_column_tells_is_the_mutual_information_less_chance(kind: str) -> None:
    from sklearn.metrics import mutual_info_score

    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 1000)
    codes = (y * rng.integers(0, 2, 1000) + rng.integers(0, 4, 1000)).astype(float)
    codes[::9] = np.nan
    made: dict[str, Any] = {
        "number": codes,
        "category": pd.Categorical(codes),
        "date": np.datetime64("2020-01-01", "s") + pd.to_timedelta(codes, unit="D"),
    }
    (told,) = tells(pd.DataFrame({"x": made[kind]}), y)
    known = np.nan_to_num(codes, nan=-1)
    by_chance = (len(np.unique(known)) - 1) * 2 / 2000
    expected = (mutual_info_score(known, y) - by_chance) / mutual_info_score(y, y)
    assert told == pytest.approx(expected, abs=1e-6)


def test_copy_of_the_target_tells_all_and_an_id_nothing() -> None:
    y = np.arange(4000) % 2
    names = pd.Categorical([f"id {i}" for i in range(4000)])
    noise = np.random.default_rng(0).normal(size=4000)
    frame = pd.DataFrame({"copy": y.astype(float), "id": names, "noise": noise, "one": 1.0})
    copy, *others = tells(frame, y)
    assert copy == pytest.approx(1, abs=1e-3)
    assert max(others) < 0.03
    assert tells(frame, np.zeros(4000, int)) == [0, 0, 0, 0]


def test_columns_are_ranked_by_what_they_tell() -> None:
    y = classes()
    inputs = columns().assign(leak=(y == "class 1").astype(float))
    found = view(inputs, y, "binary")
    described = ranked(found.columns, draw(found), [])
    assert described[0].name == "leak"
    told = [column.tells for column in described]
    assert told == sorted(told, reverse=True)


def test_bins_hold_every_value_once() -> None:
    values = np.array([np.nan, 3.0, 1.0, 3.0, np.nan])
    assert bins(values).tolist() == [0, 2, 1, 2, 0]
    many = np.random.default_rng(0).normal(size=1000)
    assert np.bincount(bins(many))[1:].tolist() == [100] * 10


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 4], [0.5, 1.5, 2.5, 3.5, 4.5]),
        ([5, 5], [4.5, 5.5]),
        ([0, 59], np.arange(31) * 2 - 0.5),
        ([0, 30], np.arange(17) * 2 - 0.5),
        ([0.5, 30.5], np.linspace(0.5, 30.5, 31)),
    ],
)
def test_bins_of_whole_numbers_are_whole(values: list[float], expected: Any) -> None:
    np.testing.assert_allclose(edges_of(np.array(values, float)), expected)


def test_values_far_outside_are_counted_and_not_drawn() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(size=997), [-999, -999, 1e9]])
    made = binned(values)
    assert made.n_beyond == 3
    assert made.notes == ["3 rows beyond what is drawn"]
    assert made.holds(values).sum() == 997


def test_skewed_values_are_drawn_on_a_log_scale_all_of_them() -> None:
    values = np.exp(3 * np.random.default_rng(0).normal(size=1000))
    made = binned(values)
    assert made.is_log
    assert np.histogram(values, made.edges)[0].sum() == 1000
    assert made.edges[1] / made.edges[0] == pytest.approx(made.edges[9] / made.edges[8])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 64), (5, 1, 8, 8)),
        ((5, 4096), (5, 1, 64, 64)),
        ((5, 49), None),
        ((5, 65), None),
        ((5, 65**2), None),
        ((5, 9, 7), (5, 1, 9, 7)),
        ((5, 3, 9, 7), (5, 3, 9, 7)),
        ((5, 3, 9, 7, 2), None),
        ((5,), None),
    ],
)
def test_pictures_are_known_by_their_shape(
    shape: tuple[int, ...], expected: tuple[int, ...] | None
) -> None:
    found = as_pictures(np.zeros(shape))
    assert (None if found is None else found.shape) == expected


def test_sheet_has_a_line_a_class_and_its_mean_first() -> None:
    inputs, targets = pictures(), classes(3)
    text = page(view(inputs, targets), "T", [])
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', own(text))
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    tall, wide = 12 * 4, 10 * 4  # a pixel is four
    assert sheet.shape == (3 * (tall + 4), 9 * (wide + 4) + 8, 3)
    for i in range(3):
        is_class = targets[DEVELOPMENT] == f"class {i}"
        mean = inputs[DEVELOPMENT][is_class].mean(axis=0).transpose(1, 2, 0)
        line = sheet[i * (tall + 4) + 2 :][:tall]
        np.testing.assert_array_equal(line[::4, :wide:4], mean.round())
        first = line[::4, wide + 12 : 2 * wide + 12 : 4].transpose(2, 0, 1)
        assert (inputs[DEVELOPMENT][is_class] == first).all(axis=(1, 2, 3)).any()
    assert '<span title="class 2">class 2</span>' in text


def test_square_arrays_are_drawn_as_their_mean() -> None:
    inputs = numbers(64)
    drawn = figures(page(view(inputs, classes()), "T", []))
    dev = inputs[DEVELOPMENT]
    np.testing.assert_allclose(drawn["inputs-m"][0]["z"], dev.mean(axis=0).reshape(8, 8))
    np.testing.assert_allclose(drawn["inputs-s"][0]["z"], dev.std(axis=0).reshape(8, 8))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (number(0.123456), "0.1235"),
        (number(1234567.0), "1,234,567"),
        (number(float("nan")), "none"),
        (share(0), "0 %"),
        (share(0.0001), "< 0.1 %"),
        (share(0.1234), "12.3 %"),
        (share(0.9999), "> 99.9 %"),
    ],
)
def test_numbers_are_written_as_people_do(made: str, expected: str) -> None:
    assert made == expected


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["columns", "columns and numbers", "square arrays", "pictures"])
def test_browser_draws_every_figure_without_an_error(kind: str, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium here")
    path = tmp_path / "profile.html"
    path.write_text(page(VIEWS[kind](), "T", []), encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --disable-background-networking"
    more = f"--enable-logging=stderr --virtual-time-budget=9000 --user-data-dir={tmp_path}"
    command = [chromium, *options.split(), *more.split(), "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    drawn = re.findall(r'id="figure-[^"]+" class="plotly-graph-div js-plotly-plot"', done.stdout)
    assert len(drawn) == len(figures(path.read_text(encoding="utf-8")))
    assert "CONSOLE" not in done.stderr
