// Counts every frame for its flow, in both directions, and lets it pass.

flows :: FlowMonitor($FLOWS);
input[0] -> [0]flows[0] -> [0]output;
input[1] -> [1]flows[1] -> [1]output;
