// What has bit 0x10 in its mark leaves by output 0, all other by output 1.
input -> urgent :: CheckMark(0x10/0x10);
urgent[0] -> output;
urgent[1] -> [1]output;
