//! The target `configuration`: every class gets configuration strings that it does not expect. It
//! must take or refuse them, without a panic.

use crate::entropy::Entropy;
use crate::harness::registry;
use crate::shape::Shape;
use crate::watchdog::{Told, working_folder};
use weft_core::{Class, Clock, Console, Environment, Pool, PoolSize, Region, Router};

/// Configures elements of `class` with strings that follow from `data`.
///
/// # Panics
/// When something is wrong.
pub fn configuration(class: &'static Class, data: &[u8]) {
    working_folder();
    let mut entropy = Entropy::new(data);
    let shapes = Shape::all(class);
    let shape = entropy.pick(&shapes);
    let text = shape.text(&changed(&mut entropy, class));
    let _told = Told(format!("the configuration {text:?}"));
    let size = PoolSize { small: 4, large: 1 };
    let pool = Pool::new(size).expect("memory");
    let environment = Environment::new(registry());
    let mut router = Router::new(environment, pool, Region::default(), Clock::simulated(0), 1);
    router.console = Console::Captured(String::new());
    if let Err(error) = router.configure("fuzz", &text) {
        assert!(!error.lines.is_empty(), "refused without a reason");
    }
}

/// A configuration of the class, changed in some places.
fn changed(entropy: &mut Entropy<'_>, class: &Class) -> String {
    let mut parts: Vec<String> = entropy
        .pick(class.fuzz)
        .split(',')
        .map(str::to_string)
        .collect();
    for _ in 0..=entropy.below(3) {
        let at = entropy.below(parts.len());
        match entropy.below(5) {
            0 => parts[at] = plain(entropy),
            1 => parts.insert(at, plain(entropy)),
            2 if !class.arguments.is_empty() => {
                let name = entropy.pick(class.arguments).name;
                let value = plain(entropy);
                parts.push(format!("{name} {value}"));
            }
            3 => {
                let copy = parts[at].clone();
                parts.push(copy);
            }
            _ => {
                let keep = entropy.below(parts[at].chars().count() + 1);
                parts[at] = parts[at].chars().take(keep).collect();
            }
        }
    }
    parts.join(",")
}

/// Text that leaves the rest of the configuration readable.
fn plain(entropy: &mut Entropy<'_>) -> String {
    let text = entropy.text();
    text.chars().filter(|c| !"()\"'\\,;".contains(*c)).collect()
}
