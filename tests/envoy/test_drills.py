"""Drills on a real Envoy: failures on purpose take the real path, call nobody, and leave the real target alone."""

import concurrent.futures
import re
import subprocess
import time

import httpx
import pytest

from harness.document import document, target, write
from harness.process import built

# How many failures in a row eject.
FAILURES = 3
TENANT = "x-tenant-id"

# What drills fail with by themselves, whether Envoy ejects for it, and the caller's status when nothing is left.
EJECTING = {"connect": 503, "timeout": 504, "overloaded": 503, "server_error": 502, "malformed": 502, "auth": 502, "model_unavailable": 502}
SPARING = {"rate_limited": 429, "quota": 429, "model_failure": 502}


def at(seconds: float) -> str:
    """So many seconds from now, as the file writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def drill(what: str, target: str = "openai-main", until: float = 600, **more) -> dict:
    """A drill of a class, or of so many milliseconds (`"300ms"`)."""
    effect = "latency" if what.endswith("ms") else "class"
    return {"target": target, effect: what, "until": at(until)} | more


def two(cloud, *drills, **more) -> dict:
    """Two targets in order, drilled."""
    targets = [target(cloud["openai-main"]), target(cloud["anthropic-main"], "anthropic")]
    breaker = {"consecutive_failures": FAILURES, "interval": "1s", "base_ejection_time": "2s", "max_ejection_time": "2s"}
    tenant = {"tenant": {"header": TENANT}} if any("allow_tenants" in one for one in drills) else {}
    return document(targets, drills=list(drills), circuit_breaker=breaker, **tenant, **more)


def calls(provider) -> int:
    return len(provider.log())


def pairs(headers) -> list:
    """A request's headers as the stand-in logs them, names in lower case."""
    return [(name.lower(), value) for name, value in (headers.items() if isinstance(headers, dict) else headers)]


def drilled(envoy, **labels) -> int:
    """How often drills were counted, by the metric as Prometheus gets it."""
    lines = envoy.admin("stats/prometheus?filter=switchover_drills_total").text.splitlines()
    lines = [line for line in lines if line.startswith("switchover_drills_total{")]
    lines = [line for line in lines if all(f'{name}="{value}"' in line for name, value in labels.items())]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines)


@pytest.mark.floor
def test_the_next_attempt_has_what_a_provider_may_see_and_nobody_is_blamed(gateway, cloud):
    envoy = gateway(two(cloud, drill("overloaded")))
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    mine = {"x-request-id": "mine-1", "user-agent": "caller/1", "traceparent": trace}
    answer = envoy.chat(headers=mine)
    assert answer.status_code == 200 and answer.headers["x-request-id"] == "mine-1"
    sent = dict(pairs(cloud["anthropic-main"].received()["headers"]))
    assert {name: sent.get(name) for name in mine} == mine, sent
    assert '"request_id":"mine-1"' in envoy.process.tail()
    assert "switchover_failed_attempts_total" not in envoy.admin("stats/prometheus?filter=switchover_").text


@pytest.mark.floor
def test_a_drilled_chat_and_stream_switch_and_nobody_is_called(gateway, cloud):
    envoy = gateway(two(cloud, drill("overloaded")))
    chat = envoy.chat()
    stream = envoy.chat_stream()
    for answer in (chat, stream):
        status = answer.status_code if answer is chat else answer.status
        assert status == 200, answer
        assert answer.headers["x-switchover-target"] == "anthropic-main"
        assert answer.headers["x-switchover-attempts"] == "2"
        assert answer.headers["x-switchover-drill"] == "openai-main:overloaded"
        assert "openai-main failed (overloaded) (drill)" in answer.headers["x-switchover-decision"]
    assert chat.json()["choices"][0]["message"]["content"].startswith("Hello from anthropic-main.")
    assert stream.error is None and stream.data[-1] == "[DONE]"
    assert (calls(cloud["openai-main"]), calls(cloud["anthropic-main"])) == (0, 2)
    assert drilled(envoy, group="production-llm", target="openai-main") == 2
    assert '"drill":"openai-main:overloaded"' in envoy.process.tail()


