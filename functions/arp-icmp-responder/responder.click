// Answers ARP questions and pings for $ADDRESSES. Everything else ends at a counter named after the reason.

to_eth0 :: Queue(1024) -> send :: ToDevice(eth0);
receive :: FromDevice(eth0) -> kind :: Classifier(12/0806, 12/0800, -);

kind[0] -> arp :: ARPResponder($ADDRESSES $MAC) -> answered_arp :: Counter -> to_eth0;
arp[1] -> dropped_arp :: Counter -> Discard;

// An answer goes back to the station that the question came from.
kind[1] -> station :: HostEtherFilter($MAC) -> unicast :: DropBroadcasts
    -> check :: CheckIPHeader(OFFSET 14)
    -> ping :: ICMPPingResponder($ADDRESSES)
    -> EtherMirror -> answered_ping :: Counter -> to_eth0;
ping[1] -> what :: IPClassifier(ip frag, icmp type echo, -);
what[0] -> dropped_fragment :: Counter -> Discard;
what[1] -> dropped_address :: Counter -> Discard;
what[2] -> dropped_other :: Counter -> Discard;

dropped_station :: Counter -> Discard;
station[1] -> dropped_station;
check[1] -> dropped_bad_header :: Counter -> Discard;
kind[2] -> dropped_not_ip :: Counter -> Discard;
