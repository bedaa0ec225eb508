//! weft-elements
