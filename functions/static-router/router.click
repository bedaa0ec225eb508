// An IPv4 router. Each interface has a Side; all of them send into one table.
// A further interface is a line of vnf.yaml's `interfaces` and `path`, a parameter, and three places here.

// Input 0: frames that arrived. Input 1: packets to be sent.
// Output 0: frames to send. Output 1: packets that arrived. Output 2: what the router itself says.
elementclass Side { $name, $address, $mtu |
    AddressInfo(own $address);
    arp :: ARPQuerier($address, $name:eth) -> output;

    input[0] -> mine :: HostEtherFilter($name:eth)
        -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
    kind[0] -> ARPResponder(own:ip $name:eth) -> output;
    kind[1] -> [1]arp;
    kind[2] -> Strip(14) -> [1]output;
    kind[3] -> dropped_not_ip :: Counter -> Discard;

    input[1] -> single :: DropBroadcasts
        -> options :: IPGWOptions(own:ip)
        -> FixIPSrc(own:ip)
        -> ttl :: DecIPTTL
        -> cut :: IPFragmenter($mtu)
        -> forwarded :: Counter
        -> arp;
    options[1] -> ICMPError(own:ip, parameterproblem) -> told_options :: Counter -> [2]output;
    ttl[1] -> ICMPError(own:ip, timeexceeded) -> told_ttl :: Counter -> [2]output;
    cut[1] -> ICMPError(own:ip, unreachable, needfrag, PMTU $mtu) -> told_too_big :: Counter
        -> [2]output;
}

rt :: InterfaceIPLookup(lan $LAN, wan $WAN, dmz $DMZ, FILE $ROUTES);
check :: CheckIPHeader(INTERFACES $LAN $WAN $DMZ) -> rt;

input[0] -> lan :: Side(lan, $LAN, $MTU) -> [0]output; lan[1] -> check; lan[2] -> rt; rt[2] -> [1]lan;
input[1] -> wan :: Side(wan, $WAN, $MTU) -> [1]output; wan[1] -> check; wan[2] -> rt; rt[3] -> [1]wan;
input[2] -> dmz :: Side(dmz, $DMZ, $MTU) -> [2]output; dmz[1] -> check; dmz[2] -> rt; rt[4] -> [1]dmz;

// To the router itself.
AddressInfo(first $LAN);
rt[0] -> own :: IPClassifier(ip frag, icmp type echo, icmp, udp, -);
own[0] -> dropped_fragments :: Counter -> Discard;
own[1] -> ICMPPingResponder -> answered_ping :: Counter -> rt;
own[2] -> dropped_icmp :: Counter -> Discard;
own[3] -> ICMPError(first:ip, unreachable, port) -> told_port :: Counter -> rt;
own[4] -> ICMPError(first:ip, unreachable, protocol) -> told_protocol :: Counter -> rt;

// To nowhere.
rt[1] -> ICMPError(first:ip, unreachable, net) -> told_unreachable :: Counter -> rt;
