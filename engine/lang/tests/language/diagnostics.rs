//! What is said about configurations that are wrong.

use crate::{check_errors, parse_with};

#[test]
fn syntax_errors_name_what_they_stumbled_over() {
    check_errors("Idle\n->", &["config:2: syntax error near ''"]);
    check_errors("a :: Idle; + ;", &["config:1: syntax error near '+'"]);
    check_errors(
        "}\n)\n||\n|",
        &[
            "config:1: syntax error near '}'",
            "config:2: syntax error near ')'",
            "config:3: syntax error near '||'",
            "config:4: syntax error near '|'",
        ],
    );
    check_errors("Idle -> ]", &["config:1: syntax error near ']'"]);
    check_errors("Idle \u{e9}", &["config:1: syntax error near '\\303\\251'"]);
    check_errors(
        "provide x :: Idle",
        &["config:1: syntax error near 'provide'"],
    );
    check_errors(
        "$x :: Idle",
        &[
            "config:1: syntax error near 'x'",
            "config:1: syntax error near '::'",
        ],
    );
    check_errors("Idle(5", &["config:1: expected ')'"]);
    check_errors(
        "#include <x>\nIdle",
        &["config:1: unknown preprocessor directive"],
    );
}

#[test]
fn unknown_names_are_errors() {
    check_errors("x -> Discard", &["config:1: undeclared element 'x'"]);
    check_errors(
        "x :: Nope;\n\ny :: Nope(3); Idle -> Gone",
        &[
            "config:1: unknown element class 'Nope'",
            "config:3: undeclared element 'Gone'",
        ],
    );
    check_errors(
        "elementclass A B;",
        &["config:1: unknown element class 'B'"],
    );
    check_errors("a :: ;", &["config:1: missing element type in declaration"]);
    check_errors(
        "input -> Discard",
        &["config:1: undeclared element 'input'"],
    );
}

#[test]
fn elements_are_declared_once() {
    check_errors(
        "x :: Idle;\nx :: Queue;",
        &[
            "config:2: redeclaration of element 'x'",
            "config:1: element 'x' previously declared here",
        ],
    );
    check_errors(
        "Idle :: Queue",
        &["config:1: class 'Idle' used as element name"],
    );
    check_errors(
        "x :: Idle; x(5) -> Discard",
        &["config:1: configuration string ignored on element reference"],
    );
    check_errors(
        "1 :: Idle; a/2 :: Idle",
        &[
            "config:1: element name '1' has all-digit component",
            "config:1: element name 'a/2' has all-digit component",
        ],
    );
    check_errors(
        "elementclass C { q :: Queue }\nc/q :: Idle;\nc :: C",
        &[
            "config:1: redeclaration of element 'c/q'",
            "config:2: 'c/q' previously declared here",
        ],
    );
}

#[test]
fn ports_must_be_numbers_and_face_an_arrow() {
    check_errors(
        "a :: Idle; a [x] -> Discard",
        &["config:1: syntax error: port number should be integer"],
    );
    check_errors(
        "a :: Idle; a [; ] -> Discard",
        &[
            "config:1: syntax error: expected port number",
            "config:1: syntax error near ']'",
            "config:1: syntax error near '->'",
        ],
    );
    check_errors(
        "a :: Idle; a [1 2] => Discard, Discard",
        &["config:1: syntax error: expected ','"],
    );
    check_errors(
        "a :: Idle; a [3-1] -> Discard",
        &["config:1: syntax error: bad port range 3-1"],
    );
    check_errors(
        "a :: Idle; a -> [1]; Discard",
        &[
            "config:1: stranded port ignored",
            "config:1: syntax error near ';'",
        ],
    );
}

