//! The Deployment: pods that may do nothing but serve.

use super::{KubernetesArgs, SECRETS};
use crate::render::tree::{Map, TreeNode, list, one};
use switchover::config::Config;

const DEPLOYMENT: &str = "\
Made by `switchover render kubernetes`. Each pod runs `switchover serve`: no rights, nothing to write to but a folder in memory, in \
which Envoy finds the keys.";
/// What a pod takes before it holds any request, in bytes: 168 MiB were measured with two workers and few orders.
const IDLE_BYTES: u64 = 320 << 20;
/// Where a pod listens, whatever callers use: one below 1024 may need rights that it doesn't have.
const PORT: u64 = 8080;
/// How long a pod may take to end: requests on their way, and a moment in which callers learn that it is gone.
const DRAIN_S: u64 = 60;
const GONE_S: u64 = 5;

pub fn documents(args: &KubernetesArgs, config: &Config, has_keys: bool) -> Vec<TreeNode> {
    let owner = args.owner();
    let account =
        owner.object(DEPLOYMENT, "v1", "ServiceAccount", "").with("automountServiceAccountToken", false);
    let template =
        Map::new().with("metadata", one("labels", args.labels())).with("spec", pod(args, config, has_keys));
    let update = Map::new().with("maxUnavailable", 0u64).with("maxSurge", 1u64);
    let spec = Map::new()
        .with("selector", one("matchLabels", args.labels()))
        .with("strategy", Map::new().with("type", "RollingUpdate").with("rollingUpdate", update))
        .with("template", template);
    // The number of pods is the autoscaler's: rendering again doesn't take it back.
    vec![account.into(), owner.object("", "apps/v1", "Deployment", "").with("spec", spec).into()]
}

fn pod(args: &KubernetesArgs, config: &Config, has_keys: bool) -> Map {
    let mut volumes = vec![
        Map::new().with("name", "config").with("configMap", one("name", args.name.as_str())),
        Map::new().with("name", "state").with("emptyDir", one("medium", "Memory")),
    ];
    let mount = |name: &str, at: &str| Map::new().with("name", name).with("mountPath", at);
    let mut mounts = vec![
        mount("config", "/etc/switchover/config").with("readOnly", true),
        mount("state", "/run/switchover"),
    ];
    if has_keys {
        let secret =
            Map::new().with("secretName", format!("{}-keys", args.name)).with("defaultMode", 0o440u64);
        volumes.push(Map::new().with("name", "keys").with("secret", secret));
        mounts.push(mount("keys", SECRETS).with("readOnly", true));
    }
    let serve = [
        "serve".to_owned(),
        "/etc/switchover/config/switchover.yaml".to_owned(),
        format!("--listen=0.0.0.0:{PORT}"),
        "--open-to-all".to_owned(),
        "--log=json".to_owned(),
        "--state=/run/switchover/state".to_owned(),
        format!("--drain={DRAIN_S}"),
        format!("--concurrency={}", args.concurrency),
    ];
    let rights = Map::new()
        .with("allowPrivilegeEscalation", false)
        .with("readOnlyRootFilesystem", true)
        .with("capabilities", one("drop", list(["ALL"])));
    let mut get = Map::new().with("path", "/health").with("port", "llm");
    // Who asks by another host is not answered.
    if let Some(host) = config.listen.hosts.first() {
        let host = Map::new().with("name", "Host").with("value", host.replace('*', "probe"));
        get = get.with("httpHeaders", list([host]));
    }
    let get = one("httpGet", get);
    let probe = |seconds: u64, failures: u64| {
        crate::render::manifest::map(&get).with("periodSeconds", seconds).with("failureThreshold", failures)
    };
    let container = Map::new()
        .with("name", "switchover")
        .with("image", args.image.as_str())
        .why("Only pods with the callers' label reach the port: the NetworkPolicy says so, where the cluster's network keeps to them.")
        .with("args", list(serve.iter().map(String::as_str)))
        .with("ports", list([Map::new().with("name", "llm").with("containerPort", PORT)]))
        .why("Envoy compiles the filter at its start: some seconds of a core.")
        .with("startupProbe", probe(2, 60))
        .with("readinessProbe", probe(5, 2))
        .with("livenessProbe", probe(10, 6))
        .why("The Service stops sending before the pod stops listening.")
        .with("lifecycle", one("preStop", one("sleep", one("seconds", GONE_S))))
        .with("resources", resources(args, config))
        .with("securityContext", rights)
        .with("volumeMounts", list(mounts));
    let context = Map::new()
        .with("runAsNonRoot", true)
        .with("runAsUser", 65532u64)
        .with("runAsGroup", 65532u64)
        .with("fsGroup", 65532u64)
        .with("seccompProfile", one("type", "RuntimeDefault"));
    let spread = Map::new()
        .with("maxSkew", 1u64)
        .with("topologyKey", "kubernetes.io/hostname")
        .with("whenUnsatisfiable", "ScheduleAnyway")
        .with("labelSelector", one("matchLabels", args.labels()));
    Map::new()
        .with("serviceAccountName", args.name.as_str())
        .with("automountServiceAccountToken", false)
        .with("terminationGracePeriodSeconds", DRAIN_S + GONE_S + 10)
        .with("securityContext", context)
        .with("topologySpreadConstraints", list([spread]))
        .with("containers", list([container]))
        .with("volumes", list(volumes))
}

/// Memory is bounded by what the file lets each worker hold, so a pod is not killed for what callers send.
fn resources(args: &KubernetesArgs, config: &Config) -> Map {
    let most = config.listen.memory.saturating_mul(u64::from(args.concurrency)).saturating_add(IDLE_BYTES);
    let mib = |bytes: u64| format!("{}Mi", bytes.div_ceil(1 << 20));
    Map::new()
        .with("requests", Map::new().with("cpu", "500m").with("memory", mib(IDLE_BYTES)))
        .with("limits", one("memory", mib(most)))
}
