//! The codes, types and statuses that providers give their errors, and the class of each.
//!
//! A code is compared without its punctuation, case and ending: `ThrottlingException`, `throttling_error` and
//! `com.amazonaws#throttling` are one. Lists, not rules: a code that is not here says nothing, and then the status does.
//! [OpenAI](https://platform.openai.com/docs/guides/error-codes),
//! [Anthropic](https://docs.anthropic.com/en/api/errors),
//! [Google](https://cloud.google.com/apis/design/errors),
//! [Bedrock](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors),
//! [Groq](https://console.groq.com/docs/errors), its [`tool_use_failed`](https://github.com/groq/groq-typescript/issues/28),
//! [`json_validate_failed`](https://github.com/thepersonalaicompany/amurex-backend/issues/38),
//! [DashScope](https://www.alibabacloud.com/help/en/model-studio/error-code),
//! [Zhipu](https://docs.bigmodel.cn/cn/faq/api-code).

use super::Class;

/// What these say is so, whatever the status and the message.
#[rustfmt::skip]
const PLAIN: [(Class, &[&str]); 11] = [
    (Class::Quota, &[
        "insufficientquota", "billinghardlimitreached", "billingnotactive", "billing", "insufficientcredits",
        "insufficientcredit", "insufficientbalance", "insufficientfunds", "exceededcurrentquota", "paymentrequired",
        "servicequotaexceeded", "creditlimit", "usagelimitreached", "spendlimitreached", "arrearage",
        "allocationquotafreetieronly", "quotaexceededdaily", "1113", "1304", "1308", "1310",
    ]),
    (Class::RateLimited, &[
        "ratelimitexceeded", "ratelimit", "ratelimitreached", "resourceexhausted", "1302", "1303",
    ]),
    (Class::Overloaded, &[
        "overloaded", "engineoverloaded", "modeloverloaded", "serveroverloaded", "serverisoverloaded", "unavailable",
        "serviceunavailable", "modelnotready", "slowdown", "capacityexceeded", "nocapacity",
    ]),
    (Class::Auth, &[
        "invalidapikey", "incorrectapikey", "wrongapikey", "missingapikey", "authentication", "invalidauthentication",
        "unauthenticated", "unrecognizedclient", "expiredtoken", "invalidsignature", "incompletesignature",
        "signaturedoesnotmatch", "missingauthenticationtoken", "invalidclienttokenid", "apikeyinvalid",
        "apikeyserviceblocked", "apikeyhttpreferrerblocked", "apikeyipaddressblocked", "accesstokenexpired",
        "accesstokentypeunsupported", "credentialsmissing", "servicedisabled", "accountdeactivated",
        "invalidorganization", "mismatchedorganization", "ipnotauthorized", "unsupportedcountryregionterritory",
        "1000", "1001", "1002", "1003", "1004",
    ]),
    (Class::ModelUnavailable, &[
        "modelnotfound", "modelnotavailable", "modelnotexist", "modelnotactive", "modelnotsupported", "invalidmodel",
        "unknownmodel", "unsupportedmodel", "modeldecommissioned", "modeldeprecated", "modelretired",
        "modeltermsrequired", "modelpermissionblockedorg", "modelpermissionblockedproject", "modelaccessdenied",
        "deploymentnotfound", "operationnotsupported", "unknownoperation", "1211",
    ]),
    (Class::ContextLength, &[
        "contextlengthexceeded", "contextwindowexceeded", "modelcontextwindowexceeded", "exceedcontextsize",
        "requesttoolarge", "prompttoolong", "inputtoolong", "toomanyprompttokens", "requestedtoomanytokens", "1261",
    ]),
    (Class::ContentPolicy, &[
        "contentfilter", "contentfiltered", "contentpolicy", "contentpolicyviolation", "responsibleaipolicyviolation",
        "imagecontentpolicyviolation", "moderationblocked", "invalidprompt", "datainspectionfailed",
        "internalerroralgodatainspectionfailed", "1301",
    ]),
    (Class::InvalidRequest, &[
        "invalidvalue", "invalidtype", "unsupportedvalue", "unsupportedparameter", "unknownparameter",
        "missingrequiredparameter", "integerabovemaxvalue", "integerbelowminvalue", "decimalabovemaxvalue",
        "decimalbelowminvalue", "arrayabovemaxlength", "arraybelowminlength", "stringbelowminlength",
        "invalidfunctionparameters", "invalidimageurl", "invalidbase64", "previousresponsenotfound", "filenotfound",
    ]),
    (Class::Timeout, &["modeltimeout"]),
    (Class::ServerError, &["modelstreamerror"]),
    // Groq's, and Bedrock's for a model that could not process the request.
    (Class::ModelFailure, &["toolusefailed", "jsonvalidatefailed", "outputparsefailed", "modelerror"]),
];

/// What these say holds where the status says nothing better, and the message may know better.
#[rustfmt::skip]
const VAGUE: [(Class, &[&str]); 6] = [
    (Class::RateLimited, &["throttling", "toomanyrequests", "ratelimited", "requestquotaexceeded", "tokenquotaexceeded"]),
    (Class::Auth, &["permission", "permissiondenied", "accessdenied", "unauthorized", "forbidden", "requestforbidden"]),
    (Class::ModelUnavailable, &["notfound", "resourcenotfound"]),
    // Cohere's, also for an answer that may be too long; Cerebras' for a rate limit, which its status tells.
    (Class::ContextLength, &["toomanytokens"]),
    (Class::InvalidRequest, &[
        "invalidrequest", "invalidargument", "invalidparameter", "validation", "badrequest", "failedprecondition",
        "outofrange", "unprocessableentity",
    ]),
    (Class::ServerError, &[
        "server", "internalserver", "internal", "internalfailure", "api", "unknown", "upstream", "badgateway", "aborted",
        "dataloss", "deadlineexceeded", "timeout",
    ]),
];

