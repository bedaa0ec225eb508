//! Elements that choose by compiled rules: Classifier, IPClassifier, IPFilter.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
