use super::layers::Origin;
use super::*;
use peyk_http::KeySource;
use std::os::unix::fs::PermissionsExt;

const WHOLE: &str = r#"environment = "development"
namespace = "t1"
deployment = "30313233-3435-3637-3839-616263646566"
[nats]
url = "nats://127.0.0.1:4222"
migrate = { user = "migrate", password = "hush-1" }
core = { user = "core", password = "hush-2" }
audit = { user = "audit", password = "hush-3" }
edge = { user = "smpp", password = "hush-4" }
[postgres]
migrate_url = "postgres://owner:hush-5@127.0.0.1/peyk"
projector_url = "postgres://peyk_projector:hush-6@127.0.0.1/peyk"
reader_url = "postgres://peyk_reader:hush-7@127.0.0.1/peyk"
[keys]
directory = "keys"
[witness]
directory = "witness"
[http]
listen = "127.0.0.1:8080"
jwt_secret = "hush-8-and-many-more-bytes-for-a-key"
[[smpp.connectors]]
connector = "30313233-3435-3637-3839-616263646566"
address = "[::1]:2775"
system_id = "peyk"
password = "hush-9"
"#;

struct Trial {
    directory: tempfile::TempDir,
    sources: Sources,
}

/// Loads a file with this text.
fn of(text: &str) -> Trial {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("peyk.toml");
    std::fs::write(&file, text).expect("written");
    Trial { directory, sources: Sources { file: Some(file), ..Sources::default() } }
}

