import dev.weft.component.Component;
import dev.weft.component.Metadata;
import dev.weft.component.Packet;
import java.util.Arrays;

/** Sends packets of the tenant gold by another path, labels others, tells of those without a tenant. */
public class Chain {
    private static final int CLASS = 0x0100; // of context headers, and their types
    private static final int TENANT = 1;
    private static final int SEEN = 2;
    private static final Component COMPONENT = Component.create();

    public static void main(String[] arguments) {
        COMPONENT.onPacket(Chain::classify).run();
    }

    private static void classify(Packet packet) {
        Metadata metadata = packet.metadata();
        if (metadata.nsh() == 0) {
            return;
        }
        byte[] tenant = metadata.tlvs().find(CLASS, TENANT);
        if (tenant == null) {
            tell(packet);
        } else if (Arrays.equals(tenant, "gold".getBytes())) {
            metadata.spi(20).si(255);
        } else {
            metadata.tlvs().set(CLASS, SEEN, "yes".getBytes());
        }
    }

    private static void tell(Packet packet) {
        Packet told = COMPONENT.newPacket(packet, 23, Component.HEADROOM);
        if (told != null) {
            told.fill(0, 12, 0).u16(12, 0x88b5).write(14, "no tenant".getBytes()).send();
        }
    }
}
