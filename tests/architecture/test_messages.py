"""Messages for people say what is allowed or what to try, not only what is wrong."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sim", "agents")

# Where the message itself cannot add anything, and why
EXCEPTIONS = {
    ("sim/errors.py", "gather"): "each of the problems that it puts together says it",
    ("sim/world/schema/explain.py", "_problem"): "what a validator raised names what it allows",
}


def silent_errors(source: str) -> list[tuple[str, int]]:
    """Function and line of each SluicegateError that gives neither ``allowed`` nor ``hint``."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SluicegateError":
                named = {word.arg for word in node.keywords}
                # what, where, value, allowed, hint: by place or by name
                if not named & {"allowed", "hint"} and len(node.args) < 4:
                    found.append((function.name, node.lineno))
    return found


def test_errors_say_what_is_allowed_or_what_to_try() -> None:
    silent, used = [], set()
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            for function, line in silent_errors(file.read_text(encoding="utf-8")):
                if (name, function) in EXCEPTIONS:
                    used.add((name, function))
                else:
                    silent.append(f"{name}:{line} in {function}")
    assert not silent, "\n".join(silent)
    assert used == set(EXCEPTIONS)  # an exception that is not needed any more goes


def test_a_silent_error_is_found() -> None:
    silent = "def f():\n    raise SluicegateError('wrong', where='here')\n"
    assert silent_errors(silent) == [("f", 2)]
    assert silent_errors(silent.replace("where=", "hint=")) == []
