"""What the summaries of optional resources should say of an event: plain Python, no SQL, as in ``truth``."""

from collections import defaultdict
from typing import Any

from event_assets.sandbox import Event
from event_assets_tests.truth import sessions
from event_assets_tests.truth_people import Record, participants


def session_ratings(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per session: its reviews, who wrote them, their stars, and what they say. Those invented are of lectures."""
    there = sum(person["checked_at"] is not None for person in participants(event))
    reviews: dict[str, list[Record]] = defaultdict(list)
    for review in sorted(event.more.get("reviews", ()), key=lambda review: str(review["id"])):
        reviews[f"lecture:{review['lectureId']}"].append(review)
    ratings = {}
    for session in sessions(event):
        its = reviews[session.key]
        stars, reviewers = [review["stars"] for review in its], len({review["userId"] for review in its})
        comments = [review["comment"] for review in its if review["comment"]]
        ratings[session.key,] = {
            "kind": session.key.partition(":")[0],
            "title": session.title,
            "day": session.day,
            "reviews": len(its),
            "reviewers": reviewers,
            "reviewers_per_checked_in": reviewers / there if there else None,
            "average_stars": sum(stars) / len(stars) if stars else None,
            "lowest_stars": min(stars, default=None),
            "highest_stars": max(stars, default=None),
            "commented": len(comments),
            "comments": " | ".join(comments) or None,
        }
    return ratings


def registration_funnel(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per status, of all registrations and of each group: how many, and whose address counts."""
    names = {group["id"]: group["name"] for group in event.more.get("groups", ())}
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for registration in event.more.get("registrations", ()):
        group = registration["groupId"]
        found["all", "(all)"].append(registration)
        found["group", names.get(group, str(group)) if group is not None else "(none)"].append(registration)
    return {
        (*key, status): {
            "registrations": len(its := [each for each in theirs if each["status"] == status]),
            "share": len(its) / len(theirs),
            "with_valid_address": sum(each["emailValid"] for each in its),
            "with_email_on": sum(each["sendEmail"] for each in its),
        }
        for key, theirs in found.items()
        for status in {each["status"] for each in theirs}
    }
