#!/bin/bash
# Builds the codec's C natively with AddressSanitizer and UndefinedBehaviorSanitizer and feeds it files and mutations
# of them: WebAssembly hides an access that is wrong but inside its memory.
#
#   sanitize.sh MUTATIONS [SEED] FILE...     mutations per file; the first file must decode
#
# The build is kept beside the sources. Exit 0: no finding; 1: a finding; 3: compiler or sources are absent.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mutations=$1
shift
seed=1
if [[ $1 =~ ^[0-9]+$ ]]; then
  seed=$1
  shift
fi
sources=${CODEC_SOURCES:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/edgewise/codec-sources}
compiler=${CC:-gcc}
if ! echo 'int main(void) { return 0; }' | "$compiler" -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null; then
  echo "sanitizers: $compiler with libasan and libubsan is not there; apt-get install gcc" >&2
  exit 3
fi
"$here/fetch-sources.sh" "$sources"
tree=$(cd "$sources/tree" && pwd)
source "$here/files.sh"

objects=$sources/sanitized
mkdir -p "$objects"
flags=(-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
  "${common_flags[@]}" "${includes[@]}" -include "$here/native/arena.h"
  -U__SSE2__ -DSPNG_DISABLE_OPT) # the plain C that the module is made of

# Objects are named after a digest of what they are made of: what is there is up to date.
compile() { # FILE
  local file=$1 extra=(-w) digest
  case $file in "$here"/*) extra=("${own_warnings[@]}") ;; esac
  digest=$(cat "$file" "$here"/*.h "$here"/native/*.h "$sources/.unpacked" "$here/files.sh" "$here/sanitize.sh" |
    sha256sum | cut -c1-16)
  local object=$objects/$(basename "${file%.c}")-$digest.o
  if [ ! -f "$object" ]; then
    "$compiler" "${flags[@]}" "${extra[@]}" -c "$file" -o "$object.$$" && mv "$object.$$" "$object"
  fi
  echo "$object"
}

linked=()
running=0
names=$(mktemp)
trap 'rm -f "$names"' EXIT
# Without section collection libspng's encoder is linked too, which calls deflate.
for file in "${decoder_files[@]}" "$tree"/zlib/{compress,deflate,trees}.c; do
  compile "$file" >>"$names" &
  if ((++running >= $(nproc))); then wait -n; ((running--)) || true; fi
done
while ((running-- > 0)); do wait -n; done
mapfile -t linked <"$names"
# The driver and the arena use the system's own malloc.
driver=$(mktemp -d)
trap 'rm -rf "$names" "$driver"' EXIT
"$compiler" -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror -std=gnu11 \
  "$here/native/main.c" "$here/native/arena.c" "${linked[@]}" -lm -o "$driver/codec"
ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 "$driver/codec" "$mutations" "$seed" "$@" || exit 1