def forced(*names: str) -> list:
    """A drill of each class on openai-main, which only `force` brings on."""
    return [drill(name, percentage=0, allow_tenants=["acme"]) for name in names]


def force(name: str = "") -> dict:
    """The headers of a tenant who may, for the drill of a class."""
    return {TENANT: "acme", "x-switchover-drill": f"openai-main:{name}".rstrip(":")}


def test_every_class_that_fails_over(gateway, cloud):
    described = two(cloud, *forced(*EJECTING, *SPARING))
    described["circuit_breaker"]["consecutive_failures"] = 100
    described["model_groups"][0] |= {"first_token_timeout": "500ms", "answer_timeout": "500ms"}
    envoy = gateway(described)
    for name in [*EJECTING, *SPARING]:
        for answer in (envoy.chat(headers=force(name)), envoy.chat(headers=force(name), stream=True)):
            assert (answer.status_code, answer.headers["x-switchover-target"]) == (200, "anthropic-main"), name
            assert answer.headers["x-switchover-attempts"] == "2"
            assert answer.headers["x-switchover-drill"] == f"openai-main:{name}"
            assert f"openai-main failed ({name}) (drill)" in answer.headers["x-switchover-decision"]
        assert drilled(envoy, **{"class": name}) == 2
    assert calls(cloud["openai-main"]) == 0
    # Nothing cooled down either.
    assert envoy.chat().headers["x-switchover-target"] == "openai-main"


def test_a_timeout_is_waited_for(gateway, cloud):
    """As long as the group waits for a provider that says nothing, and no longer; nobody is called."""
    described = two(cloud, *forced("timeout"))
    described["model_groups"][0] |= {"first_token_timeout": "700ms", "answer_timeout": "700ms"}
    envoy = gateway(described)
    for number in range(FAILURES):
        begin = time.monotonic()
        answer = envoy.chat(headers=force("timeout"), stream=number % 2 == 1)
        assert answer.headers["x-switchover-target"] == "anthropic-main"
        assert "openai-main failed (timeout) (drill)" in answer.headers["x-switchover-decision"]
        assert 0.69 < time.monotonic() - begin < 3
    assert envoy.ejected() == {"openai-main||drill_fail"} and calls(cloud["openai-main"]) == 0


def test_a_drill_without_a_way_out_is_an_error_of_its_class(gateway, cloud):
    ends = EJECTING | SPARING | {"context_length": 400, "content_policy": 400, "invalid_request": 400}
    only = document([target(cloud["openai-main"])], drills=forced(*ends), tenant={"header": TENANT})
    only["circuit_breaker"] = {"consecutive_failures": 100}
    only["model_groups"][0] |= {"first_token_timeout": "500ms", "answer_timeout": "500ms"}
    envoy = gateway(only)
    for name, status in ends.items():
        for answer in (envoy.chat(headers=force(name)), envoy.chat(headers=force(name), stream=True)):
            assert answer.status_code == status, answer.text
            assert answer.json()["error"]["code"] in (name, "context_length_exceeded")
            assert "this is a drill" in answer.text or name == "auth"
            assert answer.headers["x-switchover-drill"] == f"openai-main:{name}"
            assert "(drill)" in answer.headers["x-switchover-decision"]
            assert ("retry-after" in answer.headers) == (name in ("rate_limited", "quota"))
    assert calls(cloud["openai-main"]) == 0


