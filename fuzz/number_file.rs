//! Any bytes as a file of numbers. What must hold is in `judged`, which the tests of the domain share.
#![no_main]

#[path = "../domain/tests/number_files/judged.rs"]
mod judged;

libfuzzer_sys::fuzz_target!(|file: &[u8]| judged::judge(file));
