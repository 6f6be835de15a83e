"""The package does not fall behind the library: each public name is wrapped, or listed with the reason.

Needs the library's rustdoc as JSON, whose path is in UNMASKCOST_RUSTDOC (`.ci/python` makes it).
"""

import fnmatch
import json
import os
import pathlib

import pytest

import unmaskcost
from unmaskcost import _unmaskcost

#: Where a name of the library is called something else here.
RENAMED = {"LossCurve": "Losses"}
LISTED = pathlib.Path(__file__).parents[1] / "not_wrapped.txt"


def public_names(path):
    """(type or None, name, path) of all public functions, types and methods of the library."""
    document = json.loads(pathlib.Path(path).read_text())
    index, seen, found = document["index"], set(), []

    def item(number):
        return index.get(str(number))

    def methods(owner, place, numbers):
        for number in numbers:
            block = item(number)["inner"]["impl"]
            if block["trait"] is None:
                for each in block["items"]:
                    method = item(each)
                    if method["visibility"] == "public" and "function" in method["inner"]:
                        found.append((owner, method["name"], f"{place}::{method['name']}"))

    def walk(number, place):
        here = item(number)
        if here is None or number in seen:
            return
        seen.add(number)
        kind, inner = next(iter(here["inner"].items()))
        if kind == "module":
            for each in sorted(inner["items"], key=lambda each: "use" not in item(each)["inner"]):
                child = item(each)
                if child["visibility"] != "public":
                    continue
                if "use" in child["inner"]:
                    use = child["inner"]["use"]
                    if use["id"] is not None:
                        walk(use["id"], place if use["is_glob"] else f"{place}::{use['name']}")
                else:
                    walk(each, f"{place}::{child['name']}")
        elif kind == "function":
            found.append((None, here["name"], place))
        elif kind in ("struct", "enum"):
            found.append((None, here["name"], place))
            methods(here["name"], place, inner["impls"])

    walk(document["root"], "unmaskcost")
    return found


def is_wrapped(owner, name):
    if owner is not None:
        return hasattr(getattr(_unmaskcost, RENAMED.get(owner, owner), None), name)
    return hasattr(_unmaskcost, RENAMED.get(name, name))


@pytest.mark.skipif("UNMASKCOST_RUSTDOC" not in os.environ, reason="UNMASKCOST_RUSTDOC is not given")
def test_every_name_of_the_library_is_wrapped_or_listed():
    lines = [line.split("#")[0].strip() for line in LISTED.read_text().splitlines()]
    patterns = [line for line in lines if line]
    names = public_names(os.environ["UNMASKCOST_RUSTDOC"])
    assert len(names) > 100
    missing = [
        path
        for owner, name, path in names
        if not is_wrapped(owner, name) and not any(fnmatch.fnmatchcase(path, p) for p in patterns)
    ]
    assert not missing, "neither wrapped nor in not_wrapped.txt:\n" + "\n".join(missing)
    unused = [p for p in patterns if not any(fnmatch.fnmatchcase(path, p) for _, _, path in names)]
    assert not unused, "in not_wrapped.txt, but not in the library:\n" + "\n".join(unused)


def test_every_wrapped_name_has_its_place():
    shown = {getattr(unmaskcost, name) for name in unmaskcost.__all__}
    for module in (unmaskcost.bounds, unmaskcost.optimal, unmaskcost.decoders, unmaskcost.measured,
                   unmaskcost.distribution, unmaskcost.sampler, unmaskcost.audit):
        shown |= {getattr(module, name) for name in module.__all__}
    left = {name for name in dir(_unmaskcost) if not name.startswith("_")}
    left -= {thing.__name__ for thing in shown if hasattr(thing, "__name__")}
    assert left <= {"optimal_schedule"}, left
