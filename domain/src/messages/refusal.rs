/// Why a message was refused before dispatch. The code is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// The sender number is not leased to the tenant, or the lease could not be confirmed.
    SenderUnauthorized,
    /// No route leads to the recipient's prefix.
    NoRoute,
    /// The routing replica was too old to decide on.
    RouteUnknown,
    /// The tenant has sent as many messages as it may for now.
    RateLimited,
}

impl RefusalReason {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SenderUnauthorized => "REFUSED_SENDER_UNAUTHORIZED",
            Self::NoRoute => "REFUSED_NO_ROUTE",
            Self::RouteUnknown => "REFUSED_ROUTE_UNKNOWN",
            Self::RateLimited => "RATE_LIMIT_EXCEEDED",
        }
    }
}
