"""An adapter maps names and units and computes nothing: what its syntax tree may not hold."""

import ast
from collections.abc import Iterator

UNITS = "tests.conformance.units"
MODULES = ("sim", "tests.conformance.adapters", "tests.conformance.configured", UNITS)
PLAIN_MODULES = ("__future__", "typing", "collections.abc")
ARITHMETIC = (
    "abs",
    "complex",
    "divmod",
    "hash",
    "int",
    "max",
    "min",
    "pow",
    "reduce",
    "round",
    "sum",
)
DECIDING = ("all", "any", "sorted")
HIDING = ("compile", "eval", "exec", "getattr", "setattr", "__import__")
FORBIDDEN_CALLS = frozenset((*ARITHMETIC, *DECIDING, *HIDING))
NEUTRAL = (0, 1)  # what `.get` may fall back to where a vector leaves a key out


def computations(source: str) -> list[str]:
    """List every place where an adapter does more than map names and units."""
    return [f"line {line}: {what}" for line, what in sorted(_Reader(ast.parse(source)).found())]


class _Reader:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.parents = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }
        self.units = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == UNITS
            for alias in node.names
        }

    def found(self) -> Iterator[tuple[int, str]]:
        """Yield line and description of what is not allowed."""
        types = {node for root in self._annotations() for node in ast.walk(root)}
        for node in ast.walk(self.tree):
            what = None if node in types else self._wrong(node)
            if what:
                yield getattr(node, "lineno", 0), what

    def _annotations(self) -> Iterator[ast.AST]:
        """Yield the types that are written beside names; ``X | None`` computes nothing."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                yield node.returns
            elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
                yield node.annotation

    def _wrong(self, node: ast.AST) -> str | None:
        what: str | None = None
        match node:
            case ast.Import() | ast.ImportFrom():
                what = self._import(node)
            case ast.BinOp(left=left, op=op, right=right):
                what = self._arithmetic(op, left, right)
            case ast.AugAssign(op=op, value=value):
                what = self._arithmetic(op, ast.Constant(None), value)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()):
                what = None if self._is_index(node) else "a sign is arithmetic: use FLIPPED"
            case ast.Constant():
                what = self._literal(node)
            case ast.Compare():
                what = self._comparison(node)
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                what = f"{name}() computes"
            case ast.Name(id=name, ctx=ast.Store()) if name in self.units:
                what = f"{name} is a unit and set anew"
            case ast.While():
                what = "while loops compute"
        return what

    def _import(self, node: ast.Import | ast.ImportFrom) -> str | None:
        if isinstance(node, ast.ImportFrom) and node.level:
            return "relative import"
        one = isinstance(node, ast.ImportFrom)
        names = [str(node.module)] if one else [alias.name for alias in node.names]
        wrong = [name for name in names if not _may_import(name)]
        return f"imports {', '.join(wrong)}" if wrong else None

    def _arithmetic(self, op: ast.operator, left: ast.expr, right: ast.expr) -> str | None:
        named = self._is_unit(right) or (isinstance(op, ast.Mult) and self._is_unit(left))
        if isinstance(op, ast.Mult | ast.Div) and named:
            return None
        return f"{type(op).__name__}: only * and / by a name of units.py"

    def _is_unit(self, node: ast.expr) -> bool:
        if isinstance(node, ast.BinOp):  # a product or quotient of units
            return self._is_unit(node.left) and self._is_unit(node.right)
        if isinstance(node, ast.Subscript):  # a table of units, such as powers of ten
            return self._is_unit(node.value)
        return isinstance(node, ast.Name) and node.id in self.units

    def _literal(self, node: ast.Constant) -> str | None:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float | complex):
            return None
        if self._is_index(node) or (node.value in NEUTRAL and self._is_fallback(node)):
            return None
        return f"the number {node.value!r}: use a name of units.py"

    def _is_index(self, node: ast.AST) -> bool:
        """Whether a node stands in brackets: an index, or the bound of a slice."""
        above = self.parents.get(node)
        while isinstance(above, ast.Slice | ast.UnaryOp | ast.Tuple):
            node, above = above, self.parents.get(above)
        return isinstance(above, ast.Subscript) and above.slice is node

    def _is_fallback(self, node: ast.Constant) -> bool:
        call = self.parents.get(node)
        return (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "get"
            and call.args[1:] == [node]
        )

    def _comparison(self, node: ast.Compare) -> str | None:
        for op in node.ops:
            if not isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot):
                return "comparing sizes decides: the primitive has to"
        sides = [node.left, *node.comparators]
        words = any(isinstance(s, ast.Constant) and not _is_number(s.value) for s in sides)
        return None if words else "a comparison may only look for a key or a word"


def _may_import(name: str) -> bool:
    if name in PLAIN_MODULES:
        return True
    return any(name == module or name.startswith(f"{module}.") for module in MODULES)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