#[test]
fn useless_ports_are_errors() {
    check_errors(
        "a :: Idle; [1] a -> Discard",
        &["config:1: input ports ignored at start of chain"],
    );
    check_errors(
        "a :: Idle; a -> Discard [2];",
        &["config:1: output ports ignored at end of chain"],
    );
    check_errors(
        "a :: Idle [70000] -> Discard",
        &["config:1: port number 70000 too large, bound 65535"],
    );
    check_errors(
        "a :: Idle; b :: Discard; a[0,1] -> b, b",
        &["config:1: syntax error: many-to-many connections require '=>'"],
    );
    check_errors(
        "a :: Idle; b :: Discard; a[0,1] => [0,1,2] b",
        &["config:1: connection mismatch: 2 outputs connected to 3 inputs"],
    );
}

#[test]
fn compounds_use_their_ends_properly() {
    check_errors(
        "elementclass C { Idle -> input; output -> Discard }",
        &[
            "config:1: 'C' pseudoelement 'input' may only be used as output",
            "config:1: 'C' pseudoelement 'output' may only be used as input",
        ],
    );
    check_errors(
        "elementclass C {\n input[1] -> Discard }",
        &["config:2: 'C' input 0 missing"],
    );
    check_errors(
        "{ Idle -> [1] output }",
        &[
            "config:1: '<anonymous>' output 0 missing",
            "config:1: '@1' output 1 unused",
        ],
    );
}

#[test]
fn ports_of_compounds_are_connected_on_both_sides() {
    let class = "elementclass C { input -> Counter -> output }\n";
    check_errors(
        &format!("{class} Idle -> c :: C;"),
        &["config:2: 'c' output 0 unused"],
    );
    check_errors(
        &format!("{class} c :: C -> Discard;"),
        &["config:2: 'c' input 0 unused"],
    );
    check_errors(
        &format!("{class} c :: C -> Discard; Idle -> c; Idle -> [1] c;"),
        &["config:2: 'c' has no input 1"],
    );
    check_errors(
        &format!("{class} c :: C -> Discard; Idle -> c; c[2] -> Discard;"),
        &["config:2: 'c' has no output 2"],
    );
}

#[test]
fn overloads_that_do_not_fit_are_listed() {
    check_errors(
        "elementclass C { $a | Message($a) }\nx :: C;",
        &[
            "config:2: no match for 'C[0 inputs, 0 outputs]'",
            "candidates are:",
            "config:1:   C(<arg>)[0 inputs, 0 outputs]",
        ],
    );
    check_errors(
        "elementclass C { $a, KEY $b, __REST__ $c | Message($a) -> output ||\n input -> Discard }\nx :: C(1);",
        &[
            "config:3: no match for 'C[1 argument, 0 inputs, 0 outputs]'",
            "candidates are:",
            "config:1:   C(<arg>, KEY, ...)[0 inputs, 1 output]",
            "config:2:   C[1 input, 0 outputs]",
        ],
    );
}

#[test]
fn parameters_are_ordered_and_named_once() {
    check_errors(
        "elementclass C { $a, $a | Idle }",
        &["config:1: parameter '$a' multiply defined"],
    );
    check_errors(
        "elementclass C { K $a, K $b | Idle }",
        &["config:1: repeated keyword parameter 'K' in compound element"],
    );
    check_errors(
        "elementclass C { K $a, $b | Idle }",
        &[
            "config:1: compound element parameters out of order",
            "config:1: (The correct order is '[positional], [keywords], [__REST__]'.)",
        ],
    );
    check_errors(
        "elementclass C { $a $b | Idle }",
        &[
            "config:1: expected ',' or '|'",
            "config:1: syntax error near 'b'",
            "config:1: syntax error near '|'",
        ],
    );
    check_errors(
        "define($a 1, $a 2, b 3, $ 4)",
        &[
            "config:1: parameter '$a' multiply defined",
            "config:1: bad 'define' declaration: not a variable",
            "config:1: bad 'define' declaration: not a variable",
        ],
    );
}

