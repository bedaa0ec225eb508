// What the analyzer has not marked leaves by output 0, what it has by output 1.

input -> unmarked :: CheckNSHContext(0/00) -> output;
unmarked[1] -> [1]output;
