"""What callers and operators are told of odd requests: true, bounded, and without a key."""

import json

from .attack import attack
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


@attack(cases=tuple(TWICE))
async def test_members_that_come_twice_are_refused(arena, case):
    """Two parsers could read two requests; the path says which member it is."""
    answer = await arena.chat(TWICE[case].encode())
    assert answer.status == 400 and case in answer.error()["message"], str(answer)


@attack()
async def test_members_that_seem_to_come_twice(arena):
    """In a text nobody parses, and in two objects."""
    body = script("well", "hostile-anthropic-alone")
    body["messages"] = [{"role": "user", "content": '{"a":1,"a":2} script: well '}, {"role": "assistant", "content": "b"}, MESSAGE]
    answer = await arena.chat(body)
    assert answer.status == 200, str(answer)


@attack(cases=("Identity", "identity", "IDENTITY"))
async def test_identity_is_no_encoding(arena, case):
    answer = await arena.chat(script("well", "hostile"), f"content-encoding: {case}")
    assert answer.status == 200, str(answer)


@attack(cases=("gzip", "br", "identity, gzip", "zstd"))
async def test_other_encodings_are_refused(arena, case):
    answer = await arena.chat(script("well", "hostile"), f"content-encoding: {case}")
    assert answer.status == 415 and answer.error()["message"], str(answer)


@attack(cases=(10, 1000, 20_000))
async def test_what_is_dropped_is_told_in_few_bytes(arena, case):
    """Clients stop reading headers at 8 or 16 KB in all."""
    body = script("well", "hostile-anthropic-alone") | {f"unknown_{number}": number for number in range(case)}
    answer = await arena.chat(body)
    if answer.status != 400:
        dropped = answer.headers["x-switchover-dropped"]
        assert answer.status == 200 and 0 < len(dropped) <= DROPPED, (len(dropped), dropped[-100:])
        assert case == 10 or dropped.endswith("more"), dropped[-100:]


ECHOES = ("400", "401", "403", "404", "422", "429", "500", "503")


@attack(cases=ECHOES)
async def test_a_key_that_a_provider_says_reaches_no_caller(arena, case):
    """Of no known form, and in each member of the error."""
    for model, key in (("hostile-alone", "key-of-hostile"), ("hostile-anthropic-alone", "key-of-hostile")):
        for ask in (arena.chat, arena.messages):
            for stream in (False, True):
                answer = await ask(script(f"echo {case}", model, stream=stream))
                assert answer.status >= 400, str(answer)
                told = answer.body + str(answer.headers).encode()
                assert key.encode() not in told, str(answer)


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


