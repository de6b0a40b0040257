//! Words of Kubernetes and of Istio that a caller may say.

/// What `EnvoyFilter`s are attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRef {
    pub group: &'static str,
    pub kind: String,
    pub name: String,
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The name of an object or of a namespace.
pub fn name(text: &str) -> Result<String, String> {
    let wrong = "a name in Kubernetes is at most 63 small letters, digits and dashes, such as istio-system";
    is_name(text).then(|| text.to_owned()).ok_or_else(|| wrong.to_owned())
}

/// `key=value` of a pod's label.
pub fn label(text: &str) -> Result<(String, String), String> {
    let wrong = "a label is written KEY=VALUE, such as istio=ingressgateway";
    let plain = |text: &str, more: &str| {
        !text.is_empty()
            && text.len() <= 253
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c) || more.contains(c))
    };
    match text.split_once('=') {
        Some((key, value)) if plain(key, "/") && plain(value, "") => Ok((key.to_owned(), value.to_owned())),
        _ => Err(wrong.to_owned()),
    }
}

/// `Gateway/llm`, `Service/app`.
pub fn target_ref(text: &str) -> Result<TargetRef, String> {
    let wrong = || "a target is written KIND/NAME, such as Gateway/llm".to_owned();
    let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
    let group = match kind {
        "Gateway" | "GatewayClass" => "gateway.networking.k8s.io",
        "ServiceEntry" => "networking.istio.io",
        "Service" => "",
        _ => {
            return Err(
                "an EnvoyFilter is attached to a Gateway, a GatewayClass, a Service or a ServiceEntry"
                    .to_owned(),
            );
        }
    };
    if !is_name(name) {
        return Err(wrong());
    }
    Ok(TargetRef { group, kind: kind.to_owned(), name: name.to_owned() })
}

/// A host, or all below one (`*.llm.internal`).
pub fn host(text: &str) -> Result<String, String> {
    let plain = text.strip_prefix("*.").unwrap_or(text);
    let good = plain.len() <= 253 && plain.split('.').all(is_name);
    good.then(|| text.to_owned())
        .ok_or_else(|| "a host is written like llm.internal or *.llm.internal".to_owned())
}

/// 64 hexadecimal digits.
pub fn sha256(text: &str) -> Result<String, String> {
    let good = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| text.to_ascii_lowercase()).ok_or_else(|| "a SHA-256 is 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kubernetes_own() {
        assert_eq!(
            label("app.kubernetes.io/name=llm"),
            Ok(("app.kubernetes.io/name".to_owned(), "llm".to_owned()))
        );
        for wrong in ["", "app", "=x", "app=", "a b=c", "app=a/b"] {
            assert!(label(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "Istio", "a_b", "-a", "a-", "a.b", &"a".repeat(64)] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        let gateway = target_ref("Gateway/llm").unwrap();
        assert_eq!(
            (gateway.group, gateway.kind.as_str(), gateway.name.as_str()),
            ("gateway.networking.k8s.io", "Gateway", "llm")
        );
        for wrong in ["llm", "Deployment/llm", "Gateway/", "Gateway/a b"] {
            assert!(target_ref(wrong).is_err(), "{wrong}");
        }
        assert_eq!(host("*.llm.internal"), Ok("*.llm.internal".to_owned()));
        for wrong in ["", "*", "a..b", "https://a.b", "a.b:80", "*a.b"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
        assert_eq!(sha256(&"A".repeat(64)), Ok("a".repeat(64)));
        assert!(sha256("abc").is_err());
    }
}
