//! Running a script: steps, blocking, jumps, and how it came to rest.

use super::instruction::{Finish, Instruction, Target, find_label};
use super::{Kind, Script};
use weft_core::Router;
use weft_lang::value::{parse_bool, parse_seconds_ns};

/// Jumps without a pause after which a script is given up.
const MOST_JUMPS: u32 = 1000;
/// Where the value of `return` is kept.
const RESULT: &str = "_";

/// On whose account a script is stepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A handler.
    Handler,
    /// The driver, which was asked to stop.
    Driver,
    /// A timer.
    Timer,
    /// A jump, or a run from the start: blocking instructions are not passed.
    Jump,
}

/// How a script came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It blocks, or was given up.
    Blocked,
    /// It returned a value.
    Returned,
    /// It ended.
    Finished(Finish),
}

impl Script {
    /// Starts the script, or its first wait.
    pub(super) fn begin(&mut self, router: &mut Router, errors: &mut Vec<String>) {
        match &mut self.instructions[0] {
            Instruction::Wait(text) => {
                let text = text.clone();
                self.set_wait(&text, router, errors);
            }
            Instruction::Initial { pending } => {
                *pending = true;
                if self.kind == Kind::Driver {
                    // The driver, finding nothing that keeps it running, steps the script at once.
                    router.request_stop();
                } else {
                    let now = router.clock.now();
                    router.set_timer(0, now);
                }
            }
            _ => {}
        }
    }

    /// Steps the script, and as often again as its own instructions ask for.
    pub(super) fn step_from_outside(
        &mut self,
        steps: i64,
        kind: StepKind,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) {
        if let Some(due) = &mut self.due {
            if kind != StepKind::Jump {
                *due += steps;
            }
            return;
        }
        let (mut jumps, mut kind, mut steps) = (0, kind, steps);
        while steps >= 0 {
            self.due = Some(-1);
            jumps = self.step(steps, kind, jumps, router, errors);
            kind = StepKind::Handler;
            steps = self.due.take().unwrap_or(-1);
        }
    }

    /// Runs instructions until one blocks with no step left; gives the number of jumps so far.
    pub(super) fn step(
        &mut self,
        steps: i64,
        kind: StepKind,
        mut jumps: u32,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) -> u32 {
        let mut left = steps;
        while left >= 0 && self.position < self.instructions.len() && jumps < MOST_JUMPS {
            let at = self.position;
            self.position += 1;
            match self.execute(at, &mut left, kind, router, errors) {
                Flow::Next => {}
                Flow::Block => {
                    self.position = at;
                    break;
                }
                Flow::Finish => {
                    self.position = at;
                    return jumps + 1;
                }
            }
            if self.position != at + 1 {
                jumps += 1;
            }
        }
        if jumps >= MOST_JUMPS {
            let line = format!("{}: too many jumps, giving up", router.declaration());
            router.console.line(&line);
            self.position = self.instructions.len();
            router.clear_timer(0);
        }
        if kind == StepKind::Driver {
            let count = router.run_count();
            router.set_run_count(count + 1);
        }
        jumps + 1
    }

