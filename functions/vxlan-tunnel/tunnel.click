// One end of a VXLAN tunnel (RFC 7348). Port 0 is the network inside, port 1 the one that carries it.

AddressInfo(own $LOCAL);
arp :: ARPQuerier($LOCAL, outside:eth) -> [1]output;
rt :: StaticIPLookup($LOCAL 0, 0.0.0.0/0 $GATEWAY 0) -> arp;

// Into the tunnel.
input[0] -> encap :: VXLANEncap(own:ip, $REMOTE, $VNI, MTU $MTU, DPORT $PORT) -> sent :: Counter -> rt;
encap[1] -> too_long :: Counter -> icmp :: PacketTooBig($ICMP_ADDRESS, MTU $MTU, TAGS true) -> output;

// Out of it: from the other end only.
input[1] -> mine :: HostEtherFilter(outside:eth)
    -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
kind[0] -> ARPResponder(own:ip outside:eth) -> [1]output;
kind[1] -> [1]arp;
kind[2] -> Strip(14) -> check :: CheckIPHeader
    -> to :: IPClassifier(src host $REMOTE and dst host own:ip and udp,
                          dst host own:ip and icmp type echo, -);
kind[3] -> dropped_not_ip :: Counter -> Discard;
to[0] -> decap :: VXLANDecap($VNI, DPORT $PORT) -> received :: Counter -> output;
to[1] -> ICMPPingResponder -> answered_ping :: Counter -> rt;
to[2] -> dropped_other :: Counter -> Discard;
