//! Closed enums as small integers. A number once given is never given again.
use super::{Field, FieldError};
use crate::cbor::{Reader, Writer};
use peyk_domain::access::{AuditKind, LoginFailure, ReviewVerdict, SessionEnd};
use peyk_domain::messages::{
    DoubtPolicy, Encoding, FailureReason, Lane, ReceiptState, RefusalReason, RequeueReason, RetentionClass,
};
use peyk_domain::numbering::{AbandonReason, BlockUse, ContractState, NumberColumns, NumberType, SignatureScheme};

macro_rules! codes {
    ($($(#[$doc:meta])* $type:ident { $first:ident = $least:literal $(, $variant:ident = $code:literal)* $(,)? })+) => {$(
        $(#[$doc])*
        impl Field for $type {
            const CBOR: &'static str =
                concat!("unsigned code, ", $least, " ", stringify!($first) $(, ", ", $code, " ", stringify!($variant))*);
            const CDDL: &'static str = concat!($least $(, " / ", $code)*);

            fn write(&self, out: &mut Writer) {
                out.unsigned(match self { Self::$first => $least as u8 $(, Self::$variant => $code as u8)* });
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                match input.unsigned()? {
                    $least => Ok(Self::$first),
                    $($code => Ok(Self::$variant),)*
                    _ => Err(FieldError::Range),
                }
            }
        }
    )+};
}

codes! {
    Lane { Otp = 0, Transactional = 1, Bulk = 2 }
    /// As `data_coding` of SMPP 3.4 section 5.2.19.
    Encoding { Gsm7 = 0, Ucs2 = 8 }
    DoubtPolicy { Fail = 0, Resend = 1 }
    RetentionClass { Message = 0, Directory = 1, Audit = 2 }
    RefusalReason { SenderUnauthorized = 0, NoRoute = 1, RouteUnknown = 2, RateLimited = 3 }
    NumberType { Msisdn = 0, ShortCode = 1, Vanity = 2, Alpha = 3 }
    LoginFailure { Password = 0, Code = 1, CodeUsedAgain = 2 }
    SessionEnd {
        LoggedOut = 0, Reused = 1, Expired = 2, PasswordChanged = 3, RolesChanged = 4, Disabled = 5, Displaced = 6,
    }
    AuditKind {
        Created = 0, Updated = 1, Deleted = 2, Denied = 3, RateLimited = 4, InvalidCredential = 5, UnknownLogin = 6,
        CrossTenantRead = 7, Replayed = 8, Suspicious = 9,
    }
    SignatureScheme { PssSha256 = 0, Pkcs1Sha256 = 1 }
    AbandonReason { Asked = 0, Lapsed = 1 }
    NumberColumns { Number = 0, NumberAndType = 1 }
    ContractState { Draft = 0, Active = 1, Ended = 2 }
    BlockUse { Own = 0, Intermediate = 1 }
    ReviewVerdict { Kept = 0, ToBeRemoved = 1 }
    RequeueReason { Throttled = 0, NotSent = 1, InDoubt = 2 }
    /// As `message_state` of SMPP 3.4 section 5.2.28.
    ReceiptState {
        Enroute = 1, Delivered = 2, Expired = 3, Deleted = 4, Undeliverable = 5, Accepted = 6, Unknown = 7, Rejected = 8,
    }
}

impl Field for FailureReason {
    const CBOR: &'static str =
        "array: reason (0 Rejected, 1 InDoubt, 2 Unreadable), command_status (32 bits) if rejected, else null";
    const CDDL: &'static str = "[reason: 0, command_status: uint32] / [reason: 1 / 2, nil]";

    fn write(&self, out: &mut Writer) {
        out.array(2);
        match self {
            Self::Rejected { status } => out.unsigned(0_u8).unsigned(*status),
            Self::InDoubt => out.unsigned(1_u8).null(),
            Self::Unreadable => out.unsigned(2_u8).null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        let reason = match input.unsigned()? {
            0 => return Ok(Self::Rejected { status: u32::read(input)? }),
            1 => Self::InDoubt,
            2 => Self::Unreadable,
            _ => return Err(FieldError::Range),
        };
        if input.null()? { Ok(reason) } else { Err(FieldError::Range) }
    }
}
