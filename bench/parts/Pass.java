import dev.weft.component.Component;
import dev.weft.component.Packet;

/** Pass INDEX: counts 1 up in a byte of each packet that is this component's own. */
public final class Pass {
    public static void main(String[] arguments) {
        int own = 8 + Integer.parseInt(arguments[0]);
        Component.create().onBatch(batch -> {
            for (int i = 0; i < batch.count(); i++) {
                Packet packet = batch.packet(i);
                packet.u8(own, packet.u8(own) + 1);
            }
        }).run();
    }
}
