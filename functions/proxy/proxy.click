// Algorithm 1 of Bondan et al., "Comparing Virtualization Solutions for NFV Deployment": what comes from $HOST_A goes to
// $HOST_B, and what comes from $HOST_B goes to $HOST_A, by the interface it came from.

AddressInfo(proxy $ADDRESS);
to_eth0 :: Queue(1024) -> send :: ToDevice(eth0);
receive :: FromDevice(eth0)
    -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);

// ARP: the proxy's own address is told, the hosts' are asked for.
kind[0] -> own_arp :: ARPResponder(proxy:ip eth0:eth) -> to_eth0;
arp :: ARPQuerier(proxy, eth0:eth) -> to_eth0;
kind[1] -> [1]arp;

kind[2] -> station :: HostEtherFilter(eth0:eth) -> unicast :: DropBroadcasts
    -> Strip(14) -> check :: CheckIPHeader
    -> host :: IPClassifier(src host $HOST_A, src host $HOST_B, dst host proxy icmp type echo, -);

// Checksums follow what is stored. A source that is 0.0.0.0 is not stored.
host[0] -> a_to_b :: Counter -> StoreIPAddress($HOST_B, dst)
    -> ahead :: SetIPAddress($SOURCE) -> StoreIPAddress(src)
    -> ttl :: DecIPTTL -> GetIPAddress(16)
    -> route :: StaticIPLookup(proxy:ipnet 0, 0.0.0.0/0 $GATEWAY 0) -> [0]arp;
host[1] -> b_to_a :: Counter -> StoreIPAddress($HOST_A, dst) -> ahead;
host[2] -> ping :: ICMPPingResponder -> answered_ping :: Counter -> route;

ping[1], host[3] -> dropped_other :: Counter -> Discard;
station[1] -> dropped_station :: Counter -> Discard;
check[1] -> dropped_bad_header :: Counter -> Discard;
ttl[1] -> dropped_ttl :: Counter -> Discard;
kind[3] -> dropped_not_ip :: Counter -> Discard;
