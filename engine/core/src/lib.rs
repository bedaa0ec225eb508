//! The packet engine's core: frames, packets, batches, elements, ports, handlers, the scheduler,
//! timers, hot swap and the registry. Knows the language ([`weft_lang`]) and headers
//! ([`weft_wire`]); knows no element.

mod annotation;
mod clock;
mod configure;
mod console;
mod describe;
mod element;
mod handler;
mod handler_call;
mod interfaces;
mod interrupt;
mod limits;
mod names;
mod nsh;
mod packet;
mod pool;
mod ports;
mod random;
mod region;
mod ring;
mod router;
mod trace;

pub use annotation::ANNOTATION_BYTES;
pub use clock::{Clock, SECOND, timestamp_text};
pub use configure::{Addition, Configure, DeviceSource, Environment};
pub use console::Console;
pub use element::{
    Argument, Batch, Built, Class, Element, ElementId, IpHeader, MAX_BATCH, PHASE_DEFAULT,
    PHASE_INFO, Place, Registry, Task, argument,
};
pub use handler::{Call, Handler, Read, Value, Write, downcast};
pub use handler_call::HandlerCall;
pub use interrupt::{INTERRUPTED, interrupt, is_interrupted, prepare_interrupts, wake_descriptor};
pub use limits::{LONGEST_LIMITS, Limits, is_number, shown};
pub use names::NameTable;
pub use nsh::{MAX_LINK, Nsh};
pub use packet::{Annotations, PackedPacket, Packet, PacketType, SideRecord};
pub use pool::{FrameLayout, HEADROOM, MAX_FRAME, Pool, PoolSize};
pub use ports::Processing;
pub use random::Random;
pub use region::{Cells, Region};
pub use ring::PacketRing;
pub use router::PACKAGES;
pub use router::{
    Access, Answer, BuildError, DeferredCall, Graph, HandlerError, Interest, REASON_NO_BUFFER,
    Router, Ticket, Verdict,
};
pub use trace::{PacketTest, PacketTests};
