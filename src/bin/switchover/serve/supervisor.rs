//! The loop: an Envoy that runs, a file that may change, keys that may change, and somebody who may stop it.

use super::admin::AdminClient;
use super::envoy::{self, EnvoyProcess};
use super::keys::KeyCopies;
use super::live::LiveParts;
use super::parts::{EnvoyParts, StateFolder, digest, document};
use super::seen::{Acceptance, Refused};
use super::source::{FileSource, Revision};
use super::status::{self, ServeStatus};
use super::voice::{self, LineVoice};
use super::{ServeArgs, drain, now, pause};
use crate::render::Surroundings;
use crate::stop::Stop;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use switchover::config::Config;

/// How often it looks at the file, the keys and Envoy.
const PACE: Duration = Duration::from_millis(100);
/// How long a new Envoy may take until it serves.
const START: Duration = Duration::from_secs(120);
/// An Envoy that ran for so long is started anew at once.
const STEADY: Duration = Duration::from_secs(60);
/// The pauses before an Envoy that dies again and again is started anew.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How much longer than the longest request an unnamed cluster stays.
const GRACE: Duration = Duration::from_secs(5);

/// Runs one file.
pub struct Supervisor<'a> {
    args: &'a ServeArgs,
    places: StateFolder,
    voice: LineVoice,
    source: FileSource,
    program: PathBuf,
    /// The content that is served, and what it means.
    served: Served,
    /// What was served before it.
    before: Option<Served>,
    /// The bytes that were looked at last, good or bad.
    looked_at: Vec<u8>,
    keys: KeyCopies,
    live: LiveParts,
    envoy: EnvoyProcess,
    admin: AdminClient,
    started: Instant,
    restarts: u64,
    /// Of revisions, from 1.
    count: u64,
    status: ServeStatus,
    /// The status as it was written.
    told: ServeStatus,
    /// Signals that asked it to stop.
    stops: Arc<AtomicUsize>,
    /// Held for as long as it runs.
    _lock: File,
}

/// A content of the file, and what it means.
#[derive(Clone)]
struct Served {
    config: Config,
    revision: Revision,
}

impl<'a> Supervisor<'a> {
    /// Checks the file, and starts an Envoy for it.
    ///
    /// # Errors
    /// What keeps it from serving.
    pub fn start(args: &'a ServeArgs, places: StateFolder) -> Result<Supervisor<'a>, Stop> {
        let voice = LineVoice(args.log);
        let source = FileSource::of(args)?;
        let looked_at = match &source {
            FileSource::File(path) => crate::document::read(path)?,
            FileSource::Environment(text) => text.clone().into_bytes(),
        };
        let (config, json) = source.check(&looked_at).map_err(Stop::Wrong)?;
        let program = envoy::find(args)?;
        is_free(&args.listen, "--listen")?;
        is_free(&args.admin, "--admin")?;
        let lock = status::take(&places, args.state.is_none())?;
        let stops = Arc::new(AtomicUsize::new(0));
        for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
            let stops = Arc::clone(&stops);
            signal_hook::flag::register_usize(signal, stops, 1)
                .map_err(|error| Stop::wrong(format!("No signal can be awaited ({error}).")))?;
        }
        let mut keys = KeyCopies::default();
        keys.follow(&config, source.folder(), &places)?;
        for complaint in keys.complaints() {
            voice.warn(&complaint);
        }
        let revision = Revision { name: revision_name(1, &looked_at), json };
        let served = Served { config, revision };
        if served.config.targets.iter().all(|target| is_out(&served.config, target.credential, &keys)) {
            return Err(Stop::wrong("No target has a key, so there is nothing to serve."));
        }
        let parts = parts(args, &served, &keys, &places)?;
        let live = LiveParts::write(places.clone(), parts)?;
        voice.say(&format!("starting {} for {}", program.display(), source.name()));
        let (envoy, admin) = begin(args, &program, &places, voice, &stops)?;
        let mut supervisor = Supervisor {
            args,
            places,
            voice,
            source,
            program,
            served,
            before: None,
            looked_at,
            keys,
            live,
            envoy,
            admin,
            started: now(),
            restarts: 0,
            count: 1,
            status: ServeStatus::default(),
            told: ServeStatus::default(),
            stops,
            _lock: lock,
        };
        supervisor.tell_where();
        Ok(supervisor)
    }

