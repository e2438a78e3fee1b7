"""Folders of pictures: files that are broken, too small, of other channels or there twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from ..findings import Finding, shown
from ..pictures import Picture, Survey

FEW = 10  # of a class: of so many two are tested on, and each moves its accuracy by a half
MAX_ASPECT = 3.0  # longer side to shorter; a square from the middle shows a third at most


def findings(survey: Survey, size: int) -> list[Finding]:
    """Return what to mend in a folder of pictures that are brought to `size` pixels a side."""
    pictures = survey.sound
    return [
        *_broken(survey),
        *_same_in_two_classes(pictures),
        *_copies(pictures),
        *_tiny(pictures, size),
        *_extreme_shapes(pictures),
        *_odd_channels(pictures),
        *_few(survey),
        *_strays(survey),
        *_nested(survey),
        *_others(survey),
    ]


def _warning(
    files: list[Picture], n: int, rule: str, found: str, fix: str, weight: float | None = None
) -> list[Finding]:
    """Return a warning of some of `n` files, of the weight of their share; none of no files."""
    if not files:
        return []
    share = len(files) / n
    found = f"{len(files):,} of {n:,} pictures ({share:.1%}) {found}"
    paths = shown([picture.path for picture in files])
    weight = share if weight is None else weight
    return [Finding("warning", paths, rule, found, fix, weight)]


def _broken(survey: Survey) -> list[Finding]:
    broken = [picture for picture in survey.pictures if picture.error is not None]
    if not broken:
        return []
    n = len(survey.pictures)
    reasons = Counter(picture.error for picture in broken)
    counted = [f"{reason} ({times:,})" for reason, times in reasons.most_common()]
    return [
        Finding(
            "error",
            shown([picture.path for picture in broken]),
            "every picture can be read",
            f"{len(broken):,} of {n:,} cannot: {shown(counted)}",
            "remove them, or save them again",
            len(broken) / n,
        )
    ]


def _identical(pictures: list[Picture]) -> list[list[Picture]]:
    """Return the groups of two files or more that hold the same bytes."""
    groups: defaultdict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        groups[picture.sha256].append(picture)
    return [group for group in groups.values() if len(group) > 1]


def _same_in_two_classes(pictures: list[Picture]) -> list[Finding]:
    # Of each file one path a class; groups of a single class are copies, of no harm to labels.
    files = [{picture.label: picture.path for picture in group} for group in _identical(pictures)]
    files = [file for file in files if len(file) > 1]
    if not files:
        return []
    between = Counter(" and ".join(sorted(file)) for file in files)
    counted = shown([f"{labels} ({times:,})" for labels, times in between.most_common()])
    return [
        Finding(
            "warning",
            shown([" = ".join(file.values()) for file in files]),
            "a picture is of one class",
            f"the same bytes lie under more than one, by number of files: {counted}",
            "keep each under the class that is right; a network cannot learn both",
            1.0,
        )
    ]


def _copies(pictures: list[Picture]) -> list[Finding]:
    groups = [
        group for group in _identical(pictures) if len({picture.label for picture in group}) == 1
    ]
    copies = [picture for group in groups for picture in group[1:]]
    return _warning(
        copies,
        len(pictures),
        "a picture is there once",
        f"repeat another byte for byte, such as {groups[0][0].path}" if groups else "",
        "remove them: a copy may be trained on and tested on",
    )


def _tiny(pictures: list[Picture], size: int) -> list[Finding]:
    tiny = [picture for picture in pictures if picture.shorter_side < size]
    smallest = min((picture.shorter_side for picture in tiny), default=0)
    return _warning(
        tiny,
        len(pictures),
        f"a picture has {size} pixels a side, or more",
        f"have fewer, down to {smallest}, and are blown up",
        "write a smaller `size` under `data: preprocess:`, or remove them",
    )


def _extreme_shapes(pictures: list[Picture]) -> list[Finding]:
    long = [picture for picture in pictures if _aspect(picture) > MAX_ASPECT]
    most = max(map(_aspect, long), default=1.0)
    return _warning(
        long,
        len(pictures),
        f"a picture's longer side is at most {MAX_ASPECT:g} times its shorter",
        f"are longer, up to {most:.1f} times, and lose up to {1 - 1 / most:.0%} as the square in "
        "their middle is cut out",
        "crop them to what matters, or remove them",
    )


def _aspect(picture: Picture) -> float:
    return max(picture.width, picture.height) / max(picture.shorter_side, 1)


# What is odd, what holds otherwise, and what is done with it.
_ODD: tuple[tuple[Callable[[Picture], bool], str, str], ...] = (
    (
        lambda picture: picture.mode == "CMYK",
        "a picture is in RGB or grey",
        "are in CMYK, a printer's colours, and are converted without a colour profile",
    ),
    (
        lambda picture: picture.is_transparent,
        "a picture is opaque",
        "are transparent in parts, and are laid on white",
    ),
    (
        lambda picture: picture.mode == "F" or picture.mode.startswith("I"),
        "a picture has 8 bits a channel",
        "have 16 or more, and white, 65,535 or 1.0, becomes 255",
    ),
)


def _odd_channels(pictures: list[Picture]) -> list[Finding]:
    found = _grey_among_colour(pictures)
    for is_odd, rule, done in _ODD:
        odd = [picture for picture in pictures if is_odd(picture)]
        fix = "convert them yourself if that loses what matters"
        found += _warning(odd, len(pictures), rule, done, fix)
    return found


def _grey_among_colour(pictures: list[Picture]) -> list[Finding]:
    """Return the smaller of the two kinds, where there are both."""
    grey = [picture for picture in pictures if picture.is_grey]
    colour = [picture for picture in pictures if not picture.is_grey]
    rule = "pictures are all grey, or all in colour"
    fix = "look whether they are of a class, or of a camera, that gives them away"
    if len(grey) <= len(colour):
        done = "are grey, and get three equal channels"
        return _warning(grey, len(pictures), rule, done, fix)
    done = "are in colour, for which the grey ones get three equal channels"
    return _warning(colour, len(pictures), rule, done, fix)


def _few(survey: Survey) -> list[Finding]:
    counts = Counter(picture.label for picture in survey.sound)
    few = sorted((counts[label], label) for label in survey.classes if counts[label] < FEW)
    if not few:
        return []
    return [
        Finding(
            "warning",
            shown([label for _, label in few]),
            f"a class has {FEW} pictures or more",
            "there are " + shown([f"{count} of {label}" for count, label in few]),
            "bring more, or remove their folders",
            1 - few[0][0] / FEW,
        )
    ]


def _strays(survey: Survey) -> list[Finding]:
    n, n_all = len(survey.strays), len(survey.strays) + len(survey.pictures)
    if not n:
        return []
    return [
        Finding(
            "warning",
            shown(survey.strays),
            "a picture lies in the folder of its class",
            f"{n:,} of {n_all:,} pictures lie beside these folders, and are left out",
            "move each into a folder, or remove them",
            n / n_all,
        )
    ]


def _nested(survey: Survey) -> list[Finding]:
    paths = set(survey.nested)
    nested = [picture for picture in survey.pictures if picture.path in paths]
    return _warning(
        nested,
        len(survey.pictures),
        "a class is a folder of pictures, without folders inside",
        "lie deeper, and are taken for the class of the topmost folder",
        "make a folder beside the others of each that is a class of its own",
    )


def _others(survey: Survey) -> list[Finding]:
    n, n_all = len(survey.others), len(survey.others) + len(survey.pictures)
    if not n:
        return []
    return [
        Finding(
            "warning",
            shown(survey.others),
            "a folder of pictures holds pictures",
            f"{n:,} of {n_all:,} files are no pictures that are read, and are left out",
            "convert them to PNG if they are pictures; else remove them",
            n / n_all,
        )
    ]