impl Trial {
    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.variables.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, key: &str, value: &str) -> Self {
        self.sources.flags.push((key.into(), value.into()));
        self
    }

    async fn config(self) -> Config {
        Config::load(self.sources).await.expect("it can be used")
    }

    /// What is wrong, the folder left out.
    async fn wrong(self) -> Vec<String> {
        let folder = format!("{}/", self.directory.path().display());
        let problems = Config::load(self.sources).await.expect_err("something is wrong");
        let shown = format!("{problems} {problems:?}");
        assert!(!shown.contains("hush"), "{shown}");
        problems.0.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

fn origin_of(config: &Config, key: &str) -> String {
    let settled = config.settled.iter().find(|settled| settled.key == key).expect("settled");
    settled.origin.to_string().rsplit('/').next().expect("a name").to_owned()
}

#[tokio::test]
async fn a_later_layer_wins_key_by_key_and_every_value_says_where_it_came_from() {
    let config = of(WHOLE)
        .variable("PEYK_HTTP__LISTEN", "127.0.0.1:9090")
        .variable("PEYK_NATS__REPLICAS", "3")
        .variable("PEYK_NAMESPACE", "t2")
        .variable("PEYK_SMPP__CONNECTORS__0__WINDOW", "50")
        .flag("nats.replicas", "5")
        .config()
        .await;
    assert_eq!((config.http.listen.port(), config.nats.replicas, &*config.namespace), (9090, 5, "t2"));
    assert_eq!((config.smpp.connectors[0].window, &*config.smpp.connectors[0].host), (50, "::1"));
    assert_eq!(config.messages.partitions, 4);
    let origins = ["keys.directory", "messages.partitions", "namespace", "nats.replicas", "smpp.connectors.0.window"];
    assert_eq!(
        origins.map(|key| origin_of(&config, key)),
        ["peyk.toml:15:13", "default", "PEYK_NAMESPACE", "--set", "PEYK_SMPP__CONNECTORS__0__WINDOW"]
    );
    assert_eq!(origin_of(&config, "smpp.connectors.0.system_id"), "peyk.toml:24:13");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = WHOLE
        .replace("namespace = \"t1\"", "namespace = \"T 1\"")
        .replace("[witness]\ndirectory", "[witness]\ndirectry")
        .replace("\"hush-2\"", "17")
        .replace("hush-8-and-many-more-bytes-for-a-key", "hush-8")
        .replace("peyk_reader:hush-7", "peyk_reader:hu%73h-7")
        .replace("password = \"hush-9\"", "password = \"hush-nine-letters\"\nwindow = 0");
    let wrong = of(&text)
        .variable("PEYK_NATS__REPLICAS", "many")
        .variable("PEYK_NATS_URL", "nats://hush")
        .flag("messages.partitions", "300")
        .wrong()
        .await;
    assert_eq!(
        wrong,
        [
            "CONFIG_MISSING: witness.directory: missing; expected a path",
            "peyk.toml:2:13: CONFIG_INVALID: namespace: expected 1 to 32 lower-case letters, digits or hyphens",
            "peyk.toml:7:36: CONFIG_WRONG_TYPE: nats.core.password: expected a secret that is not empty, found a number",
            "peyk.toml:13:14: CONFIG_INVALID: postgres.reader_url: expected postgres://peyk_reader:PASSWORD@HOST:PORT/DATABASE, \
             no percent sign in the password",
            "peyk.toml:17:12: CONFIG_UNKNOWN_KEY: witness.directry: no such key; the nearest is witness.directory",
            "peyk.toml:20:14: CONFIG_INVALID: http.jwt_secret: expected at least 32 bytes",
            "peyk.toml:25:12: CONFIG_INVALID: smpp.connectors.0.password: password must be ASCII and at most 8 characters",
            "peyk.toml:26:10: CONFIG_INVALID: smpp.connectors.0.window: window must be between 1 and 1000",
            "PEYK_NATS_URL: CONFIG_UNKNOWN_KEY: nats_url: no such variable; two underscores stand between the words of a key: \
             PEYK_NATS__URL",
            "PEYK_NATS__REPLICAS: CONFIG_INVALID: nats.replicas: expected a whole number from 1 to 5",
            "--set: CONFIG_INVALID: messages.partitions: expected a whole number from 1 to 256",
        ]
    );
}

#[tokio::test]
async fn an_unknown_table_is_named_once_and_a_value_in_the_place_of_a_table_is_told() {
    let wrong = of(&WHOLE.replace("[keys]", "[keyz]\nother = 1\n")).wrong().await;
    assert_eq!(
        wrong,
        [
            "CONFIG_MISSING: keys.directory: missing; expected a path",
            "peyk.toml:17:13: CONFIG_UNKNOWN_KEY: keyz: no such key; the nearest is keys",
        ]
    );
    let wrong = of(&format!("smpp = 3\n{}", WHOLE.split("[[smpp").next().expect("the rest"))).wrong().await;
    assert_eq!(wrong, ["peyk.toml:1:8: CONFIG_WRONG_TYPE: smpp: expected a table, found a number"]);
}

#[tokio::test]
async fn a_file_that_is_no_toml_is_told_by_line_without_its_text() {
    let wrong = of(&WHOLE.replace("\"hush-2\"", "hush-2").replace("[witness]", "[witness")).wrong().await;
    assert!(wrong.len() >= 2 && wrong.iter().all(|line| line.contains("CONFIG_SYNTAX")), "{wrong:#?}");
    assert!(wrong[0].starts_with("peyk.toml:7:") && wrong[1].starts_with("peyk.toml:16:"), "{wrong:#?}");
}

#[tokio::test]
async fn secrets_may_lie_in_files_of_their_own() {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "hush-from-a-file\n").expect("written");
    let name = secret.path().to_str().expect("text");
    let in_file = WHOLE.replace("password = \"hush-2\"", &format!("password_file = {name:?}"));
    let config = of(&in_file).config().await;
    assert_eq!(config.nats.core.password.last().reveal(), "hush-from-a-file");
    assert_eq!(config.kept.files, [secret.path()]);
    // The later layer wins, whichever form it has.
    assert_eq!(
        of(&in_file).variable("PEYK_NATS__CORE__PASSWORD", "hush-x").config().await.nats.core.password.last().reveal(),
        "hush-x"
    );
    let config = of(WHOLE).variable("PEYK_NATS__CORE__PASSWORD_FILE", name).config().await;
    assert_eq!(config.nats.core.password.last().reveal(), "hush-from-a-file");

    let both = WHOLE.replace("password = \"hush-2\"", &format!("password = \"hush-2\", password_file = {name:?}"));
    let [wrong] = &of(&both).wrong().await[..] else { panic!("one problem") };
    assert!(
        wrong.contains("CONFIG_CONTRADICTION: nats.core.password_file: nats.core.password is given too"),
        "{wrong}"
    );
    let none = WHOLE.replace("password = \"hush-2\"", "password_file = \"/nowhere/at/all\"");
    let [wrong] = &of(&none).wrong().await[..] else { panic!("one problem") };
    assert!(wrong.contains("CONFIG_SECRET_FILE: nats.core.password_file: /nowhere/at/all cannot be read"), "{wrong}");
}