def test_the_real_target_learns_nothing(gateway, cloud):
    envoy = gateway(two(cloud, *forced("rate_limited", "auth")))
    for name in ["rate_limited", "auth"]:
        for _ in range(FAILURES):
            answer = envoy.chat(headers=force(name))
            assert f"openai-main failed ({name}) (drill)" in answer.headers["x-switchover-decision"]
        real = envoy.chat()
        assert (real.headers["x-switchover-target"], real.headers["x-switchover-attempts"]) == ("openai-main", "1")
        assert "x-switchover-drill" not in real.headers
        assert envoy.ejected() == ({"openai-main||drill_fail"} if name == "auth" else set())
    stats = envoy.stats(r"^cluster\.openai-main\.")
    assert stats["cluster.openai-main.outlier_detection.ejections_total"] == 0
    assert stats.get("cluster.openai-main.upstream_rq_5xx", 0) == stats.get("cluster.openai-main.upstream_rq_4xx", 0) == 0
    # The twin is ejected as the target would be: no attempt is wasted on it, and the caller is told why.
    answer = envoy.chat(headers=force())
    assert (answer.headers["x-switchover-target"], answer.headers["x-switchover-attempts"]) == ("anthropic-main", "1")
    assert "openai-main is ejected (drill)" in answer.headers["x-switchover-decision"]
    assert answer.headers["x-switchover-drill"] == "openai-main:rate_limited"
    # The way back.
    envoy.process.wait_until(lambda: envoy.ejected() == set())
    answer = envoy.chat(headers=force("auth"))
    assert "openai-main failed (auth) (drill)" in answer.headers["x-switchover-decision"]


def test_the_twin_gets_neither_key_nor_request(gateway, cloud):
    """Were the request to reach somebody, it would be the echo that stands where the twin was."""
    other = cloud["other"]

    def listen_in(bootstrap):
        for cluster in bootstrap["static_resources"]["clusters"]:
            if cluster["name"].endswith("||drill_fail"):
                (locality,) = cluster["load_assignment"]["endpoints"]
                locality["lb_endpoints"][0]["endpoint"]["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": other.port}}

    envoy = gateway(two(cloud, drill("overloaded")), edit=listen_in)
    assert envoy.chat("a secret of the caller").headers["x-switchover-target"] == "anthropic-main"
    received = other.received()
    assert not received["body"] and "secret" not in str(received)
    names = [name for name, _ in pairs(received["headers"])]
    assert not {"authorization", "x-api-key", "api-key", "cookie"}.intersection(names)
    assert not any(name.startswith("x-switchover") for name in names)


def test_percentages(gateway, cloud):
    none = gateway(two(cloud, drill("overloaded", percentage=0)))
    for _ in range(20):
        assert none.chat().headers["x-switchover-target"] == "openai-main"
    assert drilled(none) == 0
    half = gateway(two(cloud, drill("rate_limited", percentage=50)))
    met = sum("x-switchover-drill" in half.chat().headers for _ in range(100))
    assert 25 <= met <= 75
    assert drilled(half) == met


def test_a_drill_ends_at_until(gateway, cloud):
    over = gateway(two(cloud, drill("overloaded", until=-60)))
    assert over.chat().headers["x-switchover-target"] == "openai-main"
    soon = time.time() + 15
    ending = gateway(two(cloud, drill("rate_limited", until=15)))
    assert ending.chat().headers["x-switchover-drill"] == "openai-main:rate_limited"
    time.sleep(max(0.0, soon + 1 - time.time()))
    answer = ending.chat()
    assert answer.headers["x-switchover-target"] == "openai-main" and "x-switchover-drill" not in answer.headers


FORCE = {"x-switchover-drill": "openai-main"}


IN_VAIN = [
    FORCE,
    FORCE | {TENANT: "globex"},
    FORCE | {TENANT: ""},
    [("x-switchover-drill", "openai-main"), (TENANT, "acme"), (TENANT, "globex")],
    {TENANT: "acme"},
    {TENANT: "acme", "x-switchover-drill": "openai-main:server_error"},
    {TENANT: "acme", "x-switchover-drill": "openai-main:"},
    {TENANT: "acme", "x-switchover-drill": "openai"},
    {TENANT: "acme", "x-switchover-drill": "anthropic-main"},
    {TENANT: "acme", "x-switchover-drill": "*"},
]


