//! Checks an AWS signature as the service does, so that a signer who signs something else than is sent is caught.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::validate::Arrived;

/// Whether the signature is that of `secret`; else what is wrong, in the service's words where it has some.
pub fn check(arrived: &Arrived<'_>, secret: &str) -> Result<(), String> {
    let text =
        |name: &str| arrived.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = text("authorization").strip_prefix("AWS4-HMAC-SHA256 ").unwrap_or_default();
    let field = |name: &str| {
        authorization
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
    };
    let (scope, names, signature) = (field("Credential"), field("SignedHeaders"), field("Signature"));
    let parts: Vec<&str> = scope.split('/').collect();
    let [_, date, region, service, "aws4_request"] = parts.as_slice() else {
        return Err(format!("Credential should be scoped to a date, a region and a service: {scope}"));
    };
    if *service != "bedrock" {
        return Err("Credential should be scoped to correct service: 'bedrock'.".into());
    }
    let body_hash = hex(&Sha256::digest(arrived.body));
    let said_hash = text("x-amz-content-sha256");
    if !["", "UNSIGNED-PAYLOAD", body_hash.as_str()].contains(&said_hash) {
        return Err("x-amz-content-sha256 is not the hash of the body that came".into());
    }
    for needed in ["host", "x-amz-date"] {
        if !names.split(';').any(|name| name == needed) {
            return Err(format!("'{needed}' must be a 'SignedHeader' in the AWS Authorization."));
        }
    }
    let request = canonical(arrived, names, if said_hash.is_empty() { &body_hash } else { said_hash });
    let when = text("x-amz-date");
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{when}\n{date}/{region}/{service}/aws4_request\n{}",
        hex(&Sha256::digest(request))
    );
    let key = [*date, *region, *service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part.as_bytes()));
    if hex(&mac(&key, to_sign.as_bytes())) != signature {
        return Err("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.".into());
    }
    Ok(())
}

fn canonical(arrived: &Arrived<'_>, names: &str, body_hash: &str) -> String {
    let mut query: Vec<&str> = arrived.query.split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let mut headers = String::new();
    for name in names.split(';') {
        let values = arrived.headers.get_all(name).iter().map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            value.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        headers.push_str(&format!("{name}:{}\n", values.collect::<Vec<_>>().join(",")));
    }
    let (method, path) = (arrived.method, encoded(arrived.path));
    format!("{method}\n{path}\n{}\n{headers}\n{names}\n{body_hash}", query.join("&"))
}

/// Every service but S3 encodes what is encoded once more.
fn encoded(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte))
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
