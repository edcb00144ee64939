"""All Triton kernels compile for a GPU, also where there is none."""

import pytest

from fame.models.fused_norm import installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not installed(), reason="there is no Triton on this machine"),
]

HOPPER = ("cuda", 90, 32)
"""Backend, compute capability, threads of a warp."""

SUMS = ("means", "squares", "mean", "variance", "scale", "weight", "bias", "totals", "products")
KINDS = {
    **dict.fromkeys(SUMS, "*fp32"),
    **dict.fromkeys(("x", "y", "residual", "gradient", "inner", "side"), "*bf16"),
    "taken": "*u8",
    "eps": "fp32",
}
"""Types of arguments; all others are integers."""

TILE = {"TALL": 32, "WIDE": 64, "ALIGNED": 16}
FLAGS = {"RELU": True, "ADDS": True}
WINDOW = {
    **{"KT": 1, "KH": 3, "KW": 3, "ST": 1, "SH": 2, "SW": 2},
    **{"PT": 0, "PH": 0, "PW": 0, "ET": 0, "EH": 1, "EW": 1, "TALL": 16, "WIDE": 64},
}
KERNELS = {
    "fused_kernels": {
        "_moments_kernel": TILE,
        "_join_kernel": {"MANY": 128, "WIDE": 32},
        "_apply_kernel": TILE | FLAGS,
        "_slopes_kernel": TILE | FLAGS,
        "_input_kernel": TILE | FLAGS,
    },
    "pool_kernels": {"_pool_kernel": WINDOW, "_gradient_kernel": WINDOW},
}
CASES = [(module, *item) for module, items in KERNELS.items() for item in items.items()]


@pytest.mark.parametrize(("module", "name", "constants"), CASES, ids=lambda value: str(value)[:24])
def test_a_kernel_compiles_and_reads_vectors(module, name, constants, monkeypatch, tmp_path):
    import importlib

    import triton
    import triton.language as tl
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kernel = getattr(importlib.import_module(f"fame.models.{module}"), name)
    given = constants | {"SUM": tl.float32}
    kinds = {n: "constexpr" if n in given else KINDS.get(n, "i32") for n in kernel.arg_names}
    aligned = [n for n, kind in kinds.items() if kind.startswith("*") or n == "channels"]
    places = {name: (kernel.arg_names.index(name),) for name in kernel.arg_names}
    source = ASTSource(
        fn=kernel,
        signature=kinds,
        constexprs={places[n]: value for n, value in given.items()},
        attrs={places[n]: [["tt.divisibility", 16]] for n in aligned},
    )
    assembly = triton.compile(source, target=GPUTarget(*HOPPER)).asm["ptx"]
    assert "ld.global.v4" in assembly
