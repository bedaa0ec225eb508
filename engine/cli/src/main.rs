//! The `weft-engine` binary.
fn main() {}
