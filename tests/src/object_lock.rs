use crate::http::Http;
use crate::poll::eventually;
use crate::process::{Process, bound_to_this_process, free_port};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::{HeaderMap, Method};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;

/// An S3 with object lock: moto's server, on a port of its own.
#[derive(Debug)]
pub struct ObjectLockServer {
    _process: Process,
    _directory: TempDir,
    http: Http,
    port: u16,
}

/// Enough of a signature (AWS Signature Version 4) to be somebody: moto does not check it.
const SOMEBODY: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

impl ObjectLockServer {
    /// # Errors
    /// If it does not start; `PEYK_MOTO_PACKAGES` names the folder with its packages.
    pub async fn start() -> Result<Self> {
        let packages = std::env::var_os("PEYK_MOTO_PACKAGES").context("ops/test sets PEYK_MOTO_PACKAGES")?;
        let (directory, port) = (tempfile::tempdir()?, free_port()?);
        let mut command = bound_to_this_process();
        command
            .args(["--", "python3", "-B", "-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("PYTHONPATH", packages)
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::start(&mut command)?;
        let http = Http::new(port);
        eventually("the S3 server answers", Duration::from_secs(60), || async {
            http.raw(Method::GET, "/moto-api/data.json", &[], Bytes::new()).await.is_ok()
        })
        .await;
        Ok(Self { _process: process, _directory: directory, http, port })
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(HeaderMap, Bytes)> {
        let headers: Vec<_> = headers.iter().copied().chain([("authorization", SOMEBODY)]).collect();
        let (head, answer) = self.http.raw(method, path, &headers, body.to_owned().into()).await?;
        ensure!(head.status.is_success(), "{path}: {} {}", head.status, String::from_utf8_lossy(&answer));
        Ok((head.headers, answer))
    }

    /// A bucket that locks what is put there in a mode, `COMPLIANCE` or `GOVERNANCE`, for so many years.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn bucket(&self, name: &str, mode: &str, years: u32) -> Result<()> {
        let path = format!("/{name}");
        self.ask(Method::PUT, &path, &[("x-amz-bucket-object-lock-enabled", "true")], "").await?;
        let rule = format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>{mode}\
             </Mode><Years>{years}</Years></DefaultRetention></Rule></ObjectLockConfiguration>"
        );
        let xml = [("content-type", "application/xml")];
        self.ask(Method::PUT, &format!("{path}?object-lock"), &xml, &rule).await.map(|_| ())
    }

    /// An object with its headers.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn object(&self, path: &str) -> Result<(HeaderMap, Bytes)> {
        self.ask(Method::GET, path, &[], "").await
    }

    /// Puts an object past whoever uses the bucket.
    ///
    /// # Errors
    /// If it cannot be put.
    pub async fn put(&self, path: &str, content: &str) -> Result<()> {
        let checked = [("x-amz-sdk-checksum-algorithm", "SHA256")];
        self.ask(Method::PUT, path, &checked, content).await.map(|_| ())
    }

    /// Deletes a version of an object for good.
    ///
    /// # Errors
    /// If the server refuses, as it has to while the object is locked.
    pub async fn delete(&self, path: &str, version: &str) -> Result<()> {
        self.ask(Method::DELETE, &format!("{path}?versionId={version}"), &[], "").await.map(|_| ())
    }
}
