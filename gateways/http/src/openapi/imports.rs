use super::Operation;
use super::examples::{ACTOR, APPROVAL, BLOCK, IMPORT_KEY, receipt};
use crate::numbering::{
    Abandoned, Approved, Approving, ImportForm, Imported, KeyRegistered, KeyRevoked, Registering, Revoking, ShownFile,
    ShownFiles, ShownKeys, WhichFiles,
};
use crate::problem::kind;
use serde_json::{Value, json};

/// A file with two numbers, the key that signed it, and the signature; made by OpenSSL.
const FILE: &str = "number\n+93700000001\n+93700000002\n";
const FILE_HASH: &str = "f7b108ab905e3c531d3883c95babfe126c00f5ba8469a6ba2c35345756fc2106";
const PUBLIC_KEY: &str = "\
    -----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuyymImuPvuixUGAkhegi\nPFLTAW\
    iVFcfRzEa0BY8Nk5r96taQ7Gz8kMWeWoD8WILzNudDNhMZ8/Kt/KjhyXT6\ngGB4VtRzT6Uu486QeL0o3vIz840lDMSCoYr6Zsw1\
    GmGfZFGLLGrLImdq11ADBiOu\ncsmfE70Y02s+r2WbRwnMjINi9R454X9Xb+5iueXH/peFHQPuJoRxiL4gnmtZb2oq\n7kDsFJRY\
    /PRgtAJfVL1RAiymPAfTI4exX8jBAvjE0Nd4NpK/RU9WzBEctB0lg1F5\n2FDIgOhaSD/0pgE3rv1wo6Ddi3ULV6kjurCAq7i2hV\
    F2VuMWGx7F1S1D01K5HWUY\n7QIDAQAB\n-----END PUBLIC KEY-----\n";
const SIGNATURE: &str = "\
    OlOb/cF/y4jo2b7CEDjeRGC4qUSXCtlSUyj3KjeLwMSvxrH6fCDnMSEvlfNL6fGzQVldyRbbc4U7OhGX6bdIwKB22szYqxWHfJn3\
    LUuAHMocSZTH10/SyBGBK3TdA2zq2ICTdbx6AFLQWXPGoh1GY2pYNsRsz6MnWv96kdeJw/7ponboTP8XwW2y46Rzpr3RQb8PP6iI\
    j9EmMNZ9b81ZA1f4O/6Ar0Rf5ewmqmFYA6rhXJKyl6zPS/Qle9aQqPVhYgnekifd/s1symwzmmRqDmRP2tvxjM/TiYTT6573I4y3\
    tF4liikevsVmjbMJPIOHrXbUtNVoOuG8AqBX3pnefQ==";
/// SHA-256 of a file that is not shown.
const OTHER_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) fn import() -> Operation {
    let description = "A form with the file and its operator's signature. The file is a line `number`, then one E.164 number \
                       or short code a line; or a line `number,type`, then each with its type (msisdn, short_code, \
                       vanity); nothing else, at most 64 MiB and 2000000 rows. All its numbers are added or none: they \
                       are seen once the answer says so, and by nobody before. The file is the key: a request that \
                       broke off is repeated as it was and goes on where it ended, and a file comes in once. INVALID_ROWS \
                       names the first ten lines in `rows`, with why, and counts all in `count`.";
    Operation::of("Import a file of numbers", description)
        .takes_form::<ImportForm>(json!({
            "operator": "Roshan", "key": IMPORT_KEY, "signature": SIGNATURE, "block": BLOCK, "file": FILE,
        }))
        .answers::<Imported>(
            201,
            "All its numbers are in the inventory.",
            json!({
                "file": FILE_HASH, "block": BLOCK, "mno": "Roshan", "rows": 2, "receipt": receipt("numbering", 5),
            }),
        )
        .refuses(&[
            &kind::INVALID_ROWS,
            &kind::SIGNATURE_INVALID,
            &kind::APPROVAL_INVALID,
            &kind::DUPLICATE_BATCH,
            &kind::CONFLICT,
            &kind::INVALID_TRANSITION,
            &kind::NOT_FOUND,
            &kind::TOO_MANY,
        ])
}

