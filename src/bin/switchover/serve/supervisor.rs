//! The loop: an Envoy that runs, a file that may change, keys that may change, and somebody who may stop it.

use super::admin::AdminClient;
use super::begin::{NoEnvoy, begin, is_free, parts};
use super::envoy::{self, EnvoyProcess};
use super::keys::KeyCopies;
use super::live::LiveParts;
use super::parts::StateFolder;
use super::source::{FileSource, Served};
use super::status::{self, ServeStatus, StateLock};
use super::trouble::Troubles;
use super::voice::{self, LineVoice};
use super::{ServeArgs, drain, now, orphan, pause};
use crate::stop::Stop;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How often it looks at the file, the keys and Envoy.
pub(super) const PACE: Duration = Duration::from_millis(100);
/// An Envoy that ran for so long is started anew at once.
const STEADY: Duration = Duration::from_secs(60);
/// The pauses before an Envoy that dies again and again is started anew.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs one file.
pub struct Supervisor<'a> {
    pub(super) args: &'a ServeArgs,
    pub(super) places: StateFolder,
    pub(super) voice: LineVoice,
    pub(super) source: FileSource,
    program: PathBuf,
    /// The content that is served.
    pub(super) served: Served,
    /// What was served before it.
    pub(super) before: Option<Served>,
    /// What couldn't be taken over for a reason that may pass, and when it is tried again.
    pub(super) pending: Option<(Served, Instant)>,
    /// The bytes that were looked at last, good or bad.
    pub(super) looked_at: Vec<u8>,
    pub(super) keys: KeyCopies,
    /// The credentials that were without a key when Envoy was told last.
    pub(super) out: BTreeSet<String>,
    /// When Envoy is told again of those that are now, if it couldn't be.
    pub(super) out_again: Option<Instant>,
    pub(super) live: LiveParts,
    envoy: EnvoyProcess,
    pub(super) admin: AdminClient,
    /// What the running Envoy was started with: `listen.memory`.
    pub(super) memory: u64,
    started: Instant,
    /// Before the next start.
    wait: Duration,
    restarts: u64,
    /// Of revisions, from 1.
    pub(super) count: u64,
    pub(super) troubles: Troubles,
    url: String,
    pub(super) since: String,
    /// The status as it was written.
    told: ServeStatus,
    /// How often it was told to stop.
    pub(super) stops: Arc<AtomicUsize>,
    /// Held for as long as it runs; keys go when it does.
    _lock: StateLock,
}

