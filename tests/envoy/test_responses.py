"""OpenAI's Responses, asked of every kind of provider through a real Envoy, by the official SDK.

Its accumulating stream is the judge of the events: it wants each in its place.
"""

import json

import openai
import pytest
from openai.types.responses import Response

from harness.document import document, group, target
from harness.gateway import Gateway
from test_dialects import KINDS, SCHEMA, everyone, kind, said  # noqa: F401 (fixtures)

FORECAST = {"type": "function", "name": "forecast", "description": "…", "parameters": SCHEMA, "strict": False}
QUICK = {"first_token_timeout": "1s", "timeout": "20s"}


def strict(answer) -> Response:
    """The answer, which is all that its type says."""
    return Response.model_validate_json(answer.model_dump_json(warnings=False))


def test_whole(everyone, kind):
    answer = strict(everyone.openai().responses.create(model=kind, input="Grüß dich!", instructions="Be kind.", max_output_tokens=200))
    assert answer.output_text == said(kind) and answer.status == "completed" and answer.model == kind
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 3


def test_streamed(everyone, kind):
    with everyone.openai().responses.stream(model=kind, input="Grüß dich!") as stream:
        events = list(stream)
        final = strict(stream.get_final_response())
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == said(kind) == final.output_text and len(deltas) > 3
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.usage.output_tokens > 3 and final.model == kind


def test_limit(everyone, kind):
    answer = everyone.openai().responses.create(model=kind, input="Grüß dich!", max_output_tokens=3)
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools(everyone, kind, streamed):
    client = everyone.openai()
    conversation = [{"role": "user", "content": "What is the weather?"}]
    asked = {"model": kind, "tools": [FORECAST]}
    if streamed:
        with client.responses.stream(input=conversation, **asked) as stream:
            list(stream)
            answer = stream.get_final_response()
    else:
        answer = client.responses.create(input=conversation, **asked)
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"city": "Zürich", "days": 3} and call.name == "forecast"
    assert [tool.name for tool in answer.tools] == ["forecast"] or kind in ("openai", "azure_openai")
    # The items go back as they came, with whatever a provider wants to see again.
    for item in answer.output:
        sent = item.to_dict()
        sent.pop("parsed_arguments", None)
        conversation.append(sent)
    conversation.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny ☀"})
    answer = client.responses.create(input=conversation, **asked)
    assert "The tool said:" in answer.output_text and "sunny ☀" in answer.output_text


def test_thoughts_come_back(everyone, cloud):
    """Claude's signed thought travels through the caller's items and arrives as it was signed."""
    client = everyone.openai()
    asked = {"model": "anthropic", "tools": [FORECAST], "reasoning": {"effort": "low", "summary": "auto"}}
    conversation = [{"role": "user", "content": "What is the weather?"}]
    answer = client.responses.create(input=conversation, **asked)
    kinds = [item.type for item in answer.output]
    assert kinds[0] == "reasoning" and kinds[-1] == "function_call"
    conversation += [item.to_dict() for item in answer.output]
    result = {"type": "function_call_output", "call_id": answer.output[-1].call_id, "output": "sunny ☀"}
    client.responses.create(input=[*conversation, result], **asked)
    assert [entry["problem"] for entry in cloud[KINDS["anthropic"]].log()] == [None, None]
    # To OpenAI it doesn't go.
    client.responses.create(input=[*conversation, result], model="openai", tools=[FORECAST])
    assert [entry["problem"] for entry in cloud[KINDS["openai"]].log()] == [None]


@pytest.fixture(scope="module")
def pairs(envoy_binary, cloud_process, tmp_path_factory):
    """OpenAI first, then Claude."""
    openai_main, claude = cloud_process["openai-main"], cloud_process["anthropic-last-resort"]
    names = ["down", "error", "middle", "stored", "claude-only"]
    targets, groups = [], []
    for name in names:
        targets += [target(openai_main, id=f"{name}-first"), target(claude, "anthropic", id=f"{name}-second")]
        members = [f"{name}-second"] if name == "claude-only" else [f"{name}-first", f"{name}-second"]
        groups.append(group(name, *members, **QUICK))
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("responses"), document(targets, groups))
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("name, behaviour", [("down", {"status": 503}), ("error", {"error_event": "first_token"})])
def test_failover_to_another_dialect(pairs, cloud, name, behaviour):
    cloud["openai-main"].behave(**behaviour)
    with pairs.openai().responses.stream(model=name, input="Grüß dich!") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text.startswith("Hello from anthropic-last-resort.") and final.model == name
    assert [event.type for event in events].count("response.created") == 1


def test_an_error_in_the_middle_is_raised(pairs, cloud):
    # Slowly, or what fails would come together with the first token, when there still is a choice.
    cloud["openai-main"].behave(error_event=7, slow_ms=30)
    with pytest.raises(openai.APIError) as raised:
        for _ in pairs.openai().responses.create(model="middle", input="Grüß dich!", stream=True):
            pass
    assert "middle-first" in str(raised.value)


def test_stored_conversations_stay_where_they_are(pairs, cloud):
    client = pairs.openai()
    client.responses.create(model="stored", input="And then?", previous_response_id="resp_1")
    assert cloud["anthropic-last-resort"].log() == []
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(model="claude-only", input="And then?", previous_response_id="resp_1")
    assert "previous_response_id" in str(raised.value) and "whole conversation" in str(raised.value)
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(model="claude-only", input="News?", tools=[{"type": "web_search"}])
    assert "tools[0]" in str(raised.value)
