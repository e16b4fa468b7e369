use super::activity::Activity;
use super::arrival::Arrival;
use super::bare::Whole;
use super::settings::ServerSettings;
use super::tls::Certificate;
use crate::answer::RequestId;
use crate::api::Api;
use crate::audit::Asker;
use crate::limits::Told;
use crate::problem::{Problem, kind};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use warp::filters::BoxedFilter;
use warp::http::header::{HOST, HeaderValue, STRICT_TRANSPORT_SECURITY};
use warp::http::uri::Authority;
use warp::http::{HeaderMap, StatusCode, Version};
use warp::reply::Response;

/// Headers a request may have, and what they may take together in bytes.
const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// What hyper takes before it answers by itself and without a body; what lies between is refused as a problem.
const HEADERS_PARSED: usize = 2 * HEADERS_MAX;
const HEAD_BYTES_PARSED: u32 = 64 * 1024;
/// What a connection that was asked to end may still take to do so.
const FAREWELL: Duration = Duration::from_secs(5);
const HSTS: &str = "max-age=31536000; includeSubDomains";

/// How connections are served; one clone for each.
#[derive(Clone)]
pub(super) struct Connection {
    api: Arc<Api>,
    filter: BoxedFilter<(Response,)>,
    settings: ServerSettings,
    tls: Option<Certificate>,
    stop: CancellationToken,
    http: Builder<TokioExecutor>,
}

impl Connection {
    pub(super) fn new(
        api: &Arc<Api>,
        settings: ServerSettings,
        tls: Option<Certificate>,
        stop: CancellationToken,
    ) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.head_timeout)
            .max_headers(HEADERS_PARSED)
            .max_buf_size(HEAD_BYTES_PARSED as usize);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(settings.streams_max)
            .max_header_list_size(HEAD_BYTES_PARSED)
            .keep_alive_interval(settings.idle_timeout / 2)
            .keep_alive_timeout(settings.head_timeout);
        Self { api: Arc::clone(api), filter: api.filter(), settings, tls, stop, http }
    }

    /// Serve one connection to its end.
    pub(super) async fn serve(self, stream: TcpStream, peer: IpAddr) {
        let Some(tls) = &self.tls else { return self.speak(stream, peer).await };
        let handshake = tokio::time::timeout(self.settings.handshake_timeout, tls.acceptor().accept(stream));
        let handshake = tokio::select! {
            () = self.stop.cancelled() => return,
            handshake = handshake => handshake,
        };
        match handshake {
            Ok(Ok(stream)) => self.speak(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: IpAddr) {
        let activity = Activity::new();
        let api = TowerToHyperService::new(warp::service(self.filter.clone()));
        let secure = self.tls.is_some();
        let service = service_fn({
            let activity = activity.clone();
            move |mut request: hyper::Request<Incoming>| {
                let under_way = activity.begin();
                let head = head_is_sound(&request);
                request.extensions_mut().insert(Arrival { peer, head });
                let answer = api.call(request);
                async move {
                    let mut response: Response = answer.await?;
                    if secure {
                        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
                    }
                    drop(under_way);
                    Ok::<_, Infallible>(response)
                }
            }
        });
        let api = Arc::clone(&self.api);
        let stream = Whole::new(stream, move |status| unread(&api, status, peer, secure));
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = activity.idle_for(self.settings.idle_timeout) => {
                connection.as_mut().graceful_shutdown();
                tokio::time::timeout(FAREWELL.min(self.settings.idle_timeout), connection).await.ok()
            }
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                // Bounded by the server's own deadline.
                Some(connection.await)
            }
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(error, "a connection broke off");
        }
    }
}

/// The answer to a head that could not be read. It counts as a request of the peer, and says nothing of what was sent.
fn unread(api: &Api, status: StatusCode, peer: IpAddr, secure: bool) -> warp::http::Response<String> {
    let kind = if status == StatusCode::BAD_REQUEST { &kind::MALFORMED_REQUEST } else { &kind::HEAD_TOO_LARGE };
    let mut told = Told::default();
    let address = api.limiter.source(peer, &HeaderMap::new());
    let counted = api.limiter.count_address(address, &mut told);
    let problem = counted.err().unwrap_or_else(|| Problem::of(kind));
    let id = RequestId::random();
    if api.recorder.refused(&Asker::new(id, None, address, &HeaderMap::new()), &problem) {
        problem.log(id);
    }
    let mut answer = problem.written(id);
    told.tell(answer.headers_mut());
    if secure {
        answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    answer
}

/// What must hold of a head whatever is asked: its size, and in HTTP/1.1 one `Host` (RFC 9112 section 3.2).
fn head_is_sound<B>(request: &hyper::Request<B>) -> Result<(), Problem> {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    let uri = request.uri();
    let line =
        uri.path_and_query().map_or(0, |path| path.as_str().len()) + uri.authority().map_or(0, |it| it.as_str().len());
    if headers.len() > HEADERS_MAX || bytes + line > HEAD_BYTES_MAX {
        let limits = format!("at most {HEADERS_MAX} header lines and {HEAD_BYTES_MAX} bytes are taken");
        return Err(Problem::of(&kind::HEAD_TOO_LARGE).detail(limits));
    }
    if request.version() == Version::HTTP_11 && !names_one_host(headers) {
        return Err(Problem::of(&kind::INVALID_HOST));
    }
    Ok(())
}

fn names_one_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let sound = hosts.next().is_some_and(|host| host.is_empty() || Authority::try_from(host.as_bytes()).is_ok());
    sound && hosts.next().is_none()
}
