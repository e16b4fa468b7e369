//! Given past events, when a command comes, then these events follow, or it is refused.
use eventually::aggregate::Aggregate;
use futures::FutureExt;
use std::fmt::Debug;

/// A ledger with a past.
#[expect(missing_debug_implementations, reason = "not every state can show itself")]
pub struct Given<A: Aggregate> {
    aggregate: A,
    state: A::State,
}

/// What followed from a command, and the state it met.
#[expect(missing_debug_implementations, reason = "not every state can show itself")]
pub struct Decided<A: Aggregate> {
    given: Given<A>,
    outcome: Result<Vec<A::Event>, A::Error>,
}

/// A ledger in which `past` happened.
///
/// # Panics
/// If the past contradicts itself: then the test is wrong.
pub fn given<A>(past: impl IntoIterator<Item = A::Event>) -> Given<A>
where
    A: Aggregate<Id = &'static str> + Default,
    A::Error: Debug,
{
    let state = past.into_iter().try_fold(A::State::default(), A::apply).expect("the past applies");
    Given { aggregate: A::default(), state }
}

impl<A> Given<A>
where
    A: Aggregate<Id = &'static str> + Default,
    A::Event: Clone + Debug + PartialEq,
    A::Error: Debug + PartialEq,
{
    pub fn when(self, command: A::Command) -> Decided<A> {
        let decided = self.aggregate.handle(&"test", &self.state, command).now_or_never();
        let outcome = decided.expect("handle resolves at once").map(Option::unwrap_or_default);
        Decided { given: self, outcome }
    }

    /// The state the past led to.
    pub fn state(&self) -> &A::State {
        &self.state
    }
}

impl<A> Decided<A>
where
    A: Aggregate<Id = &'static str> + Default,
    A::Event: Clone + Debug + PartialEq,
    A::Error: Debug + PartialEq,
{
    /// Exactly these events follow; the ledger they lead to.
    ///
    /// # Panics
    /// If others follow, or if they do not apply.
    pub fn then(self, events: impl IntoIterator<Item = A::Event>) -> Given<A> {
        assert_eq!(self.outcome, Ok(events.into_iter().collect()));
        self.committed()
    }

    /// The command is fine, and there is nothing to record.
    ///
    /// # Panics
    /// If something follows, or if it is refused.
    pub fn then_nothing(self) -> Given<A> {
        self.then([])
    }

    /// # Panics
    /// If it is not refused with `why`.
    pub fn refused(self, why: A::Error) -> Given<A> {
        assert_eq!(self.outcome, Err(why));
        self.given
    }

    /// The code of the refusal, read with the error's own `code`.
    ///
    /// # Panics
    /// If the command was accepted.
    pub fn code(&self, code: impl FnOnce(&A::Error) -> &'static str) -> &'static str {
        code(self.outcome.as_ref().expect_err("the command is refused"))
    }

    /// The events that followed, unchecked.
    ///
    /// # Panics
    /// If the command was refused.
    pub fn events(&self) -> &[A::Event] {
        self.outcome.as_ref().expect("the command is accepted")
    }

    /// Applies what followed.
    ///
    /// # Panics
    /// If the command was refused, or if `apply` does not take what `handle` produced.
    pub fn committed(self) -> Given<A> {
        let events = self.outcome.expect("the command is accepted");
        let state = events.into_iter().try_fold(self.given.state, A::apply).expect("what was decided applies");
        Given { aggregate: self.given.aggregate, state }
    }
}
