//! What configurations mean: the flat graph they stand for.

use crate::{check_flat, flat, parse_with};
use weft_lang::{ParseOptions, Source, parse, unparse};

#[test]
fn declarations_and_connections_are_written_back() {
    assert_eq!(
        flat("a :: Idle; b :: Discard; a -> b"),
        "a :: Idle;\nb :: Discard;\n\na -> b;\n"
    );
    assert_eq!(flat(""), "");
    assert_eq!(flat(" // nothing\n;;"), "");
}

#[test]
fn anonymous_elements_are_numbered_over_all_elements() {
    check_flat(
        "a :: Idle -> Counter -> Queue(10) -> d :: Discard; Idle -> Discard",
        "a :: Idle;\nCounter@2 :: Counter;\nQueue@3 :: Queue(10);\nd :: Discard;\n\
         Idle@5 :: Idle;\nDiscard@6 :: Discard;\n\
         a -> Counter@2\n-> Queue@3\n-> d;\nIdle@5 -> Discard@6;",
    );
}

#[test]
fn anonymous_names_give_way_to_declared_ones() {
    check_flat(
        "Idle -> Idle@1 :: Discard",
        "Idle@2 :: Idle;\nIdle@1 :: Discard;\nIdle@2 -> Idle@1;",
    );
}

#[test]
fn one_declaration_may_declare_several() {
    check_flat(
        "a, b, c :: Queue(5);",
        "a :: Queue(5);\nb :: Queue(5);\nc :: Queue(5);",
    );
    check_flat(
        "a, b :: Idle; a, b -> Discard",
        "a :: Idle;\nb :: Idle;\nDiscard@3 :: Discard;\na -> Discard@3;\nb -> Discard@3;",
    );
}

#[test]
fn ports_stand_on_either_side_of_an_element() {
    check_flat(
        "t :: Tee; q :: Queue; t [1] -> [0] q; q[0]->[2]t; t -> Discard;",
        "t :: Tee;\nq :: Queue;\nDiscard@3 :: Discard;\n\
         t [1] -> q\n-> [2] t;\nt -> Discard@3;",
    );
}

#[test]
fn port_lists_connect_one_to_many() {
    check_flat(
        "c :: Classifier; d :: Discard; c[0-2] -> d",
        "c :: Classifier;\nd :: Discard;\nc -> d;\nc [1] -> d;\nc [2] -> d;",
    );
    check_flat(
        "c :: Classifier; c[0, 3] => a :: Discard, b :: Discard;",
        "c :: Classifier;\na :: Discard;\nb :: Discard;\nc -> a;\nc [3] -> b;",
    );
    check_flat(
        "c :: Classifier; c => a :: Counter, b :: Counter -> d :: Discard",
        "c :: Classifier;\na :: Counter;\nb :: Counter;\nd :: Discard;\nc -> a\n-> d;\nc [1] -> b\n-> d;",
    );
    check_flat(
        "c :: Classifier; c[2,] => a :: Discard, b :: Discard;",
        "c :: Classifier;\na :: Discard;\nb :: Discard;\nc [2] -> a;\nc [3] -> b;",
    );
}

#[test]
fn repeated_connections_count_once() {
    check_flat(
        "a :: Idle; d :: Discard; a -> d; a -> d;",
        "a :: Idle;\nd :: Discard;\na -> d;",
    );
}

#[test]
fn cycles_are_written_whole() {
    check_flat(
        "a :: Null -> b :: Null -> a",
        "a :: Null;\nb :: Null;\nb -> a\n-> b;",
    );
    check_flat("a :: Null -> a", "a :: Null;\na -> a;");
}

#[test]
fn compounds_are_replaced_by_their_members() {
    check_flat(
        "elementclass C { input -> q :: Queue -> Counter -> output }
         Idle -> c :: C -> Discard",
        "Idle@1 :: Idle;\nDiscard@3 :: Discard;\nc/q :: Queue;\nc/Counter@2 :: Counter;\n\
         Idle@1 -> c/q\n-> c/Counter@2\n-> Discard@3;",
    );
}