#[tokio::test]
async fn a_secret_may_name_where_it_is_kept_and_all_that_are_missing_are_told_at_once() {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "hush-from-a-file\n").expect("written");
    let reference = format!("file:{}", secret.path().display());
    let in_file = WHOLE.replace("\"hush-2\"", &format!("{reference:?}"));
    let config = of(&in_file).config().await;
    assert_eq!(config.nats.core.password.last().reveal(), "hush-from-a-file");
    assert_eq!(config.kept.files, [secret.path()]);
    let shown = config.settled.iter().find(|settled| settled.key == "nats.core.password").expect("settled");
    assert_eq!(shown.shown, format!("{reference:?}"));
    // What changes in the file is there the next time somebody asks.
    std::fs::write(secret.path(), "hush-anew\n").expect("written");
    assert_eq!(config.nats.core.password.current().await.reveal(), "hush-anew");
    // A variable may hold the secret or name its place.
    let config = of(WHOLE).variable("PEYK_NATS__CORE__PASSWORD", &reference).config().await;
    assert_eq!(config.nats.core.password.last().reveal(), "hush-anew");

    let in_clear = |config: &Config| config.kept.in_clear.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let elsewhere = of(&in_file).variable("PEYK_HTTP__JWT_SECRET", &"hush".repeat(8)).config().await;
    let keys = in_clear(&elsewhere);
    assert!(keys.contains(&"nats.audit.password".to_owned()), "{keys:?}");
    for kept in ["nats.core.password", "http.jwt_secret"] {
        assert!(!keys.contains(&kept.to_owned()), "{kept}");
    }

    let text = WHOLE
        .replace("\"hush-1\"", "\"env:PEYK_TEST_NOT_SET\"")
        .replace("\"hush-2\"", "\"env-base64:PATH\"")
        .replace("\"hush-3\"", "\"file:/nowhere/at/all\"")
        .replace("\"hush-4\"", "\"\"");
    let wrong = of(&text).wrong().await;
    let missing =
        "peyk.toml:6:42: CONFIG_SECRET_VARIABLE: nats.migrate.password: the variable PEYK_TEST_NOT_SET is not set";
    assert_eq!(wrong[0], missing);
    assert_eq!(
        wrong[1],
        "peyk.toml:7:36: CONFIG_SECRET_VARIABLE: nats.core.password: the variable PATH is no base64 (RFC 4648 section 4)"
    );
    assert!(wrong[2].contains("CONFIG_SECRET_FILE: nats.audit.password: /nowhere/at/all cannot be read"), "{wrong:#?}");
    assert_eq!(wrong[3..], ["peyk.toml:9:36: CONFIG_INVALID: nats.edge.password: expected a secret that is not empty"]);
}

