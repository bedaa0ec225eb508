//! weft-init
