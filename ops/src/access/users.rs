use super::desk::{Desk, stands};
use super::password::verifier;
use super::tenants::standing;
use super::{BootstrapArgs, PasswordSource};
use crate::config::Config;
use crate::output::Output;
use crate::platform::random;
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use peyk_domain::access::{AccessAction, LoginName, NAME_CHARS_MAX, NewUser, Person, Role, Standing, Totp};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, TenantId};
use peyk_keyring::{AccessField, Subject};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user.
    Create(CreateArgs),
    /// The users of a tenant, in the order of their ids.
    List {
        /// Whose; the platform's own people if not given.
        #[arg(long, default_value_t = TenantId::NIL)]
        tenant: TenantId,
    },
    /// End all sessions of a user and let in no new one.
    Disable {
        /// Which one.
        user: ActorId,
    },
    /// Let a disabled user log in again.
    Enable {
        /// Which one.
        user: ActorId,
    },
    /// End a user for good: its sessions end, and the keys to who it was are destroyed.
    Erase {
        /// Which one.
        user: ActorId,
        /// Why, in at least 20 characters; kept as evidence for good, so it names nobody.
        #[arg(long)]
        justification: String,
    },
    /// End a lock that failed logins led to.
    Unlock {
        /// Which one.
        user: ActorId,
    },
    /// Give a user these roles and no others; ends all its sessions.
    Roles {
        /// Which one.
        user: ActorId,
        /// May be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<Role>,
    },
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Whose user it is; the platform's own if not given.
    #[arg(long, default_value_t = TenantId::NIL)]
    tenant: TenantId,
    /// What the user logs in with.
    #[arg(long)]
    login: LoginName,
    /// What the user is called; the login name if not given.
    #[arg(long)]
    name: Option<String>,
    /// May be given several times.
    #[arg(long = "role", required = true)]
    roles: Vec<Role>,
    #[command(flatten)]
    password: PasswordSource,
}

pub async fn bootstrap(config: &Config, args: BootstrapArgs, output: Output) -> Result<()> {
    let desk = Desk::open(config).await?;
    let BootstrapArgs { login, name, password } = args;
    let shown = login.as_written().to_owned();
    let user = new_user(&desk, TenantId::NIL, login, name, vec![Role::PlatformAdmin], &password).await?;
    let id = user.user;
    let done = desk.ask(AccessAction::Bootstrap(user)).await?;
    output.line(
        &json!({ "user": id.to_string(), "login": shown, "receipt": stands(&done) }),
        &format!(
            "the first admin is made ({})\nlog in: POST /v1/auth/login with {{\"login\": \"{shown}\", \"password\": ...}}; \
             then set up a second factor, which every admin needs",
            stands(&done)
        ),
    );
    Ok(())
}

pub async fn run(config: &Config, command: UserCommand, output: Output) -> Result<()> {
    let desk = Desk::open(config).await?;
    match command {
        UserCommand::Create(args) => create(&desk, args, output).await,
        UserCommand::List { tenant } => list(&desk, tenant, output).await,
        UserCommand::Disable { user } => {
            change(&desk, user, AccessAction::DisableUser { user }, "disabled", output).await
        }
        UserCommand::Enable { user } => change(&desk, user, AccessAction::EnableUser { user }, "enabled", output).await,
        UserCommand::Erase { user, justification } => {
            let (by, justification) = (ActorId::NIL, Reason::new(&justification)?);
            change(&desk, user, AccessAction::EraseUser { user, by, justification }, "being erased", output).await
        }
        UserCommand::Unlock { user } => {
            change(&desk, user, AccessAction::UnlockUser { user }, "unlocked", output).await
        }
        UserCommand::Roles { user, roles } => {
            change(&desk, user, AccessAction::SetRoles { user, roles }, "of these roles now", output).await
        }
    }
}

async fn create(desk: &Desk, args: CreateArgs, output: Output) -> Result<()> {
    let CreateArgs { tenant, login, name, roles, password } = args;
    let user = new_user(desk, tenant, login, name, roles, &password).await?;
    let id = user.user;
    let done = desk.ask(AccessAction::CreateUser(user)).await?;
    output.line(
        &json!({ "user": id.to_string(), "tenant": tenant.to_string(), "receipt": stands(&done) }),
        &format!("user {id} ({})", stands(&done)),
    );
    Ok(())
}

async fn new_user(
    desk: &Desk,
    tenant: TenantId,
    login: LoginName,
    name: Option<String>,
    roles: Vec<Role>,
    password: &PasswordSource,
) -> Result<NewUser> {
    let name = name.unwrap_or_else(|| login.as_written().to_owned());
    let sound = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    ensure!(sound, "a name has 1 to {NAME_CHARS_MAX} characters on one line");
    let kept = verifier(password, login.as_written())?;
    let user = ActorId::from_bytes(random()?);
    let token = desk.keys(TenantId::NIL).await?.login_token(&login.compared());
    let keys = desk.keys(tenant).await?;
    let about = Subject::Actor(user);
    let identity = keys.seal_entry(about, AccessField::Identity, &Person { login, name }.to_bytes())?;
    let verifier = keys.seal_entry(about, AccessField::Verifier, kept.as_bytes())?;
    Ok(NewUser { user, tenant, login: token, identity, verifier, roles })
}

async fn list(desk: &Desk, tenant: TenantId, output: Output) -> Result<()> {
    let users: Vec<_> =
        desk.directory(|directory, _| directory.users_of(tenant, None).map(|(id, user)| (id, user.clone())).collect());
    for (id, user) in users {
        let person = desk.opened(tenant, Subject::Actor(id), AccessField::Identity, &user.identity).await?;
        let person = person.and_then(|plain| Person::from_bytes(&plain));
        let login = person.as_ref().map(|person| person.login.as_written().to_owned());
        let roles: Vec<&str> = user.roles.iter().map(|role| role.name()).collect();
        let (standing, factor) = (standing(user.standing), matches!(user.totp, Totp::Confirmed { .. }));
        output.line(
            &json!({ "user": id.to_string(), "login": login, "name": person.map(|person| person.name),
                "roles": roles, "enabled": user.standing == Standing::Active, "second_factor": factor,
                "sessions": user.sessions.len() }),
            &format!("{id} {standing} {} {}", roles.join(","), login.unwrap_or_default()),
        );
    }
    Ok(())
}

async fn change(desk: &Desk, user: ActorId, action: AccessAction, now: &str, output: Output) -> Result<()> {
    let done = desk.ask(action).await?;
    output.line(
        &json!({ "user": user.to_string(), "now": now, "receipt": stands(&done) }),
        &format!("user {user} is {now} ({})", stands(&done)),
    );
    Ok(())
}