    /// Until it is told to stop.
    ///
    /// # Errors
    /// Envoy can't be started any more.
    pub fn run(mut self) -> Result<(), Stop> {
        while !self.args.once && self.stops.load(Ordering::Relaxed) == 0 {
            if let Some(how) = self.envoy.ended() {
                self.start_anew(&envoy::how(how))?;
                continue;
            }
            self.look_at_keys();
            self.look_at_file();
            if status::is_asked_back(&self.places) {
                self.go_back();
            }
            match self.live.contract(now()) {
                Ok(0) => {}
                Ok(gone) => {
                    self.voice.say(&format!("let go of {gone} clusters that no request needs any more"))
                }
                Err(stop) => self.trouble(&Refused::from(stop).0),
            }
            self.write_status();
            pause(PACE);
        }
        if !self.args.once {
            self.voice.say("stopping: no new connections, and running requests may end");
        }
        self.stops.store(0, Ordering::Relaxed);
        let hurry = || self.stops.load(Ordering::Relaxed) > 0;
        drain::drain(&mut self.envoy, &self.admin, Duration::from_secs(self.args.drain), self.voice, hurry);
        self.voice.say("stopped");
        Ok(())
    }

    /// The line that everybody waits for.
    fn tell_where(&mut self) {
        let url = self.admin.listening("switchover").unwrap_or_default();
        self.status.url = format!("http://{url}");
        self.status.groups = self.served.config.groups.iter().map(|group| group.name.clone()).collect();
        self.status.since = voice::time();
        self.write_status();
        self.voice.say(&format!(
            "serving {} on {}, admin on {}, revision {}",
            self.status.groups.join(", "),
            self.status.url,
            self.admin.address,
            self.served.revision.name
        ));
    }

    fn write_status(&mut self) {
        let new = ServeStatus {
            file: self.source.name(),
            url: self.status.url.clone(),
            admin: self.admin.address.clone(),
            envoy: self.envoy.id(),
            revision: self.served.revision.name.clone(),
            since: self.status.since.clone(),
            groups: self.served.config.groups.iter().map(|group| group.name.clone()).collect(),
            troubles: self.status.troubles.iter().cloned().chain(self.keys.complaints()).collect(),
            retired: self.live.retired(),
            restarts: self.restarts,
        };
        if new != self.told && new.write(&self.places).is_ok() {
            self.told = new;
        }
    }

    /// Something isn't as the file wants it, until the file changes again.
    fn trouble(&mut self, words: &str) {
        self.voice.warn(words);
        self.status.troubles = words.lines().map(str::to_owned).collect();
    }

    fn look_at_keys(&mut self) {
        let folder = self.source.folder().to_owned();
        match self.keys.follow(&self.served.config, &folder, &self.places) {
            Ok(changes) => {
                for id in &changes.rotated {
                    self.voice.say(&format!("credential `{id}` has a new key"));
                }
                for lost in &changes.lost {
                    self.voice.warn(&format!("{lost} Its targets are out until it has one."));
                }
                for id in &changes.back {
                    self.voice.say(&format!("credential `{id}` has a key again: its targets are back"));
                }
                if changes.moves_targets() {
                    let served = self.served.clone();
                    if let Err(Refused(words)) = self.take_over(&served) {
                        self.trouble(&words);
                    }
                }
            }
            Err(stop) => self.trouble(&Refused::from(stop).0),
        }
    }

    fn look_at_file(&mut self) {
        let Some(bytes) = self.source.read().filter(|bytes| *bytes != self.looked_at) else { return };
        // Half a file, as somebody writes it in place: what is there after a pause is what is meant.
        pause(PACE);
        if self.source.read().as_ref() != Some(&bytes) {
            return;
        }
        self.looked_at.clone_from(&bytes);
        let (config, json) = match self.source.check(&bytes) {
            Ok(checked) => checked,
            Err(problems) => {
                self.trouble(&format!(
                    "{problems}\nThe file is not taken over; revision {} is served on.",
                    self.served.revision.name
                ));
                return;
            }
        };
        self.count += 1;
        let revision = Revision { name: revision_name(self.count, &bytes), json };
        self.serve(Served { config, revision });
    }

    fn go_back(&mut self) {
        let Some(before) = self.before.take() else {
            self.voice.warn("asked to go back, but nothing else was served before");
            return;
        };
        self.voice.say(&format!("asked to go back to revision {}", before.revision.name));
        self.serve(before);
    }

    /// Serves another content.
    fn serve(&mut self, new: Served) {
        let begun = now();
        if let Err(stop) = self.keys.follow(&new.config, self.source.folder(), &self.places) {
            self.trouble(&Refused::from(stop).0);
            return;
        }
        match self.take_over(&new) {
            Ok(touched) => {
                self.voice.say(&format!(
                    "serving revision {} after {} ms: {touched}",
                    new.revision.name,
                    begun.elapsed().as_millis()
                ));
                if new.config.listen.memory != self.served.config.listen.memory {
                    self.voice.warn("`listen.memory` changed: Envoy's own bounds follow at its next start");
                }
                self.before = Some(std::mem::replace(&mut self.served, new));
                self.status.troubles.clear();
                self.status.since = voice::time();
            }
            Err(Refused(words)) => {
                self.trouble(&format!("{words}\nRevision {} is served on.", self.served.revision.name));
            }
        }
    }

