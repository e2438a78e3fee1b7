"""What Ray's processes are given, and which addresses are refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from truetune.errors import InfrastructureError, InputError, TuneError
from truetune.search.executors import cluster
from truetune.spaces.experiment import Resources


def test_credentials_are_taken_out_and_the_rest_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ["DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "MLFLOW_TRACKING_URI", "PGHOST"]
    harmless = ["MY_KEYBOARD", "RAY_AUTH_TOKEN_PATH", "LANGUAGE"]
    for name in [*secret, *harmless]:
        monkeypatch.setenv(name, "x")
    cluster.take_out_credentials()
    import os

    assert [name for name in secret if name in os.environ] == []
    assert all(name in os.environ for name in harmless)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("ray://host:10001", InputError),
        ("http://host:8265", InputError),
        ("nonsense", InputError),
        ("127.0.0.1:1", InfrastructureError),
    ],
)
def test_an_address_that_is_no_head_node_is_refused(
    address: str, kind: type[TuneError], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(kind):
        cluster.start(address, Resources())


@pytest.mark.parametrize("was_there", [False, True])
def test_the_token_is_readable_by_its_owner_only(
    was_there: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ray" / "auth_token"
    if was_there:
        path.parent.mkdir()
        path.write_text("kept")
        path.chmod(0o644)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(path))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    cluster._keep_token_private()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.read_text() == "kept") if was_there else (len(path.read_text()) == 64)


@pytest.mark.parametrize(
    ("resources", "total", "expected"),
    [
        (Resources(), {"CPU": 4.0}, (4, 0.0)),
        (Resources(cpus=2), {"CPU": 5.0}, (2, 0.0)),
        (Resources(), {"CPU": 8.0, "GPU": 2.0}, (2, 1.0)),
        (Resources(workers=4), {"CPU": 8.0, "GPU": 2.0}, (4, 0.5)),
        (Resources(gpus=0.5), {"CPU": 8.0, "GPU": 2.0}, (4, 0.5)),
        (Resources(gpus=0.0), {"CPU": 3.0, "GPU": 2.0}, (3, 0.0)),
    ],
)
def test_processors_and_gpus_are_shared_out(
    resources: Resources,
    total: dict[str, float],
    expected: tuple[int, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ray.cluster_resources", lambda: total)
    assert cluster.share_out(resources) == expected


@pytest.mark.parametrize(
    "resources",
    [Resources(gpus=1.0), Resources(workers=3, cpus=2), Resources(gpus=0.5, workers=1)],
)
def test_what_a_cluster_has_not_got_is_refused(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 4.0})
    with pytest.raises(InfrastructureError, match="but Ray has"):
        cluster.share_out(resources)
