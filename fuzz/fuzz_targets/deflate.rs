//! MODE Z.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::receive(fuzz::deflate(), data));
