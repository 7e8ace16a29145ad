"""Traces of an assistant of a shop, for the pictures of the pages of traces."""

import json
import random
import time

from support import evaluation_datasets as datasets
from support.client import Api
from support.traces import AT_MS, Sent, export, start, trace_id

SESSIONS = 55
DAY_MS = 86_400_000
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")
USERS = ("ana", "ben", "carla", "deniz")
TALKS = (
    (
        ("Where is my order 4711?", "Order 4711 left Bilbao this morning. It arrives on Thursday."),
        ("Can it come on Friday instead?", "Yes. I moved the delivery to Friday, between 9 and 12 o'clock."),
    ),
    (
        ("Which tent holds three people and weighs below 3 kg?", "The Arriel 3 weighs 2.7 kg and holds three people."),
        ("Is it in stock in green?", "Twelve green ones are in Valencia. One costs 289 €."),
        ("Which mattress fits?", "Two Nube 60 fit side by side, and leave 20 cm at the door."),
    ),
    (("How do I send shoes back?", "Print the label of your order page. The return is free within 30 days."),),
    (("Do you ship to Iceland?", "We ship to Iceland for 24 €. It takes six working days."),),
    (("The stove leaks gas. What should I do?", "Close the valve and do not light it. A colleague calls you now."),),
)


def fill(api: Api) -> dict[str, str]:
    """Log the traces of a day.  Return the ids that addresses name: of the experiment, and of the last trace."""
    experiment = api.new_experiment("shop-assistant")
    dice = random.Random(11)
    first_ms = int(time.time() * 1000) - DAY_MS + 3_600_000
    talks = [*dice.choices(TALKS, k=SESSIONS - 1), TALKS[1]]
    total = sum(len(talk) for talk in talks)
    count, last = 0, {}
    for talk in talks:
        user, model = dice.choice(USERS), dice.choices(MODELS, (6, 3, 2))[0]
        session = f"chat-{dice.randrange(16**6):06x}"
        for question, answer in talk:
            count += 1
            number = dice.getrandbits(128)
            began = first_ms + (DAY_MS - 7_200_000) * count // total - AT_MS
            root = {"session.id": session, "user.id": user}
            spans = _spans(dice, number, began, model, (question, answer), root, has_failed=count % 17 == 9)
            export(api, *spans, experiment_id=experiment)
            if count % 3 == 0:
                _assess(api, number, has_tone=count % 2 == 1, is_good=spans[0].status == 1 and dice.random() < 0.8)
            last = {"trace": trace_id(number), "session": session}
    _dataset(api, experiment)
    return {"traced": experiment, **last, "evaluated": json.dumps(_evaluate(api))}


def _evaluate(api: Api) -> list[str]:
    """Log two evaluations with the same questions.  Return the ids of their runs."""
    experiment = api.new_experiment("shop-evaluation")
    asked = [pair for talk in TALKS for pair in talk]
    judge = {"source_type": "LLM_JUDGE", "source_id": "gpt-4o"}
    runs = []
    for name in ("prompt-v1", "prompt-v2"):
        run_id = api.new_run(experiment, run_name=name, start_time=int(time.time() * 1000))
        runs.append(run_id)
        for at, (question, answer) in enumerate(asked):
            is_good = name == "prompt-v2" or at % 3 != 1
            said = answer if is_good else "I cannot look that up. Please ask a colleague."
            scores = {"correct": is_good, "length": len(said)}
            start(
                api,
                1_000_000 + len(runs) * 1000 + at,
                experiment_id=experiment,
                request_time=f"2026-01-01T09:00:{at:02}Z",
                request_preview=json.dumps({"question": question}),
                response_preview=json.dumps(said),
                trace_metadata={"mlflow.sourceRun": run_id},
                assessments=[
                    {"assessment_name": key, "source": judge, "feedback": {"value": value}}
                    for key, value in scores.items()
                ],
            )
    return runs


