//! What an operator of Istio writes by hand: who listens, for which hosts, where the keys are, what is logged and counted.

use super::{MeshContext, MeshPlaces};
use crate::render::compact;
use crate::render::envoy::{MeshParts, Surroundings};
use crate::render::manifest::Manifest;
use crate::render::tree::{ListItem, Map, TreeNode, list, one};
use crate::render::words::TargetRef;
use switchover::filter::LABELS;

const LISTENS: &str = "\
Made by `switchover render istio`. Who listens for LLM calls, in Istio's own words: if you have a Gateway for these hosts already, \
leave this one out and see that a VirtualService has each host. Whoever reaches it spends the providers' keys: put \
RequestAuthentication and AuthorizationPolicy before it, and TLS.";
const HOSTS: &str = "\
Made by `switchover render istio`. The hosts that applications call, so that their sidecars have a route for them; the filter \
takes the calls before that route leads anywhere.";
const REST: &str = "What is no LLM call gets an answer: LLM calls never come here.";
const ANNOTATIONS: &str = "\
Made by `switchover render istio`. Not to be applied: merge it into the pod template of the proxies' Deployment (for sidecars: of \
the application's).";
const MESH: &str = "\
Made by `switchover render istio`. Not to be applied: merge it into the mesh's configuration (meshConfig). telemetry.yaml names it.";
const LOG: &str = "\
Made by `switchover render istio`. One line of JSON for each LLM call. If a Telemetry of yours logs for these proxies already, add \
this to its `accessLogging`: the one that is closest to a proxy counts alone.";

/// Whether a file goes to `kubectl apply`.
pub fn is_applied(name: &str) -> bool {
    !["annotations.yaml", "mesh-config.yaml"].contains(&name)
}

impl MeshPlaces<'_> {
    /// Whose proxies.
    pub fn whom(&self) -> Map {
        match &self.args.target_ref {
            Some(target) => Map::new().with("targetRefs", self.refs(target)),
            None => Map::new().with("workloadSelector", one("labels", self.labels())),
        }
    }

    fn refs(&self, target: &TargetRef) -> TreeNode {
        let kind = Map::new().with("group", target.group).with("kind", target.kind.as_str());
        list([kind.with("name", target.name.as_str())])
    }

    fn labels(&self) -> TreeNode {
        self.selector.iter().fold(Map::new(), |map, (key, value)| map.with(key, value.as_str())).into()
    }

    fn object(&self, head: &str, version: &str, kind: &str) -> Map {
        self.owner().object(head, version, kind, "")
    }
}

/// The files.
pub fn manifests(places: &MeshPlaces<'_>, here: &Surroundings, parts: &MeshParts) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    let mut put = |name: &str, documents| manifests.push(Manifest { name: name.to_owned(), documents });
    match places.args.context {
        MeshContext::Gateway if places.args.target_ref.is_some() => {}
        MeshContext::Gateway => put("gateway.yaml", gateway(places)),
        MeshContext::Sidecar => put("hosts.yaml", vec![hosts(places)]),
    }
    if here.secrets.iter().any(Option::is_some) {
        put("keys.yaml", places.owner().keys("istio", here));
    }
    put("telemetry.yaml", vec![telemetry(places)]);
    put("annotations.yaml", vec![annotations(places, here, parts)]);
    put("mesh-config.yaml", vec![log(places, parts)]);
    manifests
}

fn gateway(places: &MeshPlaces<'_>) -> Vec<TreeNode> {
    let hosts = || match places.hosts.as_slice() {
        [] => list(["*"]),
        hosts => list(hosts.iter().map(String::as_str)),
    };
    let port = Map::new()
        .with("number", u64::from(places.args.port))
        .with("name", "http-llm")
        .with("protocol", "HTTP");
    let server = Map::new().with("port", port).with("hosts", hosts());
    let spec = Map::new().with("selector", places.labels()).with("servers", list([server]));
    let gateway = places.object(LISTENS, "networking.istio.io/v1", "Gateway").with("spec", spec);
    let message = "This path is not served here. Switchover answers POST /v1/chat/completions, /v1/messages, /v1/responses and \
                   /v1/embeddings and GET /v1/models.";
    let error =
        Map::new().with("message", message).with("type", "invalid_request_error").with("code", "no_route");
    let body = compact(&one("error", error));
    let response = Map::new().with("status", 404u64).with("body", one("string", body));
    let headers = one("response", one("set", one("content-type", "application/json")));
    let rest =
        Map::new().why(REST).with("name", "rest").with("directResponse", response).with("headers", headers);
    let spec = Map::new()
        .with("hosts", hosts())
        .with("gateways", list([places.args.asked.name.as_str()]))
        .with("http", list([rest]));
    let service = places.object("", "networking.istio.io/v1", "VirtualService").with("spec", spec);
    vec![gateway.into(), service.into()]
}

