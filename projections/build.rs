//! A new migration changes what `sqlx::migrate!` embeds, and cargo cannot see that by itself.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
