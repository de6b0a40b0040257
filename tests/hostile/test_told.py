"""What callers and operators are told of odd requests: true, bounded, and without a key."""

import json

from .attack import attack, each
from .bodies import MESSAGE, script

# What the name of a dropped member may cost in all, in bytes.
DROPPED = 2048

TWICE = {
    "model": '{"model":"hostile","model":"good","messages":[{"role":"user","content":"a"}]}',
    "messages[0].content": '{"model":"hostile","messages":[{"role":"user","content":"a","content":"b"}]}',
    "tools[0].function.name": (
        '{"model":"hostile","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":'
        '{"name":"f","parameters":{},"name":"g"}}]}'
    ),
    "metadata.a": '{"model":"hostile","messages":[{"role":"user","content":"a"}],"metadata":{"a":"1","\\u0061":"2"}}',
}


@attack()
async def test_members_that_come_twice_are_refused(arena):
    """Two parsers could read two requests; the path says which member it is."""

    async def refused(path: str):
        answer = await arena.chat(TWICE[path].encode())
        assert answer.status == 400 and path in answer.error()["message"], str(answer)

    await each(TWICE, refused)


@attack()
async def test_members_that_seem_to_come_twice(arena):
    """In a text nobody parses, and in two objects."""
    body = script("well", "hostile-anthropic-alone")
    body["messages"] = [{"role": "user", "content": '{"a":1,"a":2} script: well '}, {"role": "assistant", "content": "b"}, MESSAGE]
    answer = await arena.chat(body)
    assert answer.status == 200, str(answer)


@attack()
async def test_encodings_of_a_request(arena):
    """Identity is none, however it is written; the others are refused."""

    async def encoded(name: str):
        answer = await arena.chat(script("well", "hostile"), f"content-encoding: {name}")
        assert answer.status == (200 if name.lower() == "identity" else 415), str(answer)
        assert answer.status == 200 or answer.error()["message"], str(answer)

    await each(("Identity", "identity", "IDENTITY", "gzip", "br", "identity, gzip", "zstd"), encoded)


@attack(cases=(10, 1000, 20_000))
async def test_what_is_dropped_is_told_in_few_bytes(arena, case):
    """Clients stop reading headers at 8 or 16 KB in all."""
    body = script("well", "hostile-anthropic-alone") | {f"unknown_{number}": number for number in range(case)}
    answer = await arena.chat(body)
    if answer.status != 400:
        dropped = answer.headers["x-switchover-dropped"]
        assert answer.status == 200 and 0 < len(dropped) <= DROPPED, (len(dropped), dropped[-100:])
        assert case == 10 or dropped.endswith("more"), dropped[-100:]


@attack()
async def test_a_key_that_a_provider_says_reaches_no_caller(arena):
    """Of no known form, with any status, and in each member of the error."""

    async def echoed(status: int):
        for model in ("echo-openai-alone", "echo-anthropic-alone"):
            for ask in (arena.chat, arena.messages):
                answer = await ask(script(f"echo {status}", model, stream=status % 2 == 0))
                assert answer.status >= 400, str(answer)
                assert "key-of-hostile" not in answer.body.decode() + str(answer.headers), str(answer)

    await each((400, 401, 403, 404, 422, 429, 500, 503), echoed)


@attack(alone=True)
async def test_no_key_is_in_the_log(arena):
    text = arena.log.read_text(errors="replace")
    assert "key-of-" not in text, text[max(0, text.index("key-of-") - 300) :][:600]


@attack()
async def test_the_request_id_is_kept(arena):
    answer = await arena.chat(script("page", "hostile"), "x-request-id: 6f0c2d9e-1111-4222-8333-444455556666")
    assert answer.target == "spare", str(answer)
    received = [one for one in arena.world.standins["spare"].log() if "6f0c2d9e-1111-4222-8333-444455556666" in json.dumps(one["headers"])]
    assert received, "the next target saw another id"


