// Operation 6 of the conformance component: a packet leaves by the output that its byte 15 says. Three outputs.

input -> all :: Counter -> operation :: Classifier(14/06 15/01, 14/06 15/02, -);

operation[0] -> [1]output;
operation[1] -> [2]output;
operation[2] -> output;

ComponentHandlers(packets all.count, bytes all.byte_count);