#[test]
fn anonymous_compounds_are_numbered_too() {
    check_flat(
        "Idle -> { input -> Counter -> output } -> Discard",
        "Idle@1 :: Idle;\nDiscard@3 :: Discard;\n@2/Counter@1 :: Counter;\n\
         Idle@1 -> @2/Counter@1\n-> Discard@3;",
    );
    check_flat(
        "c :: { [0] -> Counter -> [0] }; Idle -> c -> Discard",
        "Idle@2 :: Idle;\nDiscard@3 :: Discard;\nc/Counter@1 :: Counter;\n\
         Idle@2 -> c/Counter@1\n-> Discard@3;",
    );
}

#[test]
fn compounds_may_pass_packets_straight_through() {
    check_flat(
        "elementclass P { input -> output; input[1] -> [1] output }
         p :: P; a :: Idle -> p -> d :: Discard; Idle -> [1] p [1] -> e :: Discard",
        "a :: Idle;\nd :: Discard;\nIdle@4 :: Idle;\ne :: Discard;\na -> d;\nIdle@4 -> e;",
    );
}

#[test]
fn parameters_replace_variables() {
    check_flat(
        "elementclass C { $n, COUNT $c | Queue($n) -> Message(\"$c\", '$c', ${d-7}) }
         c :: C(5, COUNT 6)",
        "c/Queue@1 :: Queue(5);\nc/Message@2 :: Message(\"6\", '$c', 7);\nc/Queue@1 -> c/Message@2;",
    );
    check_flat(
        "elementclass C { $a, __REST__ $r | Message($a; $r) } C(1, 2, K 3)",
        "C@1/Message@1 :: Message(1; 2, K 3);",
    );
}

#[test]
fn overloads_are_chosen_by_ports_and_arguments() {
    let classes = "elementclass C {
            input -> Null -> output
         || $a | input -> Queue($a) -> output
         || input -> a :: Null -> output; a[1] -> [1] output }\n";
    check_flat(
        &format!("{classes} Idle -> x :: C -> Discard; Idle -> y :: C(9) -> Discard;"),
        "Idle@1 :: Idle;\nDiscard@3 :: Discard;\nIdle@4 :: Idle;\nDiscard@6 :: Discard;\n\
         x/Null@1 :: Null;\ny/Queue@1 :: Queue(9);\n\
         Idle@1 -> x/Null@1\n-> Discard@3;\nIdle@4 -> y/Queue@1\n-> Discard@6;",
    );
    check_flat(
        &format!("{classes} Idle -> x :: C; d :: Discard; x -> d; x[1] -> d"),
        "Idle@1 :: Idle;\nd :: Discard;\nx/a :: Null;\n\
         x/a [1] -> d;\nIdle@1 -> x/a\n-> d;",
    );
}

#[test]
fn dots_extend_the_earlier_class() {
    check_flat(
        "elementclass Queue { $a, $b | input -> Null -> output || ... }
         Idle -> Queue(1, 2) -> Queue(3) -> Discard",
        "Idle@1 :: Idle;\nQueue@3 :: Queue(3);\nDiscard@4 :: Discard;\nQueue@2/Null@1 :: Null;\n\
         Idle@1 -> Queue@2/Null@1\n-> Queue@3\n-> Discard@4;",
    );
}

#[test]
fn classes_and_variables_are_lexically_scoped() {
    check_flat(
        "define($x outer);
         elementclass A { Message($x) }
         elementclass B { define($x inner) elementclass A { Queue($x) } A; }
         A; B;",
        "A@1/Message@1 :: Message(outer);\nB@2/A@1/Queue@1 :: Queue(inner);",
    );
    // What surrounds an instance is not what surrounds its class.
    check_flat(
        "define($x outer);
         elementclass A { Message($x) }
         elementclass B { define($x inner) A }
         B",
        "B@1/A@1/Message@1 :: Message(outer);",
    );
}

#[test]
fn definitions_may_follow_their_use() {
    check_flat("Message($a); define($a 5 6)", "Message@1 :: Message(5 6);");
    check_flat(
        "elementclass C { Message($a); define($a 1, $b $a$a) Message($b) } C",
        "C@1/Message@1 :: Message(1);\nC@1/Message@2 :: Message(11);",
    );
}

#[test]
fn the_command_line_overrides_definitions() {
    let text = "define($a 1, $b $a); Message($a, $b, $c)";
    let (graph, _) = parse_with(text, &[("a", "2"), ("c", "3")]);
    let graph = graph.unwrap();
    assert_eq!(graph.elements[0].config, "2, 2, 3");
    let define = |n: &str, v: &str| (n.to_string(), v.to_string());
    assert_eq!(graph.defines, [define("a", "2"), define("b", "2")]);
}

