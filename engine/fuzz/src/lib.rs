//! weft-fuzz
