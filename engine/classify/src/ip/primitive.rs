//! One test: completed from the test before it and checked for sense.

use super::kind::{Field, Kind, Side, TOS, unparse_protocol, unparse_type};
use crate::diagnostic::Sink;
use crate::names::TCP_OR_UDP;

const DCCP: u32 = 33;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Ip,
    Ether,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Above,
    Below,
}

/// A mask given by `& MASK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    Int(u32),
    Ip(u32),
    Ether([u8; 6]),
}

#[derive(Clone, Debug)]
pub(super) struct Primitive {
    pub(super) kind: Kind,
    pub(super) data: Kind,
    pub(super) operator: Operator,
    pub(super) negated: bool,
    pub(super) side: Option<Side>,
    pub(super) protocol: Option<u32>,
    pub(super) value: u32,
    pub(super) mask: u32,
    pub(super) mac: [u8; 6],
    pub(super) mac_mask: [u8; 6],
}

impl Default for Primitive {
    fn default() -> Primitive {
        Primitive {
            kind: Kind::None,
            data: Kind::None,
            operator: Operator::Equal,
            negated: false,
            side: None,
            protocol: None,
            value: 0,
            mask: 0,
            mac: [0; 6],
            mac_mask: [0xff; 6],
        }
    }
}

/// Why a test is refused: the message after the test's name, or the whole message.
enum Refusal {
    Test(&'static str),
    Whole(String),
    Silent,
}

type Checked = Result<(), Refusal>;

impl Primitive {
    pub(super) fn set_kind(&mut self, kind: Kind, sink: &mut Sink<'_>) {
        if self.kind != Kind::None {
            sink.error("type specified twice");
        }
        self.kind = kind;
    }

    pub(super) fn set_side(&mut self, side: Side, sink: &mut Sink<'_>) {
        if self.side.is_some() {
            sink.error("'src' or 'dst' specified twice");
        }
        self.side = Some(side);
    }

    pub(super) fn set_protocol(&mut self, protocol: u32, sink: &mut Sink<'_>) {
        if self.protocol.is_some_and(|p| p != protocol) {
            sink.error("transport protocol specified twice");
        }
        self.protocol = Some(protocol);
    }

    fn name(&self) -> String {
        unparse_type(self.side, self.kind)
    }

    /// Completes the test from `previous` and reports what makes no sense; `false` if refused.
    pub(super) fn check(
        &mut self,
        previous: &Primitive,
        header: Option<Header>,
        mask: Option<Mask>,
        sink: &mut Sink<'_>,
    ) -> bool {
        let had_side = self.side.is_some();
        let checked = self
            .complete(previous)
            .and_then(|()| self.check_data(header, mask, sink));
        match checked {
            Err(Refusal::Test(text)) => sink.error(format!("'{}': {text}", self.name())),
            Err(Refusal::Whole(text)) => sink.error(text),
            Err(Refusal::Silent) => {}
            Ok(()) => {
                self.fix_side(had_side, sink);
                return true;
            }
        }
        false
    }

    fn fix_side(&mut self, had_side: bool, sink: &mut Sink<'_>) {
        if matches!(self.kind, Kind::Host | Kind::Port | Kind::Ether) {
            self.side.get_or_insert(Side::Either);
        } else if had_side {
            sink.warning(format!("'{}': 'src' or 'dst' ignored", self.name()));
        }
    }

    /// Finds the type of a test that does not say it.
    fn complete(&mut self, previous: &Primitive) -> Checked {
        match self.kind {
            Kind::Bad => return Err(Refusal::Silent),
            Kind::None => {}
            _ => return Ok(()),
        }
        if self.data == Kind::Int {
            if !matches!(previous.kind, Kind::Field(_) | Kind::Proto | Kind::Port) {
                return Err(Refusal::Whole("specify header field or 'port'".into()));
            }
            self.data = previous.kind;
        }
        match self.data {
            Kind::Host | Kind::Net | Kind::TcpOpt | Kind::Ether => {
                self.side = self.side.or(previous.side);
            }
            Kind::Port => {
                self.side = self.side.or(previous.side);
                self.protocol = self.protocol.or(previous.protocol);
            }
            Kind::Field(field) => self.protocol = self.protocol.or(field.protocol),
            Kind::None if self.protocol.is_none() => {
                return Err(Refusal::Whole("partial directive".into()));
            }
            _ => {}
        }
        self.kind = if self.data == Kind::None {
            Kind::Proto
        } else {
            self.data
        };
        Ok(())
    }

