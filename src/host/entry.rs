//! The callbacks that Envoy makes: which context is meant, and what becomes of one that ends while it runs.
//!
//! Envoy may answer a hostcall by ending the very request that made it (it resets a stream inside of the call, or answers
//! a body over its limit by itself), and then calls back into the VM before the hostcall returns: with that answer's
//! headers for the router role, and with the end of contexts. The SDK's dispatcher has its table of contexts borrowed all
//! the while; it panics, and the VM of the worker is gone with every request in it (seen on 1.37 and 1.40). So the entry
//! points are ours. Nothing is borrowed while a context runs but that context itself; one that ends meanwhile is dropped
//! when it returns, and until then its hostcalls reach nobody ([`abi::set_gone`]).
//!
//! The callbacks are exported under names of our own, as the SDK exports the ABI's: `tests/setup/keep-exports.mjs` gives
//! them theirs.

use super::flow::Flow;
use super::router::RouterContext;
use super::translator::TranslatorContext;
use super::{Plugin, abi, idle, pause, reading, rush, timer, unheard};
use crate::filter::Numbers;
use crate::filter::watch::Hurry;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;

/// One request, or one attempt.
#[expect(clippy::large_enum_variant, reason = "each has an allocation of its own")]
pub enum Stream {
    /// A request, in the listener's chain.
    Router(RouterContext),
    /// An attempt, in a cluster's chain.
    Translator(TranslatorContext),
}

type Table<T> = RefCell<HashMap<u32, Rc<T>, BuildHasherDefault<Numbers>>>;

thread_local! {
    static PLUGINS: Table<RefCell<Plugin>> = RefCell::default();
    static STREAMS: Table<RefCell<Stream>> = RefCell::default();
    /// The context that runs.
    static RUNNING: Cell<u32> = const { Cell::new(0) };
    /// Contexts that ended while they ran, and have not returned yet.
    static ENDED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn find<T>(table: &Table<T>, id: u32) -> Option<Rc<T>> {
    table.try_borrow().ok()?.get(&id).cloned()
}

fn insert<T>(table: &Table<T>, id: u32, value: T) {
    if let Ok(mut table) = table.try_borrow_mut() {
        table.insert(id, Rc::new(value));
    }
}

fn remove<T>(table: &Table<T>, id: u32) -> Option<Rc<T>> {
    table.try_borrow_mut().ok()?.remove(&id)
}

/// Runs a context, unless it is running already: then Envoy calls it inside of a hostcall of its own, and has nothing to
/// wait for.
fn run(id: u32, callback: impl FnOnce(&mut Stream) -> Flow) -> Flow {
    let Some(stream) = STREAMS.with(|table| find(table, id)) else { return Flow::Go };
    let Ok(mut running) = stream.try_borrow_mut() else { return Flow::Go };
    let outer = RUNNING.replace(id);
    let was_gone = abi::set_gone(false);
    let flow = callback(&mut running);
    drop(running);
    // If it has ended meanwhile this is its last owner: what it does now reaches nobody either.
    drop(stream);
    RUNNING.set(outer);
    let is_gone = ENDED.with(|ended| {
        let Ok(mut ended) = ended.try_borrow_mut() else { return false };
        if ended.is_empty() {
            return false;
        }
        ended.retain(|one| *one != id);
        ended.contains(&outer)
    });
    abi::set_gone(was_gone || is_gone);
    flow
}

/// A context is over.
pub fn end(id: u32) {
    let Some(stream) = STREAMS.with(|table| remove(table, id)) else {
        PLUGINS.with(|table| remove(table, id));
        rush::tick(id);
        return;
    };
    if stream.try_borrow_mut().is_ok() {
        let outer = RUNNING.replace(id);
        let was_gone = abi::set_gone(false);
        drop(stream);
        RUNNING.set(outer);
        abi::set_gone(was_gone);
        return;
    }
    ENDED.with(|ended| {
        if let Ok(mut ended) = ended.try_borrow_mut() {
            ended.push(id);
        }
    });
    if RUNNING.get() == id {
        abi::set_gone(true);
    }
}

/// A new context: a plugin's own, or one of a request or an attempt.
pub fn begin(id: u32, root: u32) {
    if root == 0 {
        return PLUGINS.with(|table| insert(table, id, RefCell::new(Plugin::new(id))));
    }
    let Some(plugin) = PLUGINS.with(|table| find(table, root)) else { return };
    let stream = plugin.try_borrow().ok().and_then(|plugin| plugin.stream(id));
    if let Some(stream) = stream {
        STREAMS.with(|table| insert(table, id, RefCell::new(stream)));
    }
}

/// A plugin's configuration has come: whether it can be used.
pub fn configure(id: u32, size: usize) -> bool {
    PLUGINS
        .with(|table| find(table, id))
        .is_some_and(|plugin| plugin.try_borrow_mut().is_ok_and(|mut plugin| plugin.configure(size)))
}

/// The request's headers have come, and with `end` no body follows. What Envoy shall do, in its ABI's numbers.
pub fn request_headers(id: u32, end: bool) -> u32 {
    run(id, |stream| match stream {
        Stream::Router(router) => router.request_headers(end),
        Stream::Translator(translator) => translator.request_headers(end),
    })
    .stops()
}

/// So many bytes of the request's body are there; with `end` it is whole.
pub fn request_body(id: u32, size: usize, end: bool) -> u32 {
    run(id, |stream| match stream {
        Stream::Router(router) => router.request_body(size, end),
        Stream::Translator(translator) => translator.request_body(size, end),
    })
    .stops_body()
}

/// The request's trailers have come: its body is whole.
pub fn request_trailers(id: u32) -> u32 {
    run(id, |stream| match stream {
        Stream::Router(router) => router.request_trailers(),
        Stream::Translator(translator) => translator.request_trailers(),
    })
    .stops()
}

/// The answer's headers have come, and with `end` no body follows.
pub fn response_headers(id: u32, end: bool) -> u32 {
    run(id, |stream| match stream {
        Stream::Router(router) => router.response_headers(end),
        Stream::Translator(translator) => translator.response_headers(end),
    })
    .stops()
}

/// So many bytes of the answer's body are there; with `end` it is whole.
pub fn response_body(id: u32, size: usize, end: bool) -> u32 {
    run(id, |stream| match stream {
        Stream::Router(router) => router.response_body(size, end),
        Stream::Translator(translator) => translator.response_body(size, end),
    })
    .stops_body()
}

/// The answer's trailers have come: its body is whole.
pub fn response_trailers(id: u32) -> u32 {
    run(id, |stream| match stream {
        Stream::Router(_) => Flow::Go,
        Stream::Translator(translator) => translator.response_trailers(),
    })
    .stops()
}

/// The timer of a root context has ticked: each table that it is for looks whose time has come.
pub fn tick(root: u32) {
    let tables = [pause::need, rush::need, idle::need, reading::need, unheard::need];
    let need = || tables.iter().map(|need| need(root)).max().unwrap_or_default();
    if need() == Hurry::Nothing {
        timer::rest(root);
    } else {
        let now_ms = abi::now_ms();
        let passed_ms = timer::passed_ms(root, now_ms);
        pause::tick(root, now_ms);
        rush::tick(root);
        idle::tick(root, now_ms, passed_ms);
        reading::late(root, passed_ms).into_iter().for_each(late);
        unheard::tick(root, now_ms);
    }
    timer::adjust(root, need());
}

/// A request's body takes too long. Called by the timer, so no context runs.
fn late(id: u32) {
    run(id, |stream| {
        if let Stream::Router(router) = stream {
            router.late(id);
        }
        Flow::Wait
    });
}

/// What the module exports. Envoy passes numbers, so nothing here can be wrong about memory.
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "the names of exports are unsafe attributes")]
mod exports {
    #[unsafe(export_name = "switchover_on_vm_start")]
    extern "C" fn vm_start(_: u32, _: usize) -> u32 {
        1
    }

