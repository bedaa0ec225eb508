// Drops packets that an analyzer has marked: those whose NSH context does not begin with a byte of 0.
// Input i, from one side, leaves by output i.

input[0] -> in :: CheckNSHContext(0/00) -> [0]output;
input[1] -> out :: CheckNSHContext(0/00) -> [1]output;
