//! MODE C.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::receive(protocol::Mode::Compressed, data));
