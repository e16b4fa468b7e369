//! What can be asked, as arguments.
use clap::{Args, Subcommand};
use peyk_domain::numbering::{
    BlockTerms, BlockUse, ContractState, ContractTerms, NumberRegion, NumberType, PoolTerms, Serves, SignatureRef,
};
use peyk_domain::{At, BlockId, ContractId, PoolId, SenderId, TenantId};
use peyk_projections::exports::instant_from_rfc3339;

/// Agreements with operators about numbers.
#[derive(Debug, Subcommand)]
pub enum ContractCommand {
    /// All of them, by id.
    List(Page<ContractId>),
    /// Add a draft, or one that is signed.
    Add {
        /// The operator, as blocks name it.
        #[arg(long)]
        operator: String,
        /// Active at once; takes a signature reference.
        #[arg(long)]
        active: bool,
        #[command(flatten)]
        terms: OfContract,
    },
    /// Say what it is from now on; what is left out is not so any more.
    Change {
        #[command(flatten)]
        which: Which<ContractId>,
        /// draft, active or ended.
        #[arg(long, value_parser = state)]
        state: ContractState,
        #[command(flatten)]
        terms: OfContract,
    },
    /// Forget a draft that no block is under.
    Remove(Which<ContractId>),
}

/// Numbers that an operator hands over together.
#[derive(Debug, Subcommand)]
pub enum BlockCommand {
    /// All of them, by id.
    List(Page<BlockId>),
    /// Say what a block is before its numbers come in.
    Add {
        /// The operator that owns it.
        #[arg(long)]
        operator: String,
        /// msisdn, short_code or vanity; a mix if not given.
        #[arg(long = "type", value_name = "TYPE")]
        number_type: Option<NumberType>,
        /// The first of its numbers.
        #[arg(long, requires = "last")]
        first: Option<SenderId>,
        /// The last of its numbers.
        #[arg(long, requires = "first")]
        last: Option<SenderId>,
        #[command(flatten)]
        terms: OfBlock,
    },
    /// Say what it is from now on; what is left out is not so any more.
    Change {
        #[command(flatten)]
        which: Which<BlockId>,
        #[command(flatten)]
        terms: OfBlock,
    },
    /// Forget a block in which no number ever was.
    Remove(Which<BlockId>),
}

/// Which tenants may take the numbers of which blocks.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// All of them, by id.
    List(Page<PoolId>),
    /// Add a pool; blocks are put into it by changing them.
    Add(OfPool),
    /// Say what it is from now on; what is left out is not so any more.
    Change {
        #[command(flatten)]
        which: Which<PoolId>,
        #[command(flatten)]
        terms: OfPool,
    },
    /// Forget a pool that no block is in.
    Remove(Which<PoolId>),
}

#[derive(Debug, Args)]
pub struct Page<I: Id> {
    /// Behind this one.
    #[arg(long, value_name = "ID")]
    pub(super) after: Option<I>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 50)]
    pub(super) lines: u16,
}

#[derive(Debug, Args)]
pub struct Which<I: Id> {
    /// Its id.
    pub(super) id: I,
    /// The version this is a change of; CONFLICT if it is another by now.
    #[arg(long, value_name = "VERSION")]
    pub(super) expected_version: u32,
}

/// An id as an argument.
pub trait Id: std::str::FromStr<Err = peyk_domain::NotAnId> + Clone + Send + Sync + 'static {}

impl<I: std::str::FromStr<Err = peyk_domain::NotAnId> + Clone + Send + Sync + 'static> Id for I {}

#[derive(Debug, Args)]
pub struct OfContract {
    /// What people call it.
    #[arg(long)]
    name: String,
    /// When it starts, as 2026-01-01T00:00:00+04:30.
    #[arg(long, value_parser = instant_from_rfc3339)]
    starts: At,
    /// When it is over; it has no end if not given.
    #[arg(long, value_parser = instant_from_rfc3339)]
    ends: Option<At>,
    /// Where the signed document is kept.
    #[arg(long, value_parser = SignatureRef::new)]
    signature_ref: Option<SignatureRef>,
}

#[derive(Debug, Args)]
pub struct OfBlock {
    /// The contract it is under.
    #[arg(long)]
    contract: Option<ContractId>,
    /// The region it is of, as AF-kbl.
    #[arg(long)]
    region: Option<NumberRegion>,
    /// The pool its numbers are in; the one that serves every tenant if not given.
    #[arg(long)]
    pool: Option<PoolId>,
    /// For another provider's customers: no tenant may take a number of it.
    #[arg(long)]
    intermediate: bool,
}

#[derive(Debug, Args)]
pub struct OfPool {
    /// What people call it.
    #[arg(long)]
    name: String,
    /// A tenant that it serves, and nobody else; may be repeated.
    #[arg(long = "tenant", value_name = "TENANT", required_unless_present_any = ["everybody", "nobody"])]
    tenants: Vec<TenantId>,
    /// It serves every tenant.
    #[arg(long, conflicts_with_all = ["tenants", "nobody"])]
    everybody: bool,
    /// It serves no tenant.
    #[arg(long, conflicts_with = "tenants")]
    nobody: bool,
}

fn state(word: &str) -> Result<ContractState, String> {
    ContractState::named(word).ok_or_else(|| "expected draft, active or ended".to_owned())
}

impl OfContract {
    pub(super) fn terms(self, state: ContractState) -> ContractTerms {
        let Self { name, starts, ends, signature_ref: signature } = self;
        ContractTerms { name, starts, ends, signature, state }
    }
}

impl OfBlock {
    pub(super) fn terms(self) -> BlockTerms {
        let Self { contract, region, pool, intermediate } = self;
        let purpose = if intermediate { BlockUse::Intermediate } else { BlockUse::Own };
        BlockTerms { contract, region, pool, purpose }
    }
}

impl OfPool {
    pub(super) fn terms(self) -> PoolTerms {
        let Self { name, tenants, everybody, nobody: _ } = self;
        let serves = if everybody { Serves::EveryTenant } else { Serves::Tenants(tenants.into_iter().collect()) };
        PoolTerms { name, serves }
    }
}
