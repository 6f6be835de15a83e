"""Every example in the documentation is true, and everything public is documented."""

import doctest
import inspect

import pytest

import unmaskcost
from unmaskcost import audit, bounds, decoders, distribution, measured, optimal, sampler

MODULES = [unmaskcost, audit, bounds, decoders, distribution, measured, optimal, sampler]


def public():
    for module in MODULES:
        yield module.__name__, module
        for name in module.__all__:
            item = getattr(module, name)
            if inspect.ismodule(item):
                continue
            yield f"{module.__name__}.{name}", item
            if inspect.isclass(item):
                for member, value in vars(item).items():
                    if not member.startswith("_"):
                        yield f"{module.__name__}.{name}.{member}", value


ITEMS = dict(public())


@pytest.mark.parametrize("name", ITEMS)
def test_examples_are_true(name):
    text = inspect.getdoc(ITEMS[name]) or ""
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example)
    assert runner.failures == 0


def test_functions_and_classes_are_documented():
    bare = [
        name
        for name, item in ITEMS.items()
        if (inspect.isclass(item) or inspect.isroutine(item)) and not inspect.getdoc(item)
    ]
    bare = [name for name in bare if not name.endswith(("to_json", "from_json"))]
    assert bare == []


def test_the_stubs_know_every_name_and_no_other():
    import ast
    import pathlib

    from unmaskcost import _unmaskcost

    tree = ast.parse((pathlib.Path(unmaskcost.__file__).parent / "_unmaskcost.pyi").read_text())
    told = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            told[node.name] = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            told[node.name] = set()
    real = {name for name in vars(_unmaskcost) if not name.startswith("_")}
    assert set(told) == real
    for name, members in told.items():
        item = getattr(_unmaskcost, name)
        if inspect.isclass(item) and name != "Error":
            public_members = {m for m in vars(item) if not m.startswith("_")}
            assert {m for m in members if not m.startswith("_")} == public_members, name


def test_the_code_of_the_guide_runs(capsys):
    import pathlib
    import re

    guide = (pathlib.Path(__file__).parents[2] / "docs" / "guide.md").read_text()
    section = guide.split("## The same from Python")[1]
    names = {}
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, "guide.md", "exec"), names)
    assert "sizes" in capsys.readouterr().out