/// The class that one of the codes says plainly; the first that does counts. `param` is the parameter at fault.
pub(super) fn plain<'a>(mut codes: impl Iterator<Item = &'a str>, param: Option<&str>) -> Option<Class> {
    codes.find_map(|code| {
        let code = normal(code);
        if code == "stringabovemaxlength" {
            return Some(too_long_a_string(param));
        }
        look_up(&PLAIN, &code)
    })
}

/// The class that one of the codes suggests.
pub(super) fn vague<'a>(mut codes: impl Iterator<Item = &'a str>) -> Option<Class> {
    codes.find_map(|code| look_up(&VAGUE, &normal(code)))
}

/// The class that a status says; nothing for none and for a 2xx.
pub(super) fn of_status(status: u16) -> Option<Class> {
    Some(match status {
        0..300 => return None,
        300..400 => Class::Malformed,
        401 | 403 | 407 => Class::Auth,
        402 => Class::Quota,
        404 | 410 => Class::ModelUnavailable,
        // The provider's own limit on how long a request may take: no fault of the request.
        408 => Class::Timeout,
        429 => Class::RateLimited,
        // 498 is Groq's word for a tier without capacity.
        498 | 503 | 529 => Class::Overloaded,
        499 | 500.. => Class::ServerError,
        400..499 => Class::InvalidRequest,
    })
}

fn look_up(table: &[(Class, &[&str])], code: &str) -> Option<Class> {
    table.iter().find(|(_, codes)| codes.contains(&code)).map(|(class, _)| *class)
}

/// The code without namespace, address, punctuation, case and ending: `com.amazon#AbcException:http://…` is `abc`.
fn normal(code: &str) -> String {
    let code = code.rsplit_once('#').map_or(code, |(_, name)| name);
    let code = code.split_once(':').map_or(code, |(name, _)| name);
    let mut code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    code.make_ascii_lowercase();
    ["exception", "error"].iter().find_map(|end| code.strip_suffix(end)).map(str::to_owned).unwrap_or(code)
}

/// OpenAI's `string_above_max_length` means the window only where the string is the prompt; a tool's name may be too long
/// too.
fn too_long_a_string(param: Option<&str>) -> Class {
    let is_prompt = param.is_none_or(|param| {
        let last = param.rsplit('.').next().unwrap_or(param);
        // `content[0]` is content; `prompt_cache_key` is no prompt.
        let name = last.split_once('[').map_or(last, |(name, _)| name);
        ["content", "text", "input", "prompt", "instructions"].contains(&name)
    });
    if is_prompt { Class::ContextLength } else { Class::InvalidRequest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_as_they_are_compared_and_once() {
        let mut seen = Vec::new();
        for (_, codes) in PLAIN.iter().chain(&VAGUE) {
            for code in *codes {
                let is_normal = normal(code) == *code || ["modelerror", "modelstreamerror"].contains(code);
                assert!(is_normal && !seen.contains(code), "{code}");
                seen.push(code);
            }
        }
    }

    #[test]
    fn one_code_in_many_spellings() {
        for code in [
            "ThrottlingException",
            "throttlingException",
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            "com.amazon.coral.service#ThrottlingException",
            "throttling_error",
        ] {
            assert_eq!(vague([code].into_iter()), Some(Class::RateLimited), "{code}");
        }
        assert_eq!(plain(["", "oops", "error", "Exception"].into_iter(), None), None);
    }

    #[test]
    fn a_string_too_long() {
        let class = |param| plain(["string_above_max_length"].into_iter(), param);
        assert_eq!(class(Some("messages[1].content")), Some(Class::ContextLength));
        assert_eq!(class(Some("input[0].content[0].text")), Some(Class::ContextLength));
        assert_eq!(class(Some("input[0].content[0]")), Some(Class::ContextLength));
        assert_eq!(class(None), Some(Class::ContextLength));
        assert_eq!(class(Some("prompt_cache_key")), Some(Class::InvalidRequest));
        assert_eq!(class(Some("messages[1].tool_calls[0].id")), Some(Class::InvalidRequest));
        assert_eq!(class(Some("tools[0].function.name")), Some(Class::InvalidRequest));
    }

    #[test]
    fn statuses() {
        for (status, class) in [
            (0, None),
            (200, None),
            (307, Some(Class::Malformed)),
            (400, Some(Class::InvalidRequest)),
            (401, Some(Class::Auth)),
            (402, Some(Class::Quota)),
            (403, Some(Class::Auth)),
            (404, Some(Class::ModelUnavailable)),
            (405, Some(Class::InvalidRequest)),
            (408, Some(Class::Timeout)),
            (409, Some(Class::InvalidRequest)),
            (410, Some(Class::ModelUnavailable)),
            (413, Some(Class::InvalidRequest)),
            (422, Some(Class::InvalidRequest)),
            (429, Some(Class::RateLimited)),
            (500, Some(Class::ServerError)),
            (502, Some(Class::ServerError)),
            (503, Some(Class::Overloaded)),
            (504, Some(Class::ServerError)),
            (520, Some(Class::ServerError)),
            (529, Some(Class::Overloaded)),
            (999, Some(Class::ServerError)),
        ] {
            assert_eq!(of_status(status), class, "{status}");
        }
    }
}
