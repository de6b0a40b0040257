//! The filter in its two roles.

use crate::render::tree::{Map, TreeNode, one};

/// Both roles. They name the same VM and the same configuration, so Envoy compiles the module once and every worker has
/// one VM, however many clusters name it; the root id tells the filter its role.
pub struct Roles {
    /// In the listener: once for each request.
    pub router: TreeNode,
    /// In each order: once for each attempt.
    pub translator: TreeNode,
}

impl Roles {
    pub fn new(document: String, wasm: &str) -> Roles {
        let configuration = Map::typed("google.protobuf.StringValue").with("value", document);
        let configuration = TreeNode::shared("document", configuration.into());
        let vm = Map::new()
            .with("vm_id", "switchover")
            .with("runtime", "envoy.wasm.runtime.v8")
            .with("code", one("local", one("filename", wasm)));
        let vm = TreeNode::shared("vm", vm.into());
        let router = role("router", &vm, &configuration);
        Roles { router, translator: TreeNode::shared("translator", role("translator", &vm, &configuration)) }
    }
}

fn role(role: &str, vm: &TreeNode, configuration: &TreeNode) -> TreeNode {
    let config = Map::new()
        .with("name", format!("switchover-{role}"))
        .with("root_id", role)
        .why("The filter pauses at the headers until the body is there: this lets the body come while it does.")
        .with("allow_on_headers_stop_iteration", true)
        .why("Should the VM ever crash, the next request gets a new one.")
        .with("failure_policy", "FAIL_RELOAD")
        .with("vm_config", vm.clone())
        .why("switchover.yaml, as the filter reads it.")
        .with("configuration", configuration.clone());
    let filter = Map::typed("envoy.extensions.filters.http.wasm.v3.Wasm").with("config", config);
    Map::new().with("name", "envoy.filters.http.wasm").with("typed_config", filter).into()
}
