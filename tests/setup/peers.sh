#!/usr/bin/env bash
# peers.sh FOLDER REQUIREMENTS PORTKEY_VERSION: installs the gateways that the bench compares with.
set -euo pipefail
folder=$1 requirements=$2 portkey=$3
here=$(dirname "$0")

mkdir -p "$folder"
"$here/venv.sh" "$folder/python" "$requirements"
"$here/npm-tool.sh" "$folder/portkey" @portkey-ai/gateway "$portkey"
