"""Where binaries are found, and in which order."""

from pathlib import Path

import pytest

from testbed import binaries

ETCD = next(each for each in binaries.CONTROL_PLANE if each.name == "etcd")
PINNED = binaries._pinned_version(ETCD)


def program(path: Path, version: str = PINNED) -> Path:
    """A program that says its version, as etcd does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho etcd Version: {version}.7\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def nothing_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLEBOUND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")


def test_binary_that_is_nowhere_must_be_built() -> None:
    assert binaries.find(ETCD) is None


def test_kubebuilder_assets_come_before_cache_and_path(tmp_path: Path) -> None:
    asset = program(tmp_path / "assets" / "etcd", version="0.1")
    program(binaries._cached(ETCD))
    program(tmp_path / "path" / "etcd")

    assert binaries.find(ETCD) == asset


def test_cache_comes_before_path(tmp_path: Path) -> None:
    cached = program(binaries._cached(ETCD))
    program(tmp_path / "path" / "etcd")

    assert binaries.find(ETCD) == cached


def test_path_is_used_where_its_version_is_the_pinned_one(tmp_path: Path) -> None:
    on_path = program(tmp_path / "path" / "etcd")

    assert binaries.find(ETCD) == on_path


@pytest.mark.parametrize("version", ["0.1", f"1{PINNED}", f"{PINNED}1"])
def test_another_version_on_path_is_not_used(tmp_path: Path, version: str) -> None:
    program(tmp_path / "path" / "etcd", version=version)

    assert binaries.find(ETCD) is None


def test_asset_that_cannot_run_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "assets" / "etcd").chmod(0o644)
    cached = program(binaries._cached(ETCD))

    assert binaries.find(ETCD) == cached


def test_found_binaries_are_not_built(tmp_path: Path) -> None:
    asset = program(tmp_path / "assets" / "etcd")

    assert binaries.ensure((ETCD,)) == {"etcd": asset}


@pytest.mark.parametrize("binary", binaries.CONTROL_PLANE + binaries.NODE, ids=lambda binary: binary.name)
def test_every_binary_is_pinned(binary: binaries.Binary) -> None:
    assert binaries._pinned_version(binary)
    assert binary.version
