use std::time::Duration;

/// The limits of the listening side.
#[derive(Debug, Clone, Copy)]
pub struct ServerSettings {
    /// Connections open at once.
    pub connections_max: usize,
    /// Connections open at once from one address that is no trusted proxy's; an IPv6 customer's network is one.
    pub connections_per_address_max: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams_max: u32,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of an HTTP/1.1 request may take to arrive.
    pub head_timeout: Duration,
    /// How long a connection may have no request under way. Also bounds a client that does not read its answer.
    pub idle_timeout: Duration,
    /// How long a stop waits for what is under way.
    pub drain_deadline: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_per_address_max: 128,
            streams_max: 100,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            drain_deadline: Duration::from_secs(20),
        }
    }
}
