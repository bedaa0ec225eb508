// A stateless firewall on the wire between `in` and `out`.
// Passed: ARP, connections that $ALLOW permits from `in` to `out`, and what comes back for them.
// Everything else ends at a counter that is named after the reason.

to_in :: Queue(1024) -> send_in :: ToDevice(in);
to_out :: Queue(1024) -> send_out :: ToDevice(out);

// From `in`: the function's own address is answered here.
receive_in :: FromDevice(in) -> kind_in :: Classifier(12/0806, 12/0800, -);
kind_in[0] -> arp :: ARPResponder($ADDRESS $MAC) -> to_in;
arp[1] -> passed_arp_out :: Counter -> to_out;
kind_in[1] -> check_in :: CheckIPHeader(OFFSET 14)
    -> own :: IPClassifier(dst host $ADDRESS and icmp type echo, dst host $ADDRESS, -);
own[0] -> ping :: ICMPPingResponder -> EtherMirror -> answered_ping :: Counter -> to_in;
own[1] -> dropped_own :: Counter -> Discard;
own[2] -> allow :: IPFilter(0 $ALLOW, 1 all);
allow[0] -> passed_out :: Counter -> to_out;
allow[1] -> protocol :: IPClassifier(icmp, tcp, -);
protocol[0] -> dropped_icmp :: Counter -> Discard;
protocol[1] -> dropped_tcp :: Counter -> Discard;
protocol[2] -> dropped_other :: Counter -> Discard;

// From `out`: seen in a mirror, a reply is a packet that $ALLOW permits. A bare SYN is no reply.
receive_out :: FromDevice(out) -> kind_out :: Classifier(12/0806, 12/0800, -);
kind_out[0] -> passed_arp_in :: Counter -> to_in;
kind_out[1] -> check_out :: CheckIPHeader(OFFSET 14)
    -> IPMirror -> reply :: IPFilter(1 tcp opt syn and not tcp opt ack, 0 $ALLOW, 1 all);
reply[0] -> IPMirror -> passed_in :: Counter -> to_in;
reply[1] -> dropped_unasked :: Counter -> Discard;

dropped_not_ip :: Counter -> Discard;
kind_in[2], kind_out[2] -> dropped_not_ip;
dropped_bad_header :: Counter -> Discard;
check_in[1], check_out[1] -> dropped_bad_header;
