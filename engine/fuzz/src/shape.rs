//! Graphs around an element: sources at its inputs and sinks at its outputs, as its class's codes
//! say.

use weft_core::Class;

/// How agnostic ports are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Packets are pushed through.
    Push,
    /// Packets are pulled through.
    Pull,
}

/// Most ports an element is given on a side.
const MOST_PORTS: usize = 6;

/// Elements that others name in their arguments, by the class of those.
const COMPANIONS: &[(&str, &str)] = &[
    (
        "ICMPRewriter",
        "Idle -> rewriter :: IPRewriter(keep 0 0) -> Discard;\n",
    ),
    (
        "HealthProber",
        "targets :: WeightedIPMapper(10.0.0.2, 10.0.0.3:80);\n",
    ),
];

/// A graph with the element `e` in it.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Class of the element.
    pub class: &'static Class,
    /// How agnostic ports are used.
    pub mode: Mode,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
}

impl Shape {
    /// All shapes a class can have, those with the most ports first.
    pub fn all(class: &'static Class) -> Vec<Shape> {
        let (inputs, outputs) = class.ports.split_once('/').unwrap_or((class.ports, "0"));
        let mut shapes = Vec::new();
        for mode in [Mode::Push, Mode::Pull] {
            if mode == Mode::Pull && !class.processing.contains('a') {
                continue;
            }
            for inputs in counts(inputs) {
                let outputs = if outputs == "=" {
                    vec![inputs]
                } else {
                    counts(outputs)
                };
                shapes.extend(outputs.into_iter().map(|outputs| Shape {
                    class,
                    mode,
                    inputs,
                    outputs,
                }));
            }
        }
        shapes
    }

    /// The configuration: `e` with `config`, sources `i0`, `i1`, ... and sinks.
    pub fn text(&self, config: &str) -> String {
        let mut text = format!("e :: {}({config});\n", self.class.name);
        let own = COMPANIONS
            .iter()
            .filter(|(class, _)| *class == self.class.name);
        text.extend(own.map(|(_, companion)| *companion));
        for port in 0..self.inputs {
            let adapter = match self.letter(true, port) {
                'l' => "PullNull",
                _ => "PushNull",
            };
            text += &format!("i{port} :: FuzzSource -> {adapter} -> [{port}] e;\n");
        }
        for port in 0..self.outputs {
            let sink = match self.letter(false, port) {
                'l' => "FuzzPuller",
                _ => "FuzzSink",
            };
            text += &format!("e [{port}] -> o{port} :: {sink};\n");
        }
        text
    }

    /// Whether all packets come by push.
    pub fn is_pushed_into(&self) -> bool {
        self.inputs > 0 && (0..self.inputs).all(|port| self.letter(true, port) == 'h')
    }

    /// Whether port `port` is pushed (`h`) or pulled (`l`).
    fn letter(&self, input: bool, port: usize) -> char {
        let code = self.class.processing;
        let (inputs, outputs) = code.split_once('/').unwrap_or((code, code));
        let letters = if input { inputs } else { outputs };
        let letter = letters.chars().nth(port).or(letters.chars().last());
        match (letter, self.mode) {
            (Some('a') | None, Mode::Push) => 'h',
            (Some('a') | None, Mode::Pull) => 'l',
            (Some(letter), _) => letter,
        }
    }
}

/// The numbers of ports a code such as `1`, `1-2`, `1-` or `-` allows, the largest first.
fn counts(code: &str) -> Vec<usize> {
    let (low, high) = match code.split_once('-') {
        None => (code, code),
        Some(bounds) => bounds,
    };
    let low: usize = low.parse().unwrap_or(0);
    let high = high.parse().unwrap_or(MOST_PORTS).max(low);
    (low..=high).rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_allow_numbers_of_ports() {
        assert_eq!(counts("1"), [1]);
        assert_eq!(counts("0-2"), [2, 1, 0]);
        assert_eq!(counts("2-"), [6, 5, 4, 3, 2]);
        assert_eq!(counts("-").len(), 7);
    }
}