fn file() -> Value {
    json!({
        "file": FILE_HASH, "block": BLOCK, "mno": "Roshan", "rows": 2, "staged": 2, "state": "closed", "key": IMPORT_KEY,
        "approval": null, "importer": ACTOR, "opened_at": "2026-03-21T09:30:00.000Z",
        "ended_at": "2026-03-21T09:30:01.000Z", "position": 3,
    })
}

pub(crate) fn list_files() -> Operation {
    Operation::of("List imported files", "Files of numbers that operators handed over, newest first.")
        .query::<WhichFiles>()
        .example("limit", 50)
        .answers::<ShownFiles>(200, "A page.", super::examples::page(file()))
}

pub(crate) fn show_file() -> Operation {
    let description = "By its SHA-256. The record at `position` says who vouches for the file.";
    Operation::of("Show an imported file", description)
        .example("file", FILE_HASH)
        .answers::<ShownFile>(200, "The file.", file())
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn abandon() -> Operation {
    let description = "None of its numbers joins the inventory; what was staged is taken away within seconds. A file that \
                       is not closed an hour after its import began is given up by itself.";
    Operation::of("Give up the import of a file", description)
        .example("file", OTHER_HASH)
        .answers::<Abandoned>(200, "It is given up.", json!({ "file": OTHER_HASH, "receipt": receipt("numbering", 6) }))
        .refuses(&[&kind::NOT_FOUND, &kind::DUPLICATE_BATCH])
}

pub(crate) fn register_import_key() -> Operation {
    let description = "Several keys of one operator count at once, so that one follows the other without a gap. A key that \
                       was revoked cannot be registered again.";
    Operation::of("Register a key of an operator", description)
        .takes::<Registering>(json!({
            "id": IMPORT_KEY, "operator": "Roshan", "scheme": "rsa-pss-sha256", "public_key": PUBLIC_KEY, "days": 90,
        }))
        .answers::<KeyRegistered>(
            201,
            "Files it signs may be imported.",
            json!({ "id": IMPORT_KEY, "receipt": receipt("numbering", 2) }),
        )
        .refuses(&[&kind::INVALID_VALUE, &kind::CONFLICT, &kind::INVALID_TRANSITION])
}

pub(crate) fn list_import_keys() -> Operation {
    Operation::of("List keys of operators", "Every key there was, with what became of it.").answers::<ShownKeys>(
        200,
        "All keys.",
        json!({ "items": [{
            "id": IMPORT_KEY, "operator": "Roshan", "scheme": "rsa-pss-sha256", "public_key": PUBLIC_KEY,
            "valid_from": "2026-03-21T09:00:00.000Z", "expires": "2026-06-19T09:00:00.000Z", "revoked": null,
        }] }),
    )
}

pub(crate) fn revoke_import_key() -> Operation {
    Operation::of("Revoke a key of an operator", "From now on it counts for nothing. What it vouched for stays.")
        .example("id", IMPORT_KEY)
        .takes::<Revoking>(json!({ "reason": "It was lost with a laptop." }))
        .answers::<KeyRevoked>(200, "It is revoked.", json!({ "id": IMPORT_KEY, "receipt": receipt("numbering", 7) }))
        .refuses(&[&kind::INVALID_VALUE, &kind::INVALID_TRANSITION])
}

pub(crate) fn approve_import() -> Operation {
    let description = "For an emergency in which no signature is to be had: exactly this file may come in, once, by somebody \
                       else than who approves.";
    Operation::of("Approve a file without a signature", description)
        .takes::<Approving>(json!({
            "id": APPROVAL, "file": OTHER_HASH, "minutes": 60,
            "justification": "Their key expired over the holiday and they cannot be reached.",
        }))
        .answers::<Approved>(
            201,
            "It may be used.",
            json!({ "id": APPROVAL, "file": OTHER_HASH, "receipt": receipt("numbering", 8) }),
        )
        .refuses(&[&kind::INVALID_VALUE, &kind::JUSTIFICATION_TOO_SHORT, &kind::DUPLICATE_BATCH, &kind::CONFLICT])
}