impl<'a> Supervisor<'a> {
    /// Checks the file, and starts an Envoy for it; `None` if it was told to stop meanwhile.
    ///
    /// # Errors
    /// What keeps it from serving.
    pub fn start(args: &'a ServeArgs, places: StateFolder) -> Result<Option<Supervisor<'a>>, Stop> {
        let voice = LineVoice(args.log);
        let source = FileSource::of(args)?;
        let looked_at = source.read()?;
        let served = source.check(&looked_at, 1).map_err(Stop::Wrong)?;
        let program = envoy::find(args)?;
        let lock = status::take(&places, args.state.is_none())?;
        orphan::wait_for_the_end(&places, voice);
        is_free(&args.listen, "--listen")?;
        is_free(&args.admin, "--admin")?;
        let stops = count_stops()?;
        let mut keys = KeyCopies::new(&places, source.folder());
        for complaint in keys.add(&served.config)? {
            voice.warn(&format!("{complaint} Its targets are out until it has one."));
        }
        let out = keys.gone(&served.config);
        let has_no_key = |target: &switchover::config::TargetSettings| {
            let credential = target.credential.and_then(|place| served.config.credentials.get(place));
            credential.is_some_and(|credential| out.contains(&credential.id))
        };
        if served.config.targets.iter().all(has_no_key) {
            return Err(Stop::wrong("No target has a key, so there is nothing to serve."));
        }
        let live = LiveParts::write(places.clone(), parts(args, &served, &keys, &places)?)?;
        voice.say(&format!("starting {} for {}", program.display(), source.name()));
        let (envoy, admin) = match begin(args, &program, &places, voice, &stops) {
            Ok(begun) => begun,
            Err(NoEnvoy::Told) => return Ok(None),
            Err(NoEnvoy::Because(stop)) => return Err(stop),
        };
        let memory = served.config.listen.memory;
        let mut supervisor = Supervisor {
            args,
            places,
            voice,
            source,
            program,
            served,
            before: None,
            pending: None,
            looked_at,
            keys,
            out,
            out_again: None,
            live,
            envoy,
            admin,
            memory,
            started: now(),
            wait: FIRST_PAUSE,
            restarts: 0,
            count: 1,
            troubles: Troubles::default(),
            url: String::new(),
            since: voice::time(),
            told: ServeStatus::default(),
            stops,
            _lock: lock,
        };
        supervisor.tell_where();
        Ok(Some(supervisor))
    }

    /// Until it is told to stop.
    ///
    /// # Errors
    /// A file can't be written any more that Envoy needs; with `--once`, Envoy ended by itself.
    pub fn run(mut self) -> Result<(), Stop> {
        while !self.args.once && self.is_on() {
            if let Some(how) = self.envoy.ended() {
                self.start_anew(&envoy::how(how))?;
                continue;
            }
            self.look_at_keys();
            self.look_at_file();
            if status::is_asked_back(&self.places) {
                self.go_back();
            }
            self.try_again();
            self.contract();
            self.write_status();
            pause(PACE);
        }
        if !self.args.once {
            self.voice.say("stopping: no new connections, and running requests may end");
        }
        if let Some(how) = self.envoy.ended().filter(|_| self.args.once) {
            return Err(Stop::wrong(format!(
                "Envoy {}. It said last: {}",
                envoy::how(how),
                self.envoy.last_words()
            )));
        }
        // The first one asks, the second one insists.
        let patience = usize::from(!self.args.once);
        let hurry = || self.stops.load(Ordering::Relaxed) > patience;
        drain::drain(&mut self.envoy, &self.admin, Duration::from_secs(self.args.drain), self.voice, hurry);
        self.voice.say("stopped");
        Ok(())
    }

    pub(super) fn is_on(&self) -> bool {
        self.stops.load(Ordering::Relaxed) == 0
    }

    /// The line that everybody waits for.
    fn tell_where(&mut self) {
        self.url = format!("http://{}", self.admin.listening("switchover").unwrap_or_default());
        self.write_status();
        self.voice.say(&format!(
            "serving {} on {}, admin on {}, revision {}",
            self.groups().join(", "),
            self.url,
            self.admin.address,
            self.served.revision
        ));
    }

    fn groups(&self) -> Vec<String> {
        self.served
            .config
            .groups
            .iter()
            .filter(|group| group.enabled)
            .map(|group| group.name.clone())
            .collect()
    }

    fn write_status(&mut self) {
        let new = ServeStatus {
            file: self.source.name(),
            url: self.url.clone(),
            admin: self.admin.address.clone(),
            envoy: self.envoy.id(),
            revision: self.served.revision.clone(),
            since: self.since.clone(),
            groups: self.groups(),
            troubles: self.troubles.all().chain(self.keys.complaints(&self.served.config)).collect(),
            retired: self.live.retired(),
            restarts: self.restarts,
        };
        if new != self.told && new.write(&self.places).is_ok() {
            self.told = new;
        }
    }

    /// Envoy is gone: a new one, after a pause that grows for one that dies again and again.
    fn start_anew(&mut self, how: &str) -> Result<(), Stop> {
        let mut why = format!("Envoy {how}. It said last: {}", self.envoy.last_words());
        if self.started.elapsed() > STEADY {
            self.wait = FIRST_PAUSE;
        }
        let mut did_not_start = false;
        while self.is_on() {
            let trouble = format!("{why}\nIt is started anew in {} ms.", self.wait.as_millis());
            self.voice.warn(&trouble);
            self.troubles.envoy = Some(trouble);
            self.write_status();
            let end = now() + self.wait;
            let mut is_other = false;
            while now() < end && self.is_on() && !is_other {
                pause(PACE);
                // What it doesn't start with may have been mended meanwhile.
                is_other = did_not_start && self.start_with_another();
            }
            self.wait = if is_other { FIRST_PAUSE } else { (self.wait * 2).min(LONGEST_PAUSE) };
            self.live.again()?;
            match begin(self.args, &self.program, &self.places, self.voice, &self.stops) {
                Ok((envoy, admin)) => {
                    (self.envoy, self.admin) = (envoy, admin);
                    self.memory = self.served.config.listen.memory;
                    self.restarts += 1;
                    self.started = now();
                    // It has all parts, and nothing of before.
                    (self.troubles.envoy, self.troubles.parts) = (None, None);
                    self.forget_keys();
                    self.tell_where();
                    return Ok(());
                }
                Err(NoEnvoy::Told) => return Ok(()),
                Err(NoEnvoy::Because(Stop::Wrong(words))) => (why, did_not_start) = (words, true),
                Err(NoEnvoy::Because(stop)) => return Err(stop),
            }
        }
        Ok(())
    }
}

/// Counts how often it is told to stop, from now on.
fn count_stops() -> Result<Arc<AtomicUsize>, Stop> {
    let stops = Arc::new(AtomicUsize::new(0));
    let signals = [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT];
    let mut signals = signal_hook::iterator::Signals::new(signals)
        .map_err(|error| Stop::wrong(format!("No signal can be awaited ({error}).")))?;
    let counted = Arc::clone(&stops);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    Ok(stops)
}
