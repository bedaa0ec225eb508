// Drops telnet, and counts it under names of its own.
input -> telnet :: Classifier(12/0800 23/06 36/0017, -);
telnet[0] -> dropped :: Counter -> Discard;
telnet[1] -> output;
ComponentHandlers(seen dropped.count, again dropped.reset);