#[test]
fn synonyms_mean_their_class() {
    check_flat("elementclass Q Queue; q :: Q(5)", "q :: Queue(5);");
}

#[test]
fn groups_are_detours_without_a_scope() {
    check_flat(
        "a :: Idle; a -> ( -> c :: Counter -> ) -> d :: Discard; c -> Discard",
        "a :: Idle;\nc :: Counter;\nd :: Discard;\nDiscard@7 :: Discard;\n\
         a -> c\n-> d;\nc -> Discard@7;",
    );
    check_flat(
        "c :: Classifier; c => ( [0] -> Queue -> [0]; [1] -> Counter -> [0] ) -> d :: Discard",
        "c :: Classifier;\nQueue@5 :: Queue;\nCounter@6 :: Counter;\nd :: Discard;\n\
         c -> Queue@5\n-> d;\nc [1] -> Counter@6\n-> d;",
    );
}

#[test]
fn requirements_are_kept() {
    assert_eq!(
        flat("require(package multithread, multithread) require(compact_config); Idle"),
        "require(package \"multithread\", package \"multithread\", compact_config);\n\n\
         Idle@1 :: Idle;\n\n"
    );
}

#[test]
fn libraries_are_read_once() {
    let known = |class: &str| class == "Idle";
    let mut options = ParseOptions::new(&known);
    let load = |name: &str, dir: &std::path::Path| {
        assert_eq!(dir.to_str(), Some("dir"));
        (name == "lib").then(|| {
            (
                "/conf/lib".to_string(),
                Ok(b"elementclass L { Idle }".to_vec()),
            )
        })
    };
    options.library = Some(&load);
    let source = Source::new(
        "dir/x.click",
        "require(library lib, library 'lib') L; require(library no)",
    );
    let (graph, diagnostics) = parse(&source, &options);
    assert!(graph.is_none());
    assert_eq!(
        diagnostics.to_string(),
        "dir/x.click:1: library 'no' not found in CLICKPATH/conf\n"
    );
    let source = Source::new("dir/x.click", "require(library lib, library 'lib') L;");
    let graph = parse(&source, &options).0.unwrap();
    assert_eq!(unparse(&graph), "L@1/Idle@1 :: Idle;\n\n");
    assert_eq!(graph.elements[0].landmark.to_string(), "/conf/lib:1");
}

#[test]
fn libraries_are_found_in_the_click_path() {
    let dir = std::env::temp_dir().join(format!("weft-lang-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("conf")).unwrap();
    std::fs::write(dir.join("conf/mine.click"), "elementclass L { Idle }").unwrap();
    let known = |class: &str| class == "Idle";
    let mut options = ParseOptions::new(&known);
    options.clickpath = vec![dir.clone()];
    let source = Source::new("config", "require(library mine.click) L");
    let (graph, diagnostics) = parse(&source, &options);
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(diagnostics.to_string(), "");
    assert_eq!(graph.unwrap().elements.len(), 1);
}

#[test]
fn flat_configurations_mean_themselves() {
    for text in [
        "Idle -> Counter -> Queue -> Discard",
        "elementclass C { $a | input -> Tee -> Queue($a) -> output } Idle -> C(5) -> C('x,y') -> Discard",
        "c :: Classifier(12/0800, -) => Discard, ( -> Queue -> ) -> Discard",
        "a :: Null -> b :: Null -> [1] a [2] -> [1] b",
    ] {
        let once = flat(text);
        assert_eq!(flat(&once), once, "for {text}");
    }
}

#[test]
fn landmarks_follow_the_text() {
    let (graph, _) = parse_with("a :: Idle;\n\nb ::\n Discard;\n# 50 \"gen\"\na -> b;", &[]);
    let graph = graph.unwrap();
    assert_eq!(graph.elements[0].landmark.to_string(), "config:1");
    assert_eq!(graph.elements[1].landmark.to_string(), "config:3");
    assert_eq!(graph.connections[0].landmark.to_string(), "gen:50");
    assert_eq!(graph.find("b"), Some(1));
}

#[test]
fn archives_hold_the_configuration() {
    let content = "Idle -> Discard;\n";
    let header = format!(
        "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
        "config/",
        0,
        0,
        0,
        644,
        content.len()
    );
    let archive = format!("!<arch>\n{header}{content}\n");
    assert_eq!(flat(&archive), flat(content));
}
