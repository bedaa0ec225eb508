//! weft-classify
