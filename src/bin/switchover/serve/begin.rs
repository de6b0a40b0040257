//! An Envoy that starts: what it is given, and whether it serves.

use super::admin::AdminClient;
use super::envoy::{self, EnvoyProcess};
use super::keys::KeyCopies;
use super::parts::{EnvoyParts, StateFolder, document};
use super::seen::Acceptance;
use super::source::Served;
use super::voice::LineVoice;
use super::{ServeArgs, now, pause};
use crate::render::Surroundings;
use crate::stop::Stop;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long a new Envoy may take until it serves.
const START: Duration = Duration::from_secs(120);
/// How often it is told that it isn't there yet.
const PROGRESS: Duration = Duration::from_secs(2);

/// Why there is no Envoy.
pub enum NoEnvoy {
    /// It was to stop meanwhile.
    Told,
    Because(Stop),
}

impl From<Stop> for NoEnvoy {
    fn from(stop: Stop) -> NoEnvoy {
        NoEnvoy::Because(stop)
    }
}

impl NoEnvoy {
    fn because(words: String) -> NoEnvoy {
        NoEnvoy::Because(Stop::Wrong(words))
    }
}

/// Looked at here, as two Envoys can have one port and share what comes to it.
///
/// # Errors
/// Somebody has it.
pub fn is_free((host, port): &(String, u16), option: &str) -> Result<(), Stop> {
    match std::net::TcpListener::bind((host.as_str(), *port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Stop::wrong(format!(
            "{host}:{port} can't be had ({error}). Stop what uses it, or name another with {option} ADDRESS:PORT."
        ))),
    }
}

/// What an Envoy reads for a content of the file.
///
/// # Errors
/// The filter or a path is none that Envoy can take.
pub fn parts(
    args: &ServeArgs,
    served: &Served,
    keys: &KeyCopies,
    places: &StateFolder,
) -> Result<EnvoyParts, Stop> {
    let here = Surroundings {
        listen: args.listen.clone(),
        admin: args.admin.clone(),
        wasm: crate::render::wasm(args.wasm.as_deref())?,
        ca_file: crate::render::text_of(&crate::render::absolute(&args.ca_file)?)?,
        secrets: keys.files(&served.config)?,
    };
    let document = document(&served.json, &served.revision, &keys.gone(&served.config))?;
    Ok(EnvoyParts::of(&served.config, document, &here, places))
}

/// Starts an Envoy and waits until it serves.
///
/// # Errors
/// It doesn't, in words for a person; or it was to stop.
pub fn begin(
    args: &ServeArgs,
    program: &Path,
    places: &StateFolder,
    voice: LineVoice,
    stops: &AtomicUsize,
) -> Result<(EnvoyProcess, AdminClient), NoEnvoy> {
    let mut envoy = EnvoyProcess::start(args, program, places)?;
    let begun = now();
    let mut told = begun;
    loop {
        if stops.load(Ordering::Relaxed) > 0 {
            envoy.kill();
            return Err(NoEnvoy::Told);
        }
        if let Some(how) = envoy.ended() {
            // Its last line may be on its way.
            pause(PROGRESS / 10);
            let (how, said) = (envoy::how(how), envoy.last_words());
            return Err(NoEnvoy::because(format!("Envoy {how} before it served. It said last: {said}")));
        }
        if let Some(admin) = EnvoyProcess::admin(places)
            && let Some(is_ready) = admin.is_ready()
        {
            if let Some(words) = (Acceptance { admin: &admin, stops }).refused() {
                pause(PROGRESS / 10);
                envoy.kill();
                return Err(NoEnvoy::because(format!("{words} It said last: {}", envoy.last_words())));
            }
            if is_ready {
                return Ok((envoy, admin));
            }
        }
        let took = begun.elapsed();
        if took > START {
            envoy.kill();
            return Err(NoEnvoy::because(format!("Envoy did not serve within {} s.", took.as_secs())));
        }
        if told.elapsed() > PROGRESS {
            told = now();
            voice.say(&format!(
                "Envoy starts ({} s so far: it compiles the filter and makes its clusters)",
                took.as_secs()
            ));
        }
        pause(Duration::from_millis(20));
    }
}
