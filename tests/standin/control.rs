//! `/_standin/`: how tests steer a provider. On a provider's own port it is about that provider; on the port of
//! `--control` about all of them or, with `?name=`, about one.
//!
//! ```text
//! POST /_standin/behave   a behaviour or a list of them (behaviour.rs); `{}` behaves well
//! POST /_standin/key      {"key": "…"}: what credential to expect; null: any
//! POST /_standin/reset    as at the start, log empty, connections accepted
//! GET  /_standin/log      the requests received, oldest first, with what became of them
//! ```

use std::sync::{Arc, PoisonError};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response};
use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;
use crate::body::Answer;
use crate::provider::Provider;
use crate::server::plain;

pub async fn handle(
    all: &[Arc<Provider>],
    own: Option<&Arc<Provider>>,
    request: Request<Incoming>,
) -> Response<Answer> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let name = query.split('&').find_map(|pair| pair.strip_prefix("name="));
    let about: Vec<_> = match (name, own) {
        (Some(name), _) => all.iter().filter(|provider| provider.name == name).collect(),
        (None, Some(own)) => vec![own],
        (None, None) => all.iter().collect(),
    };
    if about.is_empty() {
        return plain(404, "text/plain", format!("no provider is called {}\n", name.unwrap_or_default()));
    }
    let path = request.uri().path().to_owned();
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return plain(400, "text/plain", format!("{error}\n")),
    };
    match path.as_str() {
        "/_standin/log" if name.is_some() || own.is_some() => answer(&about[0].log.all()),
        "/_standin/log" => {
            let logs = about.iter().map(|provider| (provider.name.clone(), provider.log.all()));
            answer(&Value::Object(logs.collect::<Map<_, _>>()))
        }
        "/_standin/reset" => {
            about.iter().for_each(|provider| provider.reset());
            answer(&json!({"ok": true}))
        }
        "/_standin/behave" => match Behaviour::list(&body) {
            Ok(list) => {
                about.iter().for_each(|provider| provider.behave(list.clone()));
                answer(&json!({"ok": true}))
            }
            Err(error) => plain(400, "text/plain", format!("{error}\n")),
        },
        "/_standin/key" => match serde_json::from_slice::<Value>(&body) {
            Ok(value) => {
                let key = value["key"].as_str().map(str::to_owned);
                for provider in about {
                    *provider.key.lock().unwrap_or_else(PoisonError::into_inner) = key.clone();
                }
                answer(&json!({"ok": true}))
            }
            Err(error) => plain(400, "text/plain", format!("{error}\n")),
        },
        _ => plain(404, "text/plain", "there are behave, key, reset and log\n"),
    }
}

fn answer(value: &Value) -> Response<Answer> {
    plain(200, "application/json", format!("{value}\n"))
}
