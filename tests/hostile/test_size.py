"""Answers and requests that are large, or grow: each arrives whole, or is refused with words; nobody else notices."""

import asyncio

from . import bodies
from .attack import attack
from .bodies import KIB, MIB, digest, script, words

EMBEDDINGS = "/v1/embeddings"


def whole(answer, text: str):
    assert answer.status == 200 and answer.is_whole, str(answer)
    told = answer.text
    assert len(told) == len(text) and digest(told) == digest(text), f"{len(told)} of {len(text)} bytes, or others"


def refused(answer, status: int, code: str | None, *said: str):
    """A refusal in the caller's dialect that says these things."""
    assert answer.status == status and answer.is_whole, str(answer)
    error = answer.error()
    assert code is None or error["code"] == code, error
    assert all(one in error["message"] for one in said), error


# --- Answers --------------------------------------------------------------------------------------------------------


@attack(cases=(31, 34, 63))
async def test_a_large_answer_arrives_whole(arena, case):
    """The limit of an answer is another than a request's: 64 MiB."""
    whole(await arena.chat(script(f"large_answer {case * KIB}", "hostile-alone")), words(case * MIB))


@attack(cases=(20, 28), floor=True)
async def test_an_answer_of_nothing_but_levels_is_left_for_the_next_target(arena, case):
    """Each level needs memory while it is open: more than there is."""
    for group in ("hostile", "hostile-anthropic"):
        for _ in range(3):
            answer = await arena.chat(script(f"deep_answer {case}", group))
            assert answer.status == 200 and answer.target == "spare", str(answer)
            assert "malformed" in answer.headers["x-switchover-decision"], str(answer)


@attack(floor=True)
async def test_a_large_answer_arrives_whole_on_each_envoy(arena):
    whole(await arena.chat(script(f"large_answer {40 * KIB}", "hostile-alone")), words(40 * MIB))


@attack(cases=(3, 40), deep=True)
async def test_a_large_answer_of_another_dialect_arrives_whole(arena, case):
    whole(await arena.messages(script(f"large_answer {case * KIB}", "hostile-alone")), words(case * MIB))
    whole(await arena.chat(script(f"large_answer {case * KIB}", "hostile-anthropic-alone")), words(case * MIB))


@attack(floor=True)
async def test_an_ordinary_batch_of_embeddings_arrives_whole(arena):
    body = {"model": "embeds-alone", "input": ["script: vectors "] * 1200}
    answer = await arena.ask(EMBEDDINGS, body)
    data = bodies.vectors(1200, 3072)
    assert answer.status == 200 and answer.is_whole, str(answer)
    start = answer.body.index(b'"data":') + len(b'"data":')
    assert answer.body[start : start + len(data)] == data, str(answer)


@attack(cases=(65, 78))
async def test_an_answer_over_the_limit_is_left_for_the_next_target(arena, case):
    answer = await arena.chat(script(f"large_answer {case * KIB}", "hostile"))
    assert answer.status == 200 and answer.target == "spare", str(answer)
    assert "malformed" in answer.headers["x-switchover-decision"], str(answer)


@attack()
async def test_an_answer_over_the_limit_is_refused_with_its_name(arena):
    answer = await arena.chat(script(f"large_answer {65 * KIB}", "hostile-alone"))
    refused(answer, 502, "malformed", "max_answer_bytes")


@attack(deep=True)
async def test_eight_answers_over_the_limit_at_once(arena):
    asked = [arena.chat(script(f"large_answer {78 * KIB}", "hostile")) for _ in range(8)]
    for answer in await asyncio.gather(*asked):
        # Together they are more than the memory allows, too.
        assert answer.status == 200 and answer.target == "spare", str(answer)


@attack(deep=True)
async def test_eight_answers_within_the_limit_at_once(arena):
    text = words(40 * MIB)
    for answer in await asyncio.gather(*(arena.chat(script(f"large_answer {40 * KIB}", "hostile")) for _ in range(8))):
        if answer.target == "hostile":
            whole(answer, text)
        else:
            # What does not fit is left for another target, or refused.
            assert answer.status == 200 or answer.error()["code"] == "gateway_busy", str(answer)


ENDLESS = {
    "endless_answer": False, "endless_answer_with_length": False, "endless_head": False, "endless_waiting": True, "endless_line": True,
    "endless_comments": True,
}  # fmt: skip


@attack(cases=tuple(ENDLESS))
async def test_an_answer_without_end_is_left_for_the_next_target(arena, case):
    """The one that is never too large, of comments, is too late."""
    answer = await arena.chat(script(case, "brisk" if case == "endless_comments" else "hostile", stream=ENDLESS[case]))
    assert answer.status == 200 and answer.target == "spare", str(answer)


@attack(floor=True)
async def test_an_answer_without_end_kills_no_envoy(arena):
    answer = await arena.chat(script("endless_waiting", "hostile-alone", stream=True))
    assert answer.status in (502, 504) and answer.error()["code"] in ("malformed", "timeout"), str(answer)


