"""What is off without being deleted: targets, groups and drills with `enabled: false`, and targets whose key is missing."""

import json
import re

import pytest

from harness.document import document, group, target
from harness.gateway import render

OFF = {"enabled": False}
MISSING = {"out": "auth"}


@pytest.fixture
def two(cloud, gateway):
    """Two targets in order, with more keys for each and for their group."""

    def start(first: dict, second: dict, **more):
        one, other = cloud["openai-main"], cloud["anthropic-main"]
        groups = [group("production-llm", one.name, other.name, **more)]
        return one, other, gateway(document([target(one, **first), target(other, "anthropic", **second)], groups))

    return start


@pytest.mark.parametrize("stream", [False, True])
def test_a_target_that_is_off_gets_no_request(two, stream):
    first, second, gateway = two(OFF, {})
    for _ in range(3):
        answer = gateway.chat(stream=stream)
        assert answer.status_code == 200 and answer.headers["x-switchover-target"] == second.name, answer.text
        said = f"{second.name} is the first choice of production-llm while {first.name} is disabled in the file."
        assert answer.headers["x-switchover-decision"] == said
        assert answer.headers["x-switchover-attempts"] == "1"
    assert (len(first.log()), len(second.log())) == (0, 3)


def test_a_target_that_is_off_is_no_fallback(two):
    first, second, gateway = two({}, OFF)
    first.behave(status=500)
    answer = gateway.chat()
    assert answer.status_code == 502 and answer.headers["x-switchover-attempts"] == "1", answer.text
    said = f"No target of production-llm answered: {first.name} failed (server_error) while {second.name} is disabled in the file."
    assert answer.headers["x-switchover-decision"] == said
    assert second.log() == []


def test_with_every_target_off(two):
    first, second, gateway = two(OFF, OFF)
    answer = gateway.chat()
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "targets_disabled", answer.text
    assert "Every target of `production-llm` that could take this request is disabled." in answer.json()["error"]["message"]
    assert f"{first.name} is disabled in the file; {second.name} is disabled in the file" in answer.headers["x-switchover-decision"]
    assert first.log() == second.log() == []


def test_the_last_answer_of_a_group_whose_targets_are_off(two):
    *_, gateway = two(OFF, OFF, degraded={"content": "Later, please."})
    answer = gateway.chat()
    assert answer.status_code == 200 and answer.headers["x-switchover-degraded"] == "true", answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "Later, please."


def test_a_missing_key_is_auth(two):
    first, second, gateway = two(MISSING, {})
    answer = gateway.chat()
    said = f"{second.name} is the first choice of production-llm while {first.name} is out: its key is missing."
    assert answer.headers["x-switchover-decision"] == said
    first, second, gateway = two(MISSING, OFF)
    answer = gateway.chat()
    assert answer.status_code == 502 and answer.json()["error"]["code"] == "auth", answer.text
    assert first.log() == []


def test_a_group_that_is_off(cloud, gateway):
    """Nobody else answers to its names, and who falls back to it goes past its targets."""
    first, second, third = (cloud[name] for name in ("openai-main", "openai-second", "anthropic-main"))
    groups = [
        group("production-llm", first.name, fallback_group="resting"),
        group("resting", second.name, aliases=["rest-*"], fallback_group="last") | OFF,
        group("last", third.name, aliases=["*"]),
    ]
    gateway = gateway(document([target(first), target(second), target(third, "anthropic")], groups))
    for model in ("resting", "rest-1"):
        answer = gateway.chat(model=model)
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "model_not_found", answer.text
        assert "disabled here" in answer.json()["error"]["message"]
    assert [model.id for model in gateway.openai().models.list()] == ["production-llm", "last"]
    first.behave(status=500)
    answer = gateway.chat()
    assert answer.headers["x-switchover-target"] == third.name, answer.text
    said = f"{third.name} answered for production-llm because {first.name} failed (server_error) "
    said += f"while {second.name} is of a fallback group that is disabled in the file."
    assert answer.headers["x-switchover-decision"] == said
    assert second.log() == []


def test_a_drill_that_is_off(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    drill = {"target": first.name, "class": "overloaded", "until": "2099-12-31T00:00:00Z"} | OFF
    gateway = gateway(document([target(first), target(second)], drills=[drill]))
    answer = gateway.chat()
    assert answer.headers["x-switchover-target"] == first.name and "x-switchover-drill" not in answer.headers


@pytest.mark.parametrize("place", ["target", "group", "drill"])
def test_only_the_filters_document_changes(cloud, tmp_path, place):
    """So that Envoy warms no cluster, and forgets no ejection, when something is turned off or on."""
    first, second = cloud["openai-main"], cloud["openai-second"]

    def clusters(name: str, more: dict) -> str:
        folder = tmp_path / name
        folder.mkdir()
        on = {"target": {}, "group": {}, "drill": {}} | {place: more}
        drill = {"target": first.name, "class": "overloaded", "until": "2099-12-31T00:00:00Z"} | on["drill"]
        groups = [group("production-llm", first.name, fallback_group="backup"), group("backup", second.name) | on["group"]]
        described = document([target(first, **on["target"]), target(second)], groups, drills=[drill])
        bootstrap = json.loads(render(described, folder).read_text())
        said = json.dumps(bootstrap["static_resources"]["clusters"]).replace(str(folder), "")
        # Each cluster has a translator, and so a document, of its own.
        said, count = re.subn(r'\\"enabled\\":(true|false)', "", said)
        assert count > 0
        return said

    assert clusters("off", OFF) == clusters("on", {"enabled": True})