    fn check_data(
        &mut self,
        header: Option<Header>,
        mask: Option<Mask>,
        sink: &mut Sink<'_>,
    ) -> Checked {
        let header = match header {
            Some(header) => header,
            None if self.data == Kind::Ether => Header::Ether,
            None => Header::Ip,
        };
        if header == Header::Ether && self.kind == Kind::Host {
            self.kind = Kind::Ether;
        }
        match self.kind {
            Kind::Host | Kind::Net => self.check_host(header, mask),
            Kind::Ether => self.check_ether(header, mask),
            _ if header != Header::Ip => Err(Refusal::Test("ip only")),
            Kind::Proto => self.check_protocol(mask, sink),
            Kind::Port => self.check_port(mask, sink),
            Kind::TcpOpt => self.check_tcp_option(mask),
            Kind::Ect => self.check_ect(mask, sink),
            Kind::Ce | Kind::Frag | Kind::Unfrag => self.check_bare(mask),
            Kind::Field(field) => self.check_field(field, mask, sink),
            Kind::None | Kind::Int | Kind::Bad => Err(Refusal::Silent),
        }
    }

    fn check_host(&mut self, header: Header, mask: Option<Mask>) -> Checked {
        if header != Header::Ip || self.data != self.kind {
            return Err(Refusal::Test("address missing"));
        }
        self.equal_only()?;
        if self.kind == Kind::Host {
            self.mask = u32::MAX;
        }
        self.kind = Kind::Host;
        match mask {
            None => {}
            Some(Mask::Int(mask) | Mask::Ip(mask)) => self.mask = mask,
            Some(Mask::Ether(_)) => return Err(Refusal::Test("bad mask")),
        }
        Ok(())
    }

    fn check_ether(&mut self, header: Header, mask: Option<Mask>) -> Checked {
        if header != Header::Ether || self.data != Kind::Ether {
            return Err(Refusal::Test("address missing"));
        }
        self.equal_only()?;
        match mask {
            None => {}
            Some(Mask::Ether(mask)) => self.mac_mask = mask,
            Some(_) => return Err(Refusal::Test("bad mask")),
        }
        Ok(())
    }

    fn equal_only(&self) -> Checked {
        match self.operator {
            Operator::Equal => Ok(()),
            _ => Err(Refusal::Test("operator not supported")),
        }
    }

    fn check_protocol(&mut self, mask: Option<Mask>, sink: &mut Sink<'_>) -> Checked {
        match (self.data, self.protocol) {
            (Kind::Int | Kind::Proto, Some(given)) if given != self.value => {
                return Err(Refusal::Test("specified twice"));
            }
            (Kind::Int | Kind::Proto, _) => {}
            (Kind::None, Some(given)) => self.value = given,
            _ => return Err(Refusal::Test("value missing")),
        }
        (self.data, self.protocol) = (Kind::None, None);
        if (256..=i32::MAX as u32).contains(&self.value) {
            if self.operator != Operator::Equal || mask.is_some() {
                let name = unparse_protocol(Some(self.value));
                let text = format!("'{name}': operator or mask not supported");
                return Err(Refusal::Whole(text));
            }
            self.mask = 0xff;
        } else {
            self.set_mask(0xff, mask, sink)?;
        }
        if self.operator == Operator::Equal && self.mask == 0xff && !self.negated {
            self.protocol = Some(self.value);
        }
        Ok(())
    }

    fn check_port(&mut self, mask: Option<Mask>, sink: &mut Sink<'_>) -> Checked {
        if !matches!(self.data, Kind::Int | Kind::Port) {
            return Err(Refusal::Test("value missing"));
        }
        self.data = Kind::Port;
        match self.protocol.unwrap_or(TCP_OR_UDP) {
            protocol @ (6 | 17 | TCP_OR_UDP | DCCP) => self.protocol = Some(protocol),
            other => {
                return Err(Refusal::Whole(format!(
                    "'port': bad protocol {}",
                    other as i32
                )));
            }
        }
        self.set_mask(0xffff, mask, sink)
    }

