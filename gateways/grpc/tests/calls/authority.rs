//! Who signs certificates, and the folder that a server reads its own from.
use peyk_grpc::{ClientTls, MutualTls};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use std::path::PathBuf;
use tempfile::TempDir;

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key in PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = common_name(name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Issued { certificate: params.signed_by(&key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }

    /// A client by its common name.
    pub fn client(&self, name: &str) -> Issued {
        self.issue(|params| params.distinguished_name = common_name(name))
    }

    /// A client by its SPIFFE ID.
    pub fn workload(&self, id: &str) -> Issued {
        self.issue(|params| params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(id).unwrap())])
    }

    /// A client whose certificate ran out long ago.
    pub fn expired(&self, name: &str) -> Issued {
        self.issue(|params| {
            params.distinguished_name = common_name(name);
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
        })
    }

    fn server(&self) -> Issued {
        self.issue(|params| {
            params.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from("localhost").unwrap())];
        })
    }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

impl Issued {
    /// What a client shows that trusts this authority.
    pub fn trusting(&self, authority: &Authority) -> ClientTls {
        ClientTls {
            authority: authority.pem.clone().into_bytes(),
            certificate: self.certificate.clone().into_bytes(),
            key: self.key.clone().into_bytes(),
        }
    }
}

/// Three files, as whoever renews certificates writes them.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn serve_as(&self, server: &Authority) {
        let Issued { certificate, key } = server.server();
        std::fs::write(self.file("chain.pem"), certificate).unwrap();
        std::fs::write(self.file("key.pem"), key).unwrap();
    }

    pub fn trust(&self, clients: &str) {
        std::fs::write(self.file("ca.pem"), clients).unwrap();
    }

    pub fn tls(&self) -> MutualTls {
        MutualTls::load(&self.file("chain.pem"), &self.file("key.pem"), &self.file("ca.pem")).unwrap()
    }
}
