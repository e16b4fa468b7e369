/// The code of the signal, which does not change.
pub const UNKNOWN_NUMBER_BURST: &str = "UNKNOWN_NUMBER_BURST";

/// Who puts on record what clients do that somebody should look into.
pub trait Alarm: Send + Sync {
    /// [`UNKNOWN_NUMBER_BURST`]: a client, by the name it is allowed under, asks for many numbers that are not registered. At
    /// most once a minute for each.
    fn unknown_number_burst(&self, client: &str);
}

impl<F: Fn(&str) + Send + Sync> Alarm for F {
    fn unknown_number_burst(&self, client: &str) {
        self(client);
    }
}
