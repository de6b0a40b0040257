//! The hostcalls that the filter needs, declared by ourselves: bytes in, `Result` out, no panic.
//!
//! The SDK's wrappers panic on any status they don't expect and on a header that is not UTF-8, and a panic takes the
//! VM of a whole worker down. The SDK stays for its dispatcher and its traits. This file is the crate's only `unsafe`, but for
//! the names of exports in [`super::entry`].
//! Specification: <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>.
#![allow(unsafe_code, reason = "hostcalls are foreign functions")]

use super::pairs::Pairs;
use crate::filter::headers::{Header, HeaderList};
use std::cell::Cell;
use std::ptr::null_mut;

/// A status that is not `Ok`: 1 not found, 2 bad argument, 3 serialization failure, 8 compare-and-swap mismatch, …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

const NOT_FOUND: Status = Status(1);
/// No status of Envoy's: the context that runs is over, so nothing was called.
const GONE: Status = Status(u32::MAX);
/// Another VM has written since: read again.
pub const CAS_MISMATCH: Status = Status(8);

/// No status of Envoy's: what is asked for is in use, which only a mistake of ours can bring about.
pub const IN_USE: Status = Status(u32::MAX - 1);

/// Whose header lines.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum HeaderMap {
    /// The caller's, or what a provider will get.
    RequestHeaders = 0,
    /// What follows a request's body.
    RequestTrailers = 1,
    /// The provider's, or what the caller will get.
    ResponseHeaders = 2,
}

/// Whose bytes.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Buffer {
    /// As far as Envoy holds it.
    RequestBody = 0,
    /// As far as Envoy holds it.
    ResponseBody = 1,
    /// The filter's part of Envoy's configuration, as JSON.
    PluginConfiguration = 7,
}

/// How loud a line of Envoy's log is.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Level {
    /// Something the operator may want to change.
    Warn = 3,
    /// Something is broken.
    Error = 4,
}

/// What Envoy keeps of a metric.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum EnvoyMetric {
    /// A number that only grows.
    Counter = 0,
}

#[cfg_attr(target_family = "wasm", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        most: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        data: *const u8,
        data_size: usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_close_stream(stream: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
}

thread_local! {
    static IS_GONE: Cell<bool> = const { Cell::new(false) };
}

/// Says whether the context that runs is over, which a hostcall of its own can bring about. Envoy has freed or will free what
/// it knew of it, so calls that are about a context are not made from then on. Returns what was said before.
pub fn set_gone(is_gone: bool) -> bool {
    IS_GONE.replace(is_gone)
}

/// # Errors
/// The context that runs is over.
fn alive() -> Result<(), Status> {
    if IS_GONE.get() { Err(GONE) } else { Ok(()) }
}

fn done(status: u32) -> Result<(), Status> {
    if status == 0 { Ok(()) } else { Err(Status(status)) }
}

/// What the host allocated for us, as ours.
///
/// # Safety
/// `data` and `size` come from one hostcall that succeeded: the host got that memory from `proxy_on_memory_allocate`,
/// which allocates exactly `size` bytes as a boxed slice.
unsafe fn owned(data: *mut u8, size: usize) -> Vec<u8> {
    if data.is_null() || size == 0 { Vec::new() } else { unsafe { Vec::from_raw_parts(data, size, size) } }
}

/// A call that hands out bytes.
fn fetch(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, Status> {
    let (mut data, mut size) = (null_mut(), 0);
    done(call(&raw mut data, &raw mut size))?;
    // SAFETY: the call succeeded and wrote both.
    Ok(unsafe { owned(data, size) })
}

/// As [`fetch`], with "not found" for nothing.
fn fetch_optional(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Option<Vec<u8>>, Status> {
    match fetch(call) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(NOT_FOUND) => Ok(None),
        Err(status) => Err(status),
    }
}

/// Writes to Envoy's log. A log that can't be written is no reason to fail.
pub fn log(level: Level, message: &str) {
    // SAFETY: the pointer and the size are those of a live slice; the same holds for all calls below.
    let _ = unsafe { proxy_log(level as u32, message.as_ptr(), message.len()) };
}

/// Milliseconds since 1970; 0 if the host has no clock.
pub fn now_ms() -> u64 {
    let mut time = 0;
    let _ = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    time / 1_000_000
}

/// Up to `most` bytes of a buffer.
pub fn buffer(buffer: Buffer, start: usize, most: usize) -> Result<Vec<u8>, Status> {
    alive()?;
    let bytes = fetch_optional(|data, size| unsafe {
        proxy_get_buffer_bytes(buffer as u32, start, most, data, size)
    })?;
    Ok(bytes.unwrap_or_default())
}

/// Bytes as text, or as they were if they are not UTF-8. The standard library would look at each byte of a large prompt by
/// itself.
pub fn text(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    if simdutf8::basic::from_utf8(&bytes).is_err() {
        return Err(bytes);
    }
    // SAFETY: they are UTF-8, as the line above found.
    Ok(unsafe { String::from_utf8_unchecked(bytes) })
}

/// Replaces `size` bytes of a buffer from `start` on.
pub fn set_buffer(buffer: Buffer, start: usize, size: usize, data: &[u8]) -> Result<(), Status> {
    alive()?;
    done(unsafe { proxy_set_buffer_bytes(buffer as u32, start, size, data.as_ptr(), data.len()) })
}

/// Turns the headers that were read as `current` into `wanted`, one by one or all at once, whichever costs less. Lines
/// that somebody else will remove may stay, as `stays` says.
pub fn turn_headers(
    map: HeaderMap,
    current: &[Header<'_>],
    wanted: &HeaderList,
    stays: impl Fn(&[u8]) -> bool,
) -> Result<(), Status> {
    let Some(edits) = wanted.edits(current, stays) else { return set_headers(map, wanted) };
    edits.remove.iter().try_for_each(|name| remove_header(map, name))?;
    edits.set.iter().try_for_each(|(name, value)| set_header(map, name, value))
}

/// All headers in one call.
pub fn headers(map: HeaderMap) -> Result<Pairs, Status> {
    alive()?;
    fetch(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) }).map(Pairs::new)
}

