//! Keys: which filter adds them to which target's requests. A key itself is in a file that only Envoy reads.

use super::{SecretFile, Surroundings};
use crate::render::tree::{Map, TreeNode, duration, list, one};
use switchover::config::{Config, CredentialSource, TargetSettings};
use switchover::dialect::Key;

/// What adds a target's key.
#[derive(Clone)]
pub struct Keyed {
    target: String,
    /// To every request.
    filter: TreeNode,
    /// To those that a matcher chooses.
    action: TreeNode,
}

/// For each of [`Config::targets`]: what adds its key, if it has one.
pub fn keys(config: &Config, here: &Surroundings) -> Vec<Option<Keyed>> {
    let keyed = |target: &TargetSettings| {
        let place = target.credential?;
        let credential = config.credentials.get(place)?;
        let filter = match &credential.source {
            CredentialSource::Aws { region, service } => sign(region, service),
            CredentialSource::SecretFile(_) | CredentialSource::SecretEnv(_) => {
                inject(target, here.secrets.get(place)?.as_ref()?)
            }
        };
        let filter = TreeNode::shared(&format!("key-of-{}", target.id()), filter);
        let execute = Map::typed("envoy.extensions.filters.http.composite.v3.ExecuteFilterAction")
            .with("typed_config", filter.clone());
        let action = Map::new().with("name", "composite-action").with("typed_config", execute);
        let action = TreeNode::shared(&format!("match-{}", target.id()), one("action", action));
        Some(Keyed { target: target.id().to_owned(), filter, action })
    };
    config.targets.iter().map(keyed).collect()
}

/// A filter that adds the key of whichever of these targets the translator wrote for; `is_alone`: an order has no other
/// target, so there is nothing to choose and nobody else whom the key could reach.
pub fn filter(keys: Vec<Keyed>, is_alone: bool) -> Option<TreeNode> {
    if is_alone {
        return keys.into_iter().next().map(|only| only.filter);
    }
    let any = !keys.is_empty();
    let map = keys.into_iter().fold(Map::new(), |map, key| map.with(&key.target, key.action));
    let input = Map::typed("envoy.type.matcher.v3.HttpRequestHeaderMatchInput")
        .with("header_name", "x-switchover-target");
    let input = Map::new().with("name", "target").with("typed_config", input);
    let tree = Map::new().with("input", input).with("exact_match_map", one("map", map));
    let composite = Map::typed("envoy.extensions.filters.http.composite.v3.Composite");
    let composite = Map::new().with("name", "composite").with("typed_config", composite);
    let matched = Map::typed("envoy.extensions.common.matching.v3.ExtensionWithMatcher")
        .with("extension_config", composite)
        .with("xds_matcher", one("matcher_tree", tree));
    let filter = Map::new().with("name", "credentials").with("typed_config", matched);
    any.then(|| filter.into())
}

fn inject(target: &TargetSettings, secret: &SecretFile) -> TreeNode {
    let (header, prefix) = match target.wire.row.key {
        Key::Header { name, prefix } => (name, prefix),
        // A key in place of a signature is a bearer token (Bedrock's API keys), and so is one's own server's.
        Key::SigV4 | Key::Optional => ("authorization", "Bearer "),
    };
    let watched = secret.watched.as_deref().map(|folder| one("path", folder));
    let source = Map::new().with("path", secret.path.as_str()).with_some("watched_directory", watched);
    let sds = Map::new().with("name", secret.name.as_str()).with(
        "sds_config",
        Map::new().with("path_config_source", source).with("initial_fetch_timeout", duration(5000)),
    );
    let generic = Map::typed("envoy.extensions.http.injected_credentials.generic.v3.Generic")
        .with("credential", sds)
        .with("header", header)
        .with_some("header_value_prefix", (!prefix.is_empty()).then_some(prefix));
    let generic =
        Map::new().with("name", "envoy.http.injected_credentials.generic").with("typed_config", generic);
    let injector = Map::typed("envoy.extensions.filters.http.credential_injector.v3.CredentialInjector")
        .with("overwrite", true)
        .why(
            "A key that is gone from its file is the provider's to refuse: then the next target is asked. Envoy's own refusal here \
             would be the last word.",
        )
        .with("allow_request_without_credential", true)
        .with("credential", generic);
    Map::new().with("name", "envoy.filters.http.credential_injector").with("typed_config", injector).into()
}

/// What is removed or changed after signing must not be signed.
const UNSIGNED: &[&str] = &["x-switchover-", "x-envoy-", "x-forwarded-", "x-request-id"];

fn sign(region: &str, service: &str) -> TreeNode {
    let signing = Map::typed("envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning")
        .with("service_name", service)
        .with("region", region)
        .why("These are removed after signing, or none of AWS's business.")
        .with("match_excluded_headers", list(UNSIGNED.iter().map(|prefix| one("prefix", *prefix))));
    Map::new().with("name", "envoy.filters.http.aws_request_signing").with("typed_config", signing).into()
}
