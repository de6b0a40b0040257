//! The filter in its two roles.

use crate::render::tree::{Map, TreeNode, list, one};

/// Both roles. They name the same VM and the same configuration, so Envoy compiles the module once and every worker has
/// one VM, however many clusters name it; the root id tells the filter its role.
pub struct Roles {
    /// In the listener: once for each request.
    pub router: TreeNode,
    /// In each order: once for each attempt.
    pub translator: TreeNode,
}

/// A role by its id, and what Envoy calls its filter where that comes from a file of its own (ECDS).
const ROUTER: (&str, &str) = ("router", "switchover-router");
const TRANSLATOR: (&str, &str) = ("translator", "switchover-translator");

impl Roles {
    /// Both where they stand, with their configuration.
    pub fn new(document: String, wasm: &str) -> Roles {
        Roles::holding(document, local(wasm))
    }

    /// The same; `code` is Envoy's `AsyncDataSource`.
    pub fn holding(document: String, code: TreeNode) -> Roles {
        let (vm, configuration) = shared(document, code);
        let filter = |role| {
            let config = typed(role, &vm, &configuration);
            Map::new().with("name", "envoy.filters.http.wasm").with("typed_config", config).into()
        };
        Roles { router: filter(ROUTER.0), translator: TreeNode::shared("translator", filter(TRANSLATOR.0)) }
    }

    /// Both as places for what [`resources`] has, which Envoy reads from these files and watches: so a new configuration is
    /// neither a new listener nor a new cluster.
    ///
    /// No default: without its configuration a request would go out as it came. Envoy waits for the files, which are there.
    pub fn watched(router: &str, translator: &str) -> Roles {
        let place = |name, path| discovered(name, one("path_config_source", one("path", path)), None);
        Roles { router: place(ROUTER.1, router), translator: place(TRANSLATOR.1, translator) }
    }

    /// Both as places for what a control plane sends by their names.
    ///
    /// While the router's is missing a filter that does nothing stands in, so that other traffic flows; without the translator's a
    /// request would go out as it came, so there is none for it.
    pub fn sent() -> Roles {
        let source = Map::new()
            .with("ads", Map::new())
            .why("Not for ever: a proxy that starts before the filter can be had would never serve anything else.")
            .with("initial_fetch_timeout", "10s")
            .with("resource_api_version", "V3");
        let router = discovered(ROUTER.1, source.clone().into(), Some(NOTHING));
        let translator = discovered(TRANSLATOR.1, source.into(), None);
        Roles { router, translator: TreeNode::shared("translator", translator) }
    }
}

/// The two roles' filters as resources of their own: the router's and the translator's.
pub fn resources(document: String, wasm: &str) -> [TreeNode; 2] {
    let (vm, configuration) = shared(document, local(wasm));
    [ROUTER, TRANSLATOR].map(|(role, name)| {
        let extension = Map::typed("envoy.config.core.v3.TypedExtensionConfig").with("name", name);
        extension.with("typed_config", typed(role, &vm, &configuration)).into()
    })
}

/// The same as a control plane sends them: each with its name. `code` is Envoy's `AsyncDataSource`.
pub fn extensions(document: String, code: TreeNode) -> [(&'static str, TreeNode); 2] {
    let (vm, configuration) = shared(document, code);
    [ROUTER, TRANSLATOR].map(|(role, name)| (name, typed(role, &vm, &configuration)))
}

/// A file on the machine that serves.
pub fn local(path: &str) -> TreeNode {
    one("local", one("filename", path))
}

const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
/// A filter that changes nothing, as it is told of nothing to change.
const NOTHING: &str = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";

fn discovered(name: &str, source: TreeNode, default: Option<&str>) -> TreeNode {
    let types = std::iter::once(WASM).chain(default).map(|kind| format!("type.googleapis.com/{kind}"));
    let discovery = Map::new()
        .with("config_source", source)
        .with("type_urls", list(types))
        .with_some("default_config", default.map(Map::typed));
    Map::new().with("name", name).with("config_discovery", discovery).into()
}

fn shared(document: String, code: TreeNode) -> (TreeNode, TreeNode) {
    let configuration = Map::typed("google.protobuf.StringValue").with("value", document);
    let vm =
        Map::new().with("vm_id", "switchover").with("runtime", "envoy.wasm.runtime.v8").with("code", code);
    (TreeNode::shared("vm", vm.into()), TreeNode::shared("document", configuration.into()))
}

fn typed(role: &str, vm: &TreeNode, configuration: &TreeNode) -> TreeNode {
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
    Map::typed(WASM).with("config", config).into()
}
