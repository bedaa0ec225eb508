//! Boolean expressions over packet bytes, and their plain evaluation, which defines what every
//! compiled strategy must compute.

use crate::packet::{Base, PacketRef};

/// How masked packet bits relate to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Equal.
    Equal,
    /// Not equal.
    Differ,
    /// Greater than, unsigned.
    Above,
    /// Not greater than, unsigned.
    AtMost,
}

/// A test of up to four bytes: the big-endian word at `offset`, masked, against `value`. False
/// where any masked byte is missing, whatever the relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// What `offset` counts from.
    pub base: Base,
    /// Offset of the word in bytes.
    pub offset: u32,
    /// Bits of the word that count; 0 needs no bytes.
    pub mask: u32,
    /// What the masked word is compared with.
    pub value: u32,
    /// The comparison.
    pub relation: Relation,
}

impl Leaf {
    /// A test for equality.
    pub fn equal(base: Base, offset: u32, mask: u32, value: u32) -> Leaf {
        Leaf {
            base,
            offset,
            mask,
            value,
            relation: Relation::Equal,
        }
    }

    /// Whether the word is the source or destination address of the IP header.
    pub(crate) fn is_address(&self) -> bool {
        self.base == Base::Network && matches!(self.offset, 12 | 16)
    }

    /// Bytes of the word that must be there: up to the last masked one. An address counts only
    /// as a whole, so that a prefix test is an interval test.
    pub(crate) fn needed(&self) -> usize {
        if self.is_address() && self.mask != 0 {
            return 4;
        }
        4 - (self.mask.trailing_zeros() as usize / 8).min(4)
    }

    /// Whether a masked word passes.
    pub(crate) fn passes(&self, masked: u32) -> bool {
        match self.relation {
            Relation::Equal => masked == self.value,
            Relation::Differ => masked != self.value,
            Relation::Above => masked > self.value,
            Relation::AtMost => masked <= self.value,
        }
    }

    fn matches(&self, packet: &PacketRef<'_>) -> bool {
        let needed = self.needed();
        if needed == 0 {
            return self.passes(0);
        }
        let offset = self.offset as usize;
        let Some(bytes) = packet.base(self.base).get(offset..offset + needed) else {
            return false;
        };
        let word = bytes
            .iter()
            .enumerate()
            .fold(0, |word, (i, b)| word | u32::from(*b) << (24 - 8 * i));
        self.passes(word & self.mask)
    }
}

/// A boolean expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// True or false for every packet.
    Always(bool),
    /// A test.
    Leaf(Leaf),
    /// Negation: true also where a field is missing.
    Not(Box<Expr>),
    /// All of them; true if there is none.
    And(Vec<Expr>),
    /// Any of them; false if there is none.
    Or(Vec<Expr>),
    /// Condition, then what holds where it does, then what holds where it does not.
    Choose(Box<[Expr; 3]>),
}

impl Expr {
    /// The negation.
    pub fn negate(self) -> Expr {
        match self {
            Expr::Always(value) => Expr::Always(!value),
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// All of `parts`, without a needless level.
    pub fn all(mut parts: Vec<Expr>) -> Expr {
        match parts.len() {
            0 => Expr::Always(true),
            1 => parts.swap_remove(0),
            _ => Expr::And(parts),
        }
    }

    /// Any of `parts`, without a needless level.
    pub fn any(mut parts: Vec<Expr>) -> Expr {
        match parts.len() {
            0 => Expr::Always(false),
            1 => parts.swap_remove(0),
            _ => Expr::Or(parts),
        }
    }

    /// `condition ? yes : no`.
    pub fn choose(condition: Expr, yes: Expr, no: Expr) -> Expr {
        Expr::Choose(Box::new([condition, yes, no]))
    }

    /// Whether `packet` matches, tested part by part.
    pub fn matches(&self, packet: &PacketRef<'_>) -> bool {
        match self {
            Expr::Always(value) => *value,
            Expr::Leaf(leaf) => leaf.matches(packet),
            Expr::Not(inner) => !inner.matches(packet),
            Expr::And(parts) => parts.iter().all(|part| part.matches(packet)),
            Expr::Or(parts) => parts.iter().any(|part| part.matches(packet)),
            Expr::Choose(parts) => {
                let [condition, yes, no] = &**parts;
                let chosen = if condition.matches(packet) { yes } else { no };
                chosen.matches(packet)
            }
        }
    }
}

/// An expression and what to do with packets that match it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The output; `None` drops.
    pub action: Option<u32>,
    /// Which packets it takes.
    pub expr: Expr,
}

/// The action of the first rule that matches, tested one by one: what a program must compute.
pub fn evaluate(rules: &[Rule], packet: &PacketRef<'_>) -> Option<u32> {
    rules.iter().find(|rule| rule.expr.matches(packet))?.action
}
