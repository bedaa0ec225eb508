import dev.weft.component.Component;
import dev.weft.component.Handler;
import dev.weft.component.Metadata;
import dev.weft.component.Packet;

/** Drops packets that an analyzer has marked: those whose NSH context does not begin with a byte of 0. */
public class Filter {
    private static final int MARK = 0;

    private long dropped;

    public static void main(String[] arguments) {
        new Filter().run();
    }

    private void run() {
        Component.create().keepPort().reasons("nsh-context").onPacket(this::filter)
                .handler(Handler.unsigned("dropped").unit("packets").help("packets dropped").read(() -> dropped))
                .run();
    }

    private void filter(Packet packet) {
        Metadata metadata = packet.metadata();
        if (metadata.nsh() != 0 && metadata.context(MARK) != 0) {
            packet.drop("nsh-context");
            dropped++;
        }
    }
}
