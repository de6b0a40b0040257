//! What a target is for all configurations of one Envoy: a number by which its news is known.
//!
//! Two files of one Envoy may call different targets the same, and a file that changes calls most of its targets the same as
//! before. So an identity is all that a rate limit or an outage depends on, and nothing else: a reload that leaves a target
//! as it was keeps what is known of it, one that sends it elsewhere begins afresh.

use crate::config::{Config, Credential, CredentialSource, TargetSettings};

/// The identity of a configuration's target. The filter has no keys, so of the credential it takes where it comes from.
pub(super) fn identity(config: &Config, target: &TargetSettings) -> u64 {
    let wire = &target.wire;
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut hash = Fnv::default();
    for field in [target.id(), wire.row.name, &optional(&wire.model), &target.cluster] {
        hash.field(field);
    }
    hash.field(if wire.endpoint.tls { "https" } else { "http" });
    for field in [&wire.endpoint.authority(), &wire.endpoint.base_path] {
        hash.field(field);
    }
    for field in [&optional(&wire.project), &optional(&wire.location)] {
        hash.field(field);
    }
    let credential = target.credential.and_then(|place| config.credentials.get(place));
    let (kind, of, more) = credential.map_or(("none", "", ""), source);
    for field in [kind, of, more] {
        hash.field(field);
    }
    hash.0
}

fn source(credential: &Credential) -> (&'static str, &str, &str) {
    match &credential.source {
        CredentialSource::SecretFile(file) => ("file", file, ""),
        CredentialSource::SecretEnv(name) => ("env", name, ""),
        CredentialSource::Aws { region, service } => ("aws", region, service),
    }
}

/// FNV-1a, 64 bits: the same for every build and every VM, which the standard library doesn't promise of its own. Who writes the
/// files chooses the fields, so nobody wants two to meet.
/// <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// A field, and a byte that no text has: what one field loses the next can't gain.
    fn field(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
        self.byte(0xff);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str, credential: &str, more: &str) -> u64 {
        let json = format!(
            r#"{{"version":1,"targets":[{{"id":"a","provider":"openai","credential":"k",{target}}}],"credentials":[{{"id":"k",{credential}}}],
               "model_groups":[{{"name":"g","targets":[{{"id":"a"}}]{more}}}]}}"#
        );
        let config = Config::from_json(json.as_bytes()).unwrap();
        identity(&config, &config.targets[0])
    }

    #[test]
    fn an_identity_is_a_targets_and_not_a_files() {
        let (model, file) = (r#""model":"m""#, r#""secret_file":"k""#);
        let one = of(model, file, "");
        assert_eq!(of(model, file, r#","timeout":"20s""#), one, "a file that changed elsewhere");
        assert_ne!(of(r#""model":"n""#, file, ""), one);
        assert_ne!(of(r#""model":"m","endpoint":"http://x/v1""#, file, ""), one);
        assert_ne!(of(model, r#""secret_file":"l""#, ""), one, "another account");
        assert_ne!(of(model, r#""secret_env":"k""#, ""), one);
    }

    #[test]
    fn the_hash_is_fnv_1a_and_fields_do_not_run_together() {
        let hash = |texts: &[&str]| {
            let mut hash = Fnv::default();
            texts.iter().for_each(|text| hash.field(text));
            hash.0
        };
        let mut bare = Fnv::default();
        "foobar".bytes().for_each(|byte| bare.byte(byte));
        assert_eq!(bare.0, 0x8594_4171_f739_67e8, "the reference's own vector");
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["ab", ""]), hash(&["", "ab"]));
    }
}
