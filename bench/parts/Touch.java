import dev.weft.component.Component;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Replaces the first 32-bit word of a packet by the XOR of its first sixteen. */
public final class Touch {
    private static final int BYTES = 64;

    public static void main(String[] arguments) {
        Component.create().onBatch(batch -> {
            for (int i = 0; i < batch.count(); i++) {
                ByteBuffer bytes = batch.data(i).order(ByteOrder.nativeOrder());
                int sum = 0;
                for (int at = 0; at < BYTES; at += Integer.BYTES) {
                    sum ^= bytes.getInt(at);
                }
                bytes.putInt(0, sum);
            }
        }).run();
    }
}
