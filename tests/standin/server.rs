//! Listeners and connections: what HTTP itself does not show (refusing, resetting) is done here.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::behaviour::Behaviour;
use crate::body::Answer;
use crate::control;
use crate::fast::Ready;
use crate::options::Options;
use crate::provider::Provider;

pub type Providers = Arc<Vec<Arc<Provider>>>;

/// Serves for ever, or fails to start.
pub async fn serve(options: &Options) -> io::Result<()> {
    let start = match &options.behave {
        Some(json) => Behaviour::list(json.as_bytes())
            .map_err(|error| io::Error::other(format!("--behave: {error}")))?,
        None => Vec::new(),
    };
    let mut providers = Vec::new();
    let mut listeners = Vec::new();
    for listen in &options.listen {
        let name = listen.name.clone().unwrap_or_else(|| options.name.clone());
        let speaks = listen.dialect.unwrap_or(options.dialect);
        let key = listen.key.clone().or_else(|| options.key.clone());
        let listener = bind(listen.address).await?;
        println!("{name} {}", listener.local_addr()?);
        let mut provider = Provider::new(name, speaks, key, options.lenient, start.clone());
        provider.ready = options.fast.then(|| Ready::new(&provider.name));
        providers.push(Arc::new(provider));
        listeners.push(listener);
    }
    let providers = Arc::new(providers);
    let mut tasks = tokio::task::JoinSet::new();
    for (provider, listener) in providers.iter().zip(listeners) {
        tasks.spawn(listen(Arc::clone(&providers), Arc::clone(provider), listener));
    }
    if let Some(address) = options.control {
        let listener = bind(address).await?;
        println!("control {}", listener.local_addr()?);
        tasks.spawn(listen_control(Arc::clone(&providers), listener));
    }
    println!("ready");
    io::stdout().flush()?;
    match tasks.join_next().await {
        Some(Ok(ended)) => ended,
        _ => Ok(()),
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
}

/// Accepts connections of a provider; while it refuses them, there is no listener.
async fn listen(providers: Providers, provider: Arc<Provider>, listener: TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut open = provider.open.subscribe();
    let mut listener = Some(listener);
    loop {
        tokio::select! {
            stream = accept(listener.as_ref()) => if let Ok(stream) = stream {
                tokio::spawn(connection(Arc::clone(&providers), Arc::clone(&provider), stream));
            },
            changed = open.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                if !*open.borrow_and_update() {
                    listener = None;
                } else if listener.is_none() {
                    listener = Some(bind(address).await?);
                }
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn listen_control(providers: Providers, listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let providers = Arc::clone(&providers);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let providers = Arc::clone(&providers);
                async move { Ok::<_, Infallible>(control::handle(&providers, None, request).await) }
            });
            drop(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}

/// Serves one connection until it ends, breaks on demand, or its provider starts to refuse.
async fn connection(providers: Providers, provider: Arc<Provider>, stream: TcpStream) {
    drop(stream.set_nodelay(true));
    let reset = Arc::new(AtomicBool::new(false));
    let controlled = AtomicBool::new(false);
    let mut open = provider.open.subscribe();
    let service = service_fn(|request: Request<Incoming>| {
        let (providers, provider, reset) = (&providers, &provider, &reset);
        let controls = request.uri().path().starts_with("/_standin/");
        controlled.store(controls, Ordering::Relaxed);
        async move {
            if controls {
                return Ok(control::handle(providers, Some(provider), request).await);
            }
            crate::misbehave::respond(provider, request, reset).await
        }
    });
    let stream = TokioIo::new(Breakable { stream, reset: Arc::clone(&reset) });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(stream, service);
    tokio::pin!(served);
    tokio::select! {
        ended = served.as_mut() => drop(ended),
        () = refusal(&mut open) => {
            if controlled.load(Ordering::Relaxed) {
                // The call that made it refuse still gets its answer.
                served.as_mut().graceful_shutdown();
                drop(served.await);
            } else {
                reset.store(true, Ordering::Relaxed);
            }
        }
    }
}

async fn refusal(open: &mut watch::Receiver<bool>) {
    drop(open.wait_for(|open| !open).await);
}

/// A connection that ends with a reset if told so.
struct Breakable {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Breakable {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Answers without any ceremony.
pub fn plain(status: u16, content_type: &str, body: impl Into<bytes::Bytes>) -> Response<Answer> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(Answer::Whole(Some(body.into())))
        .unwrap()
}