#[tokio::test]
async fn an_issuer_of_tokens_counts_once() {
    let provider = "[[http.identity_providers]]\nissuer = \"peyk\"\njwks = \"/keys\"\n";
    let wrong = of(&format!("{WHOLE}{provider}")).wrong().await;
    assert_eq!(
        wrong,
        [
            "peyk.toml:27:10: CONFIG_CONTRADICTION: http.identity_providers.0.issuer: another issuer of tokens has this name already"
        ]
    );
}

#[tokio::test]
async fn two_connectors_of_one_id_and_half_a_table_of_tls_are_refused() {
    let (_, item) = WHOLE.split_once("[[smpp").expect("an item");
    let text = format!("{WHOLE}[[smpp{item}").replace("[http]", "[http.tls]\nkey = \"k\"\n[http]");
    let wrong = of(&text).wrong().await;
    assert_eq!(
        wrong,
        [
            "CONFIG_MISSING: http.tls.certificate: missing; expected a path",
            "peyk.toml:29:13: CONFIG_CONTRADICTION: smpp.connectors.1.connector: another connector has this id already",
        ]
    );
}

#[tokio::test]
async fn the_example_can_be_read_and_names_every_key() {
    let example = example();
    // What is left out of it by default has to be right, too.
    let uncommented: String = example
        .lines()
        .map(|line| {
            line.strip_prefix("# ").filter(|rest| rest.contains(" = ") || rest.starts_with('[')).unwrap_or(line)
        })
        .map(|line| format!("{line}\n"))
        .collect();
    for text in [&example, &uncommented] {
        let problems = Config::load(of(text).flag("environment", "development").sources).await.map(drop);
        // It holds no secret that could be used by mistake, and is right otherwise.
        let wrong: Vec<String> = problems.expect_err("no secrets").0.into_iter().map(|problem| problem.key).collect();
        let secrets = described().known.into_iter().filter(|known| known.secret);
        let there = secrets.filter(|known| !known.in_optional_table || text != &example);
        assert_eq!(wrong, there.map(|known| known.pattern.replace('N', "0")).collect::<Vec<_>>(), "{text}");
    }
    for known in described().known {
        let name = known.pattern.rsplit('.').next().expect("a name");
        assert!(example.contains(&format!("{name} = ")), "{}", known.pattern);
    }
}

#[tokio::test]
async fn the_environment_alone_is_enough_and_a_named_file_has_to_be_there() {
    let url = |role: &str| format!("postgres://{role}:hush@127.0.0.1/peyk");
    let logins = ["MIGRATE", "CORE", "AUDIT", "EDGE"].into_iter().flat_map(|user| {
        [
            (format!("PEYK_NATS__{user}__USER"), user.to_lowercase()),
            (format!("PEYK_NATS__{user}__PASSWORD"), "hush".into()),
        ]
    });
    let others = [
        ("PEYK_ENVIRONMENT", "development".to_owned()),
        ("PEYK_NAMESPACE", "t3".to_owned()),
        ("PEYK_DEPLOYMENT", "30313233-3435-3637-3839-616263646566".to_owned()),
        ("PEYK_NATS__URL", "nats://127.0.0.1:4222".to_owned()),
        ("PEYK_POSTGRES__MIGRATE_URL", url("owner")),
        ("PEYK_POSTGRES__PROJECTOR_URL", url("peyk_projector")),
        ("PEYK_POSTGRES__READER_URL", url("peyk_reader")),
        ("PEYK_KEYS__DIRECTORY", "keys".to_owned()),
        ("PEYK_WITNESS__DIRECTORY", "witness".to_owned()),
        ("PEYK_HTTP__LISTEN", "[::1]:80".to_owned()),
        ("PEYK_HTTP__JWT_SECRET", "hush".repeat(8)),
        // Other programs' variables are none of ours.
        ("PEYK_PORT", "tcp://10.0.0.1:80".to_owned()),
    ];
    let variables = logins.chain(others.map(|(name, value)| (name.to_owned(), value)));
    let variables = variables.map(|(name, value)| (name.into(), value.into())).collect();
    let config = Config::load(Sources { variables, ..Sources::default() }).await.expect("it can be used");
    assert_eq!((&*config.namespace, config.smpp.connectors.len()), ("t3", 0));

    let missing = Config::load(Sources { file: Some("/nowhere/peyk.toml".into()), ..Sources::default() }).await;
    let problems = missing.expect_err("no file").0;
    assert_eq!(problems[0].code, ProblemCode::Unreadable);
    assert!(matches!(&problems[0].origin, Origin::File { line: 0, .. }));
}

