// Marks web traffic with 0x10, all other with 0.
input -> web :: Classifier(12/0800 23/06 36/0050, -);
web[0] -> SetMark(0x10) -> output;
web[1] -> SetMark(0) -> output;
