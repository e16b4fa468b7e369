use std::time::Duration;

/// The limits of the listening side.
#[derive(Debug, Clone, Copy)]
pub struct GrpcSettings {
    /// Connections open at once, those that shake hands included.
    pub connections_max: usize,
    /// Calls at once on one connection.
    pub streams_max: u32,
    /// The longest message that is taken, in bytes.
    pub message_bytes_max: usize,
    /// What the headers of a call may take, in bytes.
    pub head_bytes_max: u32,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a call may take, from its head to its answer.
    pub call_timeout: Duration,
    /// After how long without a call a connection is ended; twice that at the latest.
    pub idle_timeout: Duration,
    /// How often a connection is asked whether the client is still there, and how long it has to say so.
    pub keep_alive: (Duration, Duration),
    /// How long a stop waits for what is under way.
    pub drain_deadline: Duration,
}

impl Default for GrpcSettings {
    fn default() -> Self {
        Self {
            connections_max: 256,
            streams_max: 256,
            message_bytes_max: 64 * 1024,
            head_bytes_max: 16 * 1024,
            handshake_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            keep_alive: (Duration::from_secs(30), Duration::from_secs(10)),
            drain_deadline: Duration::from_secs(20),
        }
    }
}
