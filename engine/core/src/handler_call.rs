//! A call of a handler, as configurations write it: `ELEMENT.HANDLER VALUE`, or a global handler.

use crate::router::{HandlerError, Router};

/// A handler to be written or read later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerCall {
    target: String,
    value: String,
}

impl HandlerCall {
    /// The call that `text` describes. Whether there is such a handler is checked by
    /// [`HandlerCall::check_write`] and [`HandlerCall::check_read`], once all elements are there.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (target, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        HandlerCall {
            target: target.to_string(),
            value: value.trim_start().to_string(),
        }
    }

    /// The handler, with its element.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The value written, or the parameter of the read.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Checks that the handler can be written.
    ///
    /// # Errors
    /// When there is no such element or handler, in Click's words.
    pub fn check_write(&self, router: &mut Router) -> Result<(), String> {
        match router.handler_access(&self.target) {
            Ok(access) if access.writable => Ok(()),
            Err(HandlerError::NoElement(name)) => Err(format!("no element named '{name}'")),
            _ => Err(format!("no '{}' write handler", self.target)),
        }
    }

    /// Writes the handler.
    ///
    /// # Errors
    /// What the handler refuses.
    pub fn write(&self, router: &mut Router) -> Result<(), HandlerError> {
        router.write_handler(&self.target, &self.value)
    }

    /// Writes the handler for the element that is running: at once, or, where the handler's element
    /// led to this call, as soon as what runs now has ended. A refusal is told on the console.
    pub fn run(&self, router: &mut Router) {
        match self.write(router) {
            Ok(()) => {}
            Err(HandlerError::Busy(_)) => router.write_later(self.clone()),
            Err(error) => router.console.line(&error.to_string()),
        }
    }

    /// Reads the handler.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(&self, router: &mut Router) -> Result<String, HandlerError> {
        router.read_handler(&self.target, &self.value)
    }
}