#[tokio::test]
async fn a_file_with_secrets_that_others_may_read_is_noticed() {
    let trial = of(WHOLE);
    let file = trial.sources.file.clone().expect("a file");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("changed");
    mode(0o640);
    assert_eq!(
        Config::load(trial.sources.clone()).await.expect("it can be used").exposed_files(),
        std::slice::from_ref(&file)
    );
    mode(0o600);
    assert!(Config::load(trial.sources).await.expect("it can be used").exposed_files().is_empty());
}

#[tokio::test]
async fn networks_are_a_list_or_text_with_commas_and_all_of_them_count() {
    let with = |value: &str| of(&WHOLE.replace("[http]", &format!("[http.limits]\nblocked = {value}\n[http]")));
    let blocked = async |value: &str| with(value).config().await.http.limits.data().blocked;
    let shown = async |value: &str| blocked(value).await.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(shown("[]").await, "");
    assert_eq!(shown("[\"192.0.2.7\", \"2001:db8::/32\"]").await, "192.0.2.7/32 2001:db8::/32");
    for wrong in ["[\"192.0.2.7\", \"host\"]", "[\"192.0.2.7\", 7]", "[\"192.0.2.0/33\"]", "7", "\"192.0.2.7\""] {
        assert_eq!(with(wrong).wrong().await.len(), 1, "{wrong}");
    }
}

#[tokio::test]
async fn the_keys_of_an_identity_provider_are_a_file_or_come_over_https() {
    let with = |jwks: &str| {
        let provider = "[[http.identity_providers]]\nissuer = \"https://idp.example\"";
        of(&format!("{WHOLE}{provider}\njwks = \"{jwks}\"\n"))
    };
    let keys = async |jwks: &str| with(jwks).config().await.http.identity_providers[0].keys.clone();
    assert!(matches!(keys("https://idp.example/jwks").await, KeySource::Url { roots: None, .. }));
    assert!(matches!(keys("/etc/jwks.json").await, KeySource::File(_)));
    for wrong in ["http://idp.example/jwks", "file:///etc/jwks", "https://a b"] {
        assert_eq!(with(wrong).wrong().await.len(), 1, "{wrong}");
    }
}

/// What production asks for: nothing plain, no secret in the file, a key that nobody guesses.
struct Sound {
    text: String,
    secrets: tempfile::TempDir,
}

const JWT_KEY: &str = "hush-Zk3vN8qYw1rT5uXa7LmCd9EfGh2JpQs4";

fn sound() -> Sound {
    let secrets = tempfile::tempdir().expect("a directory");
    let mut text = WHOLE.replace("\"development\"", "\"production\"").replace("nats://", "tls://");
    let address = |role: &str, number: u8| format!("postgres://{role}:hush-{number}@127.0.0.1/peyk");
    let of_postgres = [("owner", 5), ("peyk_projector", 6), ("peyk_reader", 7)].map(|(role, number)| {
        let plain = address(role, number);
        (plain.clone(), format!("{plain}?sslmode=verify-full"))
    });
    let others = [1, 2, 3, 4, 9].map(|number| (format!("hush-{number}"), format!("hush-{number}")));
    let key = [("hush-8-and-many-more-bytes-for-a-key".to_owned(), JWT_KEY.to_owned())];
    for (number, (stands, secret)) in of_postgres.into_iter().chain(key).chain(others).enumerate() {
        let file = secrets.path().join(number.to_string());
        std::fs::write(&file, secret).expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("changed");
        text = text.replace(&format!("{stands:?}"), &format!("{:?}", format!("file:{}", file.display())));
    }
    text = text.replace("[http]", "[http.tls]\ncertificate = \"c\"\nkey = \"k\"\n[http]");
    Sound { text, secrets }
}

