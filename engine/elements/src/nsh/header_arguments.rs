//! Arguments that say what a header holds, and the headers made of them.

use weft_lang::value::Value;
use weft_lang::{Args, Names};
use weft_wire::nsh::{
    DEFAULT_SI, DEFAULT_TTL, MAX_SPI, Metadata, Repr, Tlv, md_type, next, push_tlv,
};

/// The context of MD type 1, written as 32 hexadecimal digits.
pub(super) struct Context(pub [u8; 16]);

impl Value for Context {
    const EXPECTED: &'static str = "16 bytes in hexadecimal";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        let bytes = bytes_of_hexadecimal(text).and_then(|bytes| bytes.try_into().ok());
        let expected = || format!("should be {}", Self::EXPECTED);
        bytes.map(Context).ok_or_else(expected)
    }

    fn placeholder() -> Self {
        Context([0; 16])
    }
}

/// A context header of MD type 2, written as `CLASS:TYPE:VALUE`, the value in hexadecimal.
pub(super) struct OwnTlv {
    pub class: u16,
    pub kind: u8,
    pub value: Vec<u8>,
}

impl OwnTlv {
    pub fn view(&self) -> Tlv<'_> {
        Tlv {
            class: self.class,
            kind: self.kind,
            unassigned: false,
            value: &self.value,
        }
    }
}

impl Value for OwnTlv {
    const EXPECTED: &'static str = "CLASS:TYPE:VALUE, a value of at most 127 bytes in hexadecimal";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let expected = || format!("should be {}", Self::EXPECTED);
        let (kind, value) = text.rsplit_once(':').ok_or_else(expected)?;
        let TlvKind { class, kind } = TlvKind::parse(kind, names).map_err(|_| expected())?;
        let value = bytes_of_hexadecimal(value).filter(|value| value.len() <= 127);
        let value = value.ok_or_else(expected)?;
        Ok(OwnTlv { class, kind, value })
    }

    fn placeholder() -> Self {
        OwnTlv {
            class: 0,
            kind: 0,
            value: Vec::new(),
        }
    }
}

/// Metadata class and type of a context header, written as `CLASS:TYPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TlvKind {
    pub class: u16,
    pub kind: u8,
}

impl Value for TlvKind {
    const EXPECTED: &'static str = "CLASS:TYPE";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let expected = |_| format!("should be {}", Self::EXPECTED);
        let (class, kind) = text.split_once(':').ok_or(()).map_err(expected)?;
        Ok(TlvKind {
            class: u16::parse(class, names).map_err(|_| expected(()))?,
            kind: u8::parse(kind, names).map_err(|_| expected(()))?,
        })
    }

    fn placeholder() -> Self {
        TlvKind { class: 0, kind: 0 }
    }
}

/// The bytes that an even number of hexadecimal digits stand for.
fn bytes_of_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    let is_even = pairs.remainder().is_empty();
    is_even.then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// What arguments say of a header; what they are silent about is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct HeaderArguments {
    pub spi: Option<u32>,
    pub si: Option<u8>,
    pub ttl: Option<u8>,
    pub context: Option<[u8; 16]>,
    /// Context headers as they stand in a header.
    pub tlvs: Option<Vec<u8>>,
    pub md_type: Option<u8>,
    pub oam: bool,
}

impl HeaderArguments {
    /// Reads SPI and SI, by position or keyword, and the keywords TTL, CONTEXT and TLV.
    pub fn read(args: &mut Args<'_>) -> Self {
        let spi: Option<u32> = args.positional_opt("SPI");
        let si: Option<u8> = args.positional_opt("SI");
        let ttl: Option<u8> = args.keyword_opt("TTL");
        if let Some(spi) = spi {
            args.within("SPI", spi, 0, MAX_SPI);
        }
        if let Some(ttl) = ttl {
            args.within("TTL", ttl, 0, DEFAULT_TTL);
        }
        let context: Option<Context> = args.keyword_opt("CONTEXT");
        let tlvs: Vec<OwnTlv> = args.all("TLV");
        if context.is_some() && !tlvs.is_empty() {
            args.error("CONTEXT is for MD type 1, TLV for MD type 2: give one of them");
        }
        HeaderArguments {
            spi,
            si,
            ttl,
            context: context.map(|context| context.0),
            tlvs: read_tlvs(args, &tlvs),
            md_type: None,
            oam: false,
        }
    }

    /// Reads the keywords MD and OAM too: for elements that make new headers.
    pub fn read_new(args: &mut Args<'_>) -> Self {
        let mut read = HeaderArguments::read(args);
        let md_type: Option<u8> = args.keyword_opt("MD");
        read.oam = args.keyword("OAM", false);
        match md_type {
            None | Some(md_type::FIXED | md_type::VARIABLE) => read.md_type = md_type,
            Some(_) => args.argument_error("MD", "should be 1 or 2"),
        }
        if md_type == Some(md_type::FIXED) && read.tlvs.is_some() {
            args.argument_error("TLV", "needs MD 2");
        }
        if md_type == Some(md_type::VARIABLE) && read.context.is_some() {
            args.argument_error("CONTEXT", "needs MD 1");
        }
        if read.spi.is_none() {
            args.error("missing mandatory SPI argument");
        }
        read
    }

    /// The header; its next protocol is that of Ethernet.
    pub fn repr(&self) -> Repr {
        let metadata = match (&self.tlvs, self.md_type) {
            (Some(tlvs), _) => Metadata::Variable(tlvs.clone()),
            (None, Some(md_type::VARIABLE)) => Metadata::Variable(Vec::new()),
            (None, _) => Metadata::Fixed(self.context.unwrap_or_default()),
        };
        Repr {
            oam: self.oam,
            ttl: self.ttl.unwrap_or(DEFAULT_TTL),
            si: self.si.unwrap_or(DEFAULT_SI),
            metadata,
            ..Repr::new(self.spi.unwrap_or(0), next::ETHERNET)
        }
    }
}

fn read_tlvs(args: &mut Args<'_>, tlvs: &[OwnTlv]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for tlv in tlvs {
        if !push_tlv(&mut bytes, &tlv.view()) {
            args.argument_error("TLV", "all of them together have at most 244 bytes");
            break;
        }
    }
    (!tlvs.is_empty()).then_some(bytes)
}
