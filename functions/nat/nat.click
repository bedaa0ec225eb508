// Network address and port translation between `in` and `out`: a router whose inner network shares one address.
// Everything that it does not carry ends at a counter named after the reason, or is counted by the element that drops it.

AddressInfo(inside $INSIDE, outside $OUTSIDE);

to_in :: Queue(1024) -> send_in :: ToDevice(in);
to_out :: Queue(1024) -> send_out :: ToDevice(out);
arp_in :: ARPQuerier(inside, in:eth) -> to_in;
arp_out :: ARPQuerier(outside, out:eth) -> to_out;

// What leaves: cut to size, to the next hop.
leave_in :: GetIPAddress(16) -> cut_in :: IPFragmenter($MTU) -> [0]arp_in;
leave_out :: GetIPAddress(16) -> cut_out :: IPFragmenter($MTU)
    -> route :: StaticIPLookup(outside:ipnet 0, 0.0.0.0/0 $GATEWAY 0) -> [0]arp_out;

// Inputs: 0 from inside, 1 from outside. Outputs: 0 to the outside, 1 to the inside.
forwards :: PortForwardIPMapper($FORWARD, OUTPUT 1, REPLY 0);
tcp_udp :: IPRewriter(pattern outside $PORTS - - 0 1, forwards, TCP_TIMEOUT $TCP_TIMEOUT,
    TCP_NODATA_TIMEOUT $TCP_OPENING_TIMEOUT, TCP_DONE_TIMEOUT $TCP_DONE_TIMEOUT,
    UDP_TIMEOUT $UDP_TIMEOUT, TCP_GUARANTEE $GUARANTEE, UDP_GUARANTEE $GUARANTEE,
    MAPPING_CAPACITY $FLOWS, REAP_INTERVAL 1);
pings :: ICMPPingRewriter(pattern outside $PORTS - - 0 1, drop, TIMEOUT $PING_TIMEOUT,
    GUARANTEE $GUARANTEE, MAPPING_CAPACITY $FLOWS, REAP_INTERVAL 1);
errors :: ICMPRewriter(tcp_udp pings) -> side :: StaticIPLookup(inside:ipnet 0, 0.0.0.0/0 1);
tcp_udp[0], pings[0] -> translated_out :: Counter -> leave_out;
tcp_udp[1], pings[1] -> translated_in :: Counter -> leave_in;
side[0] -> translated_in;
side[1] -> translated_out;
errors[1] -> dropped_icmp :: Counter -> Discard;

// From inside.
receive_in :: FromDevice(in)
    -> kind_in :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
kind_in[0] -> own_arp_in :: ARPResponder(inside:ip in:eth) -> to_in;
kind_in[1] -> [1]arp_in;
kind_in[2] -> station_in :: HostEtherFilter(in:eth) -> unicast_in :: DropBroadcasts
    -> Strip(14) -> check_in :: CheckIPHeader -> whole_in :: IPReassembler
    -> where_in :: IPClassifier(dst host inside or dst host outside,
        src net inside and not dst net inside, -);
where_in[0] -> ping_in :: ICMPPingResponder -> answered_ping :: Counter -> leave_in;
where_in[1] -> ttl_in :: DecIPTTL
    -> what_in :: IPClassifier(tcp or udp, icmp type echo, icmp, -);
what_in[0] -> [0]tcp_udp;
what_in[1] -> [0]pings;
what_in[2] -> errors;
where_in[2] -> dropped_foreign :: Counter -> Discard;
ttl_in[1] -> expired_in :: ICMPError(inside, timeexceeded) -> leave_in;

// From outside.
receive_out :: FromDevice(out)
    -> kind_out :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
kind_out[0] -> own_arp_out :: ARPResponder(outside:ip out:eth) -> to_out;
kind_out[1] -> [1]arp_out;
kind_out[2] -> station_out :: HostEtherFilter(out:eth) -> unicast_out :: DropBroadcasts
    -> Strip(14) -> check_out :: CheckIPHeader -> whole_out :: IPReassembler
    -> where_out :: IPClassifier(dst host outside icmp type echo, dst host outside, -);
where_out[0] -> ping_out :: ICMPPingResponder -> answered_ping_out :: Counter -> leave_out;
where_out[1] -> ttl_out :: DecIPTTL
    -> what_out :: IPClassifier(tcp or udp, icmp type echo-reply, icmp, -);
what_out[0] -> [1]tcp_udp;
what_out[1] -> [1]pings;
what_out[2] -> errors;
where_out[2] -> dropped_not_own :: Counter -> Discard;
ttl_out[1] -> expired_out :: ICMPError(outside, timeexceeded) -> leave_out;

// Too long, and must not be cut: senders are told. The error is about the packet as it left.
cut_out[1] -> too_long_out :: ICMPError(outside, unreachable, needfrag, PMTU $MTU) -> errors;
cut_in[1] -> too_long_in :: ICMPError(inside, unreachable, needfrag, PMTU $MTU) -> errors;

ping_in[1], ping_out[1] -> dropped_own :: Counter -> Discard;
what_in[3], what_out[3] -> dropped_protocol :: Counter -> Discard;
station_in[1], station_out[1] -> dropped_station :: Counter -> Discard;
check_in[1], check_out[1] -> dropped_bad_header :: Counter -> Discard;
kind_in[3], kind_out[3] -> dropped_not_ip :: Counter -> Discard;
