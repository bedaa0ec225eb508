//! # ScheduleInfo(ELEMENT PARAMETER, ...)
//!
//! Says how often elements' tasks are scheduled in relation to each other.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `ELEMENT PARAMETER` *name and number*: the element's share of the processor, 1 unless given; an
//!   element with 2 is scheduled four times as often as one with 0.5. For a compound element, a factor
//!   to the shares of all elements inside.
//!
//! Inside a compound element, names are those of its components. What an outer ScheduleInfo says of an
//! element by its full name overrides the inner ones.
//!
//! ## Example
//! ```click
//! a :: InfiniteSource -> Discard;
//! b :: InfiniteSource -> Discard;
//! ScheduleInfo(a 2, b 0.5);
//! ```
//!
//! ## See also
//! StaticThreadSched

use weft_core::{Batch, Built, Class, Configure, Element, PHASE_INFO, Place, Router, argument};
use weft_lang::value::parse_fixed;
use weft_lang::value::unparse_fixed;
use weft_lang::{split_args, split_words};

/// Registers ScheduleInfo.
pub static CLASS: Class = Class {
    ports: "0/0",
    phase: PHASE_INFO,
    arguments: &[argument(
        "ELEMENT PARAMETER",
        Place::Rest,
        "name and number",
        "",
    )],
    fuzz: &["", "a 2, b/c 0.5"],
    ..Class::agnostic("ScheduleInfo", "information", build)
};

/// Bits of a parameter's fraction: 1 is written as the tickets of an ordinary task.
const FRACTION_BITS: u32 = 10;
const ONE: u64 = 1 << FRACTION_BITS;

struct ScheduleInfo {
    /// Name and a slash of the compound element it stands in; empty outside of any.
    scope: String,
    entries: Vec<(String, u32)>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut entries = Vec::new();
    let mut errors = Vec::new();
    for entry in split_args(configure.config) {
        match split_words(&entry).as_slice() {
            [] => {}
            [name, parameter] => match parse_fixed(parameter, FRACTION_BITS) {
                Ok(parameter) => entries.push((name.clone(), parameter)),
                Err(_) => errors.push(REFUSAL.to_string()),
            },
            _ => errors.push(REFUSAL.to_string()),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let scope = match configure.name.rsplit_once('/') {
        Some((scope, _)) => format!("{scope}/"),
        None => String::new(),
    };
    Ok(Box::new(ScheduleInfo { scope, entries }))
}

const REFUSAL: &str = "expected 'ELEMENTNAME PARAM'";

/// What all ScheduleInfo elements say: the full name of an element, its parameter, and how deep
/// inside compound elements that is said.
type Said = (String, u64, usize);

/// Tickets of the element called `name`: the product of its parameter and those of the compounds it
/// stands in. Of what is said about one of them the outermost counts; and saying something about an
/// inner one overrides what is said further inside about those between.
fn tickets(name: &str, said: &[Said]) -> u64 {
    let mut product = ONE;
    let mut outermost = usize::MAX;
    // From the element itself outwards.
    let mut path = Some(name);
    while let Some(part) = path {
        let about = said
            .iter()
            .filter(|(about, _, depth)| about == part && *depth <= outermost);
        if let Some((_, parameter, depth)) = about.min_by_key(|(_, _, depth)| *depth) {
            product = product.saturating_mul(*parameter) >> FRACTION_BITS;
            outermost = *depth;
        }
        path = part.rsplit_once('/').map(|(outer, _)| outer);
    }
    product
}

impl ScheduleInfo {
    fn said(&self) -> Vec<Said> {
        let depth = self.scope.matches('/').count();
        let full = |(name, parameter): &(String, u32)| {
            (
                format!("{}{name}", self.scope),
                u64::from(*parameter),
                depth,
            )
        };
        self.entries.iter().map(full).collect()
    }
}

impl Element for ScheduleInfo {
    /// Sets the tickets of all tasks; every ScheduleInfo finds the same.
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let mut said = self.said();
        for id in 0..router.element_count() {
            said.extend(
                router
                    .with_element(id, |s: &mut Self, _| s.said())
                    .unwrap_or_default(),
            );
        }
        for id in 0..router.element_count() {
            let mut tickets = tickets(router.name(id), &said);
            if tickets > Router::MAX_TICKETS {
                tickets = Router::MAX_TICKETS;
                let reduced = unparse_fixed(tickets as u32, FRACTION_BITS);
                router.warn_initializing(&format!("ScheduleInfo too high; reduced to {reduced}"));
            }
            router.set_tickets(id, tickets);
        }
        Ok(())
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(list: &[(&str, f64, usize)]) -> Vec<Said> {
        let one = ONE as f64;
        let scaled =
            |&(name, p, depth): &(&str, f64, usize)| (name.into(), (p * one) as u64, depth);
        list.iter().map(scaled).collect()
    }

    #[test]
    fn parameters_of_compounds_are_factors() {
        let said = said(&[("c/i", 0.5, 1), ("c", 4.0, 0)]);
        assert_eq!(tickets("c/i", &said), 2 * ONE);
        assert_eq!(tickets("c/j", &said), 4 * ONE);
        assert_eq!(tickets("d", &said), ONE);
    }

    #[test]
    fn what_is_said_further_outside_overrides() {
        let said = said(&[("c/i", 0.5, 1), ("c/i", 10.5, 0)]);
        assert_eq!(tickets("c/i", &said), ONE * 21 / 2);
    }
}
