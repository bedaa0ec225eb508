//! Elements that choose by compiled rules: Classifier, IPClassifier, IPFilter.

mod classifier;
mod ip_classifier;
mod ip_filter;
pub(crate) mod names;
mod packet_tests;
mod rules;

pub(crate) use packet_tests::PACKET_TESTS;
use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[&classifier::CLASS, &ip_classifier::CLASS, &ip_filter::CLASS];
