"""What failover does is counted, with labels that Prometheus understands."""

import re

import pytest

from harness.document import document, group, target

pytestmark = pytest.mark.floor("deep")


def counted(gateway, news=False) -> dict:
    """Counters of ours: name and the labels that we gave, sorted, as `name{a="b"}`. Envoy 1.37 and 1.38 add their own. News is there
    from the start."""
    found = {}
    for line in gateway.admin("stats/prometheus?filter=switchover_").text.splitlines():
        if line.startswith("switchover_news_total") != news:
            continue
        if match := re.fullmatch(r"(switchover_\w+_total)\{(.*)\} (\d+)", line):
            labels = sorted(label for label in match[2].split(",") if label.startswith(("group=", "target=", "class=")))
            found[f"{match[1]}{{{','.join(labels)}}}"] = int(match[3])
    return found


@pytest.mark.floor
def test_failover_is_counted(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    # Envoy 1.37 and 1.38 count all under the first order's cluster, whatever its name.
    groups = [group("team/a:1.5", second.name), group("production-llm", first.name, second.name, first_token_timeout="1s")]
    gateway = gateway(document([target(first), target(second)], groups))
    first.behave({"status": 503, "times": 1}, {"cut": "headers", "times": 1}, {"malformed_event": 4, "times": 1},
                 {"slow_ms": 30, "end": 5, "times": 1}, {"failure": "rate_limited", "retry_after": {"seconds": 30}})  # fmt: skip
    assert gateway.chat().headers["x-switchover-target"] == second.name
    assert gateway.chat().headers["x-switchover-target"] == second.name
    assert gateway.chat_stream().data[-1] == "[DONE]"
    assert "error" in gateway.chat_stream().data[-1]
    assert gateway.chat_stream().data[-1] == "[DONE]"
    of_first = 'group="production-llm",target="openai-main"'
    assert counted(gateway) == {
        f'switchover_failed_attempts_total{{class="overloaded",{of_first}}}': 1,
        f'switchover_failed_attempts_total{{class="connect",{of_first}}}': 1,
        f'switchover_failed_attempts_total{{class="rate_limited",{of_first}}}': 1,
        f'switchover_malformed_events_total{{{of_first}}}': 1,
        f'switchover_broken_streams_total{{class="malformed",{of_first}}}': 1,
        f'switchover_cool_downs_total{{class="rate_limited",{of_first}}}': 1,
        'switchover_switches_total{group="production-llm",target="openai-second"}': 3,
    }


def test_news_is_counted(cloud, gateway):
    first, second = cloud["openai-main"], cloud["openai-second"]
    gateway = gateway(document([target(first), target(second)], [group("production-llm", first.name, second.name)]))
    gateway.chat()
    assert counted(gateway, news=True) == {"switchover_news_total{}": 0}
    first.behave({"failure": "rate_limited", "retry_after": {"seconds": 30}, "times": 1})
    gateway.chat()
    assert counted(gateway, news=True) == {"switchover_news_total{}": 1}


def test_what_goes_well_counts_nothing(cloud, gateway):
    gateway = gateway(document([target(cloud["openai-main"])]))
    gateway.chat(), gateway.chat_stream()
    assert counted(gateway) == {}