    fn execute(
        &mut self,
        at: usize,
        left: &mut i64,
        kind: StepKind,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) -> Flow {
        match &mut self.instructions[at] {
            Instruction::Initial { pending } => {
                *left -= i64::from(std::mem::take(pending));
                return Flow::Next;
            }
            Instruction::Pause { count, done } => {
                let steps = (*left).clamp(0, i64::from(count.saturating_sub(*done)));
                *done += steps as u32;
                *left -= steps;
                return match *left == 0 && *done < *count {
                    true => Flow::Block,
                    false => Flow::Next,
                };
            }
            Instruction::Finish(Finish::Stop) => {
                if kind != StepKind::Driver {
                    router.request_stop();
                }
                return Flow::Finish;
            }
            Instruction::Finish(_) => return Flow::Finish,
            Instruction::Label(_) | Instruction::Init(..) => return Flow::Next,
            _ => {}
        }
        match self.instructions[at].clone() {
            Instruction::Wait(text) if *left == 0 => {
                self.set_wait(&text, router, errors);
                return Flow::Block;
            }
            Instruction::Wait(_) => {
                *left -= 1;
                router.clear_timer(0);
            }
            Instruction::Print {
                text,
                newline,
                unquote,
            } => self.print(&text, newline, unquote, router, errors),
            Instruction::Read(text) => self.read(&text, router, errors),
            Instruction::Write(text) => self.write(&text, router, errors),
            Instruction::Set(name, text) => {
                let value = self.expand_text(&text, router, errors);
                self.set_variable(&name, value);
            }
            Instruction::Return(text) => {
                let value = self.expand_text(&text, router, errors);
                self.set_variable(RESULT, value);
                if self.position == at + 1 {
                    return Flow::Block;
                }
            }
            Instruction::Error(text) => {
                let message = self.expand_text(&text, router, errors);
                if !message.is_empty() {
                    errors.push(message);
                }
                return Flow::Finish;
            }
            Instruction::Goto { target, condition } => {
                let condition = self.expand(&condition, false, router, errors);
                match parse_bool(&condition) {
                    Ok(false) => {}
                    Err(_) if !condition.is_empty() => {
                        errors.push(format!("bad condition '{condition}'"));
                    }
                    _ => return self.jump(at, &target, kind, router),
                }
            }
            _ => {}
        }
        Flow::Next
    }

    fn jump(&mut self, at: usize, target: &Target, kind: StepKind, router: &mut Router) -> Flow {
        match *target {
            Target::At(to) => {
                self.restart_pauses(to, at);
                self.position = to;
                Flow::Next
            }
            Target::Finish(finish) => {
                if finish == Finish::Stop && kind != StepKind::Driver {
                    router.request_stop();
                }
                Flow::Finish
            }
            // Configuration has resolved every label.
            Target::Unresolved(_) => Flow::Next,
        }
    }

    fn restart_pauses(&mut self, from: usize, to: usize) {
        let to = to.min(self.instructions.len());
        for instruction in self.instructions.get_mut(from..to).into_iter().flatten() {
            if let Instruction::Pause { done, .. } = instruction {
                *done = 0;
            }
        }
    }

    fn set_wait(&mut self, text: &str, router: &mut Router, errors: &mut Vec<String>) {
        let text = self.expand(text, false, router, errors);
        match parse_seconds_ns(&text) {
            Ok(time) => {
                let at = router.clock.refresh().saturating_add(time);
                router.set_timer(0, at);
            }
            Err(_) => errors.push("syntax error at 'wait'".to_string()),
        }
    }

    /// The `goto` handler.
    pub(super) fn go_to(&mut self, label: &str, router: &mut Router, errors: &mut Vec<String>) {
        match find_label(&self.instructions, label.trim()) {
            Some(Target::At(to)) => {
                self.restart_pauses(to, self.instructions.len());
                self.position = to;
                self.step_from_outside(0, StepKind::Jump, router, errors);
            }
            _ => errors.push("jump to nonexistent label".to_string()),
        }
    }

    /// The `run` handler, or any handler of a proxy.
    pub(super) fn run(&mut self, text: &str, router: &mut Router, errors: &mut Vec<String>) {
        self.position = 0;
        self.arguments = text.to_string();
        self.step_from_outside(0, StepKind::Jump, router, errors);
    }

    /// How the script came to rest.
    pub(super) fn rest(&self) -> Rest {
        match self.instructions.get(self.position) {
            Some(Instruction::Return(_)) => Rest::Returned,
            Some(Instruction::Error(_)) => Rest::Finished(Finish::Error),
            Some(Instruction::Finish(finish)) => Rest::Finished(*finish),
            Some(Instruction::Goto {
                target: Target::Finish(finish),
                ..
            }) => Rest::Finished(*finish),
            _ => Rest::Blocked,
        }
    }

    /// What the script gave: the value returned, or the output of a packet that is let through.
    pub(super) fn value(&self) -> String {
        match self.rest() {
            Rest::Returned => self.variable(RESULT).unwrap_or_default().to_string(),
            Rest::Finished(Finish::End) if self.kind == Kind::Packet => "0".to_string(),
            _ => String::new(),
        }
    }
}

/// What comes after an instruction.
enum Flow {
    /// The one at the position.
    Next,
    /// Nothing, until the script is stepped.
    Block,
    /// Nothing.
    Finish,
}
