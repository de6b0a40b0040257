//! Takes a base URL apart. A configuration has no use for the rest of what URLs can be, so nothing is decoded.

use super::form::is_base_path;
use super::problem::quoted;
use crate::dialect::Endpoint;

/// What is wrong and what to write instead.
type EndpointFault = (String, String);

const EXAMPLE: &str = "Write one like https://api.example.com/v1";

/// Reads `https://host[:port][/path]`, or the same with http.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse_endpoint(url: &str) -> Result<Endpoint, EndpointFault> {
    let wrong = |what: String, instead: &str| Err((what, instead.to_owned()));
    let Some((scheme, rest)) = url.split_once("://") else {
        return wrong(format!("{} has no scheme", quoted(url)), EXAMPLE);
    };
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => {
            let what = format!("The scheme {} is not understood", quoted(scheme));
            return wrong(what, "Write https://, or http:// for a connection without encryption");
        }
    };
    if rest.contains(['?', '#']) {
        return wrong("The URL has a query or a fragment".to_owned(), "Leave out what follows the path");
    }
    let (authority, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    if authority.contains('@') {
        return wrong("The URL has a user or a password".to_owned(), "Put the key into a credential");
    }
    let (host, port) = split_port(authority)?;
    let host = parse_host(host)?;
    if !is_base_path(path) {
        let instead =
            "Write segments of letters, digits, `.`, `_`, `~` and `-`, none of them empty, `.` or `..`";
        return wrong(format!("The path {} can't be used", quoted(path)), instead);
    }
    let port = port.unwrap_or(if tls { 443 } else { 80 });
    Ok(Endpoint { tls, host, port, base_path: path.trim_end_matches('/').to_owned() })
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointFault> {
    // In an IPv6 address the port's colon comes after the bracket.
    let host_end = authority.find(']').map_or(0, |at| at + 1);
    let colon = authority.get(host_end..).and_then(|tail| tail.find(':')).map(|at| host_end + at);
    let Some((host, port)) = colon.and_then(|at| authority.split_at_checked(at)) else {
        return Ok((authority, None));
    };
    let digits = port.trim_start_matches(':');
    match digits.parse::<u16>() {
        Ok(number) if number > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Ok((host, Some(number))),
        _ => Err((
            format!("The port {} can't be used", quoted(digits)),
            "Write one from 1 to 65535".to_owned(),
        )),
    }
}

fn parse_host(host: &str) -> Result<String, EndpointFault> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.parse::<core::net::Ipv6Addr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err((format!("{} is not an IPv6 address", quoted(inner)), EXAMPLE.to_owned())),
        };
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.is_empty() {
        return Err(("The URL has no host".to_owned(), EXAMPLE.to_owned()));
    }
    if host.len() > 253 || !host.split('.').all(label) {
        return Err((format!("{} is not a host", quoted(host)), EXAMPLE.to_owned()));
    }
    Ok(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_urls_apart() {
        let cases = [
            ("https://api.openai.com/v1", (true, "api.openai.com", 443, "/v1")),
            ("HTTPS://API.OpenAI.com/v1/", (true, "api.openai.com", 443, "/v1")),
            ("http://127.0.0.1:18101/v1", (false, "127.0.0.1", 18101, "/v1")),
            ("http://[::1]:8080", (false, "::1", 8080, "")),
            ("https://[2001:DB8::1]/a/b-c_d~e.f", (true, "2001:db8::1", 443, "/a/b-c_d~e.f")),
            ("http://my_service", (false, "my_service", 80, "")),
        ];
        for (url, (tls, host, port, base_path)) in cases {
            let expected = Endpoint { tls, host: host.to_owned(), port, base_path: base_path.to_owned() };
            assert_eq!(parse_endpoint(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let cases = [
            ("api.openai.com/v1", "no scheme"),
            ("ftp://x/", "scheme `ftp`"),
            ("https://", "no host"),
            ("https:///v1", "no host"),
            ("https://user:pass@x/", "password"),
            ("https://x/?a=b", "query"),
            ("https://x#f", "fragment"),
            ("https://x:0", "port `0`"),
            ("https://x:+80", "port `+80`"),
            ("https://x:99999", "port `99999`"),
            ("https://x:", "port ``"),
            ("https://[::1", "not a host"),
            ("https://[zz]", "IPv6"),
            ("https://[::1]x", "not a host"),
            ("https://a..b", "not a host"),
            ("https://-a", "not a host"),
            ("https://a b", "not a host"),
            ("https://x//v1", "path `//v1`"),
            ("https://x/../v1", "path `/../v1`"),
            ("https://x/%2e", "path"),
        ];
        for (url, part) in cases {
            let (wrong, _) = parse_endpoint(url).unwrap_err();
            assert!(wrong.contains(part), "{url}: {wrong}");
        }
    }
}
