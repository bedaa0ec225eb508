//! What FromDump does at the end of the file, or of the part that is wanted.

use super::{CLASS, FromDump};
use weft_core::{Call, Router};

/// What happens at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    None,
    Stop,
    Deactivate,
    Write { target: String, value: String },
}

impl End {
    /// What END_CALL says: a handler's name, then what is written to it.
    pub(super) fn call(text: &str) -> Self {
        let text = text.trim();
        let (target, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        Self::Write {
            target: target.to_string(),
            value: value.trim().to_string(),
        }
    }
}

impl FromDump {
    /// What END_CALL names must be there and writable.
    pub(super) fn check_end(&self, router: &mut Router) -> Result<(), String> {
        let End::Write { target, .. } = &self.end else {
            return Ok(());
        };
        let access = router.handler_access(target).map_err(|e| e.to_string())?;
        if access.writable {
            Ok(())
        } else {
            Err(format!("'{target}' is not a write handler"))
        }
    }

    /// Does what END_CALL or STOP says; once, until something gives new packets.
    pub(super) fn finish(&mut self, router: &mut Router) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        match self.end.clone() {
            End::None => {}
            End::Stop => {
                self.active = false;
                router.request_stop();
            }
            End::Deactivate => self.active = false,
            End::Write { target, value } => {
                if let Err(problem) = self.write(&target, &value, router) {
                    let line = format!("{target}: {problem}");
                    router.console.line(&line);
                }
            }
        }
    }

    /// Writes a handler, which may be this element's own.
    fn write(&mut self, target: &str, value: &str, router: &mut Router) -> Result<(), String> {
        if let Some((element, handler)) = target.rsplit_once('.')
            && router.find_from_here(element) == Some(router.current())
        {
            let found = CLASS.handlers.iter().find(|h| h.name == handler);
            let write = found.and_then(|h| h.write).ok_or("no such write handler")?;
            let call = Call {
                handler,
                text: value,
            };
            return write(self, call, router);
        }
        router
            .write_handler(target, value)
            .map_err(|e| e.to_string())
    }
}
