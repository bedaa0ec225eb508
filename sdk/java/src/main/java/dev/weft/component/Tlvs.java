package dev.weft.component;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * The context headers of a packet's NSH of MD type 2 (RFC 8300, section 2.5.1), read and changed in place. A view: it
 * speaks of whatever packet its {@link Packet} is pointed at. Empty where there is no NSH of that type.
 */
public final class Tlvs implements Iterable<Tlv> {
    /** The most bytes of all of them, their heads and padding included. */
    public static final int MOST = 244;

    static final int STRIDE = 256;
    private static final int HEAD = 4;
    private static final int VARIABLE = 2;
    private final Metadata metadata;

    Tlvs(Metadata metadata) {
        this.metadata = metadata;
    }

    /** All of them, in their order: a copy. */
    public List<Tlv> list() {
        return decode(bytes());
    }

    @Override
    public Iterator<Tlv> iterator() {
        return list().iterator();
    }

    /** The value of the first of a class and type; null where there is none. */
    public byte[] find(int mdClass, int type) {
        for (Tlv tlv : this) {
            if (tlv.is(mdClass, type)) {
                return tlv.value();
            }
        }
        return null;
    }

    /**
     * Adds one behind the others.
     *
     * @throws IllegalArgumentException as {@link #bytes(byte[])}
     */
    public Tlvs add(Tlv added) {
        List<Tlv> tlvs = list();
        tlvs.add(added);
        return bytes(encode(tlvs));
    }

    /**
     * Gives the first of a class and type another value, or adds it.
     *
     * @throws IllegalArgumentException as {@link #bytes(byte[])}
     */
    public Tlvs set(int mdClass, int type, byte[] value) {
        List<Tlv> tlvs = list();
        for (int i = 0; i < tlvs.size(); i++) {
            if (tlvs.get(i).is(mdClass, type)) {
                tlvs.set(i, new Tlv(mdClass, type, value, tlvs.get(i).unassigned()));
                return bytes(encode(tlvs));
            }
        }
        return add(new Tlv(mdClass, type, value));
    }

    /** Removes all of a class and type; how many there were. */
    public int remove(int mdClass, int type) {
        List<Tlv> tlvs = list();
        int before = tlvs.size();
        tlvs.removeIf(tlv -> tlv.is(mdClass, type));
        if (tlvs.size() < before) {
            bytes(encode(tlvs));
        }
        return before - tlvs.size();
    }

    /** All of them as they stand in the header: a copy. */
    public byte[] bytes() {
        byte[] bytes = new byte[metadata.tlvBytes()];
        if (bytes.length > 0) {
            metadata.table().get(metadata.tableAt(), bytes);
        }
        return bytes;
    }

    /**
     * Replaces all of them. They are not looked into: the engine drops the packet as {@code nsh-tlv} where they are no
     * context headers from end to end.
     *
     * @throws IllegalArgumentException if the packet has no NSH of MD type 2, or they are more than {@link #MOST} bytes;
     *     nothing is changed then
     */
    public Tlvs bytes(byte[] bytes) {
        if (metadata.nsh() != VARIABLE) {
            throw new IllegalArgumentException(
                    "an NSH of MD type 2 has context headers, not one of type " + metadata.nsh());
        }
        ByteBuffer table = metadata.table();
        if (table == null) {
            throw new IllegalArgumentException("this engine does not tell of context headers");
        }
        if (bytes.length > MOST) {
            throw new IllegalArgumentException(
                    bytes.length + " bytes of context headers; at most " + MOST + " are possible");
        }
        table.put(metadata.tableAt(), bytes);
        metadata.tlvBytes(bytes.length);
        return this;
    }

    /** The context headers that the bytes begin with, up to the first that is not wholly there. */
    static List<Tlv> decode(byte[] bytes) {
        List<Tlv> found = new ArrayList<>();
        for (int at = 0; bytes.length - at >= HEAD; ) {
            int length = bytes[at + 3] & 0x7f;
            int end = at + HEAD + padded(length);
            if (end > bytes.length) {
                break;
            }
            int mdClass = (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
            byte[] value = Arrays.copyOfRange(bytes, at + HEAD, at + HEAD + length);
            found.add(new Tlv(mdClass, bytes[at + 2] & 0xff, value, bytes[at + 3] < 0));
            at = end;
        }
        return found;
    }

    static byte[] encode(List<Tlv> tlvs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Tlv tlv : tlvs) {
            int length = tlv.value().length;
            out.write(tlv.mdClass() >> 8);
            out.write(tlv.mdClass());
            out.write(tlv.type());
            out.write((tlv.unassigned() ? 0x80 : 0) | length);
            out.write(tlv.value(), 0, length);
            out.write(new byte[3], 0, padded(length) - length);
        }
        return out.toByteArray();
    }

    private static int padded(int length) {
        return (length + 3) / 4 * 4;
    }
}
