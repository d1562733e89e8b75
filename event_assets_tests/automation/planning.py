"""A small graph, and facts about it as values: what the planner is tested with."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import dagster as dg

from event_assets.assets.versions import Materialisation
from event_assets.automation.facts import AssetState, Facts
from event_assets.automation.freshness import FreshnessWindow
from event_assets.automation.graph import Graph, Node, is_copy, is_raw
from event_assets.automation.planner import Plan, requested

NOW = datetime(2030, 5, 6, 12, 1, 10, tzinfo=timezone.utc)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
WINDOW = FreshnessWindow(timedelta(hours=26), timedelta(hours=25))


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey(name.split("/"))


TALKS, HALLS, PEOPLE = (key(f"raw/{name}") for name in ("talks", "halls", "people"))
SESSIONS, GUESTS = key("staging/sessions"), key("staging/guests")
AGENDA, OVERVIEW = key("summary/agenda"), key("summary/overview")
COPY = key("published/warehouse")
RAW, MODELS = [TALKS, HALLS, PEOPLE], [SESSIONS, GUESTS, AGENDA, OVERVIEW]
READS = {
    SESSIONS: (TALKS, HALLS),
    GUESTS: (PEOPLE,),
    AGENDA: (SESSIONS,),
    OVERVIEW: (AGENDA, GUESTS),
    COPY: (*RAW, *MODELS),
}
GRAPH = Graph(
    {
        **dict.fromkeys([TALKS, HALLS], Node(together=(TALKS, HALLS))),
        PEOPLE: Node(together=(PEOPLE,)),
        **{asset: Node(reads, "code", (asset,)) for asset, reads in READS.items()},
    },
    loaded=NOW - HOUR,
)
"""Two endpoints, /programme and /people; sessions of the one, guests of the other, and an overview of both."""


def made(asset: dg.AssetKey, version: str = "1", at: datetime = NOW - HOUR, **inputs: str) -> AssetState:
    """An asset that was made of the first version of everything, unless said otherwise (`sessions="2"`)."""
    read = {each: inputs.get(each.path[1], "here.1" if is_raw(each) else "1") for each in READS.get(asset, ())}
    data_version = f"here.{version}" if is_raw(asset) else version
    return AssetState(Materialisation(at, "a run", data_version, None if is_raw(asset) else "code", read))


def facts(changes: dict[dg.AssetKey, AssetState] | None = None, **others: object) -> Facts:
    """Everything was made of the first version of everything, but for some changes."""
    states = {asset: made(asset) for asset in GRAPH.nodes} | (changes or {})
    return replace(Facts(NOW, states, dict.fromkeys(GRAPH.nodes, WINDOW), retry_minutes=5), **others)


def nothing_made(**others: object) -> Facts:
    return replace(facts({}), states={}, **others)


def after(known: Facts, plan: Plan) -> Facts:
    """What is known once a run has made all that a plan requests, of what there is then."""
    states, made_now = dict(known.states), set(requested(plan))
    for asset in GRAPH.nodes:
        if asset in made_now:
            read = {
                each: latest.data_version or ""
                for each in GRAPH.nodes[asset].reads
                if (latest := states.get(each, AssetState()).made)
            }
            version = "here.1" if is_raw(asset) else " ".join(sorted(read.values()))
            states[asset] = AssetState(
                Materialisation(known.now + SECOND, "next run", version, GRAPH.nodes[asset].code_version, read)
            )
    is_copied = any(map(is_copy, made_now))
    return replace(
        known,
        states=states,
        failing=known.failing - made_now,
        copy_is_gone=known.copy_is_gone and not is_copied,
        mended=known.mended and not is_copied,
    )
