"""Keys of the file whose effect is seen nowhere else, on a real Envoy; tests/keys.json says where each key's is."""

import json

import httpx
import pytest

from harness import document as documents
from harness.document import document, group, key_of, target
from harness.gateway import Gateway, render

HOST = {"host": "a.example.com:8080"}
ALL = ["tools", "vision", "json_schema", "audio", "documents", "reasoning"]
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def log_tenant(bootstrap):
    """What a filter after ours would see as the tenant, for the access log."""
    (chain,) = bootstrap["static_resources"]["listeners"][0]["filter_chains"]
    log = chain["filters"][0]["typed_config"]["access_log"][0]["typed_config"]
    log["log_format"]["json_format"]["tenant"] = "%REQ(X-TENANT-ID)%"


@pytest.fixture(scope="module")
def envoy(envoy_binary, cloud_process, tmp_path_factory):
    main, second = cloud_process["openai-main"], cloud_process["openai-second"]
    claude, embeds = cloud_process["anthropic-main"], cloud_process["gemini-main"]
    small = "text-embedding-3-small"
    targets = [
        target(main, id="full", cluster="outbound|443||api.openai.com", price={"input": 3, "output": 3}),
        target(second, id="able", capabilities=ALL, price={"input": 1, "output": 5}),
        target(main, id="bare", capabilities=["-image_urls", "-candidates", "-logprobs", "-json_mode", "-sampling"]),
        target(main, id="sees", capabilities=[*ALL, "-image_urls", "-reasoning_effort"]),
        target(claude, "anthropic", id="claude", model="claude-opus-4-8"),
        target(claude, "anthropic", id="sampled", capabilities=[*ALL, "sampling", "reasoning_budget"]),
        target(claude, "anthropic", id="unsampled", capabilities=[*ALL, "-sampling", "-reasoning_effort", "-reasoning_budget"]),
        target(main, id="small", model=small),
        target(embeds, "gemini", id="other", model="gemini-embedding-001"),
        target(cloud_process["azure-secondary"], "azure_openai", id="deployed", model="ours", same_vectors=True),
        target(second, id="also-small", model=small),
        target(second, id="told", instructions={"prepend": "Served by Acme.", "append": "Ten lines."}),
        target(claude, "anthropic", id="claude-told", instructions={"prepend": "Served by Acme.", "append": "Ten lines."}),
    ]
    cost = {"strategy": "lowest_cost"}
    groups = [
        group("planned", "bare", "able"),
        group("pictures", "sees", "full"),
        group("dropping", "bare", "claude", unsupported="drop"),
        group("refusing", "bare", "claude"),
        group("claude", "claude"),
        group("sampled", "sampled"),
        group("unsampled", "unsampled"),
        group("bare", "bare"),
        group("timed", "full", "claude", first_token_timeout="9s", answer_timeout="400ms"),
        group("sees", "sees"),
        group("weighted", {"id": "full", "weight": 1}, {"id": "able", "weight": 4}, strategy="weighted_round_robin"),
        group("cheapest", {"id": "full"}, {"id": "able"}, **cost),
        group("backed", "full", fallback_group="backup", aliases=["gpt-5*", "the-alias"]),
        group("backup", "claude"),
        group("index", "claude", "small", "other", "deployed", "also-small"),
        group("only-others", "small", "other"),
        group("told", "told"),
        group("claude-told", "claude-told"),
    ]
    more = {
        "listen": {"hosts": ["llm.internal", "*.example.com"], "base_path": "/llm"},
        "tenant": {"header": "X-Tenant-Id", "trusted": False},
        "circuit_breaker": {"consecutive_failures": 10_000},
    }
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("keys"), document(targets, groups, **more), edit=log_tenant)
    yield gateway
    gateway.stop()


def chat(envoy, model, path="/v1/chat/completions", content="hi", headers=HOST, **more):
    body = {"model": model, "messages": [{"role": "user", "content": content}], **more}
    return envoy.post("/llm" + path, body, headers=headers)


TOLD = "Served by Acme.\n\nBe kind.\n\nTen lines."


