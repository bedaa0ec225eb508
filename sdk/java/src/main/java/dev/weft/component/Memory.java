package dev.weft.component;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Views of what is shared with the engine: frames, metadata records and the table of descriptors.
 *
 * <p>Frames are cut into views that begin every 2^30 bytes and reach one slot further, so that each slot lies whole
 * in one of them however large the memory is.
 */
final class Memory {
    static final int DESCRIPTOR = 16;
    static final int RECORD = 64;
    static final int LARGEST = 65553;
    private static final int SEGMENT_BITS = 30;
    private static final long SEGMENT = 1L << SEGMENT_BITS;
    private static final Cleaner CLEANER = Cleaner.create();

    final ByteBuffer table;
    final ByteBuffer metadata;
    /** Context headers; null where the engine tells of none. */
    final ByteBuffer tlvs;
    final int reserved;
    final int packets;
    final int inputs;
    final int outputs;
    private final ByteBuffer[] segments;
    private final long smallCount;
    private final int smallStride;
    private final long largeCount;
    private final int largeStride;
    private final long largeBase;

    /** From views; {@code numbers} are those of {@link Native#geometry} from the third on. */
    Memory(ByteBuffer table, ByteBuffer[] segments, ByteBuffer metadata, ByteBuffer tlvs, long[] numbers) {
        this.table = table.order(ByteOrder.LITTLE_ENDIAN);
        this.metadata = metadata.order(ByteOrder.LITTLE_ENDIAN);
        this.tlvs = tlvs;
        this.segments = segments;
        smallCount = numbers[3];
        smallStride = (int) numbers[4];
        largeCount = numbers[5];
        largeStride = (int) numbers[6];
        largeBase = numbers[7];
        reserved = (int) numbers[8];
        packets = (int) numbers[9];
        inputs = (int) numbers[10];
        outputs = (int) numbers[11];
    }

    /** The memory of an attachment. */
    static Memory of(long handle) throws LinkException {
        long[] numbers = new long[13];
        Native.geometry(handle, numbers);
        long frames = numbers[0];
        long bytes = numbers[1];
        long overlap = Math.max(numbers[4], numbers[6]);
        ByteBuffer[] segments = new ByteBuffer[(int) ((bytes + SEGMENT - 1) >>> SEGMENT_BITS)];
        for (int i = 0; i < segments.length; i++) {
            long from = (long) i << SEGMENT_BITS;
            segments[i] = view(frames + from, Math.min(SEGMENT + overlap, bytes - from));
        }
        ByteBuffer metadata = view(numbers[2], numbers[9] * RECORD);
        ByteBuffer tlvs = numbers[12] == 0 ? null : view(numbers[12], numbers[9] * Tlvs.STRIDE);
        return new Memory(Native.table(handle), segments, metadata, tlvs, numbers);
    }

    /**
     * A view with a mapping of its own, which lasts as long as any buffer made from it: whoever holds one past the
     * end of the attachment reads stale bytes, never memory that is gone.
     */
    private static ByteBuffer view(long address, long length) throws LinkException {
        long own = Native.map(address, length);
        ByteBuffer buffer = Native.wrap(own, length);
        CLEANER.register(buffer, new Unmap(own, length));
        return buffer;
    }

    private static final class Unmap implements Runnable {
        private final long address;
        private final long length;

        Unmap(long address, long length) {
            this.address = address;
            this.length = length;
        }

        @Override
        public void run() {
            Native.unmap(address, length);
        }
    }

    /** Where a slot begins in the frames; a slot that does not exist is an error of the engine. */
    long begin(int slot) {
        long number = slot & 0xffffffffL;
        if (number < smallCount) {
            return number * smallStride;
        }
        if (number - smallCount >= largeCount) {
            throw new IllegalStateException("weft: slot " + number + " does not exist");
        }
        return largeBase + (number - smallCount) * largeStride;
    }

    int slotLength(int slot) {
        return (slot & 0xffffffffL) < smallCount ? smallStride : largeStride;
    }

    ByteBuffer segment(long begin) {
        return segments[(int) (begin >>> SEGMENT_BITS)];
    }

    static int inSegment(long begin) {
        return (int) (begin & (SEGMENT - 1));
    }
}
