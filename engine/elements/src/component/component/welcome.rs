//! What engine and process share, made before the process is welcomed.

use super::attachment::Applicant;
use super::flight::OwnFrames;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use weft_component::{
    Bell, Entries, Frames, Layout, LinkMemory, Message, Socket, Welcome, create_memory, feature,
    seal_size,
};
use weft_core::Router;

/// What is set up before the process is welcomed.
pub struct Shared {
    pub memory: LinkMemory,
    pub component: Bell,
    pub engine: Bell,
    pub own: Option<OwnFrames>,
}

impl Shared {
    /// Makes it, and sends it to the process.
    pub fn new(
        applicant: &mut Applicant,
        capacity: usize,
        private: bool,
        router: &mut Router,
    ) -> io::Result<Shared> {
        let hello = &applicant.hello;
        let spares = u32::from(hello.spares) + u32::from(hello.large_spares);
        let features = hello.features & feature::KNOWN;
        let has_nsh = features & feature::NSH != 0;
        let entries = Entries::of(capacity as u32 + spares, if has_nsh { spares } else { 0 });
        let layout = Layout::of(entries, has_nsh);
        let file = create_memory(c"weft-link", layout.bytes)?;
        let memory = LinkMemory::map(&file, layout)?;
        memory.write_magic();
        let (component, engine) = (Bell::new()?, Bell::new()?);
        let mut welcome = Welcome {
            minor: hello.minor_in_effect(),
            features,
            layout,
            inputs: router.inputs() as u32,
            outputs: router.outputs() as u32,
            frames: shared_frames(router),
        };
        let bells = [component.as_fd(), engine.as_fd()];
        let own = if private {
            let (own, frames) = OwnFrames::new(layout.entries.packets, &router.pool)?;
            welcome.frames = own.frames();
            greet(&mut applicant.socket, welcome, &file, frames.as_fd(), bells)?;
            Some(own)
        } else {
            let frames = router.pool.share()?;
            seal_size(frames)?;
            greet(&mut applicant.socket, welcome, &file, frames, bells)?;
            None
        };
        Ok(Shared {
            memory,
            component,
            engine,
            own,
        })
    }
}

fn greet(
    socket: &mut Socket,
    welcome: Welcome,
    link: &File,
    frames: BorrowedFd<'_>,
    [component, engine]: [BorrowedFd<'_>; 2],
) -> io::Result<()> {
    let bytes = Message::Welcome(welcome).encode();
    socket.write_with(&bytes, &[link.as_fd(), frames, component, engine])
}

fn shared_frames(router: &Router) -> Frames {
    let layout = router.pool.layout();
    Frames {
        reserved: u32::from(layout.reserved),
        small_count: layout.small_count,
        small_stride: layout.small_stride,
        large_count: layout.large_count,
        large_stride: layout.large_stride,
        large_base: layout.large_base,
        bytes: layout.bytes,
    }
}