fn hosts(places: &MeshPlaces<'_>) -> TreeNode {
    let port = Map::new()
        .with("number", u64::from(places.args.port))
        .with("name", "http-llm")
        .with("protocol", "HTTP");
    let spec = Map::new()
        .with("hosts", list(places.hosts.iter().map(String::as_str)))
        .with("location", "MESH_EXTERNAL")
        .with("resolution", "STATIC")
        .with("ports", list([port]))
        .why("Nobody is there: a call that the filter does not take fails.")
        .with("endpoints", list([one("address", "192.0.2.1")]));
    places.object(HOSTS, "networking.istio.io/v1", "ServiceEntry").with("spec", spec).into()
}

/// What the agent leaves out otherwise. Envoy 1.38 counts what the filter counts under the cluster that started its VM.
const COUNTED: [&str; 2] = [r"cluster\..*\.outlier_detection\..*", r"cluster\..*\.wasmcustom\..*"];

/// Where Kubernetes puts what the proxies read of keys.
const VOLUME: &str = "switchover-keys";

fn telemetry(places: &MeshPlaces<'_>) -> TreeNode {
    let provider = one("name", log_name(places));
    let filter = one("expression", "'x-switchover-group' in response.headers");
    let logging = Map::new().with("providers", list([provider])).with("filter", filter);
    let whom = match &places.args.target_ref {
        Some(target) => Map::new().with("targetRefs", places.refs(target)),
        None => Map::new().with("selector", one("matchLabels", places.labels())),
    };
    let spec = whom.with("accessLogging", list([logging]));
    places.object(LOG, "telemetry.istio.io/v1", "Telemetry").with("spec", spec).into()
}

fn log_name(places: &MeshPlaces<'_>) -> String {
    format!("{}-log", places.args.asked.name)
}

fn log(places: &MeshPlaces<'_>, parts: &MeshParts) -> TreeNode {
    let labels = parts.log.iter().fold(Map::new(), |map, (name, value)| map.with(name, *value));
    let log = Map::new().with("path", "/dev/stdout").with("logFormat", one("labels", labels));
    let provider = Map::new().with("name", log_name(places)).with("envoyFileAccessLog", log);
    Map::new().why(MESH).with("extensionProviders", list([provider])).into()
}

/// Texts that Istio's injector reads.
fn annotations(places: &MeshPlaces<'_>, here: &Surroundings, parts: &MeshParts) -> TreeNode {
    let proxy = Map::new()
        .with("extraStatTags", list(LABELS.iter().copied()))
        .with("proxyStatsMatcher", one("inclusionRegexps", list(COUNTED)));
    let buckets: Vec<TreeNode> = parts.buckets.iter().copied().map(TreeNode::Number).collect();
    let buckets = compact(&one("wasmcustom", TreeNode::List(items(buckets))));
    let mut annotations = Map::new()
        .why("Labels of what the filter counts, and which targets are ejected: the agent leaves both out unless it is told.")
        .with("proxy.istio.io/config", compact(&proxy.into()))
        .with("sidecar.istio.io/statsHistogramBuckets", buckets);
    if here.secrets.iter().any(Option::is_some) {
        let volume = one(VOLUME, one("projected", places.owner().key_volume()));
        let mount = Map::new().with("mountPath", places.secrets.as_str()).with("readOnly", true);
        annotations = annotations
            .why("The keys and the files that say where they are, for Envoy alone. A new key needs no restart.")
            .with("sidecar.istio.io/userVolume", compact(&volume))
            .with("sidecar.istio.io/userVolumeMount", compact(&one(VOLUME, mount)));
    }
    let template = one("metadata", one("annotations", annotations));
    Map::new().why(ANNOTATIONS).with("spec", one("template", template)).into()
}

fn items(values: Vec<TreeNode>) -> Vec<ListItem> {
    values.into_iter().map(|value| ListItem { why: String::new(), value }).collect()
}
