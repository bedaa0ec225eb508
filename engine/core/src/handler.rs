//! Handlers: an element's values and commands, declared as data.

use crate::element::Element;
use crate::limits::Limits;
use crate::router::Router;

/// The type of a handler's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number, not negative.
    Unsigned,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Real,
    /// `true` or `false`.
    Bool,
    /// Text.
    Text,
    /// Lines of text.
    Lines,
    /// Nothing: the handler is a button.
    Button,
    /// JSON.
    Json,
    /// Any bytes.
    Bytes,
}

impl Value {
    /// The type's name in `schema`.
    pub fn name(self) -> &'static str {
        match self {
            Value::Unsigned => "unsigned",
            Value::Integer => "integer",
            Value::Real => "real",
            Value::Bool => "bool",
            Value::Text => "text",
            Value::Lines => "lines",
            Value::Button => "button",
            Value::Json => "JSON",
            Value::Bytes => "bytes",
        }
    }
}

/// What a handler is called with.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The handler's name, as called (`pattern3`).
    pub handler: &'a str,
    /// Parameter of a read, or the value written.
    pub text: &'a str,
}

impl Call<'_> {
    /// The text as a value of type `T`.
    ///
    /// # Errors
    /// What is wrong with it, in Click's words.
    pub fn value<T: weft_lang::value::Value>(&self) -> Result<T, String> {
        T::parse(self.text.trim(), &weft_lang::NoNames)
    }

    /// The text as a value of type `T`, refused in the words of `refusal`.
    ///
    /// # Errors
    /// `refusal`.
    pub fn value_or<T: weft_lang::value::Value>(&self, refusal: &str) -> Result<T, String> {
        self.value().map_err(|_| refusal.to_string())
    }

    /// As [`Call::value`], names (AddressInfo and the like) understood.
    ///
    /// # Errors
    /// What is wrong with it, in Click's words.
    pub fn value_in<T: weft_lang::value::Value>(
        &self,
        names: &dyn weft_lang::Names,
    ) -> Result<T, String> {
        T::parse(self.text.trim(), names)
    }

    /// The number a numbered handler's name ends with.
    pub fn index(&self) -> usize {
        let digits = self
            .handler
            .trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.parse().unwrap_or(usize::MAX)
    }
}

/// Reads a handler.
pub type Read = fn(&mut dyn Element, Call<'_>, &mut Router) -> Result<String, String>;
/// Writes a handler.
pub type Write = fn(&mut dyn Element, Call<'_>, &mut Router) -> Result<(), String>;

/// A declared handler. Made by [`reader!`](crate::reader), [`writer!`](crate::writer) and
/// [`Handler::also_write`].
#[derive(Clone, Copy)]
pub struct Handler {
    /// Name, after the element's and a dot.
    pub name: &'static str,
    /// Type of its value.
    pub value: Value,
    /// Unit of its value: "packets", "bytes", "s"; empty when it has none.
    pub unit: &'static str,
    /// What it is, in a line.
    pub help: &'static str,
    /// Which values it takes (see [`crate::Limits`]), or arguments where it is a command; empty: all of its type.
    pub limits: &'static str,
    /// Reads it.
    pub read: Option<Read>,
    /// Whether a read takes a parameter.
    pub takes_parameter: bool,
    /// Writes it.
    pub write: Option<Write>,
    /// Whether it is a command: what it is read with is its argument, what it gives its result.
    pub callable: bool,
    /// Whether it is for the configuration's own use: not listed, and out of reach for clients.
    pub private: bool,
    /// Whether it is answered later, through [`crate::Element::call`]; then `read` and `write` only say that it can be.
    pub deferred: bool,
}

impl Handler {
    /// The same handler, for the configuration's own use only.
    pub const fn private(mut self) -> Handler {
        self.private = true;
        self
    }

    /// The same handler, writable by what `writer` writes with.
    pub const fn also_write(mut self, writer: Handler) -> Handler {
        self.write = writer.write;
        self
    }

    /// The same handler, taking only values within `limits`.
    pub const fn within(mut self, limits: &'static str) -> Handler {
        self.limits = limits;
        self
    }

    /// Refuses a value, or a command's argument, that is not within its limits.
    ///
    /// # Errors
    /// What is allowed.
    pub fn check(&self, text: &str) -> Result<(), String> {
        Limits::parse(self.limits, self.taken())?.check(text.trim())
    }

    /// Type of what its limits are about: its values, or a command's argument, which is a text.
    pub fn taken(&self) -> Value {
        match self.callable {
            true => Value::Text,
            false => self.value,
        }
    }

    /// The same handler, its reads taking a parameter.
    pub const fn with_parameter(mut self) -> Handler {
        self.takes_parameter = true;
        self
    }
}

/// A read handler: `reader!(Type, "name", Value::Unsigned, "unit", "help", |element, call, router| ...)`
/// where the closure gives `Result<String, String>`.
#[macro_export]
macro_rules! reader {
    ($type:ty, $name:expr, $value:expr, $unit:expr, $help:expr, $read:expr) => {
        $crate::Handler {
            name: $name,
            value: $value,
            unit: $unit,
            help: $help,
            limits: "",
            callable: false,
            read: Some(|element, call, router| {
                let read: fn(
                    &mut $type,
                    $crate::Call<'_>,
                    &mut $crate::Router,
                ) -> Result<String, String> = $read;
                read($crate::downcast::<$type>(element)?, call, router)
            }),
            takes_parameter: false,
            write: None,
            private: false,
            deferred: false,
        }
    };
}

/// A handler that is read and written: as [`reader!`](crate::reader), with what writes it behind what
/// reads it.
#[macro_export]
macro_rules! variable {
    ($type:ty, $name:expr, $value:expr, $unit:expr, $help:expr, $read:expr, $write:expr $(,)?) => {
        $crate::reader!($type, $name, $value, $unit, $help, $read)
            .also_write($crate::writer!($type, $name, $value, $unit, $help, $write))
    };
}

/// A write handler; as [`reader!`](crate::reader), the closure giving `Result<(), String>`.
#[macro_export]
macro_rules! writer {
    ($type:ty, $name:expr, $value:expr, $unit:expr, $help:expr, $write:expr) => {
        $crate::Handler {
            name: $name,
            value: $value,
            unit: $unit,
            help: $help,
            limits: "",
            callable: false,
            read: None,
            takes_parameter: false,
            write: Some(|element, call, router| {
                let write: fn(
                    &mut $type,
                    $crate::Call<'_>,
                    &mut $crate::Router,
                ) -> Result<(), String> = $write;
                write($crate::downcast::<$type>(element)?, call, router)
            }),
            private: false,
            deferred: false,
        }
    };
}

/// The element as its own type.
///
/// # Errors
/// When it is of another type (a handler of one class declared by another).
pub fn downcast<T: Element>(element: &mut dyn Element) -> Result<&mut T, String> {
    (element as &mut dyn std::any::Any)
        .downcast_mut::<T>()
        .ok_or_else(|| "handler of another class".to_string())
}
