// Drops telnet, paints the rest, and shows values and commands under names of its own.
input -> telnet :: Classifier(12/0800 23/06 36/0017, -);
telnet[0] -> dropped :: Counter -> Discard;
telnet[1] -> paint :: Paint(1) -> output;
double :: Script(TYPE PASSIVE, return $(add $args $args));
ComponentHandlers(seen dropped.count, again dropped.reset, color paint.color, double integer x double.run);
