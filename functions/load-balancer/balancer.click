// Spreads flows to one address on `in` over servers on `out`, by weight, and asks the servers whether they answer.
// Everything that it does not carry ends at a counter named after the reason, or is counted by the element that drops it.

AddressInfo(front $FRONT, back $BACK);

to_in :: Queue(1024) -> send_in :: ToDevice(in);
to_out :: Queue(1024) -> send_out :: ToDevice(out);
arp_in :: ARPQuerier(front, in:eth) -> to_in;
arp_out :: ARPQuerier(back, out:eth) -> to_out;

// What leaves: cut to size, to the next hop.
leave_in :: GetIPAddress(16) -> cut_in :: IPFragmenter($MTU)
    -> route :: StaticIPLookup(front:ipnet 0, 0.0.0.0/0 $GATEWAY 0) -> [0]arp_in;
leave_out :: GetIPAddress(16) -> cut_out :: IPFragmenter($MTU) -> [0]arp_out;

// Inputs: 0 from clients, 1 those of them that may begin a flow, 2 from servers.
// Outputs: 0 to servers, 1 to clients; 2, 3 packets of no known flow from clients and servers.
balance :: WeightedIPMapper($TARGETS, SOURCE $SOURCE, AFFINITY $AFFINITY);
flows :: IPRewriter(pass 2, balance, pass 3, TCP_TIMEOUT $TCP_TIMEOUT,
    TCP_NODATA_TIMEOUT $TCP_OPENING_TIMEOUT, TCP_DONE_TIMEOUT $TCP_DONE_TIMEOUT,
    UDP_TIMEOUT $UDP_TIMEOUT, TCP_GUARANTEE $GUARANTEE, UDP_GUARANTEE $GUARANTEE,
    MAPPING_CAPACITY $FLOWS, REAP_INTERVAL 1);
flows[0] -> to_servers :: Counter -> leave_out;
flows[1] -> to_clients :: Counter -> leave_in;
errors :: ICMPRewriter(flows) -> side :: StaticIPLookup(back:ipnet 0, 0.0.0.0/0 1);
side[0] -> to_servers;
side[1] -> to_clients;
errors[1] -> dropped_icmp :: Counter -> Discard;

// From clients. TCP begins with a SYN.
receive_in :: FromDevice(in)
    -> kind_in :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
kind_in[0] -> own_arp_in :: ARPResponder(front:ip in:eth) -> to_in;
kind_in[1] -> [1]arp_in;
kind_in[2] -> station_in :: HostEtherFilter(in:eth) -> unicast_in :: DropBroadcasts
    -> Strip(14) -> check_in :: CheckIPHeader -> whole_in :: IPReassembler
    -> where_in :: IPClassifier(dst host front icmp type echo, dst host front, -);
where_in[0] -> ping_in :: ICMPPingResponder -> answered_ping :: Counter -> leave_in;
where_in[1] -> ttl_in :: DecIPTTL -> what_in :: IPClassifier(tcp or udp, icmp, -);
what_in[0] -> [0]flows;
what_in[1] -> errors;
ttl_in[1] -> expired_in :: ICMPError(front, timeexceeded) -> leave_in;
flows[2] -> middle :: IPClassifier(tcp and not (tcp opt syn and not tcp opt ack), -);
middle[0] -> dropped_no_connection :: Counter -> Discard;
middle[1] -> service :: IPFilter(0 $SERVICE, 1 all) -> [1]flows;
service[1] -> dropped_service :: Counter -> Discard;

// From servers: replies, and answers to probes.
prober :: HealthProber(balance, back, PROBE $PROBE, PORT $PROBE_PORT, INTERVAL $PROBE_INTERVAL,
    RISE $RISE, FALL $FALL, PORTS 61000-65535) -> leave_out;
receive_out :: FromDevice(out)
    -> kind_out :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
kind_out[0] -> own_arp_out :: ARPResponder(back:ip out:eth) -> to_out;
kind_out[1] -> [1]arp_out;
kind_out[2] -> station_out :: HostEtherFilter(out:eth) -> unicast_out :: DropBroadcasts
    -> Strip(14) -> check_out :: CheckIPHeader -> whole_out :: IPReassembler
    -> where_out :: IPClassifier(dst host back icmp type echo, dst host back icmp type echo-reply, -);
where_out[0] -> ping_out :: ICMPPingResponder -> answered_ping_out :: Counter -> leave_out;
where_out[1] -> prober;
where_out[2] -> ttl_out :: DecIPTTL -> what_out :: IPClassifier(tcp or udp, icmp, -);
what_out[0] -> [2]flows;
what_out[1] -> errors;
ttl_out[1] -> expired_out :: ICMPError(back, timeexceeded) -> leave_out;
flows[3] -> own :: IPClassifier(dst host back, -) -> prober;
own[1] -> dropped_unasked :: Counter -> Discard;

// Too long, and must not be cut: senders are told. The error is about the packet as it left.
cut_out[1] -> too_long_out :: ICMPError(back, unreachable, needfrag, PMTU $MTU) -> errors;
cut_in[1] -> too_long_in :: ICMPError(front, unreachable, needfrag, PMTU $MTU) -> errors;

prober[1], ping_in[1], ping_out[1] -> dropped_own :: Counter -> Discard;
where_in[2] -> dropped_not_own :: Counter -> Discard;
what_in[2], what_out[2] -> dropped_protocol :: Counter -> Discard;
station_in[1], station_out[1] -> dropped_station :: Counter -> Discard;
check_in[1], check_out[1] -> dropped_bad_header :: Counter -> Discard;
kind_in[3], kind_out[3] -> dropped_not_ip :: Counter -> Discard;
