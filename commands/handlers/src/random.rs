use peyk_domain::CommandId;

/// An id for a command that comes with none.
///
/// # Errors
/// If the system has no random bytes to give.
pub(crate) fn fresh_id() -> Result<CommandId, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(CommandId::from_bytes(bytes))
}
