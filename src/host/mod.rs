//! The rim: gathers what the machines of [`crate::filter`] need from Envoy and carries out what they say.
//!
//! It makes no decision and knows no LLM. Only here is the proxy named; only [`abi`] talks to it.

pub mod abi;
mod buffer;
pub mod entry;
mod flow;
mod idle;
pub mod pairs;
mod pause;
mod reading;
mod respond;
mod router;
mod rush;
mod shared;
mod store;
mod telemetry;
mod timer;
mod translator;
mod unheard;

use crate::filter::{PluginRole, Runtime};
use entry::Stream;
use std::rc::Rc;

// Of the SDK we have what makes a module a reactor of the ABI, and its memory; the callbacks are ours: see [`entry`].
// Not public here: the SDK's export has no documentation.
#[cfg(target_family = "wasm")]
mod reactor {
    proxy_wasm::main! {{}}
}

/// One plugin configuration of one VM: a role, and what the file says.
#[derive(Default)]
pub struct Plugin {
    /// The root context's number.
    id: u32,
    role: PluginRole,
    runtime: Option<Rc<Runtime>>,
}

impl Plugin {
    fn new(id: u32) -> Plugin {
        Plugin { id, ..Plugin::default() }
    }

    /// Reads `size` bytes of configuration: whether it can be used.
    fn configure(&mut self, size: usize) -> bool {
        let root = abi::property("plugin_root_id").ok().flatten().unwrap_or_default();
        self.role = match PluginRole::named(&root) {
            Ok(role) => role,
            Err(problem) => {
                abi::log(abi::Level::Error, &problem);
                return false;
            }
        };
        let json = abi::buffer(abi::Buffer::PluginConfiguration, 0, size).unwrap_or_default();
        match shared::runtime(json) {
            Ok(runtime) => {
                store::prepare();
                // Once for each VM, not for each order.
                if matches!(self.role, PluginRole::Router) {
                    for drill in runtime.drills(abi::now_ms()) {
                        abi::log(abi::Level::Warn, &drill);
                    }
                }
                self.runtime = Some(runtime);
                true
            }
            Err(problems) => {
                for problem in problems {
                    abi::log(abi::Level::Error, &problem);
                }
                false
            }
        }
    }

    /// What takes a request or an attempt; nothing before there is a configuration.
    fn stream(&self, context: u32) -> Option<Stream> {
        let runtime = Rc::clone(self.runtime.as_ref()?);
        Some(match self.role {
            PluginRole::Router => Stream::Router(router::RouterContext::new(runtime, self.id, context)),
            PluginRole::Translator => {
                Stream::Translator(translator::TranslatorContext::new(runtime, self.id, context))
            }
        })
    }
}
