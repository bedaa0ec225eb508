// Drops IPv4 packets whose header is broken: input i, from one side, leaves by output i.
// What is no IPv4 passes as it is.

input[0] -> kind_in :: Classifier(12/0800, -);
kind_in[0] -> check_in :: CheckIPHeader(OFFSET 14) -> [0]output;
kind_in[1] -> [0]output;

input[1] -> kind_out :: Classifier(12/0800, -);
kind_out[0] -> check_out :: CheckIPHeader(OFFSET 14) -> [1]output;
kind_out[1] -> [1]output;

bad :: Counter -> Discard;
check_in[1], check_out[1] -> bad;
