//! The command line.

use std::net::SocketAddr;
use std::str::FromStr;

use crate::dialect::Speaks;

/// Stand-in LLM providers for tests, the demo and the bench.
#[derive(clap::Parser)]
#[command(name = "standin")]
pub struct Options {
    /// A provider: [NAME=]ADDRESS:PORT[,dialect=D][,key=K]. Repeat for more; port 0 picks a free one. A key ID:SECRET
    /// is AWS's, and signatures are verified with it.
    #[arg(long, required = true)]
    pub listen: Vec<Listen>,
    /// The name of a provider that `--listen` gives none.
    #[arg(long, default_value = "standin")]
    pub name: String,
    /// The dialect of every provider that `--listen` gives none; auto goes by the path of each request.
    #[arg(long, default_value = "auto")]
    pub dialect: Speaks,
    /// The key every provider expects that `--listen` gives none; without one any key will do.
    #[arg(long)]
    pub key: Option<String>,
    /// Where `/_standin/` is served for all providers: it stays up when a provider refuses connections.
    #[arg(long)]
    pub control: Option<SocketAddr>,
    /// No log, no checks, replies made in advance: for the bench.
    #[arg(long)]
    pub fast: bool,
    /// Answer requests that a real provider would refuse; what is wrong with them still gets into the log.
    #[arg(long)]
    pub lenient: bool,
    /// What every provider does from the start, as the JSON that `POST /_standin/behave` takes.
    #[arg(long)]
    pub behave: Option<String>,
    /// Threads to serve with.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

/// One `--listen`.
#[derive(Clone)]
pub struct Listen {
    pub name: Option<String>,
    pub address: SocketAddr,
    pub dialect: Option<Speaks>,
    pub key: Option<String>,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let first = parts.next().unwrap_or_default();
        let (name, address) = match first.split_once('=') {
            Some((name, address)) => (Some(name.to_owned()), address),
            None => (None, first),
        };
        let address = address.parse().map_err(|_| format!("`{address}` is not ADDRESS:PORT"))?;
        let mut listen = Self { name, address, dialect: None, key: None };
        for part in parts {
            match part.split_once('=') {
                Some(("dialect", value)) => listen.dialect = Some(value.parse()?),
                Some(("key", value)) => listen.key = Some(value.to_owned()),
                _ => return Err(format!("`{part}` is neither dialect=… nor key=…")),
            }
        }
        Ok(listen)
    }
}
