package dev.weft.component;

import java.util.Objects;

/**
 * A context header of NSH MD type 2 (RFC 8300, section 2.5.1).
 *
 * @param mdClass metadata class, 0 to 65535: who defines the types
 * @param type type within the class, 0 to 255
 * @param value 0 to 127 bytes
 * @param unassigned the bit of that name
 */
public record Tlv(int mdClass, int type, byte[] value, boolean unassigned) {
    /** Bytes of the longest value. */
    public static final int LONGEST = 127;

    /** A context header whose unassigned bit is 0. */
    public Tlv(int mdClass, int type, byte[] value) {
        this(mdClass, type, value, false);
    }

    /**
     * Checks all of it.
     *
     * @throws IllegalArgumentException if a number or the value does not fit
     */
    public Tlv {
        Objects.requireNonNull(value, "value");
        range("class", mdClass, 0xffff);
        range("type", type, 0xff);
        range("length", value.length, LONGEST);
    }

    private static void range(String what, int number, int most) {
        if (number < 0 || number > most) {
            throw new IllegalArgumentException(what + " " + number + " of a context header is not 0 to " + most);
        }
    }

    boolean is(int otherClass, int otherType) {
        return mdClass == otherClass && type == otherType;
    }
}
