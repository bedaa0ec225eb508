//! # NSHSwitch(PATH, ...)
//!
//! Sends packets by the path of their Network Service Header: the one kept beside them in an aware
//! function ([NSHFunction](NSHFunction.md)), else the one marked in their bytes.
//!
//! ## Ports
//! One push input; as many push outputs as PATHs. Packets leave by the output of the first PATH that
//! is theirs; those of none are dropped as `nsh-no-path`, those without a header as `no-nsh-header`.
//!
//! ## Arguments
//! - `PATH` *SPI, SPI/SI or -*: a service path identifier, with a service index or without; `-` is any.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14) -> s :: NSHSwitch(10/255, 10, -);
//! s [0] -> Discard; s [1] -> Discard; s [2] -> Discard;
//! ```
//!
//! ## See also
//! SetNSH, NSHForwarder

use super::NO_NSH_HEADER;
use super::kept_or_marked::path;
use super::refusals::Refusals;
use crate::dispatch::dispatch;
use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, Verdict, argument};
use weft_lang::Names;
use weft_lang::value::Value;
use weft_wire::nsh::MAX_SPI;

/// Registers NSHSwitch.
pub static CLASS: Class = Class {
    ports: "1/-",
    processing: "h/h",
    flow: "x/x",
    arguments: &[argument("PATH", Place::Rest, "SPI, SPI/SI or -", "")],
    fuzz: &["1", "1/255, -"],
    ..Class::agnostic("NSHSwitch", "nsh", build)
};

struct NSHSwitch {
    paths: Vec<PathPattern>,
    chosen: Vec<u32>,
    refusals: Refusals,
}

/// Paths that an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PathPattern {
    mask: u32,
    path: u32,
}

impl PathPattern {
    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        if text == "-" {
            return Ok(PathPattern { mask: 0, path: 0 });
        }
        let refusal = || format!("'{text}' is no path; allowed: SPI (0 to {MAX_SPI}), SPI/SI, -");
        let (spi, si) = match text.split_once('/') {
            Some((spi, si)) => (spi, Some(u8::parse(si, names).map_err(|_| refusal())?)),
            None => (text, None),
        };
        let spi = u32::parse(spi, names).ok().filter(|spi| *spi <= MAX_SPI);
        let spi = spi.ok_or_else(refusal)?;
        Ok(PathPattern {
            mask: MAX_SPI << 8 | si.map_or(0, |_| 0xff),
            path: spi << 8 | u32::from(si.unwrap_or(0)),
        })
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let texts = args.rest();
    let mut paths = Vec::new();
    for text in &texts {
        match PathPattern::parse(text, args.names()) {
            Ok(path) => paths.push(path),
            Err(problem) => args.error(problem),
        }
    }
    args.complete()?;
    if paths.len() != configure.outputs {
        return Err(vec![format!(
            "need {} arguments, one per output port",
            configure.outputs
        )]);
    }
    Ok(Box::new(NSHSwitch {
        paths,
        chosen: Vec::new(),
        refusals: Refusals::default(),
    }))
}

impl Element for NSHSwitch {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let mut chosen = std::mem::take(&mut self.chosen);
        chosen.clear();
        router.filter(batch, |packet, router| {
            let path = path(packet, &router.pool);
            let output = |path| self.paths.iter().position(|p| path & p.mask == p.path);
            let verdict = match path.map(output) {
                Some(Some(output)) => {
                    chosen.push(output as u32);
                    Verdict::Keep
                }
                Some(None) => Verdict::Drop("nsh-no-path"),
                None => Verdict::Drop(NO_NSH_HEADER),
            };
            self.refusals.heed(verdict, router)
        });
        dispatch(batch, &chosen, "nsh-no-path", router);
        self.chosen = chosen;
    }
}