/// The codes and keys of what is refused.
async fn refused(trial: Trial) -> Vec<(&'static str, String)> {
    let shown = trial.sources.clone();
    match Config::load(shown).await {
        Ok(_) => Vec::new(),
        Err(Problems(problems)) => problems.into_iter().map(|problem| (problem.code.as_str(), problem.key)).collect(),
    }
}

#[tokio::test]
async fn production_refuses_whatever_is_plain_and_development_takes_it() {
    let sound = sound();
    assert_eq!(refused(of(&sound.text)).await, [], "{}", sound.text);
    let with = |from: &str, to: &str| {
        assert!(sound.text.contains(from), "{from}");
        of(&sound.text.replace(from, to))
    };
    let plain_http = || with("[http.tls]\ncertificate = \"c\"\nkey = \"k\"\n", "");
    assert_eq!(refused(plain_http()).await, [("GUARD_HTTP_PLAIN", "http.tls".to_owned())]);
    assert_eq!(refused(plain_http().flag("environment", "development")).await, []);
    let plain_nats = || with("tls://127.0.0.1:4222", "tls://127.0.0.1:4222, nats://127.0.0.2:4222");
    assert_eq!(refused(plain_nats()).await, [("GUARD_NATS_PLAIN", "nats.url".to_owned())]);
    assert_eq!(refused(plain_nats().flag("nats.tls.ca", "ca.pem")).await, []);
    let grpc = |table: &str| of(&sound.text.replace("[http]", &format!("{table}\n[http]")));
    let bare = "[grpc]\nlisten = \"127.0.0.1:50061\"";
    assert_eq!(refused(grpc(bare)).await, [("GUARD_GRPC_PLAIN", "grpc.tls".to_owned())]);
    assert_eq!(refused(grpc(bare).flag("environment", "development")).await, []);
    let bucket = |endpoint: &str| {
        let exports = "[exports]\ndirectory = \"exports\"\n[exports.s3]\nbucket = \"b\"\nregion = \"r\"\n\
                       access_key_id = \"env:PATH\"\nsecret_access_key = \"env:PATH\"";
        grpc(&format!("{exports}\nendpoint = {endpoint:?}"))
    };
    assert_eq!(refused(bucket("http://store:9000")).await, [("GUARD_EXPORTS_PLAIN", "exports.s3.endpoint".to_owned())]);
    assert_eq!(refused(bucket("https://store")).await, []);
    let files = "[grpc.tls]\ncertificate = \"c\"\nkey = \"k\"\nclient_ca = \"a\"";
    assert_eq!(refused(grpc(files)).await, []);
    let half = grpc("[grpc.tls]\ncertificate = \"c\"\nkey = \"k\"");
    assert_eq!(refused(half).await, [("CONFIG_MISSING", "grpc.tls.client_ca".to_owned())]);
    for mode in ["?sslmode=require", "?sslmode=verify-ca", ""] {
        std::fs::write(sound.secrets.path().join("2"), format!("postgres://peyk_reader:hush-7@127.0.0.1/peyk{mode}"))
            .expect("written");
        let said = refused(of(&sound.text)).await;
        assert_eq!(said, [("GUARD_POSTGRES_PLAIN", "postgres.reader_url".to_owned())], "{mode}");
    }
}