def _spans(
    dice: random.Random,
    number: int,
    start: int,
    model: str,
    said_both: tuple[str, str],
    root: dict[str, str],
    *,
    has_failed: bool,
) -> list[Sent]:
    question, answer = said_both
    system = "You help the customers of a shop for camping gear. Use the documents and tools that you have."
    found = [{"page_content": f"Article {100 + dice.randrange(800)}: {text}"} for _, text in dice.choice(TALKS)]
    ends = [start + 40]
    for longest in (90, 260, 120, 400):
        ends.append(ends[-1] + dice.randrange(longest // 3, longest))
    chat_ms = dice.randrange(500, 2600)
    done = ends[-1] + chat_ms
    tokens = {"input_tokens": dice.randrange(500, 2100), "output_tokens": dice.randrange(20, 260)}
    usage = {**tokens, "total_tokens": sum(tokens.values())}
    asked = {
        "model": model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": question}],
    }
    said = {"choices": [{"message": {"role": "assistant", "content": answer}}]}
    failure = (
        ("exception", {"exception.type": "TimeoutError", "exception.message": "The order service did not answer"}),
    )

    def step(
        span: int, parent: int, kind: str, name: str, begin: int, end: int, asked: object, said: object
    ) -> tuple[int, Sent]:
        attributes = {"mlflow.spanType": kind, "mlflow.spanInputs": asked, "mlflow.spanOutputs": said}
        return span, Sent(span, parent, name, begin, end, attributes, trace=number)

    made = dict(
        [
            step(1, 0, "AGENT", "assist", start, done + 20, {"question": question}, answer),
            step(2, 1, "RETRIEVER", "find_articles", ends[0], ends[2], {"query": question}, found),
            step(3, 2, "EMBEDDING", "embed", ends[0] + 4, ends[1], {"input": question}, {"dimensions": 768}),
            step(4, 2, "RERANKER", "rank", ends[1] + 4, ends[2] - 4, {"documents": 20}, {"kept": len(found)}),
            step(5, 1, "TOOL", "look_up_order", ends[2] + 4, ends[4], {"user": root["user.id"]}, {"orders": [4711]}),
            step(6, 5, "TOOL", "GET /orders", ends[3], ends[4] - 6, {"limit": 5}, {"status": 200}),
            step(7, 1, "CHAT_MODEL", "chat", ends[4] + 8, done, asked, said),
        ]
    )
    chat = {**made[7].attributes, "mlflow.llm.model": model, "mlflow.chat.tokenUsage": usage}
    made[7] = Sent(7, 1, "chat", made[7].start, done, chat, trace=number)
    made[1] = Sent(1, 0, "assist", start, done + 20, {**made[1].attributes, **root}, trace=number)
    if not has_failed:
        return list(made.values())
    ended = ends[4]
    asks = {key: each for key, each in made[1].attributes.items() if key != "mlflow.spanOutputs"}
    return [
        Sent(1, 0, "assist", start, ended + 10, asks, status=2, events=failure, trace=number),
        *(made[each] for each in (2, 3, 4)),
        Sent(5, 1, "look_up_order", made[5].start, ended, made[5].attributes, status=2, events=failure, trace=number),
    ]


def _assess(api: Api, number: int, *, has_tone: bool, is_good: bool) -> None:
    judge = {"source_type": "LLM_JUDGE", "source_id": "gpt-4o"}
    human = {"source_type": "HUMAN", "source_id": "ana"}
    given = [{"assessment_name": "correct", "source": judge, "feedback": {"value": is_good}}]
    if has_tone:
        reason = "Answers the question in one sentence." if is_good else "Does not say when the order arrives."
        given.append({"assessment_name": "tone", "source": human, "feedback": {"value": 5}, "rationale": reason})
    for each in given:
        api.post(f"traces/{trace_id(number)}/assessments", assessment=each, version="3.0")


def _dataset(api: Api, experiment: str) -> None:
    made = datasets.new_id(api, "orders", experiment_ids=[experiment])
    records = [
        {"inputs": {"question": question}, "expectations": {"answer": answer}}
        for talk in TALKS
        for question, answer in talk
    ]
    datasets.upsert(api, made, *records)
