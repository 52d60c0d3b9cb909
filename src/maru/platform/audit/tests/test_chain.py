"""Any single change to the audit log is found."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.platform.audit.models import EMPTY
from maru.platform.audit.seal import Sealed, digest_of
from maru.platform.audit.verify import Verification, verify_chain

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_content = st.fixed_dictionaries(
    {
        "at": st.datetimes().map(lambda at: at.isoformat(timespec="microseconds")),
        "actor": st.text(max_size=10),
        "act": st.text(max_size=10),
        "target": st.text(max_size=10),
        "details": st.dictionaries(st.text(max_size=5), _json, max_size=3),
    }
)


# A loaded machine draws slowly; what counts is what is found.
settings.register_profile(
    "chain", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
calm = settings.get_profile("chain")


def sealed(contents: list[dict], start: str = EMPTY) -> list[Sealed]:
    chain, previous = [], start
    for seq, content in enumerate(contents, 1):
        digest = digest_of(seq=seq, previous=previous, **content)
        chain.append(Sealed(seq=seq, previous=previous, digest=digest, **content))
        previous = digest
    return chain


def check(entries: list[Sealed], original: list[Sealed], *, anchored: bool = False) -> Verification:
    head = original[-1] if original else None
    anchors = {entry.seq: entry.digest for entry in original} if anchored else {}
    return verify_chain(
        entries, head_seq=head.seq if head else 0, head_digest=head.digest if head else EMPTY, anchors=anchors
    )


@calm
@given(st.lists(_content, max_size=8))
def test_an_untouched_chain_is_sound(contents):
    chain = sealed(contents)
    assert check(chain, chain, anchored=True).sound


@calm
@given(st.lists(_content, min_size=1, max_size=8), st.data())
def test_any_change_of_any_field_is_found(contents, data):
    chain = sealed(contents)
    place = data.draw(st.integers(0, len(chain) - 1))
    other = data.draw(_content)
    field = data.draw(st.sampled_from(["at", "actor", "act", "target", "details", "previous", "digest"]))
    value = (
        other[field] if field in other else data.draw(st.text("0123456789abcdef", min_size=64, max_size=64))
    )
    if getattr(chain[place], field) == value:
        return
    touched = [*chain[:place], replace(chain[place], **{field: value}), *chain[place + 1 :]]
    assert not check(touched, chain).sound


@calm
@given(st.lists(_content, min_size=1, max_size=8), st.data())
def test_a_removed_entry_is_found_also_the_last_one(contents, data):
    chain = sealed(contents)
    place = data.draw(st.integers(0, len(chain) - 1))
    assert not check(chain[:place] + chain[place + 1 :], chain).sound


@calm
@given(st.lists(_content, min_size=1, max_size=8), st.data())
def test_a_log_cut_off_is_found(contents, data):
    chain = sealed(contents)
    length = data.draw(st.integers(0, len(chain) - 1))
    outcome = check(chain[:length], chain)
    assert {finding.kind for finding in outcome.findings} == {"truncated"}


@calm
@given(st.lists(_content, min_size=1, max_size=8), _content, st.data())
def test_an_entry_put_in_is_found(contents, extra, data):
    chain = sealed(contents)
    place = data.draw(st.integers(0, len(chain)))
    seq = data.draw(st.integers(1, len(chain) + 1))
    previous = chain[place - 1].digest if place else EMPTY
    put_in = Sealed(
        seq=seq, previous=previous, digest=digest_of(seq=seq, previous=previous, **extra), **extra
    )
    assert not check([*chain[:place], put_in, *chain[place:]], chain).sound


@calm
@given(st.lists(_content, min_size=2, max_size=8), st.data())
def test_two_entries_in_the_wrong_order_are_found(contents, data):
    chain = sealed(contents)
    one = data.draw(st.integers(0, len(chain) - 2))
    two = data.draw(st.integers(one + 1, len(chain) - 1))
    moved = list(chain)
    moved[one], moved[two] = moved[two], moved[one]
    assert not check(moved, chain).sound
    # Also when the numbers were exchanged with the places.
    renumbered = list(chain)
    renumbered[one] = replace(chain[two], seq=chain[one].seq)
    renumbered[two] = replace(chain[one], seq=chain[two].seq)
    assert not check(renumbered, chain).sound


@calm
@given(st.lists(_content, min_size=1, max_size=8), st.data())
def test_a_chain_sealed_anew_from_some_entry_on_with_its_head_is_found_by_the_anchors(contents, data):
    chain = sealed(contents)
    place = data.draw(st.integers(0, len(chain) - 1))
    forged_contents = [dict(content) for content in contents]
    forged_contents[place]["act"] += "x"
    forged = sealed(forged_contents)
    outcome = verify_chain(
        forged,
        head_seq=forged[-1].seq,
        head_digest=forged[-1].digest,
        anchors={entry.seq: entry.digest for entry in chain},
    )
    assert {finding.kind for finding in outcome.findings} == {"anchor"}
    assert outcome.findings[0].seq == place + 1