#[tokio::test]
async fn grpc_is_not_served_unless_it_is_asked_for_and_its_clients_are_named() {
    assert!(of(WHOLE).config().await.grpc.is_none());
    let config = of(WHOLE).flag("grpc.validate_lease", "firewall, spiffe://peyk.example/verifier").config().await;
    let grpc = config.grpc.as_ref().expect("it is asked for");
    assert_eq!((grpc.listen.to_string(), grpc.allows_nobody()), ("127.0.0.1:50061".to_owned(), false));
    assert_eq!(config.leases.stale_after(), std::time::Duration::from_secs(60));
    for (key, value) in [
        ("grpc.validate_lease", "spiffe://peyk.example"),
        ("grpc.validate_leases", "https://peyk.example/verifier"),
        ("grpc.numbers_per_second", "999"),
        ("grpc.calls_at_once", "0"),
        ("leases.stale_after_seconds", "61"),
        ("leases.stale_after_seconds", "1"),
    ] {
        let wrong = of(WHOLE).flag(key, value).wrong().await;
        assert!(wrong.len() == 1 && wrong[0].contains(&format!("CONFIG_INVALID: {key}")), "{wrong:?}");
    }
}

#[tokio::test]
async fn production_refuses_secrets_that_lie_open_and_keys_that_anybody_knows() {
    let sound = sound();
    let file = |name: &str| sound.secrets.path().join(name);
    let key = |key: &str| std::fs::write(file("3"), key).expect("written");
    for known in [
        "your-256-bit-secret-your-256-bit-secret",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "0123456701234567012345670123456701234567",
        "hush-hush-hush-hush-hush-hush-hush-hush",
    ] {
        key(known);
        assert_eq!(refused(of(&sound.text)).await, [("GUARD_JWT_KEY_WEAK", "http.jwt_secret".to_owned())], "{known}");
    }
    for random in ["9f2c41d7e8a05b63c1f4d2907ab86e359f2c41d7", "kQ5vZ0xN1rT8uYw3LmCd9EfGh2JpQs4aXb7="] {
        key(random);
        assert_eq!(refused(of(&sound.text)).await, [], "{random}");
    }

    // In a variable it may stand, in the file and on the command line not; each is named with its place.
    let named = of(&sound.text).variable("PEYK_NATS__CORE__PASSWORD", "hush");
    assert_eq!(refused(named).await, []);
    let in_clear = ("GUARD_SECRET_IN_CLEAR", "nats.core.password".to_owned());
    let at_the_command_line = of(&sound.text).flag("nats.core.password", "hush");
    assert_eq!(refused(at_the_command_line).await, std::slice::from_ref(&in_clear));
    let core = format!("\"file:{}\"", file("5").display());
    let trial = of(&sound.text.replace(&core, "\"hush-2\""));
    let path = trial.sources.file.clone().expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("changed");
    let wrong = trial.wrong().await;
    assert!(wrong[0].starts_with("peyk.toml:7:36: GUARD_SECRET_IN_CLEAR: nats.core.password: "), "{wrong:#?}");
    assert_eq!(wrong.len(), 1);

    std::fs::set_permissions(file("5"), std::fs::Permissions::from_mode(0o640)).expect("changed");
    let wrong = of(&sound.text).wrong().await;
    assert!(wrong.len() == 1 && wrong[0].contains("GUARD_SECRET_EXPOSED: others than its owner"), "{wrong:#?}");
}

#[tokio::test]
async fn an_external_language_model_is_refused_everywhere() {
    for environment in ["development", "production"] {
        for (value, codes) in [("true", 1), ("TRUE", 1), ("1", 1), ("yes", 1), ("false", 0), ("0", 0), ("", 0)] {
            let sound = sound();
            let trial = of(&sound.text).flag("environment", environment).variable("CHAN_EXTERNAL_LLM_ENABLED", value);
            let said = refused(trial).await;
            assert_eq!(said, vec![("GUARD_EXTERNAL_LLM", String::new()); codes], "{environment} {value}");
        }
    }
}