#[test]
fn compounds_and_groups_must_end() {
    check_errors("elementclass C { Idle", &["config:1: expected '}'"]);
    check_errors(
        "a :: Idle -> ( -> Counter -> ",
        &[
            "config:1: expected ')'",
            "config:1: output ports ignored at end of chain",
            "config:1: '@2' output 0 unused",
        ],
    );
    check_errors(
        "elementclass C { ... }",
        &[
            "config:1: cannot extend unknown element class 'C'",
            "config:1: '...' should occur last, after one or more compounds",
        ],
    );
    check_errors(
        "elementclass { Idle }",
        &["config:1: expected element type name"],
    );
    check_errors("elementclass C ;", &["config:1: syntax error near ';'"]);
}

#[test]
fn requirements_must_be_met() {
    check_errors(
        "require(package nope)",
        &["config:1: requirement 'nope' not available"],
    );
    check_errors(
        "require(a b c); require x",
        &[
            "config:1: syntax error at requirement",
            "config:1: expected '('",
            "config:1: undeclared element 'x'",
        ],
    );
    check_errors(
        "elementclass C { require(library x) }",
        &["config:1: 'require library' must be used at file scope"],
    );
}

#[test]
fn all_problems_are_told_at_once() {
    check_errors(
        "x :: Nope;\ny :: Idle; y :: Idle;\nelementclass C { input -> Discard }\nc :: C;",
        &[
            "config:1: unknown element class 'Nope'",
            "config:2: redeclaration of element 'y'",
            "config:2: element 'y' previously declared here",
            "config:4: 'c' input 0 unused",
        ],
    );
}

#[test]
fn implicit_ends_are_suggested_where_they_may_surprise() {
    let (graph, diagnostics) = parse_with("Idle -> { -> Counter -> Queue; -> Discard }", &[]);
    assert!(graph.is_some());
    assert_eq!(
        diagnostics,
        "config:1: warning: suggest 'input ->' or '[0] ->' to start connection\n"
    );
    check_errors(
        "Idle -> { input -> [0], Null -> Discard }",
        &[
            "config:1: implicit ports used in the middle of a chain",
            "config:1: '<anonymous>' pseudoelement 'output' may only be used as input",
            "config:1: '@2' output 0 unused",
        ],
    );
}

#[test]
fn nesting_has_a_limit() {
    let deep = "{ ".repeat(60);
    check_errors(
        &deep,
        &["config:1: maximum compound element nesting depth exceeded"],
    );
    let deep = format!("Idle -> {}", "( -> ".repeat(60));
    check_errors(
        &deep,
        &["config:1: maximum element group nesting depth exceeded"],
    );
}

#[test]
fn expansion_has_limits() {
    let mut text = String::from("elementclass C0 { Idle; Idle }\n");
    for n in 1..40 {
        text += &format!("elementclass C{n} {{ C{0}; C{0} }}\n", n - 1);
    }
    check_errors(
        &(text + "C39"),
        &["config:2: flat configuration too long (limit 134217728 bytes)"],
    );
    let ten = "{ I; I; I; I; I; I; I; I; I; I }";
    let mut text = format!("elementclass I Idle; elementclass A {ten}\n");
    for (class, inner) in ["B", "C", "D", "E", "F"]
        .iter()
        .zip(["A", "B", "C", "D", "E"])
    {
        text += &format!("elementclass {class} {}\n", ten.replace('I', inner));
    }
    check_errors(
        &(text + "F;"),
        &["config:1: too many elements (limit 1000000)"],
    );
    let mut text = String::from("elementclass C0 { Idle }\n");
    for n in 1..300 {
        text += &format!("elementclass C{n} {{ C{} }}\n", n - 1);
    }
    check_errors(
        &(text + "C299"),
        &["config:101: compound elements expanded too deep (limit 200)"],
    );
    let mut text = String::from("define($v0 xxxxxxxx");
    for n in 1..60 {
        text += &format!(", $v{n} $v{0}$v{0}", n - 1);
    }
    let (graph, diagnostics) = parse_with(&(text + ")"), &[]);
    assert!(graph.is_none());
    assert!(diagnostics.starts_with("config:1: value of '$v22' too long\n"));
}