def test_a_targets_own_words(envoy, cloud):
    said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    for model in ["told", "backed"]:
        assert chat(envoy, model, messages=said).status_code == 200
    (told,), (plain,) = cloud["openai-second"].log(), cloud["openai-main"].log()
    assert json.loads(told["body"])["messages"] == [{"role": "system", "content": TOLD}, said[1]]
    assert json.loads(plain["body"])["messages"] == said
    answer = chat(envoy, "claude-told", "/v1/messages", max_tokens=9, system="Be kind.")
    assert answer.status_code == 200 and "Acme" not in answer.text
    assert json.loads(cloud["anthropic-main"].log()[0]["body"])["system"] == TOLD
    answer = envoy.post("/llm/v1/responses", {"model": "told", "input": "hi", "instructions": "Be kind."}, headers=HOST)
    assert answer.status_code == 200 and "Acme" not in answer.text
    assert json.loads(cloud["openai-second"].log()[-1]["body"])["instructions"] == TOLD


def answered_by(answer):
    assert answer.status_code == 200, answer.text
    return answer.headers["x-switchover-target"]


def dropped(answer):
    assert answer.status_code == 200, answer.text
    return answer.headers.get("x-switchover-dropped")


@pytest.mark.floor
@pytest.mark.parametrize(
    "host, path, status",
    [
        ("a.example.com", "/llm", 200), ("a.b.Example.com:8080", "/llm", 200), ("LLM.internal", "/llm", 200),
        ("example.com", "/llm", 404), ("other.internal", "/llm", 404), ("[::1]:8080", "/llm", 404),
        ("a.example.com", "", 404), ("a.example.com", "/other", 404),
    ],
)  # fmt: skip
def test_hosts_and_the_base_path(envoy, cloud, host, path, status):
    body = {"model": "backup", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    answer = envoy.post(path + "/v1/chat/completions", body, headers={"host": host})
    assert answer.status_code == status, answer.text
    assert len(cloud["anthropic-main"].log()) == (1 if status == 200 else 0)
    assert httpx.get(envoy.url() + path + "/v1/models", headers={"host": host}).status_code == status


@pytest.mark.floor
def test_an_untrusted_tenant_is_nobodys(envoy, cloud):
    answer = chat(envoy, "backup", headers=HOST | {"x-tenant-id": "acme"})
    assert answer.status_code == 200

    def entry():
        lines = [json.loads(line) for line in envoy.process.log.read_text().splitlines() if line.startswith("{")]
        return next((line for line in lines if line["request_id"] == answer.headers["x-request-id"]), None)

    assert envoy.process.wait_until(entry, 15)["tenant"] is None


def test_a_cluster_has_the_name_that_the_file_gives(envoy, cloud):
    assert answered_by(chat(envoy, "backed")) == "full"
    assert "outbound|443||api.openai.com" in envoy.clusters() and "full" not in envoy.clusters()


def test_aliases_mean_their_group(envoy, cloud):
    for model in ("the-alias", "gpt-5-anything"):
        assert chat(envoy, model).headers["x-switchover-group"] == "backed"
    assert chat(envoy, "gpt-4").status_code == 404


def test_a_fallback_group_follows(envoy, cloud):
    cloud["openai-main"].behave(status=503)
    assert answered_by(chat(envoy, "backed")) == "claude"


def test_a_whole_answer_has_its_own_time(envoy, cloud):
    cloud["openai-main"].behave(delay_ms=1500)
    assert answered_by(chat(envoy, "timed")) == "claude"
    body = {"model": "timed", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    assert envoy.stream("/llm/v1/chat/completions", body, headers=HOST).headers["x-switchover-target"] == "full"


def test_weights_are_shares(envoy, cloud):
    counts = {"full": 0, "able": 0}
    for _ in range(100):
        counts[answered_by(chat(envoy, "weighted"))] += 1
    assert 60 <= counts["able"] <= 95, counts


def test_the_cheapest_comes_first(envoy, cloud):
    """Three prompt tokens for each answer token: (3 × 1 + 5) / 4 is less than 3."""
    assert answered_by(chat(envoy, "cheapest")) == "able"


PARTS = {
    "vision": [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + PICTURE}}],
    "audio": [{"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}],
    "documents": [{"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}}],
}
MEMBERS = {
    "tools": {"tools": [TOOL]},
    "json_schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}},
    "json_mode": {"response_format": {"type": "json_object"}},
    "candidates": {"n": 2},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
}


@pytest.mark.parametrize("ability", [*PARTS, *MEMBERS])
def test_a_request_goes_to_who_has_what_it_needs(envoy, cloud, ability):
    content = [{"type": "text", "text": "Answer in JSON."}, *PARTS.get(ability, [])]
    answer = chat(envoy, "planned", content=content, **MEMBERS.get(ability, {}))
    assert answered_by(answer) == "able" and answer.headers["x-switchover-attempts"] == "1"
    assert not cloud["openai-main"].log()
    alone = chat(envoy, "bare", content=content, **MEMBERS.get(ability, {}))
    assert alone.status_code == 400 and f"bare lacks {ability}" in alone.json()["error"]["message"], alone.text


def test_pictures_by_address_go_to_who_fetches_them(envoy, cloud):
    by = lambda url: chat(envoy, "pictures", content=[{"type": "image_url", "image_url": {"url": url}}])  # noqa: E731
    assert answered_by(by("https://a.test/a.png")) == "full"
    assert answered_by(by("data:image/png;base64," + PICTURE)) == "sees"


@pytest.mark.floor("deep")
def test_what_the_file_takes_away_is_left_out_and_listed(envoy, cloud):
    """From OpenAI to OpenAI, where nothing else is touched."""
    assert dropped(chat(envoy, "bare", temperature=0.5, top_p=0.9, seed=1)) == "temperature, top_p"
    sent = cloud["openai-main"].received()["json"]
    assert "temperature" not in sent and "top_p" not in sent and sent["seed"] == 1
    cloud["openai-main"].reset()
    assert dropped(chat(envoy, "sees", temperature=0.5, reasoning_effort="low")) == "reasoning_effort"
    sent = cloud["openai-main"].received()["json"]
    assert sent["temperature"] == 0.5 and "reasoning_effort" not in sent


def test_what_the_file_takes_away_in_claudes_own_dialect(envoy, cloud):
    more = {"max_tokens": 4000, "path": "/v1/messages"}
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    assert dropped(chat(envoy, "unsampled", temperature=0.5, **more)) == "temperature"
    assert dropped(chat(envoy, "unsampled", **thinking, **more)) == "thinking"
    assert dropped(chat(envoy, "unsampled", output_config={"effort": "low"}, **more)) == "output_config.effort"
    for entry in cloud["anthropic-main"].log():
        assert not {"temperature", "thinking", "output_config"} & set(entry["json"]), entry
    cloud["anthropic-main"].reset()
    # Otherwise its own callers are believed.
    assert dropped(chat(envoy, "claude", output_config={"effort": "low"}, **more)) is None
    assert cloud["anthropic-main"].received()["json"]["output_config"] == {"effort": "low"}


def test_what_the_file_adds_is_used(envoy, cloud):
    """Claude takes no temperature and an effort by default; here a temperature, and a budget."""
    assert dropped(chat(envoy, "claude", temperature=0.5)) == "temperature"
    assert dropped(chat(envoy, "sampled", temperature=0.5)) is None
    assert cloud["anthropic-main"].log()[-1]["json"]["temperature"] == 0.5
    assert dropped(chat(envoy, "sampled", reasoning_effort="low", max_tokens=8000)) is None
    assert cloud["anthropic-main"].log()[-1]["json"]["thinking"]["type"] == "enabled"


@pytest.mark.floor("deep")
def test_a_group_that_drops_goes_on_without(envoy, cloud):
    for member in ("candidates", "logprobs"):
        answer = chat(envoy, "dropping", **MEMBERS[member])
        assert answered_by(answer) == "bare"
        assert dropped(answer).split(", ") == [name for name in MEMBERS[member]]
        refused = chat(envoy, "refusing", **MEMBERS[member])
        assert refused.status_code == 400 and f"bare lacks {member}; claude lacks {member}" in refused.json()["error"]["message"]
    for entry in cloud["openai-main"].log():
        assert not {"n", "logprobs", "top_logprobs"} & set(entry["json"])


# Embeddings.


def embed(envoy, model, text="hi"):
    return envoy.post("/llm/v1/embeddings", {"model": model, "input": text, "dimensions": 256}, headers=HOST)


@pytest.mark.floor("deep")
def test_embeddings_never_come_from_another_model(envoy, cloud):
    """The first that has them fails: only those of its model, and a deployment that the file says is the same, are asked."""
    assert answered_by(embed(envoy, "index")) == "small"
    cloud["openai-main"].behave(status=503)
    assert answered_by(embed(envoy, "index")) == "deployed"
    cloud["azure-secondary"].behave(status=503)
    assert answered_by(embed(envoy, "index")) == "also-small"
    assert cloud["openai-second"].received()["json"]["dimensions"] == 256
    cloud["openai-second"].behave(status=503)
    answer = embed(envoy, "index")
    assert answer.status_code == 503 and answer.headers["x-switchover-attempts"] == "3", answer.text
    answer = embed(envoy, "only-others")
    assert answer.status_code == 503 and not cloud["gemini-main"].log(), answer.text
    # A chat is another matter.
    assert answered_by(chat(envoy, "index")) == "claude"


# Keys of providers, and Envoy's log.

SECRET = "marker-of-the-environment-1"


@pytest.fixture
def keyed(gateway, cloud, monkeypatch, tmp_path):
    """One key in a file, one from the environment, one in a file with a line break; Envoy says all that it can."""
    monkeypatch.setenv("SWITCHOVER_TEST_KEY", SECRET)
    names = ("openai-main", "openai-second", "azure-secondary")
    targets = [target(cloud[name], "azure_openai" if name.startswith("azure") else "openai") for name in names]
    described = document(targets, [group(name, name) for name in names])
    described["credentials"][2] = {"id": "openai-second", "secret_env": "SWITCHOVER_TEST_KEY"}
    assert [one["id"] for one in described["credentials"]] == sorted(names)
    cloud["openai-second"].expect_key(SECRET)
    yield described
    cloud["openai-second"].expect_key(key_of("openai-second"))


@pytest.mark.floor("deep")
@pytest.mark.parametrize("level", ["debug", "trace"])
def test_no_key_is_in_the_log_at_any_level(gateway, cloud, keyed, level):
    envoy = gateway(keyed, level=level, seconds=60)
    for name in ("openai-main", "openai-second", "azure-secondary"):
        assert answered_by(envoy.chat(model=name)) == name
    log = envoy.process.log.read_text(errors="replace")
    assert len(log) > 100_000
    for key in (key_of("openai-main"), SECRET, key_of("azure-secondary")):
        assert key not in log
    folder = envoy.process.log.parent / "envoy.json.secrets"
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
        assert file.suffix == ".key" or SECRET not in file.read_text(), file


@pytest.mark.floor
def test_a_key_of_the_environment_is_rotated_by_rendering_again(gateway, cloud, keyed, monkeypatch):
    envoy = gateway(keyed)
    assert answered_by(envoy.chat(model="openai-second")) == "openai-second"
    monkeypatch.setenv("SWITCHOVER_TEST_KEY", "marker-2")
    cloud["openai-second"].expect_key("marker-2")
    assert envoy.chat(model="openai-second").status_code == 502
    render(keyed, envoy.process.log.parent)
    envoy.process.wait_until(lambda: envoy.chat(model="openai-second").status_code == 200, seconds=10)


@pytest.mark.floor("deep")
def test_what_stands_around_a_key_is_not_sent(gateway, cloud, monkeypatch):
    """A line break, as editors leave one: Envoy gets a copy without, for as long as the file is so."""
    written = documents.key_of
    monkeypatch.setattr(documents, "key_of", lambda name: "\ufeff" + written(name) + "\r\n")
    described = document([target(cloud["openai-main"])])
    envoy = gateway(described)
    assert envoy.chat().status_code == 200
    folder = envoy.process.log.parent
    assert (folder / "envoy.json.secrets" / "openai-main.key").read_text() == written("openai-main")
    monkeypatch.setattr(documents, "key_of", written)
    render(described, folder)
    assert [file.name for file in (folder / "envoy.json.secrets").iterdir()] == ["openai-main.yaml"]
    assert envoy.chat().status_code == 200
