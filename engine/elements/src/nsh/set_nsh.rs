//! # SetNSH([SPI, SI, *keywords* TTL, CONTEXT, TLV, REMOVE])
//!
//! Changes packets' Network Service Headers: those kept beside them in an aware function
//! ([NSHFunction](NSHFunction.md)), else those marked in their bytes. What is not named stays as it is.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Packets without a header are dropped as `no-nsh-header`;
//! those whose MD type is not that of CONTEXT (1) or TLV and REMOVE (2) as `nsh-md-type`; those whose
//! header would become longer than 252 bytes as `nsh-tlv`.
//!
//! ## Arguments
//! - `SPI` *unsigned*: service path identifier.
//! - `SI` *unsigned*: service index. With SPI or SI, the packet is re-classified: an aware function's NSHFunction
//!   does not count its service index down.
//! - `TTL` *unsigned*: 0 to 63.
//! - `CONTEXT` *hexadecimal*: the context of MD type 1, 16 bytes.
//! - `TLV` *CLASS:TYPE:VALUE*: a context header of MD type 2, in place of the first of its class and type, else behind all; may be given more than once.
//! - `REMOVE` *CLASS:TYPE*: context headers of MD type 2 that are taken away; may be given more than once.
//!
//! ## Example
//! ```click
//! in :: Idle -> CheckNSHHeader(14) -> edge :: NSHFunction;
//! edge [0] -> SetNSH(CONTEXT 000102030405060708090a0b0c0d0e0f) -> [1] edge [1] -> Discard;
//! ```
//!
//! ## See also
//! NSHSwitch, NSHFunction, NSHEncap

use super::header_arguments::{HeaderArguments, OwnTlv, TlvKind};
use super::kept_or_marked::edit;
use super::refusals::Refusals;
use weft_core::{Batch, Built, Class, Configure, Element, Nsh, Place, Router, Verdict, argument};
use weft_wire::nsh::{Tlv, Tlvs, md_type, push_tlv};

/// Registers SetNSH.
pub static CLASS: Class = Class {
    arguments: &[
        argument("SPI", Place::Optional, "unsigned", ""),
        argument("SI", Place::Optional, "unsigned", ""),
        argument("TTL", Place::Keyword, "unsigned", ""),
        argument("CONTEXT", Place::Keyword, "hexadecimal", ""),
        argument("TLV", Place::Keyword, "CLASS:TYPE:VALUE", ""),
        argument("REMOVE", Place::Keyword, "CLASS:TYPE", ""),
    ],
    fuzz: &[
        "1, 2",
        "CONTEXT 000102030405060708090a0b0c0d0e0f",
        "TLV 1:2:03, REMOVE 4:5",
    ],
    ..Class::agnostic("SetNSH", "nsh", build)
};

struct SetNSH {
    header: HeaderArguments,
    tlvs: Vec<OwnTlv>,
    removed: Vec<TlvKind>,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let removed: Vec<TlvKind> = args.all("REMOVE");
    let header = HeaderArguments::read(&mut args);
    args.complete()?;
    let tlvs = Tlvs::new(header.tlvs.as_deref().unwrap_or_default());
    let tlvs = tlvs.map(|tlv| OwnTlv {
        class: tlv.class,
        kind: tlv.kind,
        value: tlv.value.to_vec(),
    });
    Ok(Box::new(SetNSH {
        tlvs: tlvs.collect(),
        header,
        removed,
        refusals: Refusals::default(),
    }))
}

impl SetNSH {
    fn change(&self, nsh: &mut Nsh) -> Result<(), &'static str> {
        let header = &self.header;
        if let Some(context) = &header.context {
            if nsh.md_type() != md_type::FIXED {
                return Err("nsh-md-type");
            }
            nsh.set_context(context);
        }
        if !(self.tlvs.is_empty() && self.removed.is_empty()) {
            if nsh.md_type() != md_type::VARIABLE {
                return Err("nsh-md-type");
            }
            let changed = self.changed_tlvs(nsh.options());
            if !changed.is_some_and(|changed| nsh.set_options(&changed)) {
                return Err("nsh-tlv");
            }
        }
        if header.spi.is_some() || header.si.is_some() {
            let spi = header.spi.unwrap_or(nsh.spi());
            nsh.set_path(spi, header.si.unwrap_or(nsh.si()));
        }
        if let Some(ttl) = header.ttl {
            nsh.set_ttl(ttl);
        }
        Ok(())
    }

    /// Context headers `bytes` with the changes; `None` where they become too long.
    fn changed_tlvs(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut left: Vec<Option<Tlv<'_>>> = self.tlvs.iter().map(|t| Some(t.view())).collect();
        let mut changed = Vec::new();
        for tlv in Tlvs::new(bytes) {
            let is_this = |r: &TlvKind| (r.class, r.kind) == (tlv.class, tlv.kind);
            if self.removed.iter().any(is_this) {
                continue;
            }
            let is_new = |new: &&mut Option<Tlv<'_>>| {
                new.is_some_and(|new| (new.class, new.kind) == (tlv.class, tlv.kind))
            };
            let new = left.iter_mut().find(is_new).and_then(Option::take);
            push_tlv(&mut changed, &new.unwrap_or(tlv)).then_some(())?;
        }
        for new in left.into_iter().flatten() {
            push_tlv(&mut changed, &new).then_some(())?;
        }
        Some(changed)
    }
}

impl Element for SetNSH {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            let edited = edit(packet, &mut router.pool, |nsh| self.change(nsh));
            let verdict = match edited {
                Ok(()) => Verdict::Keep,
                Err(reason) => Verdict::Drop(reason),
            };
            self.refusals.heed(verdict, router)
        });
    }
}
