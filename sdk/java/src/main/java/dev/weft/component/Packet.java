package dev.weft.component;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A packet: a view of bytes that are shared with the engine. Positions count from its first byte; numbers of more than
 * one byte are in network order.
 *
 * <p>The packet that a {@link PacketFunction} or {@link Batch#packet} gives is one object that is pointed at one
 * packet after the other: it is not to be stored. A packet that is the component's own ({@link #keep()}, {@link #copy()},
 * {@link Component#newPacket}) is an object of its own until it is sent or dropped. Using a packet that is not the
 * component's any more throws {@link IllegalStateException} or {@link IndexOutOfBoundsException}; see {@link #isThere()}.
 */
public final class Packet {
    static final int DROP = 4;
    private static final int NONE = -1;
    private static final int LOST = -2;
    private static final int FURTHEST = 0xffff;
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final Attachment attachment;
    private final boolean own;
    private Memory memory;
    private ByteBuffer table;
    private ByteBuffer view = EMPTY;
    private Metadata metadata;
    private int entry = NONE;
    private int slotStart;
    private int start;
    private int length;

    Packet(Attachment attachment, boolean own) {
        this.attachment = attachment;
        this.own = own;
    }

    /**
     * Points at an entry of the table. This runs once for each packet: references are written only where they change,
     * because each write of one is noted for the garbage collector.
     */
    void point(Memory at, int number) {
        if (memory != at) {
            memory = at;
            table = at.table;
        }
        int from = number * Memory.DESCRIPTOR;
        long begin = at.begin(at.table.getInt(from + 4));
        ByteBuffer frames = at.segment(begin);
        if (view != frames) {
            view = frames;
        }
        long range = at.table.getLong(from + 8);
        entry = from;
        slotStart = Memory.inSegment(begin);
        start = slotStart + ((int) (range >>> 32) & 0xffff);
        length = (int) range;
    }

    /** It is not the component's any more. Nothing of it may hold on to the memory: that could be a dead engine's. */
    void leave() {
        entry = NONE;
        length = 0;
        view = EMPTY;
        memory = null;
        table = null;
    }

    /** The engine died that it belonged to. */
    void lose() {
        leave();
        entry = LOST;
    }

    /**
     * Whether the packet is the component's. One that was kept, copied or made is not any more once it is sent or dropped, nor
     * when the engine was killed; sending or dropping one that was lost in this way does nothing.
     */
    public boolean isThere() {
        return entry >= 0;
    }

    // ---- its bytes ----

    /** Bytes of the packet. */
    public int length() {
        return length;
    }

    /** The byte at {@code at}, 0 to 255. */
    public int u8(int at) {
        return view.get(inside(at, 1)) & 0xff;
    }

    /** The two bytes at {@code at}, 0 to 65535. */
    public int u16(int at) {
        return view.getShort(inside(at, 2)) & 0xffff;
    }

    /** The four bytes at {@code at}, 0 to 2^32-1. */
    public long u32(int at) {
        return view.getInt(inside(at, 4)) & 0xffffffffL;
    }

    /** The eight bytes at {@code at}; 64 bits without a sign. */
    public long u64(int at) {
        return view.getLong(inside(at, 8));
    }

    /** Sets the byte at {@code at}. */
    public Packet u8(int at, int value) {
        view.put(inside(at, 1), (byte) value);
        return this;
    }

    /** Sets the two bytes at {@code at}. */
    public Packet u16(int at, int value) {
        view.putShort(inside(at, 2), (short) value);
        return this;
    }

    /** Sets the four bytes at {@code at}. */
    public Packet u32(int at, long value) {
        view.putInt(inside(at, 4), (int) value);
        return this;
    }

    /** Sets the eight bytes at {@code at}. */
    public Packet u64(int at, long value) {
        view.putLong(inside(at, 8), value);
        return this;
    }

    /** Copies bytes from {@code at} on into an array. */
    public Packet read(int at, byte[] into) {
        view.get(inside(at, into.length), into);
        return this;
    }

    /** Copies an array over the bytes from {@code at} on. */
    public Packet write(int at, byte[] bytes) {
        view.put(inside(at, bytes.length), bytes);
        return this;
    }

    /** Sets {@code count} bytes from {@code at} on to one value. */
    public Packet fill(int at, int count, int value) {
        if (count < 0) {
            throw new IndexOutOfBoundsException("cannot fill " + count + " bytes");
        }
        int from = inside(at, count);
        for (int i = 0; i < count; i++) {
            view.put(from + i, (byte) value);
        }
        return this;
    }

    /**
     * The packet's bytes as a buffer over the same memory, in network order: a small object, no copy. Once the packet has left,
     * it shows whatever the engine put there.
     */
    public ByteBuffer data() {
        live();
        return view.slice(start, length).order(ByteOrder.BIG_ENDIAN);
    }

    // ---- its ends ----

    /** Bytes that {@link #push} can add. */
    public int headroom() {
        live();
        return start - slotStart - memory.reserved;
    }

    /** Bytes that {@link #put} can add. */
    public int tailroom() {
        live();
        return Math.min(memory.slotLength(table.getInt(entry + 4)) - (start - slotStart), Memory.LARGEST) - length;
    }

    /**
     * Adds {@code count} bytes in front; they hold whatever lay there.
     *
     * @return false, and nothing changed, where there is no room
     */
    public boolean push(int count) {
        if (count < 0 || count > headroom() || count > Memory.LARGEST - length) {
            return false;
        }
        shape(start - count, length + count);
        return true;
    }

    /**
     * Removes {@code count} bytes in front.
     *
     * @return false, and nothing changed, if the packet is shorter, or would begin past byte 65,535 of its frame
     */
    public boolean pull(int count) {
        live();
        if (count < 0 || count > length || start - slotStart + count > FURTHEST) {
            return false;
        }
        shape(start + count, length - count);
        return true;
    }

    /**
     * Adds {@code count} bytes at the end; they hold whatever lay there.
     *
     * @return false, and nothing changed, where there is no room
     */
    public boolean put(int count) {
        if (count < 0 || count > tailroom()) {
            return false;
        }
        shape(start, length + count);
        return true;
    }

    /**
     * Cuts the packet to {@code bytes}.
     *
     * @return false, and nothing changed, if it is shorter
     */
    public boolean trim(int bytes) {
        live();
        if (bytes < 0 || bytes > length) {
            return false;
        }
        shape(start, bytes);
        return true;
    }

    // ---- where it goes ----

    /** The output it leaves by; it comes as 0, or with {@link Component#keepPort} as the input it came in on. */
    public int port() {
        live();
        return table.get(entry + 14) & 0xff;
    }

    /**
     * Lets it leave by an output, even if it was dropped before.
     *
     * @throws IndexOutOfBoundsException if the component has no such output
     */
    public Packet port(int output) {
        live();
        if (output < 0 || output >= memory.outputs) {
            throw new IndexOutOfBoundsException(
                    "there is no output " + output + ": the component has " + memory.outputs + ", from 0 on");
        }
        leaveBy(output);
        return this;
    }

    void leaveBy(int output) {
        flags(flags() & ~DROP);
        table.put(entry + 14, (byte) output);
    }

    /** Drops it, for the reason {@code component}. */
    public void drop() {
        discard(0);
    }

    /**
     * Drops it for a reason that {@link Component#reasons} declared.
     *
     * @throws IllegalArgumentException if it did not
     */
    public void drop(String reason) {
        discard(attachment.reason(reason));
    }

    /**
     * Takes a packet of a batch out of it.
     *
     * @return the same packet, the component's own until it is sent or dropped
     * @throws IllegalStateException if it is the component's own already
     */
    public Packet keep() {
        live();
        if (own) {
            throw new IllegalStateException("the packet is the component's own already");
        }
        Packet kept = attachment.keep(number());
        leave();
        return kept;
    }

    /**
     * A new packet with the same bytes and metadata that stems from this one, the component's own.
     *
     * @return null where no frame is free
     */
    public Packet copy() {
        live();
        return attachment.copy(number());
    }

    Packet child(int bytes, int headroom) {
        live();
        return attachment.newPacket(number(), bytes, headroom);
    }

    /**
     * Sends a packet that is the component's own. It leaves before the packet that is being processed; in a
     * {@link BatchFunction} before those not yet {@link Batch#release released}.
     *
     * @throws IllegalStateException if it is a packet of a batch: those leave by themselves
     */
    public void send() {
        if (entry == LOST) {
            return;
        }
        live();
        if (!own) {
            throw new IllegalStateException("a packet of a batch leaves by itself: keep() it to send it later");
        }
        attachment.send(number());
    }

    // ---- what is known of it ----

    /** Its metadata; a view that speaks of the packet this object is pointed at. */
    public Metadata metadata() {
        if (metadata == null) {
            metadata = new Metadata(this);
        }
        return metadata;
    }

    /** Its mark, 32 bits; see {@link Metadata#mark()}. */
    public int mark() {
        return metadata().mark();
    }

    /** Sets its mark. */
    public Packet mark(int mark) {
        metadata().mark(mark);
        return this;
    }

    Memory memory() {
        return memory;
    }

    int index() {
        return table.getInt(entry);
    }

    int flags() {
        live();
        return table.get(entry + 15) & 0xff;
    }

    void flags(int flags) {
        table.put(entry + 15, (byte) flags);
    }

    private int number() {
        return entry / Memory.DESCRIPTOR;
    }

    private void discard(int reason) {
        if (entry == LOST) {
            return;
        }
        flags(flags() | DROP);
        table.put(entry + 14, (byte) reason);
        if (own) {
            attachment.send(number());
        }
    }

    private void shape(int newStart, int newLength) {
        start = newStart;
        length = newLength;
        table.putInt(entry + 8, newLength);
        table.putShort(entry + 12, (short) (newStart - slotStart));
    }

    private void live() {
        if (entry < 0) {
            throw new IllegalStateException("the packet is not the component's any more: it was sent, dropped or kept, "
                    + "its batch is over, or the engine was started again");
        }
    }

    private int inside(int at, int count) {
        if (at < 0 || at > length - count) {
            throw new IndexOutOfBoundsException(
                    count + " bytes from " + at + " on do not lie in a packet of " + length + " bytes");
        }
        return start + at;
    }
}
