#!/usr/bin/env bash
# mesh.sh FOLDER: builds the control planes that `make test-mesh` runs, from their Go modules, as tests/mesh/*/go.mod pin them: the real
# istiod, istioctl and istio-agent, Kubernetes' own types, Envoy Gateway's egctl, and helm. It takes some minutes and 6 GB of Go's cache, once.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
command -v go >/dev/null || { echo "make test-mesh needs Go 1.26 or later, to build istiod: install it from go.dev." >&2; exit 1; }
cd "$(dirname "$0")/../mesh"
modules=$PWD

build() {
  echo "building $1"
  go build -p "$(nproc)" -trimpath -mod=readonly -ldflags "-s -w ${3:-}" -o "$folder/$1" "$2"
}

cd "$modules/istiod"
build istiod . "-X istio.io/istio/pkg/version.buildVersion=1.31.0"
build kinds ./kinds
build istioctl istio.io/istio/istioctl/cmd/istioctl
build istio-agent istio.io/istio/pilot/cmd/pilot-agent
cp "$(go list -mod=readonly -m -f '{{.Dir}}' istio.io/istio)/tools/packaging/common/envoy_bootstrap.json" "$folder/envoy_bootstrap.json"
chmod 644 "$folder/envoy_bootstrap.json"

cd "$modules/egctl"
build egctl github.com/envoyproxy/gateway/cmd/egctl

cd "$modules/helm"
build helm helm.sh/helm/v3/cmd/helm
