"""Following what a forward pass keeps alive: the largest sum of its own tensors at any one moment."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any


def activation_watch(before: Iterable[Any]) -> Any:
    """A torch mode: what is computed inside it is followed; afterwards `peak_bytes` is the most that lived at once.

    `before` are tensors that were there before (weights, buffers, inputs): views of them are no new memory. What a
    kernel takes for itself is not seen, but for convolutions: oneDNN copies their input, weights and output into a
    layout of its own. On the meta device it costs no memory, because nothing there has any.
    """
    from torch import Tensor, ops
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call,misc,unused-ignore]
        peak_bytes = 0

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
            self._alive_bytes = 0
            self._known = {tensor.untyped_storage()._cdata for tensor in before}

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = function(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if isinstance(leaf, Tensor):
                    self._follow(leaf.untyped_storage())
            copies = 0
            if function._overloadpacket is ops.aten.convolution:
                copies = sum(tensor.nbytes for tensor in (args[0], args[1], out))
            self.peak_bytes = max(self.peak_bytes, self._alive_bytes + copies)
            return out

        def _follow(self, storage: Any) -> None:
            """Count a storage until it dies: torch keeps one Python object for as long as it lives."""
            key, size = storage._cdata, storage.nbytes()
            if key in self._known:
                return
            self._known.add(key)
            self._alive_bytes += size
            weakref.finalize(storage, self._forget, key, size)

        def _forget(self, key: int, size: int) -> None:
            self._known.discard(key)
            self._alive_bytes -= size

    return Watch()
