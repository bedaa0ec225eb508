// The conformance component, as far as elements can do it: byte 14 of a packet is the operation,
// byte 15 its argument. What elements are given once stands here for one argument each.

input -> all :: Counter -> operation :: Classifier(
    14/01,          // change in place: both addresses change places
    14/02 15/0e,    // grow in front by 14
    14/04 15/04,    // shrink in front by 4
    14/05 15/04,    // shrink 64 bytes at the end by 4
    14/07 15/01,    // drop for a reason
    14/07,          // drop
    14/08,          // make three packets
    14/09 15/01,    // clone once
    14/09 15/02,    // clone twice
    14/0a 15/00,    // set the mark
    14/0a 15/01,
    14/0a 15/ff,
    14/0b,          // tell mark and timestamp
    14/0d,          // keep
    14/0e,          // let go of what was kept
    14/10,          // end
    14/12,          // fail
    14/13 15/14,    // take 20 ms
    -);             // forward

// Packets that come after those let go wait behind them.
out :: Null -> way :: Switch(0) -> leaving :: Null -> output;
way[1] -> kept :: Queue(4096) -> let_go :: Unqueue(64, ACTIVE false) -> leaving;

operation[0] -> EtherMirror -> out;
operation[1] -> EtherEncap(0xa5a5, a5:a5:a5:a5:a5:a5, a5:a5:a5:a5:a5:a5) -> out;
operation[2] -> Strip(4) -> out;
operation[3] -> Truncate(60, false) -> out;
operation[4] -> asked :: Classifier(15/00) -> out;
operation[5] -> Discard;
operation[6] -> Script(TYPE PACKET, write made.reset, write made.active true) -> out;
operation[7] -> once :: Tee(2) -> out;
once[1] -> out;
operation[8] -> twice :: Tee(3) -> out;
twice[1] -> out;
twice[2] -> out;
operation[9] -> SetMark(0x01020300) -> out;
operation[10] -> SetMark(0x01020301) -> out;
operation[11] -> SetMark(0x010203ff) -> out;
operation[12] -> Print(told, CONTENTS NONE, TIMESTAMP true, PRINTANNO true) -> out;
operation[13] -> Script(TYPE PACKET, write way.switch 0, write let_go.active false) -> kept;
operation[14] -> Script(TYPE PACKET, write way.switch 1, write let_go.active true) -> out;
operation[15] -> Script(TYPE PACKET, stop) -> out;
operation[16] -> Script(TYPE PACKET, error failed as asked) -> out;
operation[17] -> Queue -> RatedUnqueue(50) -> out;
operation[18] -> out;

made :: InfiniteSource(\<00000000 00000000 00000000 88b5ee00>, LENGTH 60, LIMIT 3, BURST 3, ACTIVE false) -> out;

// Values and commands: what is written to one is kept in a variable of its name.
values :: Script(TYPE PROXY,
    initq text "hello", initq lines "a\<0a>b\<0a>", init unsigned 7, init integer -7, init real 0.5,
    init flag true, initq json '{"a": [1, 2]}',
    goto write $write,
    return $(get $0),
    label write,
    write set $0 $args);
echo :: Script(TYPE PASSIVE, return $args);
fail :: Script(TYPE PASSIVE, error failed as asked);
greet :: Script(TYPE PASSIVE, return hello $args);
Idle -> paint :: Paint(7) -> Discard;

ComponentHandlers(
    packets all.count,
    bytes all.byte_count,
    reset all.reset_counts,
    text rw values.text,
    lines lines rw values.lines,
    unsigned unsigned rw values.unsigned,
    integer integer rw values.integer,
    real real rw values.real,
    flag bool rw values.flag,
    json json rw values.json,
    echo r echo.run,
    greet text x greet.run,
    color paint.color,
    fail text rw fail.run);
