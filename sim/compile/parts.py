"""Compile a function once, however many others call it.

Numba by itself makes machine code of every function together with all that it calls, and again of
each of its callers: for a loop over paths with 450 functions below it that took six minutes. Here
a function that is called from compiled code is a *part*: it is typed and translated, once. Machine
code is made only of a *whole*, what Python calls, with all its parts linked in. Compiled so, the
loop takes 45 seconds, and the optimiser sees all of it.

These are numba's own classes below its public surface; its version is pinned.
"""

from collections.abc import Callable
from typing import Any

from llvmlite.binding import Linkage
from numba.core import ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.untyped_passes import IRProcessing

from sim.compile.reference import by_reference, is_wide

Compiled = Any  # a compiled function: called like any other, and asked for its versions


class PartLibrary(JITCodeLibrary):
    """The code of one function, without what it calls: that is linked where a whole is made."""

    def finalize(self) -> None:
        """Stop here: nothing is linked, optimised across functions or made executable."""
        self._finalize_dynamic_globals()
        self._finalized = True
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.external:
                function.linkage = "linkonce_odr"  # a copy that a linker may merge or drop

    @property
    def own_module(self) -> Any:
        """Its function and nothing else."""
        return self._final_module

    def _get_module_for_linking(self) -> Any:
        """With all that it calls, for functions compiled by numba alone."""
        self._ensure_finalized()
        if self._shared_module is None:
            module = self.own_module.clone()
            for library in callees_last(self)[1:]:
                module.link_in(own_module(library), preserve=True)
            self._shared_module = module
        return self._shared_module


class WholeLibrary(JITCodeLibrary):
    """Machine code of one function with everything that it calls, each linked once."""

    def finalize(self) -> None:
        """Link all parts, then optimise and make executable."""
        for library in callees_last(self)[1:]:
            self._final_module.link_in(own_module(library), preserve=True)
        self._linking_libraries.clear()
        super().finalize()


def own_module(library: Any) -> Any:
    """What a library adds to a whole."""
    if isinstance(library, PartLibrary):
        return library.own_module
    return library._get_module_for_linking()


def callees_last(root: Any) -> list[Any]:
    """Libraries that ``root`` needs, itself first and each after all of its callers.

    A linker drops a mergeable function that nothing has referred to yet.
    """
    seen: set[Any] = set()
    finished: list[Any] = []

    def visit(library: Any) -> None:
        seen.add(library)
        if library is root or isinstance(library, PartLibrary):
            for callee in library._linking_libraries:
                if callee not in seen:
                    visit(callee)
        finished.append(library)

    visit(root)
    return finished[::-1]


class PartCompiler(CompilerBase):
    """Numba's pipeline, without machine code."""

    def define_pipelines(self) -> list[Any]:
        """Return numba's passes, with a library of ours to fill."""
        flags = self.state.flags
        flags.no_compile = True
        flags.no_cpython_wrapper = True
        flags.no_cfunc_wrapper = True
        codegen = self.state.targetctx.codegen()
        self.state.library = PartLibrary(codegen, self.state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class WholeCompiler(CompilerBase):
    """Numba's pipeline, into a library that links parts."""

    def define_pipelines(self) -> list[Any]:
        """Return numba's passes and `HandOver`, with a library of ours to fill."""
        codegen = self.state.targetctx.codegen()
        self.state.library = WholeLibrary(codegen, self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(HandOver, IRProcessing)
        passes.finalize()
        return [passes]


@register_pass(mutates_CFG=False, analysis_only=False)
class HandOver(FunctionPass):
    """Let a whole refer to its wide arguments, so that it hands on addresses."""

    _name = "sluicegate_hand_over"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Rewrite the start of the function, where arguments get their names."""
        entry = state.func_ir.blocks[min(state.func_ir.blocks)]
        body = []
        for statement in entry.body:
            value = statement.value if isinstance(statement, ir.Assign) else None
            if isinstance(value, ir.Arg) and is_wide(state.args[value.index]):
                body += referring(statement)
            else:
                body.append(statement)
        entry.body = body
        return True


def referring(statement: Any) -> list[Any]:
    """``x = by_reference(arg)`` instead of ``x = arg``."""
    scope, place = statement.target.scope, statement.loc
    function = scope.redefine("$by_reference", place)
    given = scope.redefine("$given", place)
    return [
        ir.Assign(ir.Global("by_reference", by_reference, place), function, place),
        ir.Assign(statement.value, given, place),
        ir.Assign(ir.Expr.call(function, (given,), (), place), statement.target, place),
    ]


class Part(CPUDispatcher):
    """A function as compiled code sees it."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(function, targetoptions=dict(options), pipeline_class=PartCompiler)

    def add_overload(self, result: Any) -> None:
        """Let compiled code find this version; there is nothing that Python could call."""
        key = object()
        self.targetctx.insert_user_function(key, result.fndesc, [result.library])
        self.overloads[tuple(result.signature.args)] = result._replace(entry_point=key)


class Whole(CPUDispatcher):
    """The same function as Python sees it, kept on disk."""

    def __init__(self, function: Callable[..., Any], part: Part, options: dict[str, Any]) -> None:
        super().__init__(function, targetoptions=dict(options), pipeline_class=WholeCompiler)
        self.part = part
        self.enable_caching()

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Type a call from compiled code: it is a call of the part."""
        return self.part.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        """Return what compiled code calls."""
        return self.part.get_overload(sig)