def test_only_those_who_may_force_a_drill(gateway, cloud):
    envoy = gateway(two(cloud, drill("overloaded", percentage=0, allow_tenants=["acme"])))
    for headers in IN_VAIN:
        answer = envoy.chat(headers=headers)
        assert answer.headers["x-switchover-target"] == "openai-main" and "x-switchover-drill" not in answer.headers, headers
    for entry in cloud["openai-main"].log():
        assert not any(name.startswith("x-switchover") for name, _ in pairs(entry["headers"]))
    assert drilled(envoy) == 0
    assert envoy.chat(headers=force()).headers["x-switchover-target"] == "anthropic-main"


@pytest.mark.floor("deep")
@pytest.mark.parametrize("stream", [False, True])
def test_a_pause_shorter_than_the_timeout(gateway, cloud, stream):
    envoy = gateway(two(cloud, drill("300ms")))
    begin = time.monotonic()
    answer = envoy.chat_stream() if stream else envoy.chat()
    took = time.monotonic() - begin
    assert answer.headers["x-switchover-target"] == "openai-main" and answer.headers["x-switchover-attempts"] == "1"
    assert answer.headers["x-switchover-drill"] == "openai-main:latency"
    assert "after a pause of 300 ms (drill)" in answer.headers["x-switchover-decision"]
    assert 0.29 < took < 2, took
    # The provider got the whole request, with its key.
    assert cloud["openai-main"].received()["problem"] is None
    assert drilled(envoy, target="openai-main", **{"class": "latency"}) == 1


@pytest.mark.floor("deep")
@pytest.mark.parametrize("stream", [False, True])
def test_a_pause_longer_than_the_timeout_is_a_timeout(gateway, cloud, stream):
    described = two(cloud, drill("5000ms"))
    described["model_groups"][0] |= {"first_token_timeout": "300ms", "answer_timeout": "300ms"}
    envoy = gateway(described)
    for _ in range(FAILURES):
        begin = time.monotonic()
        answer = envoy.chat_stream() if stream else envoy.chat()
        took = time.monotonic() - begin
        assert answer.headers["x-switchover-target"] == "anthropic-main"
        assert "openai-main failed (timeout) (drill)" in answer.headers["x-switchover-decision"]
        assert 0.29 < took < 2, took
    assert calls(cloud["openai-main"]) == 0
    assert envoy.ejected() == {"openai-main||drill_slow"}
    assert envoy.stats(r"^cluster\.openai-main\.outlier_detection")["cluster.openai-main.outlier_detection.ejections_total"] == 0
    assert envoy.chat().headers["x-switchover-attempts"] == "1"


def test_many_pauses_at_once(gateway, cloud):
    """Each is as long as it should be, and one that the caller gives up disturbs no other."""
    envoy = gateway(two(cloud, drill("400ms")), concurrency=2)

    def one(number):
        begin = time.monotonic()
        try:
            answer = httpx.post(
                envoy.url() + "/v1/chat/completions",
                json={"model": "production-llm", "messages": [{"role": "user", "content": "hello"}]},
                timeout=0.2 if number % 4 == 0 else 30,
            )
        except httpx.TimeoutException:
            return None
        return answer.status_code, answer.headers["x-switchover-target"], time.monotonic() - begin

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        done = list(pool.map(one, range(120)))
    for number, result in enumerate(done):
        if number % 4 == 0:
            assert result is None
        else:
            assert result[:2] == (200, "openai-main") and 0.39 < result[2] < 20, result
    assert envoy.alive() and envoy.chat().status_code == 200


def test_both_targets_down_try_anyway(gateway, cloud):
    """With both twins ejected the last resort is tried, and that is drilled as well."""
    envoy = gateway(two(cloud, drill("server_error"), drill("overloaded", "anthropic-main")))
    for _ in range(FAILURES + 2):
        answer = envoy.chat()
        assert answer.status_code in (502, 503) and answer.json()["error"]["code"] in ("server_error", "overloaded")
        assert answer.headers["x-switchover-drill"] == "openai-main:server_error, anthropic-main:overloaded"
    assert envoy.ejected() == {"openai-main||drill_fail", "anthropic-main||drill_fail"}
    assert calls(cloud["openai-main"]) == calls(cloud["anthropic-main"]) == 0


