// What the server has to see: questions to a DHCP server, ping, and ARP. All else ends here.
input -> kind :: Classifier(12/0806, 12/0800, -);
kind[0] -> output;
kind[1] -> check :: CheckIPHeader(OFFSET 14) -> wanted :: IPClassifier(udp dst port 67, icmp, -);
wanted[0] -> questions :: Counter -> output;
wanted[1] -> output;
wanted[2] -> dropped_other :: Counter -> Discard;
kind[2] -> dropped_not_ip :: Counter -> Discard;
check[1] -> dropped_bad_header :: Counter -> Discard;
