#!/bin/bash
# Builds codec.wasm (the decoder) and encoder.wasm from Debian bookworm's sources and toolchain; the same bytes come
# out wherever it is run.
#
#   build.sh [FOLDER]          where the modules go; without it they replace the committed ones and ../codec-digest.ts
#   build.sh --plain FOLDER    plain.wasm: the decoder without our patches of libjpeg-turbo and without dropped scans,
#                              which must give the same pixels
#
# Needs clang-19 lld-19 libclang-rt-19-dev-wasm32 wasi-libc dpkg-dev, all from bookworm. The sources are kept in
# $CODEC_SOURCES (default ~/.cache/edgewise/codec-sources). Exit 3: toolchain or sources are absent.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
plain=false
if [ "${1:-}" = --plain ]; then
  plain=true
  shift
  : "${1:?build.sh --plain needs a folder}"
fi
out=${1:-$here}
mkdir -p "$out"
sources=${CODEC_SOURCES:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/edgewise/codec-sources}

packages=(clang-19=1:19.1.7-3~deb12u1 lld-19=1:19.1.7-3~deb12u1 libclang-rt-19-dev-wasm32=1:19.1.7-3~deb12u1
  wasi-libc=0.0~git20220510.9886d3d-2)
for package in "${packages[@]}"; do
  have=$(dpkg-query -W -f '${Version}' "${package%%=*}" 2>/dev/null || true)
  if [ "$have" != "${package#*=}" ]; then
    echo "codec toolchain: ${package%%=*} is ${have:-absent}, the build is pinned to ${package#*=};" \
      "on Debian bookworm: apt-get install ${packages[*]%%=*} dpkg-dev" >&2
    exit 3
  fi
done
"$here/fetch-sources.sh" "$sources"
tree=$(cd "$sources/tree" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if $plain; then
  cp -r "$tree" "$work/tree"
  tree=$work/tree
  for patch in $(printf '%s\n' "$here"/patches/libjpeg-turbo-*.patch | sort -r); do
    patch -R -d "$tree/libjpeg-turbo" -p1 -s -F0 --no-backup-if-mismatch <"$patch"
  done
fi
source "$here/files.sh"

target=(--target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi -msimd128 -mbulk-memory -msign-ext
  -mnontrapping-fptoint -mmutable-globals -ffunction-sections -fdata-sections
  "-ffile-prefix-map=$tree=." "-ffile-prefix-map=$here=.")

compile() { # OBJECTS FILE
  local file=$2 flags=("${target[@]}" "${common_flags[@]}" "${includes[@]}")
  local name
  name=$(basename "${file%.c}")
  case $file in "$here"/*) flags+=("${own_warnings[@]}") ;; *) flags+=(-w) ;; esac
  case " ${fast[*]} " in *" $name "* | *" all "*) flags+=(-O3) ;; *) flags+=(-Os) ;; esac
  clang-19 "${flags[@]}" "${extra[@]}" -c "$file" -o "$1/$name.o"
}

module() { # NAME MAX_MEMORY FILES...
  local name=$1 memory=$2 objects=$work/$1 file
  shift 2
  mkdir "$objects"
  local running=0
  for file in "$@"; do
    compile "$objects" "$file" &
    if ((++running >= $(nproc))); then wait -n; ((running--)) || true; fi
  done
  while ((running-- > 0)); do wait -n; done
  clang-19 --target=wasm32-wasi --sysroot=/usr -nostartfiles -nodefaultlibs -O3 -Wl,--no-entry -Wl,--gc-sections \
    -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=262144 -Wl,--initial-memory=1048576 \
    "-Wl,--max-memory=$memory" -Wl,--export=__stack_pointer "$objects"/*.o -L/usr/lib/wasm32-wasi -lc -lm \
    -o "$out/$name"
}

if $plain; then
  # without the patches more of a progressive image is kept, so the arena is larger
  extra=(-DDROP_SCANS=false -DARENA_LIMIT=1073741824u) fast=("${hot[@]}")
  module plain.wasm $((1100 << 20)) "${decoder_files[@]}" "$here/arena.c"
  exit 0
fi

extra=() fast=("${hot[@]}")
module codec.wasm $((80 << 20)) "${decoder_files[@]}" "$here/arena.c"
extra=(-DARENA_LIMIT=1073741824u) fast=(all)
module encoder.wasm $((1100 << 20)) "${encoder_files[@]}" "$here/arena.c"

if [ "$out" = "$here" ]; then
  digest=$(sha256sum "$here/codec.wasm" | cut -d' ' -f1)
  cat >"$here/../codec-digest.ts" <<END
// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "$digest";
END
fi
(cd "$out" && sha256sum codec.wasm encoder.wasm)
