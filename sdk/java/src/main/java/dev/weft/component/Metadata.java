package dev.weft.component;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * What is known of a packet besides its bytes. A view: it speaks of whatever packet its {@link Packet} is pointed at.
 *
 * <p>A packet without a record reads as all zero; the first change gives it one.
 */
public final class Metadata {
    /** Bytes of the NSH context. */
    public static final int CONTEXT = 16;

    private static final int FLAG = 1;
    private final Packet packet;
    private final Tlvs tlvs = new Tlvs(this);

    Metadata(Packet packet) {
        this.packet = packet;
    }

    /** Mark of the packet, 32 bits. */
    public int mark() {
        return there() ? records().getInt(at()) : 0;
    }

    /** Sets the mark. */
    public Metadata mark(int mark) {
        own().putInt(at(), mark);
        return this;
    }

    /** NSH service path identifier, 0 to 2^24-1. */
    public int spi() {
        return there() ? records().getInt(at() + 4) : 0;
    }

    /**
     * Sets the NSH service path identifier; taken over where the packet has an NSH.
     *
     * @throws IllegalArgumentException if it is not 0 to 2^24-1
     */
    public Metadata spi(int spi) {
        if (spi < 0 || spi > 0xffffff) {
            throw new IllegalArgumentException("SPI " + spi + " is not 0 to 16777215");
        }
        own().putInt(at() + 4, spi);
        return this;
    }

    /** NSH service index, 0 to 255. */
    public int si() {
        return there() ? records().get(at() + 8) & 0xff : 0;
    }

    /**
     * Sets the NSH service index; taken over where the packet has an NSH.
     *
     * @throws IllegalArgumentException if it is not 0 to 255
     */
    public Metadata si(int si) {
        if (si < 0 || si > 255) {
            throw new IllegalArgumentException("SI " + si + " is not 0 to 255");
        }
        own().put(at() + 8, (byte) si);
        return this;
    }

    /**
     * MD type of the packet's NSH: 1, 2, or 15 (of experiments); 0: it has none, or the function is not aware of it.
     */
    public int nsh() {
        return there() ? records().get(at() + 9) & 0xff : 0;
    }

    /** Byte {@code index} (0 to 15) of the NSH context of MD type 1, 0 to 255. */
    public int context(int index) {
        Objects.checkIndex(index, CONTEXT);
        return there() ? records().get(at() + 24 + index) & 0xff : 0;
    }

    /** Sets byte {@code index} (0 to 15) of the NSH context; taken over where the packet has an NSH of MD type 1. */
    public Metadata context(int index, int value) {
        Objects.checkIndex(index, CONTEXT);
        own().put(at() + 24 + index, (byte) value);
        return this;
    }

    /** TTL of the packet's NSH, 0 to 63. */
    public int ttl() {
        return there() ? records().get(at() + 12) & 0xff : 0;
    }

    /** Whether its NSH is that of an OAM packet. */
    public boolean oam() {
        return there() && (records().get(at() + 13) & 1) != 0;
    }

    /** What followed its NSH: 1 IPv4, 2 IPv6, 3 Ethernet, or another number of RFC 8300, section 11.2.5. */
    public int nextProtocol() {
        return there() ? records().get(at() + 14) & 0xff : 0;
    }

    /** The context headers of its NSH of MD type 2. */
    public Tlvs tlvs() {
        return tlvs;
    }

    int tlvBytes() {
        boolean told = nsh() == 2 && table() != null;
        return told ? Math.min(records().getShort(at() + 10) & 0xffff, Tlvs.MOST) : 0;
    }

    void tlvBytes(int count) {
        own().putShort(at() + 10, (short) count);
    }

    ByteBuffer table() {
        return packet.memory().tlvs;
    }

    int tableAt() {
        return Objects.checkIndex(packet.index(), packet.memory().packets) * Tlvs.STRIDE;
    }

    /** When the packet came in, nanoseconds since 1970 (64 bits without a sign); 0: not known. */
    public long timestamp() {
        return there() ? records().getLong(at() + 16) : 0;
    }

    /** Sets the time. */
    public Metadata timestamp(long nanoseconds) {
        own().putLong(at() + 16, nanoseconds);
        return this;
    }

    private boolean there() {
        return (packet.flags() & FLAG) != 0;
    }

    private ByteBuffer records() {
        return packet.memory().metadata;
    }

    private int at() {
        return Objects.checkIndex(packet.index(), packet.memory().packets) * Memory.RECORD;
    }

    private ByteBuffer own() {
        boolean there = there();
        ByteBuffer records = records();
        if (!there) {
            int at = at();
            for (int i = 0; i < Memory.RECORD; i += 8) {
                records.putLong(at + i, 0);
            }
            packet.flags(packet.flags() | FLAG);
        }
        return records;
    }
}
