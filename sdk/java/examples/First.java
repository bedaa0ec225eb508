import dev.weft.component.Component;

/** Drops IPv6. */
public class First {
    public static void main(String[] arguments) {
        Component.create().reasons("no-ipv6").onPacket(packet -> {
            if (packet.length() >= 14 && packet.u16(12) == 0x86dd) {
                packet.drop("no-ipv6");
            }
        }).run();
    }
}
