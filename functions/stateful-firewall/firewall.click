// A stateful firewall on the wire between `in` and `out`. A flow begins when $ALLOW permits its first packet from `in`, or
// $ALLOW_IN the first from `out`; then both directions pass, and ICMP errors about them.
// Everything else ends at a counter that is named after the reason.

to_in :: Queue(1024) -> send_in :: ToDevice(in);
to_out :: Queue(1024) -> send_out :: ToDevice(out);
cut_in :: IPFragmenter($MTU, LINK true) -> passed_in :: Counter -> to_in;
cut_out :: IPFragmenter($MTU, LINK true) -> passed_out :: Counter -> to_out;
cut_in[1], cut_out[1] -> dropped_too_long :: Counter -> Discard;

// Inputs: 0, 2 packets from `in` and `out`; 1, 3 those of them that may begin a flow.
// Outputs: 0, 1 packets to `out` and `in`; 2, 3 those of no known flow.
tcp_udp :: IPRewriter(pass 2, keep 0 1, pass 3, keep 1 0, TCP_TIMEOUT $TCP_TIMEOUT,
    TCP_NODATA_TIMEOUT $TCP_OPENING_TIMEOUT, TCP_DONE_TIMEOUT $TCP_DONE_TIMEOUT,
    UDP_TIMEOUT $UDP_TIMEOUT, TCP_GUARANTEE $GUARANTEE, UDP_GUARANTEE $GUARANTEE,
    MAPPING_CAPACITY $FLOWS, REAP_INTERVAL 1);
pings :: ICMPPingRewriter(pass 2, keep 0 1, pass 3, keep 1 0, TIMEOUT $PING_TIMEOUT,
    GUARANTEE $GUARANTEE, MAPPING_CAPACITY $FLOWS, REAP_INTERVAL 1);
errors :: ICMPRewriter(tcp_udp pings);

receive_in :: FromDevice(in) -> kind_in :: Classifier(12/0806, 12/0800, -);
kind_in[0] -> passed_arp_out :: Counter -> to_out;
kind_in[1] -> check_in :: CheckIPHeader(OFFSET 14) -> whole_in :: IPReassembler -> Paint(0)
    -> what_in :: IPClassifier(tcp or udp, icmp type echo or icmp type echo-reply, icmp, -);
what_in[0] -> [0]tcp_udp;
what_in[1] -> [0]pings;

receive_out :: FromDevice(out) -> kind_out :: Classifier(12/0806, 12/0800, -);
kind_out[0] -> passed_arp_in :: Counter -> to_in;
kind_out[1] -> check_out :: CheckIPHeader(OFFSET 14) -> whole_out :: IPReassembler -> Paint(1)
    -> what_out :: IPClassifier(tcp or udp, icmp type echo or icmp type echo-reply, icmp, -);
what_out[0] -> [2]tcp_udp;
what_out[1] -> [2]pings;

// Of a known flow. One side's packets that seem to come from the other go nowhere.
tcp_udp[0], pings[0] -> from_in :: PaintSwitch -> cut_out;
tcp_udp[1], pings[1] -> from_out :: PaintSwitch;
from_out[1] -> cut_in;
from_in[1], from_out[0] -> dropped_spoofed :: Counter -> Discard;

// Of no known flow. TCP begins with a SYN.
tcp_udp[2], pings[2] -> middle_in :: IPClassifier(tcp and not (tcp opt syn and not tcp opt ack), -);
middle_in[1] -> rules_in :: IPFilter(0 $ALLOW, 1 all) -> begins_in :: IPClassifier(tcp or udp, -);
begins_in[0] -> [1]tcp_udp;
begins_in[1] -> [1]pings;
rules_in[1] -> dropped_not_allowed :: Counter -> Discard;

tcp_udp[3], pings[3] -> middle_out :: IPClassifier(tcp and not (tcp opt syn and not tcp opt ack), -);
middle_out[1] -> rules_out :: IPFilter(0 $ALLOW_IN, 1 all) -> begins_out :: IPClassifier(tcp or udp, -);
begins_out[0] -> [3]tcp_udp;
begins_out[1] -> [3]pings;
rules_out[1] -> dropped_unasked :: Counter -> Discard;
middle_in[0], middle_out[0] -> dropped_no_connection :: Counter -> Discard;

// Errors pass if they are about a packet that went the other way.
what_in[2], what_out[2] -> errors -> related :: PaintSwitch -> passed_errors_out :: Counter -> cut_out;
related[1] -> passed_errors_in :: Counter -> cut_in;
errors[1] -> dropped_unrelated :: Counter -> Discard;

what_in[3], what_out[3] -> dropped_protocol :: Counter -> Discard;
kind_in[2], kind_out[2] -> dropped_not_ip :: Counter -> Discard;
check_in[1], check_out[1] -> dropped_bad_header :: Counter -> Discard;
