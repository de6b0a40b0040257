//! A draft's credentials.

use super::draft::{Draft, DraftCredential, DraftSource, DraftTarget};
use super::names::TakenNames;
use super::remark::one_line;
use super::secret::KeyPlace;
use super::vendor;
use super::written::Written;
use switchover::dialect::{self, Host, Key};

impl Draft {
    /// The credential of a key at this place; `None` where there is none or the provider wants none.
    pub fn credential(&mut self, from: &Written, provider: &str, place: &KeyPlace) -> Option<String> {
        match place {
            KeyPlace::Nothing => None,
            KeyPlace::Variable(name) => Some(self.add_credential(
                &name.to_ascii_lowercase().replace('_', "-"),
                DraftSource::Variable(name.clone()),
                "",
            )),
            KeyPlace::Store { name, said } => {
                let file = format!("secrets/{}", TakenNames::plain(name, "._-"));
                let (id, is_new) = self.file_credential(name, &file, &format!("It was in {said}."));
                if is_new {
                    self.chores
                        .push(format!("{}: put the key from {said} into {file}", one_line(&from.file)));
                }
                Some(id)
            }
            KeyPlace::Plain(key) => Some(self.plain_key(from, provider, key)),
        }
    }

    /// The same key twice is one credential.
    fn plain_key(&mut self, from: &Written, provider: &str, key: &str) -> String {
        self.keep_secret(key);
        let content = format!("plain {provider} {key}");
        if let Some(id) = self.known_targets.get(&content) {
            return id.clone();
        }
        let id = self.credential_ids.take(&format!("{}-key", provider.replace('_', "-")), "._-");
        let file = format!("secrets/{id}");
        let why = format!("It stood in plain text at {}.", one_line(&from.path));
        self.credentials.push(DraftCredential {
            id: id.clone(),
            source: DraftSource::File(file.clone()),
            why,
        });
        self.chores.push(format!(
            "{}:{}: the key stands here in plain text: have the provider revoke it, and put a new one alone into {file}",
            one_line(&from.file), from.line
        ));
        self.known_targets.insert(content, id.clone());
        id
    }

    /// A text that must not be printed.
    pub fn keep_secret(&mut self, text: &str) {
        if let Some(text) = secret_text(text) {
            self.plain_keys.insert(text.to_owned());
        }
    }

    /// A text that no remark may show.
    pub fn veil(&mut self, text: &str) {
        if let Some(text) = secret_text(text) {
            self.veils.insert(text.to_owned());
        }
    }

    /// A credential of a file, and whether it is new.
    pub fn file_credential(&mut self, name: &str, file: &str, why: &str) -> (String, bool) {
        let count = self.credentials.len();
        let id = self.add_credential(name, DraftSource::File(file.to_owned()), why);
        (id, self.credentials.len() > count)
    }

    pub fn add_credential(&mut self, wish: &str, source: DraftSource, why: &str) -> String {
        if let Some(known) = self.credentials.iter().find(|known| known.source == source) {
            return known.id.clone();
        }
        let id = self.credential_ids.take(wish, "._-");
        self.credentials.push(DraftCredential { id: id.clone(), source, why: why.to_owned() });
        id
    }

    /// The credential that a provider needs where the file says nothing of one; for AWS with its region.
    pub fn usual_credential(&mut self, from: &Written, target: &DraftTarget) -> Option<String> {
        let row = dialect::provider(&target.provider)?;
        let is_bare = target.endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
        match (row.key, row.host) {
            (Key::Optional, _) => {
                if !is_bare && target.endpoint.is_some() {
                    self.tell(from, "No key stands here: add a `credential`, if the server wants one");
                }
                None
            }
            (Key::SigV4, _) => {
                let region = target.region.clone().unwrap_or_else(|| {
                    self.tell(from, "No AWS region stands here: write the right one in place of `us-east-1`");
                    "us-east-1".to_owned()
                });
                let why = "Envoy finds AWS credentials in its surroundings: variables, files, roles of the machine or the pod.";
                Some(self.add_credential(&format!("aws-{region}"), DraftSource::Aws(region), why))
            }
            (_, Host::Vertex) => {
                let (id, is_new) =
                    self.file_credential("google", "secrets/google", "An access token of Google's.");
                if is_new {
                    self.tell(from, "Google takes access tokens, which live for an hour: have something renew secrets/google (as `gcloud auth print-access-token` prints it)");
                }
                Some(id)
            }
            _ if is_bare => None,
            _ => {
                let name = vendor::variable(&target.provider).map_or_else(
                    || format!("{}_API_KEY", target.provider.to_ascii_uppercase()),
                    str::to_owned,
                );
                Some(self.add_credential(
                    &name.to_ascii_lowercase().replace('_', "-"),
                    DraftSource::Variable(name),
                    "The usual variable: the file named none.",
                ))
            }
        }
    }
}

/// The text, if it is one that must be kept: what example files have in a key's place is no secret, and may stand elsewhere.
fn secret_text(text: &str) -> Option<&str> {
    let text = text.trim();
    let stands_for =
        text.contains('_') && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    (text.len() >= 8 && !stands_for).then_some(text)
}
