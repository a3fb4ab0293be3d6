"""Machine code for the inner loops, made when they are first needed: numba takes a second to import."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType, ModuleType, SimpleNamespace

__all__ = ["compiled"]


@cache
def compiled(module: ModuleType) -> SimpleNamespace:
    """The functions that ``module.KERNELS`` names, compiled, under their names.

    The functions themselves are plain Python over arrays. They may call `popcount` and those that stand before them in
    ``KERNELS``. Machine code is kept on disk beside the module, or where ``NUMBA_CACHE_DIR`` says; where neither can be
    written it is made again by each process. Where ``module.REASSOCIATE`` is true, sums may be taken in another order,
    so that they go into vector instructions. The interpreter's lock is not held meanwhile.
    """
    names = {"popcount": _popcount()}
    for name in module.KERNELS:
        plain = getattr(module, name)
        linked = FunctionType(plain.__code__, {**plain.__globals__, **names}, name)
        linked.__module__ = module.__name__
        names[name] = _machine_code(linked, reassociate=getattr(module, "REASSOCIATE", False))
    return SimpleNamespace(**names)


def _machine_code(function: Callable[..., object], *, reassociate: bool) -> Callable[..., object]:
    from numba import njit  # noqa: PLC0415

    loose = {"reassoc", "contract", "nsz"} if reassociate else False
    try:
        return njit(cache=True, nogil=True, fastmath=loose)(function)
    except RuntimeError:
        # No directory for the cache can be written.
        return njit(nogil=True, fastmath=loose)(function)


def _popcount() -> Callable[..., object]:
    """Number of bits set in a 64-bit word, as one instruction."""
    from numba import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    @intrinsic
    def popcount(context, word):  # type: ignore[no-untyped-def]  # noqa: ARG001
        def emit(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            return builder.ctpop(arguments[0])

        return types.int64(types.uint64), emit

    return popcount
