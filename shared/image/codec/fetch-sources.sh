#!/bin/bash
# Brings Debian bookworm's source packages into a folder, checks them against sources.sha256, unpacks them with
# Debian's patches and applies ours.
#
#   fetch-sources.sh FOLDER
#
# apt checks Debian's signatures; a private copy of the machine's package lists leaves the machine's own alone.
# With CODEC_OFFLINE set, only sources that are there already are used.
# Exit 3: the sources cannot be had (no Debian, no network, other versions than the pinned ones).
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
packages=(libjpeg-turbo=1:2.1.5-2 libwebp=1.2.4-0.2+deb12u1 libspng=0.7.3-3 zlib=1:1.2.13.dfsg-1)

absent() {
  echo "codec sources: $1" >&2
  exit 3
}

command -v sha256sum >/dev/null || absent "sha256sum is not there"

# The mark is the digest of what the unpacked tree was made of.
mark=$(cat "$here/sources.sha256" "$here"/patches/* "$here/fetch-sources.sh" | sha256sum)
if [ "$(cat "$folder/.unpacked" 2>/dev/null)" = "$mark" ]; then exit 0; fi

is_pinned() { (cd "$folder" && sha256sum --check --quiet --strict "$here/sources.sha256") >/dev/null 2>&1; }

if ! is_pinned; then
  [ -z "${CODEC_OFFLINE:-}" ] || absent "the sources are not in $folder; run $here/fetch-sources.sh $folder"
  command -v apt-get >/dev/null || absent "apt-get is not there; put the files of sources.sha256 into $folder"
  list=/etc/apt/sources.list.d/debian.sources
  [ -f $list ] || absent "no $list; put the files of sources.sha256 into $folder"
  private=$folder/.apt
  mkdir -p "$private/parts" "$private/lists/partial" "$private/cache/archives/partial"
  sed 's/^Types:.*/Types: deb-src/' $list >"$private/parts/source.sources"
  apt=(apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$private/parts"
    -o "Dir::State::lists=$private/lists" -o "Dir::Cache=$private/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2 || absent "apt-get update failed"
  (cd "$folder" && "${apt[@]}" source --download-only "${packages[@]}" >&2) || absent "apt-get source failed"
  is_pinned || absent "the downloaded files are not those of sources.sha256"
fi

command -v dpkg-source >/dev/null || absent "dpkg-source is not there; apt-get install dpkg-dev"
rm -rf "$folder/tree"
mkdir -p "$folder/tree"
for description in "$folder"/*.dsc; do
  name=$(basename "${description%%_*}")
  dpkg-source --no-check -q -x "$description" "$folder/tree/$name" >&2
done
for patch in "$here"/patches/*.patch; do
  name=$(basename "$patch")
  for package in libjpeg-turbo libwebp libspng zlib; do
    case $name in $package-*) patch -d "$folder/tree/$package" -p1 -s -F0 --no-backup-if-mismatch <"$patch" ;; esac
  done
done
printf '%s\n' "$mark" >"$folder/.unpacked"
