package dev.weft.component;

import java.nio.ByteBuffer;
import java.util.Objects;

/** Packets that were handed over together, in their order: a view, pointed at one batch after the other. */
public final class Batch {
    /** Packets of the largest batch. */
    public static final int MOST = 256;

    private static final int OUTPUTS = 256;

    private final Attachment attachment;
    private final Packet packet;
    private Memory memory;
    private int count;
    private int released;

    Batch(Attachment attachment) {
        this.attachment = attachment;
        packet = new Packet(attachment, false);
    }

    void point(Memory at, int packets) {
        memory = at;
        count = packets;
        released = 0;
    }

    void leave() {
        count = 0;
        memory = null;
        packet.leave();
    }

    /** The object that {@link #packet} points at packets. */
    Packet view() {
        return packet;
    }

    /** How many packets these are. */
    public int count() {
        return count;
    }

    /**
     * Packet {@code i}, from 0 on. It is one object, which the next call points at another packet.
     *
     * @throws IllegalStateException if it was released already
     */
    public Packet packet(int i) {
        if (Objects.checkIndex(i, count) < released) {
            throw new IllegalStateException("packet " + i + " was released already");
        }
        packet.point(memory, i);
        return packet;
    }

    /** Bytes of packet {@code i}. */
    public int length(int i) {
        int at = at(i);
        return memory.table.getInt(at + 8);
    }

    /** The output packet {@code i} leaves by; see {@link Packet#port()}. */
    public int port(int i) {
        int at = at(i);
        return memory.table.get(at + 14) & 0xff;
    }

    /**
     * Lets packet {@code i} leave by an output, 0 to 255, even if it was dropped before. Whether there is such an output is
     * not looked up: the engine ends a component that names one that is not there.
     */
    public void port(int i, int output) {
        packet(i).leaveBy(Objects.checkIndex(output, OUTPUTS));
    }

    /** The bytes of packet {@code i}; see {@link Packet#data()}. */
    public ByteBuffer data(int i) {
        return packet(i).data();
    }

    /** Drops packet {@code i}, for the reason {@code component}. */
    public void drop(int i) {
        packet(i).drop();
    }

    /** Drops packet {@code i} for a declared reason; see {@link Packet#drop(String)}. */
    public void drop(int i, String reason) {
        packet(i).drop(reason);
    }

    /**
     * Lets the packets before {@code i} leave now. What is sent next leaves behind them and before packet {@code i}.
     *
     * @throws IndexOutOfBoundsException if {@code i} is not 0 to {@link #count()}
     */
    public void release(int i) {
        if (Objects.checkIndex(i, count + 1) > released) {
            Native.giveBack(attachment.handle(), released, i - released);
            released = i;
        }
    }

    private int at(int i) {
        return Objects.checkIndex(i, count) * Memory.DESCRIPTOR;
    }
}
