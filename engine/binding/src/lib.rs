//! weft-binding
