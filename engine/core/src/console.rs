//! Where elements' messages go: standard error, or memory for tests and notebooks.

use std::io::Write;

/// Receives the lines that Print, Message and warnings write.
#[derive(Debug, Default)]
pub enum Console {
    /// Standard error, and standard output for what is printed.
    #[default]
    Stderr,
    /// Kept in memory.
    Captured(String),
}

impl Console {
    /// Writes one line (a newline is added).
    pub fn line(&mut self, text: &str) {
        match self {
            // A closed standard error must not stop the packets.
            Console::Stderr => {
                let mut bytes = Vec::with_capacity(text.len() + 1);
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(b'\n');
                let _ = std::io::stderr().lock().write_all(&bytes);
            }
            Console::Captured(all) => {
                all.push_str(text);
                all.push('\n');
            }
        }
    }

    /// Prints `text` as it is: to standard output, where messages go to standard error.
    pub fn print(&mut self, text: &str) {
        match self {
            Console::Stderr => {
                let mut output = std::io::stdout().lock();
                // As for messages.
                let _ = output
                    .write_all(text.as_bytes())
                    .and_then(|()| output.flush());
            }
            Console::Captured(all) => all.push_str(text),
        }
    }
}
