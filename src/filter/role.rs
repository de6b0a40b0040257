//! The two places that the filter has in Envoy.

/// What a plugin configuration makes of the module: its `root_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PluginRole {
    /// In the listener's filter chain, once a request.
    #[default]
    Router,
    /// In the filter chain of an order's cluster, once an attempt.
    Translator,
}

impl PluginRole {
    /// The role that a `root_id` names.
    ///
    /// # Errors
    /// It names none: a sentence for the operator.
    pub fn named(root_id: &[u8]) -> Result<PluginRole, String> {
        match root_id {
            b"router" => Ok(PluginRole::Router),
            b"translator" => Ok(PluginRole::Translator),
            other => {
                let other = String::from_utf8_lossy(other);
                Err(format!(
                    "root_id is \"{other}\": write \"router\" or \"translator\", the role of this filter."
                ))
            }
        }
    }

    /// Its `root_id`.
    pub fn name(self) -> &'static str {
        match self {
            PluginRole::Router => "router",
            PluginRole::Translator => "translator",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_names_its_role() {
        for role in [PluginRole::Router, PluginRole::Translator] {
            assert_eq!(PluginRole::named(role.name().as_bytes()), Ok(role));
        }
        assert!(PluginRole::named(b"caf\xe9").unwrap_err().contains("write \"router\" or \"translator\""));
    }
}
