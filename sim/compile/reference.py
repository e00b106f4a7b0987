"""Hand a wide NamedTuple on by its address.

Numba passes a NamedTuple of arrays field by field: a world and its state are 400 numbers, copied
at every call, and most of what the compiler then does is to sort them out. A *reference* is one
pointer to the same fields, read as before (``world.venues``). It lives as long as the call that
made it.
"""

from typing import Any

from numba.core import cgutils, types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, register_model

WIDE = 12  # fields above which a whole refers to an argument


class Reference(types.Type):
    """The address of a NamedTuple of type ``target``."""

    def __init__(self, target: Any) -> None:
        self.target = target
        super().__init__(name=f"Reference({target})")


@register_model(Reference)
class _ReferenceModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Reference) -> None:
        data = manager.lookup(kind.target).get_data_type()
        super().__init__(manager, kind, data.as_pointer())


@infer_getattr
class _ReferenceFields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference: Reference, field: str) -> Any:  # type: ignore[override]
        if field in reference.target.fields:
            return reference.target[reference.target.fields.index(field)]
        return None


@lower_getattr_generic(Reference)
def _load_field(context: Any, builder: Any, kind: Reference, value: Any, field: str) -> Any:
    number = kind.target.fields.index(field)
    model = context.data_model_manager.lookup(kind.target[number])
    place = cgutils.gep_inbounds(builder, value, 0, number)
    loaded = model.load_from_data_pointer(builder, place)
    return impl_ret_borrowed(context, builder, kind.target[number], loaded)


@intrinsic
def _referred(typing_context: Any, target: Any) -> Any:
    if not isinstance(target, types.BaseNamedTuple):
        return None
    kind = Reference(target)

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        model = context.data_model_manager.lookup(target)
        place = cgutils.alloca_once(builder, model.get_data_type())
        builder.store(model.as_data(builder, arguments[0]), place)
        return place

    return kind(target), make


# Put a NamedTuple into the caller's frame and refer to it there; for compiled code.
by_reference: Any = _referred


def is_wide(kind: Any) -> bool:
    """Whether an argument of this type is better referred to."""
    return isinstance(kind, types.NamedTuple | types.NamedUniTuple) and len(kind.fields) > WIDE
