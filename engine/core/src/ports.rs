//! Port counts, processing codes and flow codes, as Click's classes declare them.

/// How packets cross a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processing {
    /// Whichever its partner is.
    Agnostic,
    /// The upstream element hands packets on.
    Push,
    /// The downstream element asks for packets.
    Pull,
}

impl Processing {
    /// The code `ports` handlers print.
    pub fn name(self) -> &'static str {
        match self {
            Processing::Agnostic => "agnostic",
            Processing::Push => "push",
            Processing::Pull => "pull",
        }
    }
}

/// The two halves of a code, "in/out"; a code without a slash holds for both.
fn halves(code: &str) -> (&str, &str) {
    code.split_once('/').unwrap_or((code, code))
}

/// The number of ports an element gets when its connections use `used` of them: within the range
/// `spec` ("1", "1-2", "2-", "-", "=") allows, as near to `used` as possible.
fn count(spec: &str, used: usize) -> usize {
    if spec == "-" {
        return used;
    }
    match spec.split_once('-') {
        None => spec.parse().unwrap_or(used),
        Some((low, high)) => {
            let low = low.parse().unwrap_or(0);
            used.clamp(low, high.parse().unwrap_or(usize::MAX).max(low))
        }
    }
}

/// Numbers of inputs and outputs for port code `code`, given how many the connections use.
pub fn port_counts(code: &str, inputs_used: usize, outputs_used: usize) -> (usize, usize) {
    let (inputs, outputs) = halves(code);
    if outputs == "=" {
        let both = count(inputs, inputs_used.max(outputs_used));
        return (both, both);
    }
    (count(inputs, inputs_used), count(outputs, outputs_used))
}

fn expand(code: &str, count: usize) -> Vec<Processing> {
    let letters: Vec<Processing> = code
        .chars()
        .filter_map(|c| match c {
            'h' => Some(Processing::Push),
            'l' => Some(Processing::Pull),
            'a' => Some(Processing::Agnostic),
            _ => None,
        })
        .collect();
    let last = letters.last().copied().unwrap_or(Processing::Agnostic);
    (0..count)
        .map(|i| letters.get(i).copied().unwrap_or(last))
        .collect()
}

/// Processing of every input and output for processing code `code`.
pub fn processing(code: &str, inputs: usize, outputs: usize) -> (Vec<Processing>, Vec<Processing>) {
    let (i, o) = halves(code);
    (expand(i, inputs), expand(o, outputs))
}

/// Whether packets from input `input` can leave by output `output`, for flow code `code`: ports
/// flow together when they have a letter in common; `#` is the port's own number.
pub fn flows(code: &str, input: usize, output: usize) -> bool {
    let (i, o) = halves(code);
    let (a, b) = (letters(i, input), letters(o, output));
    if a.contains('#') && b.contains('#') {
        return input == output || a.chars().any(|c| c != '#' && b.contains(c));
    }
    a.chars().any(|c| b.contains(c))
}

/// The letters of port `port` in one half of a flow code; the last group repeats.
fn letters(half: &str, port: usize) -> &str {
    let mut groups = Vec::new();
    let mut rest = half;
    while let Some(first) = rest.chars().next() {
        let end = if first == '[' {
            rest.find(']').map_or(rest.len(), |e| e + 1)
        } else {
            first.len_utf8()
        };
        groups.push(rest[..end].trim_matches(['[', ']']));
        rest = &rest[end..];
    }
    groups.get(port).or(groups.last()).copied().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_codes_give_the_nearest_allowed_number() {
        assert_eq!(port_counts("1/1", 0, 3), (1, 1));
        assert_eq!(port_counts("1/1-2", 1, 1), (1, 1));
        assert_eq!(port_counts("1/1-2", 1, 3), (1, 2));
        assert_eq!(port_counts("-/=", 2, 3), (3, 3));
        assert_eq!(port_counts("1-/1-", 0, 4), (1, 4));
        assert_eq!(port_counts("0/0", 0, 0), (0, 0));
        assert_eq!(port_counts("1/-", 1, 5), (1, 5));
    }

    #[test]
    fn the_last_processing_letter_repeats() {
        use Processing::*;
        assert_eq!(
            processing("a/ah", 1, 3),
            (vec![Agnostic], vec![Agnostic, Push, Push])
        );
        assert_eq!(processing("h/l", 2, 1), (vec![Push, Push], vec![Pull]));
    }

    #[test]
    fn flow_codes_join_ports_with_a_common_letter() {
        assert!(flows("x/x", 0, 1));
        assert!(!flows("x/y", 0, 0));
        assert!(flows("#/#", 2, 2));
        assert!(!flows("#/#", 2, 1));
        assert!(flows("xy/x", 0, 0));
        assert!(!flows("xy/x", 1, 0));
        assert!(flows("[xy]/y", 0, 0));
    }
}
