//! What an operator of Envoy Gateway writes by hand: the gateway, its hosts, and what its pods have.

use super::policy::{headed, reference};
use super::{GatewayPlaces, MOUNTED, ModulePlace};
use crate::render::compact;
use crate::render::envoy::{MeshParts, Surroundings};
use crate::render::manifest::Manifest;
use crate::render::tree::{Map, TreeNode, list, one};

const API: &str = "gateway.envoyproxy.io/v1alpha1";
const ROUTING: &str = "gateway.networking.k8s.io/v1";
const LISTENS: &str = "\
Who listens for LLM calls. If you have a Gateway already, leave this one out, give yours the EnvoyProxy of proxy.yaml, and see that an \
HTTPRoute has each host. Whoever reaches it spends the providers' keys: put a SecurityPolicy on it, and TLS.";
const PODS: &str = "\
What the gateway's pods have: the keys, the module, the labels of what the filter counts, a line of JSON for each LLM call. If your \
gateway has an EnvoyProxy already, merge this into it.";

/// The files.
pub fn manifests(places: &GatewayPlaces<'_>, here: &Surroundings, parts: &MeshParts) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    let mut put = |name: &str, documents| manifests.push(Manifest { name: name.to_owned(), documents });
    put("gateway.yaml", gateway(places));
    if here.secrets.iter().any(Option::is_some) {
        put("keys.yaml", places.owner().keys("envoy-gateway", here));
    }
    put("proxy.yaml", vec![proxy(places, here, parts)]);
    manifests
}

fn gateway(places: &GatewayPlaces<'_>) -> Vec<TreeNode> {
    let (args, owner) = (places.args, places.owner());
    let listener = Map::new()
        .with("name", args.listener.as_str())
        .with("protocol", "HTTP")
        .with("port", u64::from(args.port))
        .with("allowedRoutes", one("namespaces", one("from", "Same")));
    let spec = Map::new()
        .with("gatewayClassName", args.gateway_class.as_str())
        .with("infrastructure", one("parametersRef", reference("EnvoyProxy", &args.asked.name)))
        .with("listeners", list([listener]));
    let first = Map::new().why(&headed(LISTENS)).with("apiVersion", ROUTING).with("kind", "Gateway");
    let gateway = first.with("metadata", owner.metadata(&args.gateway)).with("spec", spec);

    let rest = reference("HTTPRouteFilter", &args.asked.name);
    let rule = one("filters", list([Map::new().with("type", "ExtensionRef").with("extensionRef", rest)]));
    let mut spec = Map::new().with("parentRefs", list([one("name", args.gateway.as_str())]));
    if !places.hosts.iter().any(|host| host == "*") {
        spec = spec.with("hostnames", list(places.hosts.iter().map(String::as_str)));
    }
    let spec = spec
        .why("What is no LLM call gets an answer: LLM calls never come here.")
        .with("rules", list([rule]));
    let route = owner.object("", ROUTING, "HTTPRoute", "").with("spec", spec);

    let message = "This path is not served here. Switchover answers POST /v1/chat/completions, /v1/messages, /v1/responses and \
                   /v1/embeddings and GET /v1/models.";
    let error =
        Map::new().with("message", message).with("type", "invalid_request_error").with("code", "no_route");
    let body = Map::new().with("type", "Inline").with("inline", compact(&one("error", error)));
    let response =
        Map::new().with("contentType", "application/json").with("statusCode", 404u64).with("body", body);
    let filter = owner.object("", API, "HTTPRouteFilter", "").with("spec", one("directResponse", response));
    vec![gateway.into(), route.into(), filter.into()]
}

fn proxy(places: &GatewayPlaces<'_>, here: &Surroundings, parts: &MeshParts) -> TreeNode {
    let mut volumes = Vec::new();
    let mut mounts = Vec::new();
    let mut mount = |name: &str, at: &str, source: Map| {
        volumes.push(Map::new().with("name", name).and(source));
        mounts.push(Map::new().with("name", name).with("mountPath", at).with("readOnly", true));
    };
    if here.secrets.iter().any(Option::is_some) {
        let keys = Map::new().with("projected", places.owner().key_volume());
        mount("switchover-keys", &places.secrets, keys);
    }
    if let ModulePlace::Image(image) = &places.module {
        let image = Map::new().with("reference", image.as_str()).with("pullPolicy", "IfNotPresent");
        mount("switchover-module", MOUNTED, Map::new().with("image", image));
    }
    let deployment = Map::new()
        .with("pod", one("volumes", list(volumes)))
        .with("container", one("volumeMounts", list(mounts)));
    let provider =
        Map::new().with("type", "Kubernetes").with("kubernetes", one("envoyDeployment", deployment));
    let fields = parts.log.iter().fold(Map::new(), |map, (name, value)| map.with(name, *value));
    let sink = Map::new().with("type", "File").with("file", one("path", "/dev/stdout"));
    let log = Map::new()
        .with("matches", list(["'x-switchover-group' in response.headers"]))
        .with("format", Map::new().with("type", "JSON").with("json", fields))
        .with("sinks", list([sink]));
    let stats = Map::new().with("op", "add").with("path", "/stats_config").with("value", parts.stats.clone());
    let bootstrap = Map::new().with("type", "JSONPatch").with("jsonPatches", list([stats]));
    let spec = Map::new()
        .with("provider", provider)
        .with("telemetry", one("accessLog", one("settings", list([log]))))
        .with("bootstrap", bootstrap);
    places.owner().object(&headed(PODS), API, "EnvoyProxy", "").with("spec", spec).into()
}
