use crate::nats::{NatsServer, template};
use crate::process::free_port;
use anyhow::{Context, Result};
use peyk_ledger::Server;

/// Three NATS servers on loopback, each in a place of its own, that keep every stream together.
#[derive(Debug)]
pub struct NatsCluster(Vec<NatsServer>);

const NAMES: [&str; 3] = ["one", "two", "three"];

impl NatsCluster {
    /// # Errors
    /// If one of them does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(|_, settings| settings).await
    }

    /// With the configuration of some altered, by name.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(alter: impl Fn(&str, String) -> String) -> Result<Self> {
        let ports = NAMES.map(|_| free_port()).into_iter().collect::<Result<Vec<_>>>()?;
        let routes: Vec<String> =
            ports.iter().map(|port| format!("\"nats://route:test-route@127.0.0.1:{port}\"")).collect();
        let cluster = template("cluster.conf.template")?.replace("@ROUTES@", &routes.join(", "));
        let servers = NAMES.iter().zip(&ports).enumerate().map(|(index, (name, port))| {
            let cluster = cluster.replace("@CLUSTER_PORT@", &port.to_string());
            NatsServer::launched(name, &index.to_string(), |settings| alter(name, settings + &cluster))
        });
        let cluster = Self(servers.collect::<Result<Vec<_>>>()?);
        cluster.ready().await;
        Ok(cluster)
    }

    async fn ready(&self) {
        for server in &self.0 {
            server.ready().await;
        }
    }

    /// All of them as one of their users.
    #[must_use]
    pub fn user(&self, user: &str) -> Server {
        let servers: Vec<Server> = self.0.iter().map(|server| server.user(user)).collect();
        let url = servers.iter().map(|server| &*server.url).collect::<Vec<_>>().join(",");
        let password = servers.into_iter().map(|server| server.password).next().unwrap_or_default();
        Server::new(&url, user, password)
    }

    /// One of them by its name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn named(&mut self, name: &str) -> Result<&mut NatsServer> {
        let index = NAMES.iter().position(|known| *known == name);
        index.and_then(|index| self.0.get_mut(index)).with_context(|| format!("no server {name}"))
    }

    /// `kill -9` to all of them.
    ///
    /// # Errors
    /// If one cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.0.iter_mut().try_for_each(NatsServer::kill)
    }

    /// Starts all of them again over their stores.
    ///
    /// # Errors
    /// If one does not start.
    pub async fn restart(&mut self) -> Result<()> {
        self.0.iter_mut().try_for_each(NatsServer::relaunch)?;
        self.ready().await;
        Ok(())
    }
}
