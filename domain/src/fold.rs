/// How the state of a context comes about and what it looks like, as one number. A state that was kept under another
/// version is not used: it is folded anew from the ledger.
pub trait Fold {
    /// One more with every change of the state's shape, or of what an event does to it.
    const VERSION: u32;
}