@attack()
async def test_an_error_without_end_is_bounded(arena):
    answer = await arena.chat(script("endless_error", "hostile"))
    assert answer.status == 200 and answer.target == "spare", str(answer)


@attack(deep=True)
async def test_a_line_without_end_after_a_token_is_told(arena):
    answer = await arena.chat(script("endless_line_later", "hostile", stream=True))
    assert answer.status == 200 and answer.said() == "A token. ", str(answer)
    assert answer.ends_with_error() or not answer.is_whole, str(answer)
    assert not answer.ends_well()


# --- An Envoy whose limits are small --------------------------------------------------------------------------------


@attack("small", cases=(3, 40), deep=True)
async def test_a_small_limit_of_requests_is_none_of_answers(arena, case):
    """A chat with one picture of 3 MB is enough."""
    for model in ("hostile-alone", "hostile-anthropic-alone"):
        whole(await arena.chat(script(f"large_answer {case * KIB}", model)), words(case * MIB))


@attack("small", cases=(0, 2))
async def test_a_small_limit_of_requests_is_none_of_events(arena, case):
    for ask in (arena.chat, arena.messages):
        answer = await ask(script(f"large_event {case}", "hostile-alone", stream=True))
        assert answer.status == 200 and answer.is_whole and answer.ends_well(), str(answer)
        assert len(answer.said()) == 3 * MIB + 3 * len("short "), str(answer)


@attack("small")
async def test_requests_about_the_small_limit(arena):
    for size in (MIB - 1, MIB):
        answer = await arena.chat(bodies.padded(size, "hostile-alone"))
        assert answer.status == 200, str(answer)
    refused(await arena.chat(bodies.padded(MIB + 1, "hostile-alone")), 413, None)


@attack("bare", cases=(3, 63))
async def test_a_forgotten_buffer_limit_never_kills(arena, case):
    """Envoy's own default is 1 MiB, and nothing tells a filter of it."""
    for model in ("hostile-alone", "hostile-anthropic-alone"):
        whole(await arena.chat(script(f"large_answer {case * KIB}", model)), words(case * MIB))


@attack("bare", floor=True)
async def test_a_forgotten_buffer_limit_and_a_large_event(arena):
    for place in (0, 2):
        answer = await arena.messages(script(f"large_event {place}", "hostile-alone", stream=True))
        assert answer.status == 200 and answer.is_whole and answer.ends_well(), str(answer)
    whole(await arena.chat(script("large_answer 2048", "hostile-alone")), words(2 * MIB))


@attack("bare")
async def test_a_forgotten_buffer_limit_and_large_requests(arena):
    """They are answered or refused, in the caller's words or Envoy's; a translation that grows over the limit is no crash."""
    for model in ("hostile-alone", "hostile-anthropic-alone", "hostile-gemini-alone"):
        # As many messages as a request may have: for Claude they become more than 1 MiB.
        for body in (bodies.tiny_messages(630 * KIB, model), bodies.padded(2 * MIB, model)):
            answer = await arena.chat(body)
            assert answer.status in (200, 413), str(answer)


# --- Requests that grow ---------------------------------------------------------------------------------------------


@attack(floor=True)
async def test_embeddings_that_grow_are_sent_or_refused(arena):
    """Gemini's form of an input is nineteen times as long: 1.84 MiB become 34."""
    answer = await arena.ask(EMBEDDINGS, bodies.tiny_inputs(482_340, "embeds-gemini-alone"))
    if answer.status != 200:
        assert answer.status in (400, 413) and answer.error()["message"], str(answer)


@attack(cases=("hostile-anthropic", "hostile-gemini", "hostile-bedrock"))
async def test_messages_that_grow_are_sent_or_refused(arena, case):
    """20.5 MiB of tiny messages are 36 MiB of Anthropic's."""
    answer = await arena.chat(bodies.tiny_messages(int(20.5 * MIB), f"{case}-alone"))
    if answer.status != 200:
        assert answer.status in (400, 413) and answer.error()["message"], str(answer)


@attack()
async def test_what_grows_too_much_for_one_goes_to_the_next(arena):
    """Few messages of what is escaped: no limit of counts refuses them, and one target's translation fits."""
    # Arguments of calls are a text in OpenAI's dialect and JSON in others; an object in a text grows the other way.
    content = [{"type": "text", "text": "a"}] * 15_000
    body = {"model": "hostile-gemini", "messages": [{"role": "user", "content": content}]}
    answer = await arena.chat(body)
    assert answer.status in (200, 400, 413), str(answer)


@attack()
async def test_a_megabyte_of_backslashes(arena):
    """Each is two bytes in JSON, and in a JSON text within JSON four."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":"' + "\\\\" * MIB + '"}'}}
    turns = [bodies.MESSAGE, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "content": "\\" * MIB}]
    for model in ("hostile-alone", "hostile-anthropic-alone", "hostile-gemini-alone", "hostile-bedrock-alone"):
        answer = await arena.chat({"model": model, "messages": turns})
        assert answer.status == 200, str(answer)
