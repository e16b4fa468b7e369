use super::report::Report;
use crate::config::Config;
use crate::grpc::mutual_tls;
use std::time::Duration;
use tokio::net::TcpListener;

const TLS: &str = "grpc.tls";
const LISTEN: &str = "grpc.listen";
const RENEW: &str = "renew it: what is put in the place of the files is served without a restart";
/// When a certificate is to be renewed at the latest: they are made for 30 days.
const SOON: Duration = Duration::from_secs(7 * 86_400);

pub async fn check(config: &Config, report: &mut Report) {
    let Some(grpc) = &config.grpc else { return };
    match grpc.tls.as_ref().map(mutual_tls) {
        None => report.warn(TLS, "whoever can connect may ask about leases", "set grpc.tls"),
        Some(Err(error)) => {
            report.fail(TLS, &error.to_string(), "set grpc.tls to a chain, its key and the clients' CA, in PEM");
        }
        Some(Ok(tls)) => match tls.valid_for() {
            None => report.fail(TLS, "the certificate has run out", RENEW),
            Some(left) if left < SOON => {
                let said = format!("the certificate runs out in {} h", left.as_secs() / 3_600);
                report.warn(TLS, &said, RENEW);
            }
            Some(_) => report.ok(TLS, "certificate and key belong together, and clients can be verified"),
        },
    }
    if grpc.tls.is_some() && grpc.allows_nobody() {
        let mend = "name clients in grpc.validate_lease or grpc.validate_leases";
        report.warn("grpc.clients", "nobody may call anything", mend);
    }
    let listen = grpc.listen;
    match TcpListener::bind(listen).await {
        Ok(_) => report.ok(LISTEN, &format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let mend = "see that it is this deployment's `peyk serve`";
            report.warn(LISTEN, &format!("{listen} is taken"), mend);
        }
        Err(error) => {
            let mend = "set grpc.listen to an address of this machine and a port that this account may open";
            report.fail(LISTEN, &format!("{listen}: {error}"), mend);
        }
    }
}
