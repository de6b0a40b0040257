"""Requests whose shape costs a translator more time than their size: neighbours on the same worker are answered all the same.

Each shape here once took half a minute or more. What counts is that neighbours get their answers; how long they waited,
`make hostile` prints.
"""

import asyncio
import json

from . import bodies
from .attack import attack
from .bodies import KIB, MIB, MESSAGE


def function(name: str) -> dict:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


def call(name: str, key: str) -> dict:
    return {"id": key, "type": "function", "function": {"name": name, "arguments": "{}"}}


def rounds(count: int, key) -> list:
    """So many calls of a tool, each with its result."""
    turns = [MESSAGE]
    for number in range(count):
        turns.append({"role": "assistant", "content": None, "tool_calls": [call("f", key(number))]})
        turns.append({"role": "tool", "tool_call_id": key(number), "content": "r"})
    return turns


def members(count: int) -> dict:
    return {f"member_{number}": number for number in range(count)}


def tools(names) -> dict:
    return {"messages": [MESSAGE], "tools": [function(name) for name in names]}


# By name: a provider that it is translated for, and how to make the request.
SHAPES = {
    "unknown members of a message": ("anthropic", lambda: {"messages": [MESSAGE | members(32_000)]}),
    "unknown members of a request": ("gemini", lambda: {"messages": [MESSAGE], **members(32_000)}),
    "tools with one beginning": ("mistral", lambda: tools("p" * 80 + str(number) for number in range(4000))),
    "tools with dots": ("anthropic", lambda: tools(f"a.{number}" for number in range(64_000))),
    "tools with other letters": ("anthropic", lambda: tools(f"ä{number}" for number in range(67_000))),
    "tools that become the same": ("bedrock", lambda: tools("." * (number % 60 + 1) + "/" * (number // 60) for number in range(2000))),
    "calls with odd ids": ("bedrock", lambda: {"messages": rounds(16_000, lambda number: f"call:{number}")}),
    "calls with good ids": ("bedrock", lambda: {"messages": rounds(30_000, lambda number: f"call_{number}")}),
    "calls with one id": ("mistral", lambda: {"messages": rounds(16_000, lambda number: "call")}),
}


@attack(cases=tuple(SHAPES))
async def test_a_shape_that_costs_time(arena, case):
    dialect, make = SHAPES[case]
    answer = await arena.chat({"model": f"hostile-{dialect}-alone", **make()})
    # What is too many of something may be refused, and then it is said of what.
    assert answer.status == 200 or (answer.status in (400, 413) and answer.error()["message"]), str(answer)


def parts(count: int) -> dict:
    return {"role": "user", "content": [{"type": "text", "text": "a"}] * count}


def properties(name: str) -> dict:
    schema = {"type": "object", "properties": {f"property_{number}": {"type": "string"} for number in range(1_000)}}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


# By name: a provider for which it costs most, and as much of it as no limit of the file refuses.
MOST = {
    "parts": ("mistral", lambda: {"messages": [parts(16_000), parts(16_000)]}),
    "unknown members": ("mistral", lambda: {"messages": [MESSAGE | {f"\t{number}": number for number in range(9_900)}]}),
    "properties": ("gemini", lambda: {"messages": [MESSAGE], "tools": [properties(f"f{number}") for number in range(32)]}),
    "calls": ("bedrock", lambda: {"messages": rounds(5_000, lambda number: f"call:{number}")}),
}


@attack(cases=tuple(MOST))
async def test_a_rush_of_what_costs_most(arena, case):
    """Those who come when the worker has had enough are told to come again."""
    dialect, make = MOST[case]
    body = json.dumps({"model": f"hostile-{dialect}-alone", **make()}).encode()
    answers = await asyncio.gather(*(arena.chat(body) for _ in range(30)))
    for answer in answers:
        assert answer.status == 200 or (answer.status == 503 and answer.error()["code"] == "gateway_busy"), str(answer)
    assert any(answer.status == 200 for answer in answers), str(answers[0])


def function_calls(number: int) -> list:
    call = {"type": "function_call", "call_id": f"c:{number}", "name": f"f.{number % 100}", "arguments": "{}"}
    return [call, {"type": "function_call_output", "call_id": f"c:{number}", "output": "r"}]


def reasoning(number: int) -> list:
    thought = {"type": "reasoning", "id": f"rs_{number}", "summary": [{"type": "summary_text", "text": "t"}]}
    return [thought, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "w"}]}]


@attack(cases=("function_calls", "reasoning"))
async def test_a_shape_of_responses_that_costs_time(arena, case):
    make = {"function_calls": function_calls, "reasoning": reasoning}[case]
    items = [{"type": "message", "role": "user", "content": "hello"}, *(part for number in range(16_000) for part in make(number))]
    for dialect in ("bedrock", "openai_compatible", "cohere"):
        answer = await arena.ask("/v1/responses", {"model": f"hostile-{dialect}-alone", "input": items})
        assert answer.status in (200, 400, 413), str(answer)


@attack(cases=("hostile-alone", "hostile-anthropic"))
async def test_a_million_tiny_messages(arena, case):
    """Linear, and heavy; a fallback of another dialect reads them again."""
    answer = await arena.chat(bodies.tiny_messages(31 * MIB, case))
    assert answer.status in (200, 400, 413), str(answer)


@attack()
async def test_the_deep_and_the_odd(arena):
    """Nesting, numbers and letters at which parsers break."""
    deep = b"[" * (4 * MIB) + b"]" * (4 * MIB)
    told = json.dumps(bodies.chat("hello", "hostile-anthropic-alone"))[:-1].encode()
    for more in (deep, b"1e999", b"-0", b"1" * 100 * KIB, rb'"\ud800"', rb'"\ud83d\ude00"', b'"' + b"\\u0000" * 100_000 + b'"', b"1E+400"):
        answer = await arena.chat(told + b',"metadata":{"a":' + more + b"}}")
        assert answer.status in (200, 400), str(answer)
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 500}}}
    for dialect in ("gemini", "anthropic", "bedrock", "mistral"):
        tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
        answer = await arena.chat({"model": f"hostile-{dialect}-alone", "messages": [MESSAGE], "tools": [tool]})
        assert answer.status in (200, 400), str(answer)


def doubling(levels: int) -> dict:
    """A schema whose definitions each name the next one twice: written out it has 2 to the power of `levels` ends."""
    both = lambda at: {"type": "object", "properties": {side: {"$ref": f"#/$defs/d{at}"} for side in ("a", "b")}}  # noqa: E731
    defs = {f"d{at}": both(at + 1) for at in range(levels)} | {f"d{levels}": {"type": "string"}}
    return both(0) | {"$defs": defs}


@attack()
async def test_a_schema_that_doubles(arena):
    """Gemini takes no references: what is written out must have an end."""
    tool = {"type": "function", "function": {"name": "f", "parameters": doubling(40)}}
    for dialect in ("gemini", "anthropic", "cohere"):
        answer = await arena.chat({"model": f"hostile-{dialect}-alone", "messages": [MESSAGE], "tools": [tool]})
        assert answer.status in (200, 400, 413), str(answer)
