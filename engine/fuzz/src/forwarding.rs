//! The target `forwarding`: frames through CheckNSHHeader and NSHForwarder must leave as RFC 8300 says they do, and no others
//! ([`crate::nsh_oracle`]).

use crate::entropy::Entropy;
use crate::harness::{Recorder, Source, registry};
use crate::nsh_oracle::{Entry, Role, forwarded};
use crate::packets::{Mix, damaged_frame};
use crate::watchdog::{Told, working_folder};
use weft_core::{Clock, Console, Environment, Pool, PoolSize, Region, Router, SECOND};

/// Frames that go through one forwarder.
const FRAMES: usize = 200;
/// The header that frames get at output 1.
const LINK: [u8; 14] = [2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa, 0x89, 0x4f];

const TABLE: &str = "10/255 => 0, 10/254 => 1 ETHER 2:0:0:0:0:a 2:0:0:0:0:b, 1/1 => 2 VXLANGPE 192.0.2.9, \
                     0/255 => 0, 16777215/254 => 2";

const ENTRIES: [Entry; 5] = [
    entry(10, 255, 0, &[]),
    entry(10, 254, 1, &LINK),
    entry(1, 1, 2, &[]),
    entry(0, 255, 0, &[]),
    entry(0xff_ffff, 254, 2, &[]),
];

const fn entry(spi: u32, si: u32, output: usize, link: &'static [u8]) -> Entry {
    Entry {
        spi,
        si,
        output,
        link,
    }
}

/// What became of frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forwarded {
    /// Frames that were forwarded, as they had to be.
    pub forwarded: usize,
    /// Frames that were dropped, as they had to be.
    pub dropped: usize,
}

impl std::ops::AddAssign for Forwarded {
    fn add_assign(&mut self, more: Forwarded) {
        self.forwarded += more.forwarded;
        self.dropped += more.dropped;
    }
}

/// Sends frames that follow from `data` through a forwarder.
///
/// # Panics
/// When one is forwarded that must not be, or not forwarded as it must be.
pub fn forwarding(data: &[u8]) -> Forwarded {
    working_folder();
    let mut entropy = Entropy::new(data);
    let role = Role {
        oam: entropy.once_in(2),
        unsupported: entropy.once_in(2),
        experiment: entropy.once_in(2),
    };
    let mut router = router(role);
    let mut seen = Forwarded::default();
    for _ in 0..FRAMES {
        let frame = changed_frame(&mut entropy);
        let _told = Told(format!("the frame {frame:02x?} to a forwarder, {role:?}"));
        let expected = forwarded(&frame, role, &ENTRIES);
        assert_eq!(
            sent(&mut router, &frame),
            expected.clone().into_iter().collect::<Vec<_>>()
        );
        match expected {
            Some(_) => seen.forwarded += 1,
            None => seen.dropped += 1,
        }
    }
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0, "packets were kept");
    seen
}

/// A frame whose header was valid, changed in a few bits, more often in the header than elsewhere.
fn changed_frame(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut bytes = damaged_frame(entropy, Mix::Nsh).bytes;
    for _ in 0..entropy.below(3) {
        let at = 14 + entropy.below(12);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = match entropy.below(3) {
                0 => entropy.byte(),
                1 => byte.wrapping_add(1),
                _ => *byte ^ 1 << entropy.below(8),
            };
        }
    }
    bytes
}

fn router(role: Role) -> Router {
    let word = |forward: bool| if forward { "forward" } else { "drop" };
    let text = format!(
        "i :: FuzzSource -> CheckNSHHeader(14, OAM {}, NEXT_PROTOCOL {}, EXPERIMENT {})
         -> f :: NSHForwarder({TABLE});
         f [0] -> o0 :: FuzzRecorder; f [1] -> o1 :: FuzzRecorder; f [2] -> o2 :: FuzzRecorder;",
        word(role.oam),
        word(role.unsupported),
        role.experiment
    );
    let pool = Pool::new(PoolSize { small: 8, large: 2 }).expect("memory");
    let clock = Clock::simulated(SECOND);
    let mut router = Router::new(
        Environment::new(registry()),
        pool,
        Region::default(),
        clock,
        1,
    );
    router.console = Console::Captured(String::new());
    let loaded = router.load("fuzz", &text);
    assert_eq!(loaded.map_err(|e| e.to_string()), Ok(()));
    router
}

/// What leaves when `frame` comes: outputs and bytes.
fn sent(router: &mut Router, frame: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let packet = router.pool.copy_in(frame).expect("room for a frame");
    let source = router.find_element("i").expect("the source");
    router.with_element(source, |s: &mut Source, router| {
        s.feed(vec![packet], router);
    });
    router.run_for(4);
    if let Console::Captured(text) = &mut router.console {
        text.clear();
    }
    let mut sent = Vec::new();
    for output in 0..3 {
        let recorder = router
            .find_element(&format!("o{output}"))
            .expect("an output");
        let frames = router.with_element(recorder, |r: &mut Recorder, _| {
            std::mem::take(&mut r.frames)
        });
        sent.extend(frames.into_iter().flatten().map(|frame| (output, frame)));
    }
    sent
}