    #[unsafe(export_name = "switchover_on_context_create")]
    extern "C" fn context_create(id: u32, root: u32) {
        super::begin(id, root);
    }

    #[unsafe(export_name = "switchover_on_configure")]
    extern "C" fn configure(id: u32, size: usize) -> u32 {
        u32::from(super::configure(id, size))
    }

    #[unsafe(export_name = "switchover_on_tick")]
    extern "C" fn tick(id: u32) {
        super::tick(id);
    }

    #[unsafe(export_name = "switchover_on_request_headers")]
    extern "C" fn request_headers(id: u32, _: usize, end: u32) -> u32 {
        super::request_headers(id, end != 0)
    }

    #[unsafe(export_name = "switchover_on_request_body")]
    extern "C" fn request_body(id: u32, size: usize, end: u32) -> u32 {
        super::request_body(id, size, end != 0)
    }

    #[unsafe(export_name = "switchover_on_request_trailers")]
    extern "C" fn request_trailers(id: u32, _: usize) -> u32 {
        super::request_trailers(id)
    }

    #[unsafe(export_name = "switchover_on_response_headers")]
    extern "C" fn response_headers(id: u32, _: usize, end: u32) -> u32 {
        super::response_headers(id, end != 0)
    }

    #[unsafe(export_name = "switchover_on_response_body")]
    extern "C" fn response_body(id: u32, size: usize, end: u32) -> u32 {
        super::response_body(id, size, end != 0)
    }

    #[unsafe(export_name = "switchover_on_response_trailers")]
    extern "C" fn response_trailers(id: u32, _: usize) -> u32 {
        super::response_trailers(id)
    }

    #[unsafe(export_name = "switchover_on_delete")]
    extern "C" fn delete(id: u32) {
        super::end(id);
    }
}
