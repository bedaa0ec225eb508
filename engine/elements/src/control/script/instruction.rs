//! The instructions of a script: what its arguments are parsed to.

use weft_lang::confparse::split_first_word;
use weft_lang::value::parse_signed;

/// What a script can be told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Where scripts begin that do not begin by waiting.
    Initial {
        /// Whether starting takes a step.
        pending: bool,
    },
    /// `pause`, `wait_step`, `wait_stop`: blocks until it was stepped that often.
    Pause {
        /// How often.
        count: u32,
        /// How often it was.
        done: u32,
    },
    /// `wait TIME`: blocks for a time, or until a step.
    Wait(String),
    /// `print` and its relatives, `save`, `append`.
    Print {
        /// File and text.
        text: String,
        /// Whether a newline ends what has none.
        newline: bool,
        /// Whether the parameter of the handler is unquoted.
        unquote: bool,
    },
    /// `read`, `readq`.
    Read(Text),
    /// `write`, `writeq`.
    Write(Text),
    /// `set`, `setq`.
    Set(String, Text),
    /// `init`, `initq`; `export`, `exportq`.
    Init(String, Text),
    /// `label`.
    Label(String),
    /// `goto`, `loop`.
    Goto {
        /// Where to.
        target: Target,
        /// Jumps only if this is true, or empty.
        condition: String,
    },
    /// `return`, `returnq`.
    Return(Text),
    /// Ends the script.
    Finish(Finish),
    /// `error`, `errorq`.
    Error(Text),
}

/// Text with variables, and whether a layer of quotes is taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// As written.
    pub text: String,
    /// By the `q` form of the instruction.
    pub unquote: bool,
}

/// Ways to end a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// `end`: a packet leaves by output 0.
    End,
    /// `exit`: a packet is dropped.
    Exit,
    /// `stop`: the driver is asked to stop.
    Stop,
    /// `error`: whoever ran the script is told that it failed.
    Error,
}

/// Where a `goto` leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A label that was not looked for yet.
    Unresolved(String),
    /// To an instruction.
    At(usize),
    /// To the end.
    Finish(Finish),
}

/// The instructions in `arguments`, and the variables they export.
///
/// # Errors
/// Every argument that is no instruction.
pub fn parse(arguments: &[String]) -> Result<(Vec<Instruction>, Vec<String>), Vec<String>> {
    let (mut all, mut exports, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for argument in arguments {
        let (name, rest) = split_first_word(argument);
        if name.is_empty() {
            continue;
        }
        match instruction(name, rest) {
            Some(instruction) => {
                if let ("export" | "exportq", Instruction::Init(variable, _)) = (name, &instruction)
                {
                    exports.push(variable.clone());
                }
                let waits = matches!(
                    instruction,
                    Instruction::Pause { .. } | Instruction::Wait(_)
                );
                if all.is_empty() && !waits {
                    all.push(Instruction::Initial { pending: false });
                }
                all.push(instruction);
            }
            None => errors.push(format!("syntax error at '{name}'")),
        }
    }
    resolve(&mut all, &mut errors);
    match errors.is_empty() {
        true => Ok((all, exports)),
        false => Err(errors),
    }
}

fn instruction(name: &str, rest: &str) -> Option<Instruction> {
    let text = Text {
        text: rest.to_string(),
        unquote: name.ends_with('q'),
    };
    Some(match name {
        "wait" if rest.is_empty() => Instruction::Pause { count: 1, done: 0 },
        "wait" | "wait_for" | "wait_time" => Instruction::Wait(text.text),
        "pause" | "wait_step" | "wait_stop" => Instruction::Pause {
            count: count(rest)?,
            done: 0,
        },
        "print" | "printn" | "printq" | "printnq" => Instruction::Print {
            newline: !name.starts_with("printn"),
            unquote: text.unquote,
            text: text.text,
        },
        "save" | "append" => saved(name, rest),
        "read" | "readq" => Instruction::Read(text),
        "write" | "writeq" => Instruction::Write(text),
        "set" | "setq" => {
            let (variable, text) = assignment(text)?;
            (!text.text.is_empty()).then_some(Instruction::Set(variable, text))?
        }
        "init" | "initq" | "export" | "exportq" => {
            let (variable, text) = assignment(text)?;
            Instruction::Init(variable, text)
        }
        "label" => {
            let (label, more) = split_first_word(rest);
            (!label.is_empty() && more.is_empty()).then(|| Instruction::Label(label.to_string()))?
        }
        "goto" => {
            let (label, condition) = split_first_word(rest);
            Instruction::Goto {
                target: Target::Unresolved(label.to_string()),
                condition: condition.to_string(),
            }
        }
        "return" | "returnq" => Instruction::Return(text),
        "error" | "errorq" => Instruction::Error(text),
        "loop" | "end" | "exit" | "stop" if !rest.is_empty() => return None,
        "loop" => Instruction::Goto {
            target: Target::At(0),
            condition: String::new(),
        },
        _ => Instruction::Finish(finish(name)?),
    })
}

fn count(text: &str) -> Option<u32> {
    match text {
        "" => Some(1),
        text => u32::try_from(parse_signed(text).ok()?).ok(),
    }
}

/// `save HANDLER [FILE]` is `print >FILE HANDLER`, and `append` is `print >>FILE HANDLER`.
fn saved(name: &str, rest: &str) -> Instruction {
    let (handler, file) = split_first_word(rest);
    let mark = if name == "save" { ">" } else { ">>" };
    let file = if file.is_empty() { "-" } else { file };
    Instruction::Print {
        text: format!("{mark}{file} {handler}"),
        newline: true,
        unquote: false,
    }
}

fn assignment(text: Text) -> Option<(String, Text)> {
    let (variable, value) = split_first_word(&text.text);
    let value = Text {
        text: value.to_string(),
        unquote: text.unquote,
    };
    (!variable.is_empty()).then(|| (variable.to_string(), value))
}

fn finish(name: &str) -> Option<Finish> {
    Some(match name {
        "end" => Finish::End,
        "exit" => Finish::Exit,
        "stop" => Finish::Stop,
        _ => return None,
    })
}

/// Finds label `label` in `all`.
pub fn find_label(all: &[Instruction], label: &str) -> Option<Target> {
    let is_it = |i: &Instruction| matches!(i, Instruction::Label(name) if name == label);
    let found = all.iter().position(is_it).map(Target::At);
    found.or_else(|| match label {
        "" | "begin" | "loop" => Some(Target::At(0)),
        "error" | "errorq" => Some(Target::Finish(Finish::Error)),
        label => finish(label).map(Target::Finish),
    })
}

fn resolve(all: &mut [Instruction], errors: &mut Vec<String>) {
    for at in 0..all.len() {
        let Instruction::Goto {
            target: Target::Unresolved(label),
            ..
        } = &all[at]
        else {
            continue;
        };
        match find_label(all, label) {
            Some(found) => {
                if let Instruction::Goto { target, .. } = &mut all[at] {
                    *target = found;
                }
            }
            None => errors.push(format!("no such label '{label}'")),
        }
    }
}
