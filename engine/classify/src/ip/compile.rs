//! Checked tests as expressions.

use super::kind::{Field, Kind, Side};
use super::primitive::{Operator, Primitive};
use crate::expr::{Expr, Leaf, Relation};
use crate::names::{ANY_TRANSPORT, TCP_OR_UDP};
use crate::packet::Base;

const SOURCE_OFFSET: u32 = 12;
const DESTINATION_OFFSET: u32 = 16;

impl Primitive {
    /// The expression of a checked test.
    pub(super) fn compile(&self) -> Expr {
        let mut parts = Vec::new();
        parts.extend(protocol_test(self.protocol));
        parts.extend(self.own_test());
        Expr::all(parts)
    }

    fn own_test(&self) -> Option<Expr> {
        Some(match self.kind {
            Kind::Host => {
                let mask = self.mask;
                let leaf = |offset| self.leaf(Base::Network, offset, mask, self.value & mask);
                self.sided(leaf(SOURCE_OFFSET), leaf(DESTINATION_OFFSET))
            }
            Kind::Ether => self.sided(self.mac_test(6), self.mac_test(0)),
            Kind::Port => {
                let leaf = |shift| self.transport_leaf(0, self.mask << shift, self.value << shift);
                self.sided(leaf(16), leaf(0))
            }
            Kind::Proto => return self.protocol_value_test(),
            Kind::Frag => Expr::Leaf(Leaf {
                relation: if self.negated {
                    Relation::Equal
                } else {
                    Relation::Differ
                },
                ..Leaf::equal(Base::Network, 4, 0x3fff, 0)
            }),
            Kind::TcpOpt => self.transport_leaf(12, self.mask << 16, self.value << 16),
            Kind::Field(field) => self.field_test(field),
            _ => return None,
        })
    }

    fn protocol_value_test(&self) -> Option<Expr> {
        match (self.protocol, self.value) {
            // The protocol test says it already.
            (Some(_), _) => None,
            (None, TCP_OR_UDP) => protocol_test(Some(TCP_OR_UDP)).map(Expr::negate),
            (None, ANY_TRANSPORT..) => Some(Expr::Always(false)),
            (None, _) => Some(self.leaf(Base::Network, 8, self.mask << 16, self.value << 16)),
        }
    }

    fn field_test(&self, field: Field) -> Expr {
        let offset = field.offset / 32 * 4;
        let shift = 32 - (field.offset % 32 + field.length);
        let (mask, value) = (self.mask << shift, self.value << shift);
        match field.protocol {
            None => self.leaf(Base::Network, offset, mask, value),
            Some(_) => self.transport_leaf(offset, mask, value),
        }
    }

    fn relation(&self) -> Relation {
        match (self.operator, self.negated) {
            (Operator::Equal, false) => Relation::Equal,
            (Operator::Equal, true) => Relation::Differ,
            (_, false) => Relation::Above,
            (_, true) => Relation::AtMost,
        }
    }

    fn leaf(&self, base: Base, offset: u32, mask: u32, value: u32) -> Expr {
        let relation = self.relation();
        // Equality ignores bits outside the mask; the order relations do not.
        let value = match relation {
            Relation::Equal | Relation::Differ => value & mask,
            Relation::Above | Relation::AtMost => value,
        };
        Expr::Leaf(Leaf {
            base,
            offset,
            mask,
            value,
            relation,
        })
    }

    /// A test of the transport header; a constant one still asks for a first fragment.
    fn transport_leaf(&self, offset: u32, mask: u32, value: u32) -> Expr {
        let leaf = self.leaf(Base::Transport, offset, mask, value);
        if mask != 0 {
            return leaf;
        }
        let first = Expr::Leaf(Leaf::equal(Base::Network, 4, 0x1fff, 0));
        Expr::And(vec![first, leaf])
    }

    fn mac_test(&self, offset: u32) -> Expr {
        let word = |bytes: [u8; 6], at: usize| {
            let byte = |i: usize| bytes.get(at + i).copied().unwrap_or(0);
            u32::from_be_bytes([byte(0), byte(1), byte(2), byte(3)])
        };
        let leaf = |at: usize| {
            let mask = word(self.mac_mask, at);
            self.leaf(
                Base::Link,
                offset + at as u32,
                mask,
                word(self.mac, at) & mask,
            )
        };
        self.joined(vec![leaf(0), leaf(4)], true)
    }

    fn sided(&self, source: Expr, destination: Expr) -> Expr {
        let side = self.side.unwrap_or(Side::Either);
        let mut parts = Vec::new();
        if side.has_source() {
            parts.push(source);
        }
        if side.has_destination() {
            parts.push(destination);
        }
        self.joined(parts, side != Side::Either)
    }

    /// All or any of `parts`, which carry the operator's negation already.
    fn joined(&self, parts: Vec<Expr>, all: bool) -> Expr {
        if all != self.negated {
            Expr::all(parts)
        } else {
            Expr::any(parts)
        }
    }
}

fn protocol_test(protocol: Option<u32>) -> Option<Expr> {
    let equal = |number: u32| Expr::Leaf(Leaf::equal(Base::Network, 8, 0xff_0000, number << 16));
    match protocol? {
        TCP_OR_UDP => Some(Expr::Or(vec![equal(6), equal(17)])),
        ANY_TRANSPORT.. => None,
        number => Some(equal(number)),
    }
}
