//! Who reaches the pods, and how many there are.

use super::KubernetesArgs;
use crate::render::tree::{Map, TreeNode, list, one};

const SERVICE: &str = "Made by `switchover render kubernetes`. Who reaches the pods, and how many there are.";

pub fn documents(args: &KubernetesArgs) -> Vec<TreeNode> {
    let owner = args.owner();
    let port = Map::new().with("name", "llm").with("port", u64::from(args.port)).with("targetPort", "llm");
    let spec = Map::new().with("selector", args.labels()).with("ports", list([port]));
    let service = owner.object(SERVICE, "v1", "Service", "").with("spec", spec);

    let spec = Map::new().with("maxUnavailable", 1u64).with("selector", one("matchLabels", args.labels()));
    let budget = owner.object("", "policy/v1", "PodDisruptionBudget", "").with("spec", spec);

    let (least, most) = args.replicas;
    let of =
        Map::new().with("apiVersion", "apps/v1").with("kind", "Deployment").with("name", args.name.as_str());
    let target = Map::new().with("type", "Utilization").with("averageUtilization", 70u64);
    let cpu = Map::new().with("name", "cpu").with("target", target);
    let spec = Map::new()
        .with("scaleTargetRef", of)
        .with("minReplicas", u64::from(least))
        .with("maxReplicas", u64::from(most))
        .with("metrics", list([Map::new().with("type", "Resource").with("resource", cpu)]));
    let scaler = owner.object("", "autoscaling/v2", "HorizontalPodAutoscaler", "").with("spec", spec);

    let callers = args.callers.iter().fold(Map::new(), |map, (key, value)| map.with(key, value.as_str()));
    let from = one("podSelector", one("matchLabels", callers));
    let reached = Map::new().with("protocol", "TCP").with("port", "llm");
    let ingress = Map::new().with("from", list([from])).with("ports", list([reached]));
    let spec = Map::new()
        .with("podSelector", one("matchLabels", args.labels()))
        .with("policyTypes", list(["Ingress"]))
        .with("ingress", list([ingress]));
    let policy = owner.object("", "networking.k8s.io/v1", "NetworkPolicy", "").with("spec", spec);
    vec![service.into(), budget.into(), scaler.into(), policy.into()]
}
