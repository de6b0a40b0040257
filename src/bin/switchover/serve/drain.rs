//! The end: no new connections, and time for what runs.

use super::admin::AdminClient;
use super::envoy::EnvoyProcess;
use super::voice::LineVoice;
use super::{now, pause};
use std::time::Duration;

const PACE: Duration = Duration::from_millis(50);
/// How long Envoy gets to end once it may.
const LAST: Duration = Duration::from_secs(5);

/// Lets the running requests end, at most for `bound` and until `hurry` says so, and then Envoy.
pub fn drain(
    envoy: &mut EnvoyProcess,
    admin: &AdminClient,
    bound: Duration,
    voice: LineVoice,
    hurry: impl Fn() -> bool,
) {
    // Whoever has its port now is somebody else.
    if envoy.ended().is_some() {
        return;
    }
    admin.post("healthcheck/fail");
    admin.post("drain_listeners");
    let end = now() + bound;
    let mut told = false;
    while now() < end && !hurry() && envoy.ended().is_none() {
        let running = running(admin);
        if running == 0 {
            break;
        }
        if !told {
            voice.say(&format!("{running} requests still run; they get up to {} s to end", bound.as_secs()));
            told = true;
        }
        pause(PACE);
    }
    if envoy.ended().is_some() {
        voice.warn("Envoy ended by itself meanwhile");
        return;
    }
    let cut = running(admin);
    if cut > 0 {
        voice.warn(&format!("{cut} requests did not end in time and are cut"));
    }
    admin.post("quitquitquit");
    let end = now() + LAST;
    while now() < end {
        if envoy.ended().is_some() {
            return;
        }
        pause(PACE);
    }
    envoy.kill();
}

fn running(admin: &AdminClient) -> u64 {
    let stats = admin.stats("^http.switchover.downstream_rq_active$").unwrap_or_default();
    stats.values().copied().sum()
}
