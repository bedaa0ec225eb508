import dev.weft.component.Component;
import dev.weft.component.Handler;
import dev.weft.component.Packet;
import java.util.List;
import java.util.stream.LongStream;

/** Counts packets by protocol, and bytes of all. */
public class Meter {
    private static final String[] NAMES = {"tcp", "udp", "icmp", "arp", "other"};
    private static final int IPV4 = 0x0800;
    private static final int ARP = 0x0806;

    private final long[] packets = new long[NAMES.length];
    private long bytes;

    public static void main(String[] arguments) {
        new Meter().run();
    }

    private void run() {
        Component component = Component.create().keepPort().onPacket(this::count);
        for (int i = 0; i < NAMES.length; i++) {
            int protocol = i;
            component.handler(Handler.unsigned(NAMES[i]).unit("packets").help("packets of this protocol")
                    .read(() -> packets[protocol]));
        }
        component.handler(Handler.unsigned("bytes").unit("bytes").help("bytes of all packets").read(() -> bytes))
                .handler(Handler.real("share").unit("%").help("share of a protocol in all packets")
                        .limits(String.join("|", NAMES)).call(this::share))
                .run();
    }

    private double share(String name) {
        long all = LongStream.of(packets).sum();
        return all == 0 ? 0 : 100.0 * packets[List.of(NAMES).indexOf(name)] / all;
    }

    private void count(Packet packet) {
        packets[protocol(packet)]++;
        bytes += packet.length();
    }

    private static int protocol(Packet packet) {
        int kind = packet.length() < 14 ? 0 : packet.u16(12);
        if (kind != IPV4 || packet.length() < 34) {
            return kind == ARP ? 3 : 4;
        }
        return switch (packet.u8(23)) {
            case 6 -> 0;
            case 17 -> 1;
            case 1 -> 2;
            default -> 4;
        };
    }
}
