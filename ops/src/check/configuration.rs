use super::report::Report;
use crate::config::{Config, Problems};

/// The configuration, if it can be used.
pub fn check(loaded: Result<Config, Problems>, report: &mut Report) -> Option<Config> {
    let config = match loaded {
        Ok(config) => config,
        Err(Problems(problems)) => {
            for problem in problems {
                let mend = "mend it where it stands; `peyk config example` shows every key";
                report.fail("configuration.values", &problem.to_string(), mend);
            }
            return None;
        }
    };
    let from = config.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
    report.ok("configuration.values", &format!("{} values, {from}", config.settled.len()));
    match &config.exposed_files()[..] {
        [] => report.ok("configuration.files", "files with secrets are their owner's alone"),
        exposed => {
            for path in exposed {
                let path = path.display();
                let said = format!("others than its owner may read {path}, and it holds secrets");
                report.fail("configuration.files", &said, &format!("chmod 600 {path}"));
            }
        }
    }
    let listen = config.http.listen;
    if config.http.tls.is_none() && !listen.ip().is_loopback() {
        let said = format!("{listen} is no loopback address, and tokens and texts go over it in clear");
        report.warn("configuration.tls", &said, "set http.tls, or listen on loopback behind a proxy that ends TLS");
    } else {
        report.ok("configuration.tls", "nothing goes over a network in clear at the API");
    }
    Some(config)
}
