"""Tests with real control planes: `make test-mesh` builds them, and `make test` runs these tests where they are built."""

import pathlib

import pytest

from harness.document import key_of
from harness.mesh import MESH
from harness.meshed import NAMES
from harness.standin import Standin

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items):
    if (MESH / "ready").exists():
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no istiod is built here: `make test-mesh` builds one"))


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    standin = Standin(tmp_path_factory.mktemp("mesh") / "standin.log", *NAMES)
    yield standin
    standin.stop()


@pytest.fixture
def cloud(standin):
    for provider in standin:
        provider.reset()
        provider.expect_key(key_of(provider.name))
    return standin.providers
