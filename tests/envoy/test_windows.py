"""`context_length` goes on to a larger window only, wherever it stands in the order; nobody else is called for it."""

import pytest

from harness.document import document, group, target

pytestmark = pytest.mark.floor("deep")

LONG = {"failure": "context_length"}


@pytest.fixture
def three(cloud, gateway):
    """Three targets in order, with these windows."""

    def start(*windows, breaks=None, **more):
        names = ("openai-main", "openai-second", "anthropic-last-resort")
        kinds = ("openai", "openai", "anthropic")
        targets = [target(cloud[name], kind, context_window=window) for name, kind, window in zip(names, kinds, windows)]
        for one in targets:
            one["circuit_breaker"] = {"consecutive_failures": 1 if one["id"] == breaks else 1000}
        groups = [group("production-llm", *names, first_token_timeout="2s", **more)]
        started = gateway(document(targets, groups))
        return *(cloud[name] for name in names), started

    return start


@pytest.mark.parametrize("stream", [False, True])
def test_a_smaller_window_in_between_is_not_called(three, stream):
    """Envoy goes there and nowhere else; nobody is called, and the caller is told of the request's length."""
    first, small, large, gateway = three(100_000, 50_000, 200_000)
    first.behave(LONG)
    answer = gateway.chat(stream=stream)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "context_length_exceeded", answer.text
    assert answer.headers["x-switchover-attempts"] == "1", "what calls nobody is no attempt"
    said = "openai-main failed (context_length), openai-second has no larger context window"
    assert said in answer.headers["x-switchover-decision"]
    assert (len(first.log()), len(small.log()), len(large.log())) == (1, 0, 0)


def test_a_smaller_window_that_is_ejected_is_no_hindrance(three):
    first, small, large, gateway = three(100_000, 50_000, 200_000, breaks="openai-second")
    first.behave({"status": 500, "times": 1}, LONG), small.behave(status=503)
    assert gateway.chat().headers["x-switchover-target"] == large.name
    assert gateway.ejected() == {small.name}
    answer = gateway.chat()
    assert answer.headers["x-switchover-target"] == large.name, answer.text
    said = "openai-main failed (context_length) and openai-second is ejected"
    assert said in answer.headers["x-switchover-decision"]


def test_a_target_that_is_passed_over_is_not_ejected(three):
    first, small, large, gateway = three(100_000, 50_000, 200_000, breaks="openai-second")
    first.behave(LONG)
    for _ in range(4):
        assert gateway.chat().status_code == 400
    assert gateway.ejected() == set()


def test_the_larger_one_is_ejected(three):
    """Envoy itself goes on to the next that is not: a smaller one, which is not called."""
    first, large, small, gateway = three(100_000, 200_000, 50_000, breaks="openai-second", when_all_ejected="fail_fast")
    first.behave({"status": 500, "times": 1}, LONG), large.behave(status=503)
    assert gateway.chat().headers["x-switchover-target"] == small.name
    assert gateway.ejected() == {large.name}
    answer = gateway.chat()
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "context_length_exceeded", answer.text
    assert (len(first.log()), len(large.log()), len(small.log())) == (2, 1, 1)


def test_the_larger_one_fails_otherwise(three):
    """What a target said of the request's length holds for the rest of the request."""
    first, large, small, gateway = three(100_000, 200_000, 50_000)
    first.behave(LONG), large.behave(status=500)
    answer = gateway.chat()
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "context_length_exceeded", answer.text
    assert (len(first.log()), len(large.log()), len(small.log())) == (1, 1, 0)
    assert answer.headers["x-switchover-attempts"] == "2"