def test_no_drills_no_twins(gateway, cloud):
    envoy = gateway(two(cloud))
    assert envoy.chat(headers=FORCE | {TENANT: "acme"}).headers["x-switchover-target"] == "openai-main"
    assert not [name for name in envoy.clusters() if "!" in name or "drill" in name]
    assert "drill" not in envoy.admin("listeners").text


def scripted(envoy, *words) -> subprocess.CompletedProcess:
    """`switchover drill` against this gateway, with the file that it runs."""
    command = [built("switchover"), "drill", envoy.process.log.with_name("switchover.yaml"), "--url", envoy.url(), "--admin", envoy.admin_url, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_the_scripted_drill(gateway, cloud):
    second = drill("server_error", "anthropic-main", percentage=0, allow_tenants=["acme"])
    pause = drill("100ms", percentage=0, allow_tenants=["globex", "acme"])
    others = [drill("quota", percentage=0), drill("quota", until=-60, allow_tenants=["acme"])]
    described = two(cloud, *forced("auth", "rate_limited"), pause, second, *others, listen={"hosts": ["llm.internal"]})
    envoy = gateway(described)
    done = scripted(envoy)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = {part.split("\n")[0]: part for part in done.stdout.split("\n\n")}
    assert list(parts) == ["openai-main: auth", "openai-main: rate_limited", "openai-main: latency of 100 ms", "anthropic-main: server_error", "No caller saw a failure."]
    auth, limited, slow, last = list(parts.values())[:4]
    assert f"{FAILURES} attempts on production-llm, as tenant acme; then ejected (openai-main||drill_fail)" in auth
    assert "5 answers: 3 chats and 2 streams by anthropic-main; 0 failures" in auth
    assert re.search(r"time to switch +[\d.]+ ms until another's first byte \(median; slowest [\d.]+ ms\), [\d.]+ ms once ejected", auth), auth
    assert re.search(r"time back +[\d.]+ s after the ejection was seen; without the drill openai-main answers", auth), auth
    assert "its own circuit breaker is closed" in auth
    assert "6 attempts on production-llm, as tenant acme; nobody ejected" in limited and "time back       at once" in limited
    assert "as tenant globex" in slow and "no switch: the target answered, 1" in slow
    assert "not played      production-llm has no other target left to answer." in last


def test_the_scripted_drill_fails_with_its_callers(gateway, cloud):
    described = two(cloud, *forced("connect", "rate_limited"))
    described["model_groups"][0]["when_all_ejected"] = "fail_fast"
    envoy = gateway(described)
    cloud["anthropic-main"].behave(status=500)
    done = scripted(envoy, "--no-way-back")
    assert done.returncode == 1
    assert 'FAILED          a chat got 502: Target "anthropic-main" failed' in done.stdout
    assert "FAILED          a stream got 502:" in done.stdout
    assert "failures were seen." in done.stderr


def test_the_scripted_drill_needs_a_gateway_that_knows_of_it(gateway, cloud):
    envoy = gateway(two(cloud))
    assert scripted(envoy).stderr.count("has no drill that is on. Add one") == 1
    other = two(cloud, *forced("overloaded"))
    write(other, envoy.process.log.parent)
    done = scripted(envoy)
    assert done.returncode == 1 and "no answer says that it was drilled" in done.stdout
    other["drills"][0]["allow_tenants"] = []
    write(other, envoy.process.log.parent)
    done = scripted(envoy)
    assert done.returncode == 1 and "lets nobody force a drill" in done.stderr
    (example,) = re.findall(r"until: \"(.*?)\"", done.stderr)
    assert at(3300) < example < at(3700)
    done = scripted(envoy, "--tenant", "umbrella", "--target", "openai-main")
    assert done.returncode == 1 and "lets tenant `umbrella` force no drill" in done.stderr
    assert "Did you mean `openai-main`?" in scripted(envoy, "--target", "openai-mein").stderr
