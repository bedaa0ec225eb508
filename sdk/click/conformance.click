// The conformance component, as far as elements can do it: byte 14 of a packet is the operation,
// byte 15 its argument. What elements are given once stands here for one argument each. Three outputs.

input -> operation :: Classifier(
    14/04 15/04,    // shrink in front by 4
    14/05 15/04,    // shrink 64 bytes at the end by 4
    14/06 15/01,    // leave by output 1
    14/06 15/02,    // leave by output 2
    14/07,          // drop
    14/09 15/01,    // clone once
    14/09 15/02,    // clone twice
    14/0a 15/01,    // set the mark
    14/01,          // change in place: both addresses change places
    14/02 15/0e,    // grow in front by 14
    -);             // forward

operation[0] -> Strip(4) -> out :: Null -> output;
operation[1] -> Truncate(60, false) -> out;
operation[2] -> [1]output;
operation[3] -> [2]output;
operation[4] -> Discard;
operation[5] -> once :: Tee(2) -> out;
once[1] -> out;
operation[6] -> twice :: Tee(3) -> out;
twice[1] -> out;
twice[2] -> out;
operation[7] -> SetMark(0x01020301) -> out;
operation[8] -> EtherMirror -> out;
operation[9] -> EtherEncap(0xa5a5, a5:a5:a5:a5:a5:a5, a5:a5:a5:a5:a5:a5) -> out;
operation[10] -> all :: Counter -> out;