    fn take_over(&mut self, new: &Served) -> Result<String, Refused> {
        let parts = parts(self.args, new, &self.keys, &self.places)?;
        let longest = self.served.config.groups.iter().map(|group| group.timeout_ms).max().unwrap_or(0);
        let grace = Duration::from_millis(longest) + GRACE;
        let touched = self.live.take_over(parts, grace, now(), &Acceptance { admin: &self.admin })?;
        let mut what = Vec::new();
        match touched.clusters {
            0 => {}
            1 => what.push("1 cluster".to_owned()),
            many => what.push(format!("{many} clusters")),
        }
        what.extend(touched.document.then(|| "the filter's document".to_owned()));
        what.extend(touched.listeners.then(|| "the listener".to_owned()));
        Ok(if what.is_empty() { "nothing changed for Envoy".to_owned() } else { what.join(", ") })
    }

    /// Envoy is gone: a new one, after a pause that grows.
    fn start_anew(&mut self, how: &str) -> Result<(), Stop> {
        let mut wait = FIRST_PAUSE;
        let mut why = format!("Envoy {how}. It said last: {}", self.envoy.last_words());
        if self.started.elapsed() > STEADY {
            wait = Duration::ZERO;
        }
        while self.stops.load(Ordering::Relaxed) == 0 {
            self.voice.warn(&format!("{why}\nIt is started anew in {} ms.", wait.as_millis()));
            let end = now() + wait;
            while now() < end && self.stops.load(Ordering::Relaxed) == 0 {
                pause(PACE.min(wait));
            }
            self.live.again()?;
            match begin(self.args, &self.program, &self.places, self.voice, &self.stops) {
                Ok((envoy, admin)) => {
                    (self.envoy, self.admin) = (envoy, admin);
                    self.restarts += 1;
                    self.started = now();
                    self.tell_where();
                    return Ok(());
                }
                Err(Stop::Wrong(words)) => why = words,
                Err(stop) => return Err(stop),
            }
            wait = (wait * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        }
        Ok(())
    }
}

/// Looked at here, as two Envoys can have one port and share what comes to it.
fn is_free((host, port): &(String, u16), option: &str) -> Result<(), Stop> {
    match std::net::TcpListener::bind((host.as_str(), *port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Stop::wrong(format!(
            "{host}:{port} can't be had ({error}). Stop what uses it, or name another with {option} ADDRESS:PORT."
        ))),
    }
}

fn is_out(config: &Config, credential: Option<usize>, keys: &KeyCopies) -> bool {
    let credential = credential.and_then(|place| config.credentials.get(place));
    credential.is_some_and(|credential| keys.gone().contains(&credential.id))
}

fn revision_name(count: u64, bytes: &[u8]) -> String {
    format!("{count}-{}", digest(bytes))
}

fn parts(
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
        secrets: keys.files(&served.config, places)?,
    };
    let document = document(&served.revision.json, &served.revision.name, &keys.gone())?;
    Ok(EnvoyParts::of(&served.config, document, &here, places))
}

/// Starts an Envoy and waits until it serves.
fn begin(
    args: &ServeArgs,
    program: &PathBuf,
    places: &StateFolder,
    voice: LineVoice,
    stops: &AtomicUsize,
) -> Result<(EnvoyProcess, AdminClient), Stop> {
    let mut envoy = EnvoyProcess::start(args, program, places)?;
    let begun = now();
    let mut told = begun;
    loop {
        if let Some(how) = envoy.ended() {
            // Its last line may be on its way.
            pause(PACE);
            return Err(Stop::wrong(format!(
                "Envoy {} before it served. It said last: {}",
                envoy::how(how),
                envoy.last_words()
            )));
        }
        if let Some(admin) = EnvoyProcess::admin(places)
            && let Some(is_ready) = admin.is_ready()
        {
            if let Some(Refused(words)) = (Acceptance { admin: &admin }).refused() {
                pause(PACE);
                envoy.kill();
                return Err(Stop::wrong(format!("{words} It said last: {}", envoy.last_words())));
            }
            if is_ready {
                return Ok((envoy, admin));
            }
        }
        if begun.elapsed() > START || stops.load(Ordering::Relaxed) > 0 {
            envoy.kill();
            return Err(Stop::wrong(format!("Envoy did not serve within {} s.", begun.elapsed().as_secs())));
        }
        if told.elapsed() > Duration::from_secs(2) {
            told = now();
            voice.say(&format!(
                "Envoy starts ({} s so far: it compiles the filter and makes its clusters)",
                begun.elapsed().as_secs()
            ));
        }
        pause(Duration::from_millis(20));
    }
}