    fn check_tcp_option(&mut self, mask: Option<Mask>) -> Checked {
        if !matches!(self.data, Kind::Int | Kind::TcpOpt) {
            return Err(Refusal::Test("value missing"));
        }
        self.data = Kind::TcpOpt;
        match self.protocol.unwrap_or(6) {
            6 => self.protocol = Some(6),
            other => {
                return Err(Refusal::Whole(format!(
                    "'tcp opt': bad protocol {}",
                    other as i32
                )));
            }
        }
        if self.operator != Operator::Equal || self.negated || mask.is_some() {
            return Err(Refusal::Test("operator or mask not supported"));
        }
        if self.value > 255 {
            let text = format!("'tcp opt': value {} out of range", self.value as i32);
            return Err(Refusal::Whole(text));
        }
        self.mask = self.value;
        Ok(())
    }

    fn check_ect(&mut self, mask: Option<Mask>, sink: &mut Sink<'_>) -> Checked {
        match self.data {
            Kind::None => {
                (self.value, self.negated) = (0, true);
            }
            Kind::Int => {}
            _ => return Err(Refusal::Test("value missing")),
        }
        self.set_mask(3, mask, sink)?;
        self.kind = Kind::Field(TOS);
        Ok(())
    }

    fn check_bare(&mut self, mask: Option<Mask>) -> Checked {
        if self.data != Kind::None || mask.is_some() {
            return Err(Refusal::Test("value not supported"));
        }
        match self.kind {
            Kind::Ce => {
                (self.value, self.mask) = (3, 3);
                self.kind = Kind::Field(TOS);
            }
            Kind::Unfrag => {
                self.negated = true;
                self.kind = Kind::Frag;
            }
            _ => {}
        }
        Ok(())
    }

    fn check_field(&mut self, field: Field, mask: Option<Mask>, sink: &mut Sink<'_>) -> Checked {
        if self.data != Kind::Int && self.data != self.kind {
            return Err(Refusal::Test("value missing"));
        }
        let full = u32::MAX >> (32 - field.length);
        self.set_mask(full, mask, sink)
    }

    /// Settles value, mask and operator of a number of up to `full`; afterwards the operator is
    /// `Equal` or `Above`.
    fn set_mask(&mut self, full: u32, mask: Option<Mask>, sink: &mut Sink<'_>) -> Checked {
        let mask = match mask {
            None => full,
            Some(Mask::Int(mask)) => mask,
            Some(_) => return Err(Refusal::Test("bad mask")),
        };
        if mask & full != mask {
            let text = format!("'{}': mask out of range, bound 0x{full:X}", self.name());
            return Err(Refusal::Whole(text));
        }
        if self.operator == Operator::Equal {
            if self.value > full {
                let text = format!("'{}': out of range, bound {full}", self.name());
                return Err(Refusal::Whole(text));
            }
            self.mask = mask;
            return Ok(());
        }
        if let Some(always) = self.constant_relation(mask) {
            let text = format!(
                "relation '{} {}' is always {always} (range 0-{mask})",
                self.unparse_operator(),
                self.value
            );
            sink.warning(text);
            (self.value, self.mask) = (0, 0);
            (self.operator, self.negated) = (Operator::Equal, !always);
            return Ok(());
        }
        if self.operator == Operator::Below {
            self.value -= 1;
            self.negated = !self.negated;
            self.operator = Operator::Above;
        }
        self.mask = mask;
        Ok(())
    }

    /// What a relation gives that does not depend on the packet.
    fn constant_relation(&self, mask: u32) -> Option<bool> {
        match self.operator {
            Operator::Below if self.value > mask => Some(!self.negated),
            Operator::Below if self.value == 0 => Some(self.negated),
            Operator::Above if self.value >= mask => Some(self.negated),
            _ => None,
        }
    }

    fn unparse_operator(&self) -> &'static str {
        match (self.operator, self.negated) {
            (Operator::Equal, false) => "=",
            (Operator::Equal, true) => "!=",
            (Operator::Above, false) => ">",
            (Operator::Above, true) => "<=",
            (Operator::Below, false) => "<",
            (Operator::Below, true) => ">=",
        }
    }
}
