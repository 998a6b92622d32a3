#!/bin/sh
# Compiles the shim against the system's libtorch, or against the one in $LIBTORCH: build.sh OUTPUT SOURCE...
set -eu
output=$1
shift
missing() {
    echo "TorchSharp stand-in: $1 was not found; on Debian: apt-get install $2, elsewhere $3" >&2
    exit 1
}
compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || missing "the compiler $compiler" "g++" "set CXX to a C++17 compiler"

root=${LIBTORCH:-/usr}
[ -f "$root/include/ATen/ATen.h" ] || missing "libtorch" "libtorch-dev libopenblas0-openmp" "set LIBTORCH to its folder (the one that holds include/ and lib/)"
set -- "$@" -I "$root/include" -I "$root/include/torch/csrc/api/include"
if [ -n "${LIBTORCH:-}" ]; then
    set -- "$@" -L "$root/lib" "-Wl,-rpath,$root/lib"
    # libtorch's downloads exist with either of libstdc++'s two ABIs, and say which in their CMake file.
    if grep -qs '_GLIBCXX_USE_CXX11_ABI=0' "$root/share/cmake/Torch/TorchConfig.cmake"; then
        set -- "$@" -D_GLIBCXX_USE_CXX11_ABI=0
    fi
    # Nothing refers to libtorch_cuda's symbols: it registers its kernels when it is loaded.
    if [ -f "$root/lib/libtorch_cuda.so" ]; then
        set -- "$@" -Wl,--no-as-needed -ltorch_cuda -lc10_cuda
    fi
fi
mkdir -p "$(dirname "$output")"
# Written beside and moved, so that builds side by side never see half a library.
"$compiler" -std=c++17 -O1 -fPIC -shared -w -o "$output.$$" "$@" -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10
mv "$output.$$" "$output"
