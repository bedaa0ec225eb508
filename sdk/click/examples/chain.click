// Labels packets of path 10, and sends those of path 11 on by path 20.
input -> path :: NSHSwitch(10, 11, -);
path[0] -> SetNSH(TLV 256:2:796573) -> out :: Null -> output;
path[1] -> SetNSH(20, 255) -> out;
path[2] -> out;