/// Replaces all headers in one call. Those of a request that is still going downstream make Envoy choose its route again.
pub fn set_headers(map: HeaderMap, headers: &HeaderList) -> Result<(), Status> {
    alive()?;
    let bytes = headers.serialized();
    done(unsafe { proxy_set_header_map_pairs(map as u32, bytes.as_ptr(), bytes.len()) })
}

/// Sets one header. One of a request that is still going downstream makes Envoy choose its route again.
pub fn set_header(map: HeaderMap, name: &[u8], value: &[u8]) -> Result<(), Status> {
    alive()?;
    done(unsafe {
        proxy_replace_header_map_value(map as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// Takes a line away; one that isn't there is no error.
pub fn remove_header(map: HeaderMap, name: &[u8]) -> Result<(), Status> {
    alive()?;
    done(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// A property by its path, the parts joined by NUL.
pub fn property(path: &str) -> Result<Option<Vec<u8>>, Status> {
    alive()?;
    fetch_optional(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Sets filter state, which the access log and other filters read, by its path.
pub fn set_property(path: &str, value: &[u8]) -> Result<(), Status> {
    alive()?;
    done(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// A value shared by the VMs of all workers, and the number that a compare-and-swap wants.
pub fn shared(key: &str) -> Result<(Option<Vec<u8>>, u32), Status> {
    let mut cas = 0;
    let value = fetch_optional(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut cas)
    })?;
    Ok((value, cas))
}

/// `cas` of 0 overwrites whatever is there.
///
/// # Errors
/// [`CAS_MISMATCH`] if somebody else was faster.
pub fn set_shared(key: &str, value: &[u8], cas: u32) -> Result<(), Status> {
    done(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) })
}

/// Answers in the provider's place.
pub fn respond(status: u32, details: &str, headers: &HeaderList, body: &[u8]) -> Result<(), Status> {
    alive()?;
    let headers = headers.serialized();
    done(unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    })
}

/// As [`respond`], from another context than the request's own.
///
/// # Errors
/// The request is gone.
pub fn respond_to(
    context: u32,
    status: u32,
    details: &str,
    headers: &HeaderList,
    body: &[u8],
) -> Result<(), Status> {
    done(unsafe { proxy_set_effective_context(context) })?;
    respond(status, details, headers, body)
}

/// Has the root context of this plugin called every `period` milliseconds; 0: no more.
pub fn set_tick_period(period: u32) -> Result<(), Status> {
    done(unsafe { proxy_set_tick_period_milliseconds(period) })
}

/// Makes another context the one that calls are about.
///
/// # Errors
/// It is gone.
pub fn enter(context: u32) -> Result<(), Status> {
    done(unsafe { proxy_set_effective_context(context) })
}

/// Lets a request go on that was paused, from another context than its own.
///
/// # Errors
/// The request is gone.
pub fn resume_request(context: u32) -> Result<(), Status> {
    done(unsafe { proxy_set_effective_context(context) })?;
    // Stream 0 is the request of an HTTP context.
    done(unsafe { proxy_continue_stream(0) })
}

/// Pushes an answer on, from another context than its own. Of one that is not paused nothing goes on but an empty piece of
/// its body, which the filters after this one are called with.
///
/// # Errors
/// The request is gone.
pub fn push_response(context: u32) -> Result<(), Status> {
    done(unsafe { proxy_set_effective_context(context) })?;
    // Stream 1 is the answer of an HTTP context.
    done(unsafe { proxy_continue_stream(1) })
}

/// Resets a request whose answer flows, from another context than its own.
///
/// # Errors
/// The request is gone.
pub fn reset_response(context: u32) -> Result<(), Status> {
    done(unsafe { proxy_set_effective_context(context) })?;
    // Stream 1 is the answer of an HTTP context.
    done(unsafe { proxy_close_stream(1) })
}

/// Envoy's number of a metric in this VM; under one name all VMs count together.
pub fn define_metric(kind: EnvoyMetric, name: &str) -> Result<u32, Status> {
    let mut id = 0;
    done(unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) })?;
    Ok(id)
}

/// Adds to a counter. What Envoy says of it changes nothing, so it isn't told.
pub fn increment_metric(id: u32, by: i64) {
    let _ = unsafe { proxy_increment_metric(id, by) };
}

/// The value of a counter, of all workers together.
pub fn metric(id: u32) -> Result<u64, Status> {
    let mut value = 0;
    done(unsafe { proxy_get_metric(id, &raw mut value) })?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf_8_is_text() {
        assert_eq!(text("caf\u{e9}".as_bytes().to_vec()).as_deref(), Ok("caf\u{e9}"));
        let latin = [b"x".repeat(100), b"caf\xe9".to_vec()].concat();
        assert_eq!(text(latin.clone()), Err(latin));
    }
}
