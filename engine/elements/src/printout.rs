//! Where elements that print packets (IPPrint, ARPPrint) print: the console, a file, or nowhere.

use std::fs::File;
use std::io::Write;
use weft_core::Router;

/// A place for lines.
#[derive(Debug, Default)]
pub(crate) struct Printout {
    path: String,
    file: Option<File>,
    silent: bool,
}

impl Printout {
    /// Lines go to the file at `path`; when that is empty, to the console. Click's channels other
    /// than `default` are heard by sockets only, of which there are none.
    pub fn new(path: String, channel: &str) -> Self {
        Printout {
            path,
            file: None,
            silent: !matches!(channel, "" | "default"),
        }
    }

    /// Opens the file, if there is one.
    ///
    /// # Errors
    /// That it cannot be written, and why.
    pub fn open(&mut self) -> Result<(), String> {
        if self.path.is_empty() {
            return Ok(());
        }
        let file =
            File::create(&self.path).map_err(|e| format!("{}: {}", self.path, reason(&e)))?;
        self.file = Some(file);
        Ok(())
    }

    /// Writes one line (a newline is added).
    pub fn line(&mut self, text: &str, router: &mut Router) {
        match &mut self.file {
            // A full disk must not stop the packets.
            Some(file) => {
                let _ = file.write_all(format!("{text}\n").as_bytes());
            }
            None if self.silent => {}
            None => router.console.line(text),
        }
    }
}

/// The system's words for an error, without its number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((reason, _)) => reason.to_string(),
        None => text,
    }
}
