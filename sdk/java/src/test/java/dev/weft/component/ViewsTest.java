package dev.weft.component;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Views on memory made by hand. Reads one test a line, {@code KIND HEX NAME=VALUE...}, and says {@code ok KIND} to each; the
 * first that fails ends it.
 */
public final class ViewsTest {
    private static final int SLOT = 2112;

    private ViewsTest() {}

    /** Runs the tests of standard input. */
    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            byte[] bytes = words.length > 1 ? HexFormat.of().parseHex(words[1]) : new byte[0];
            Map<String, String> fields = new HashMap<>();
            for (int i = 2; i < words.length; i++) {
                fields.put(words[i].split("=")[0], words[i].split("=")[1]);
            }
            run(words[0], bytes, fields);
            System.out.println("ok " + words[0]);
        }
    }

    private static void run(String kind, byte[] bytes, Map<String, String> fields) {
        switch (kind) {
            case "descriptor" -> descriptor(bytes, fields);
            case "metadata" -> metadata(bytes, fields);
            case "tlvs" -> tlvs(bytes, fields);
            case "changes" -> changes();
            case "numbers" -> numbers();
            case "bounds" -> bounds();
            case "room" -> room();
            case "large" -> large();
            case "void" -> voided();
            case "ports" -> ports();
            case "batch" -> batch();
            default -> throw new IllegalArgumentException(kind);
        }
    }

    // ---- vectors ----

    private static void descriptor(byte[] bytes, Map<String, String> fields) {
        // Every slot number exists here, and begins at 0.
        Memory memory = memory(bytes, 1, 1L << 32, 0, 0, 0, 1);
        Packet packet = new Packet(null, false);
        packet.point(memory, 0);
        equal(number(fields, "packet"), packet.index() & 0xffffffffL);
        equal(number(fields, "length"), packet.length());
        equal(number(fields, "offset"), packet.headroom());
        equal(number(fields, "port"), packet.port());
        equal(number(fields, "flags"), packet.flags());
        memory.table.put(14, (byte) ~bytes[14]).put(15, (byte) 0);
        packet.flags((int) number(fields, "flags"));
        memory.table.put(14, (byte) number(fields, "port"));
        same(bytes, memory.table);
        if ((packet.flags() & Packet.DROP) != 0) {
            memory.table.put(15, (byte) (bytes[15] & ~Packet.DROP)).put(14, (byte) 0);
            packet.drop();
            equal(bytes[15], memory.table.get(15));
        }
    }

    private static void metadata(byte[] bytes, Map<String, String> fields) {
        Memory memory = memory(new byte[16], 1, 1, SLOT, 0, 0, 1);
        Packet packet = new Packet(null, false);
        packet.point(memory, 0);
        Metadata metadata = packet.metadata();
        memory.metadata.put(0, bytes);
        equal(0, metadata.mark() | metadata.spi() | metadata.nsh() | metadata.timestamp());
        packet.flags(1);
        read(metadata, fields);
        packet.flags(0);
        for (int i = 0; i < Memory.RECORD; i++) {
            memory.metadata.put(i, (byte) 0xcc);
        }
        metadata.mark(Integer.parseUnsignedInt(fields.get("mark"))).spi((int) number(fields, "spi"));
        metadata.si((int) number(fields, "si")).timestamp(number(fields, "timestamp"));
        byte[] context = HexFormat.of().parseHex(fields.get("context"));
        for (int i = 0; i < context.length; i++) {
            metadata.context(i, context[i]);
        }
        memory.metadata.put(9, (byte) number(fields, "nsh"));
        // The engine's to set.
        metadata.tlvBytes((int) number(fields, "tlvs"));
        memory.metadata.put(12, (byte) number(fields, "ttl")).put(13, (byte) number(fields, "oam"));
        memory.metadata.put(14, (byte) number(fields, "next_protocol"));
        equal(1, packet.flags());
        same(bytes, memory.metadata);
    }

    private static void read(Metadata metadata, Map<String, String> fields) {
        equal(number(fields, "mark"), metadata.mark() & 0xffffffffL);
        equal(number(fields, "spi"), metadata.spi());
        equal(number(fields, "si"), metadata.si());
        equal(number(fields, "nsh"), metadata.nsh());
        equal(number(fields, "timestamp"), metadata.timestamp());
        equal(number(fields, "tlvs"), metadata.tlvBytes());
        equal(number(fields, "ttl"), metadata.ttl());
        equal(number(fields, "oam") == 1, metadata.oam());
        equal(number(fields, "next_protocol"), metadata.nextProtocol());
        byte[] context = new byte[Metadata.CONTEXT];
        for (int i = 0; i < context.length; i++) {
            context[i] = (byte) metadata.context(i);
        }
        equal(fields.get("context"), HexFormat.of().formatHex(context));
    }

    /** Context headers are {@code CLASS/TYPE/UNASSIGNED/VALUE}, with commas between them. */
    private static void tlvs(byte[] bytes, Map<String, String> fields) {
        Tlvs tlvs = tlvsOf(2);
        equal(0, tlvs.list().size());
        tlvs.bytes(bytes);
        StringBuilder said = new StringBuilder();
        for (Tlv tlv : tlvs) {
            String comma = said.length() == 0 ? "" : ",";
            int unassigned = tlv.unassigned() ? 1 : 0;
            said.append(comma + tlv.mdClass() + "/" + tlv.type() + "/" + unassigned + "/" + HexFormat.of().formatHex(tlv.value()));
        }
        equal(fields.get("tlvs"), said.toString());
        List<Tlv> list = tlvs.list();
        tlvs.bytes(new byte[0]);
        list.forEach(tlvs::add);
        equal(HexFormat.of().formatHex(bytes), HexFormat.of().formatHex(tlvs.bytes()));
    }

    private static Tlvs tlvsOf(int mdType) {
        Packet packet = new Packet(null, false);
        Memory memory = memory(new byte[16], 1, 1, SLOT, 0, 0, 1);
        packet.point(memory, 0);
        packet.flags(1);
        memory.metadata.put(9, (byte) mdType);
        return packet.metadata().tlvs();
    }

    private static void changes() {
        Tlvs tlvs = tlvsOf(2);
        byte[] longest = new byte[Tlv.LONGEST];
        tlvs.bytes(HexFormat.of().parseHex("000102810900000000030400" + "0005060100000000"));
        tlvs.set(1, 2, new byte[] {1, 2, 3, 4, 5}).set(7, 8, new byte[0]);
        equal("0001028501020304050000000003040000050601000000000007080000", HexFormat.of().formatHex(tlvs.bytes()) + "00");
        equal(1, tlvs.remove(3, 4));
        equal(0, tlvs.remove(3, 4));
        equal("00", HexFormat.of().formatHex(tlvs.find(5, 6)));
        equal(true, tlvs.find(3, 4) == null);
        tlvs.add(new Tlv(1, 1, longest));
        String full = HexFormat.of().formatHex(tlvs.bytes());
        refused("288 bytes of context headers; at most 244 are possible", () -> tlvs.add(new Tlv(1, 1, longest)));
        equal(full, HexFormat.of().formatHex(tlvs.bytes()));
        refused("length 128 of a context header is not 0 to 127", () -> new Tlv(1, 1, new byte[128]));
        refused("class 65536 of a context header is not 0 to 65535", () -> new Tlv(65536, 1, longest));
        refused("type -1 of a context header is not 0 to 255", () -> new Tlv(1, -1, longest));
        refused("an NSH of MD type 2 has context headers, not one of type 1", () -> tlvsOf(1).set(1, 1, longest));
    }

    private static void refused(String message, Runnable use) {
        throwing(IllegalArgumentException.class, message, use);
    }

    // ---- packets ----

    private static void numbers() {
        Packet packet = packet(3, 144, 16);
        packet.u8(0, 0xfe).u16(1, 0xabcd).u32(3, 0x89abcdefL).u64(7, -2L).u8(15, 7);
        equal("feabcd89abcdeffffffffffffffffe07", hex(packet));
        equal(0xfe, packet.u8(0));
        equal(0xabcd, packet.u16(1));
        equal(0x89abcdefL, packet.u32(3));
        equal(-2L, packet.u64(7));
        packet.fill(2, 3, 0x55).write(14, new byte[] {1, 2});
        byte[] into = new byte[4];
        packet.read(12, into);
        equal("feab555555cdefffffffffffffff0102", hex(packet));
        equal("ffff0102", HexFormat.of().formatHex(into));
        equal(0xfeab, packet.data().getShort(0) & 0xffff);
        equal(16, packet.data().capacity());
    }

    private static void bounds() {
        Packet packet = packet(3, 144, 60);
        for (int at : new int[] {-1, 60, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            outside("1 bytes from " + at + " on do not lie in a packet of 60 bytes", () -> packet.u8(at));
            outside("1 bytes from " + at + " on do not lie in a packet of 60 bytes", () -> packet.u8(at, 1));
        }
        outside("2 bytes from 59 on do not lie in a packet of 60 bytes", () -> packet.u16(59));
        outside("4 bytes from 57 on do not lie in a packet of 60 bytes", () -> packet.u32(57, 0));
        outside("8 bytes from 53 on do not lie in a packet of 60 bytes", () -> packet.u64(53));
        outside("61 bytes from 0 on do not lie in a packet of 60 bytes", () -> packet.read(0, new byte[61]));
        outside("2 bytes from 59 on do not lie in a packet of 60 bytes", () -> packet.write(59, new byte[2]));
        outside("3 bytes from 58 on do not lie in a packet of 60 bytes", () -> packet.fill(58, 3, 0));
        outside("cannot fill -1 bytes", () -> packet.fill(0, -1, 0));
        outside("there is no output 2: the component has 2, from 0 on", () -> packet.port(2));
        outside("there is no output -1: the component has 2, from 0 on", () -> packet.port(-1));
        outside("Index 16 out of bounds for length 16", () -> packet.metadata().context(16));
        throwing(IllegalArgumentException.class, "SPI 16777216 is not 0 to 16777215", () -> packet.metadata().spi(1 << 24));
        throwing(IllegalArgumentException.class, "SI 256 is not 0 to 255", () -> packet.metadata().si(256));
        outside(null, () -> packet.data().get(60));
        Memory torn = memory(descriptor(9, 3, 60, 144), 4, 4, SLOT, 0, 0, 2);
        Packet foreign = new Packet(null, false);
        foreign.point(torn, 0);
        outside("Index 9 out of bounds for length 4", () -> foreign.mark(1));
        throwing(IllegalStateException.class, "weft: slot 4 does not exist",
                () -> foreign.point(memory(descriptor(0, 4, 60, 144), 4, 4, SLOT, 0, 0, 2), 0));
    }

    private static void room() {
        Packet packet = packet(3, 144, 60);
        packet.u8(0, 0xaa).u8(59, 0xbb);
        equal(128, packet.headroom());
        equal(SLOT - 144 - 60, packet.tailroom());
        for (int count : new int[] {-1, 129, Integer.MAX_VALUE}) {
            equal(false, packet.push(count));
        }
        for (int count : new int[] {-1, SLOT - 144 - 60 + 1, Integer.MAX_VALUE}) {
            equal(false, packet.put(count));
        }
        for (int count : new int[] {-1, 61, Integer.MAX_VALUE}) {
            equal(false, packet.pull(count));
            equal(false, packet.trim(count));
        }
        equal(descriptorHex(3, 60, 144), tableHex(packet));
        equal(true, packet.push(128));
        equal(true, packet.put(SLOT - 144 - 60));
        equal(descriptorHex(3, SLOT - 16, 16), tableHex(packet));
        equal(0xaa, packet.u8(128));
        equal(0, packet.headroom() + packet.tailroom());
        equal(true, packet.pull(187));
        equal(true, packet.trim(1));
        equal(0xbb, packet.u8(0));
        equal(descriptorHex(3, 1, 203), tableHex(packet));
        equal(true, packet.pull(1));
        outside("1 bytes from 0 on do not lie in a packet of 0 bytes", () -> packet.u8(0));
    }

    private static void large() {
        Memory memory = memory(descriptor(0, 5, 65553, 128), 4, 4, SLOT, 2, 68608, 2);
        Packet packet = new Packet(null, false);
        packet.point(memory, 0);
        equal(0, packet.tailroom());
        equal(false, packet.push(1));
        packet.u8(65552, 0x42);
        equal(0x42, memory.segment(0).get(4 * SLOT + 68608 + 128 + 65552));
        equal(false, packet.pull(65408));
        equal(true, packet.pull(65407));
        equal(descriptorHex(5, 146, 65535), tableHex(packet));
        equal(0x42, packet.u8(145));
    }

    private static void voided() {
        Packet packet = packet(3, 144, 60);
        packet.leave();
        equal(false, packet.isThere());
        String gone = "the packet is not the component's any more: it was sent, dropped or kept, its batch is over, or the "
                + "engine was started again";
        outside("1 bytes from 0 on do not lie in a packet of 0 bytes", () -> packet.u8(0));
        Runnable[] uses = {packet::data, packet::drop, packet::port, packet::keep, packet::copy, packet::send, packet::mark,
            packet::headroom, packet::tailroom, () -> packet.port(0), () -> packet.push(0), () -> packet.pull(0),
            () -> packet.put(0), () -> packet.trim(0), () -> packet.mark(1)};
        for (Runnable use : uses) {
            throwing(IllegalStateException.class, gone, use);
        }
        packet.lose();
        equal(false, packet.isThere());
        packet.drop();
        packet.send();
        throwing(IllegalStateException.class, gone, packet::data);
    }

    private static void ports() {
        Packet packet = packet(3, 144, 60);
        packet.port(1);
        equal("00000000" + "03000000" + "3c000000" + "9000" + "01" + "00", tableHex(packet));
        packet.drop();
        equal("00000000" + "03000000" + "3c000000" + "9000" + "00" + "04", tableHex(packet));
        packet.port(1);
        equal("00000000" + "03000000" + "3c000000" + "9000" + "01" + "00", tableHex(packet));
        throwing(IllegalStateException.class, "a packet of a batch leaves by itself: keep() it to send it later",
                packet::send);
    }

    private static void batch() {
        byte[] two = HexFormat.of().parseHex(descriptorHex(3, 60, 144) + descriptorHex(1, 14, 16));
        Memory memory = memory(two, 4, 4, SLOT, 0, 0, 2);
        Batch batch = new Batch(null);
        outside("Index 0 out of bounds for length 0", () -> batch.packet(0));
        outside("Index 0 out of bounds for length 0", () -> batch.length(0));
        batch.point(memory, 2);
        batch.data(0).put(59, (byte) 9);
        equal(9, batch.packet(0).u8(59));
        equal(14, batch.length(1));
        equal(14, batch.packet(1).length());
        batch.port(1, 255);
        equal(255, batch.port(1));
        batch.drop(0);
        byte[] after = new byte[32];
        memory.table.get(0, after);
        equal("00000000" + "03000000" + "3c000000" + "9000" + "00" + "04"
                + "00000000" + "01000000" + "0e000000" + "1000" + "ff" + "00", HexFormat.of().formatHex(after));
        outside("Index 2 out of bounds for length 2", () -> batch.packet(2));
        outside("Index -1 out of bounds for length 2", () -> batch.port(-1));
        outside("Index 256 out of bounds for length 256", () -> batch.port(0, 256));
        outside("Index 3 out of bounds for length 3", () -> batch.release(3));
        Packet packet = batch.packet(0);
        batch.leave();
        throwing(IllegalStateException.class, null, packet::drop);
        outside("Index 0 out of bounds for length 0", () -> batch.drop(0));
    }

    // ---- tools ----

    private static Packet packet(int slot, int offset, int length) {
        Packet packet = new Packet(null, false);
        packet.point(memory(descriptor(0, slot, length, offset), 4, 4, SLOT, 0, 0, 2), 0);
        return packet;
    }

    private static Memory memory(byte[] table, int packets, long small, int stride, long large, int largeStride, int outputs) {
        long bytes = stride == 0 ? 1 : small * stride + large * largeStride;
        long[] numbers = {0, bytes, 0, small, stride, large, largeStride, small * stride, stride == 0 ? 0 : 16, packets, 1,
            outputs};
        ByteBuffer direct = ByteBuffer.allocateDirect(table.length);
        direct.put(0, table);
        return new Memory(direct, new ByteBuffer[] {ByteBuffer.allocateDirect((int) bytes)},
                ByteBuffer.allocateDirect(packets * Memory.RECORD), ByteBuffer.allocateDirect(packets * Tlvs.STRIDE), numbers);
    }

    private static byte[] descriptor(int packet, int slot, int length, int offset) {
        return HexFormat.of().parseHex(little(packet, 4) + little(slot, 4) + little(length, 4) + little(offset, 2) + "0000");
    }

    private static String descriptorHex(int slot, int length, int offset) {
        return HexFormat.of().formatHex(descriptor(0, slot, length, offset));
    }

    private static String little(int number, int bytes) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bytes; i++) {
            text.append(String.format("%02x", number >>> 8 * i & 0xff));
        }
        return text.toString();
    }

    private static String tableHex(Packet packet) {
        byte[] bytes = new byte[Memory.DESCRIPTOR];
        packet.memory().table.get(0, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String hex(Packet packet) {
        byte[] bytes = new byte[packet.length()];
        packet.read(0, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static long number(Map<String, String> fields, String name) {
        return Long.parseUnsignedLong(fields.get(name));
    }

    private static void same(byte[] expected, ByteBuffer buffer) {
        byte[] bytes = new byte[expected.length];
        buffer.get(0, bytes);
        equal(HexFormat.of().formatHex(expected), HexFormat.of().formatHex(bytes));
    }

    private static void equal(Object expected, Object actual) {
        boolean numbers = expected instanceof Number && actual instanceof Number;
        boolean same = numbers ? ((Number) expected).longValue() == ((Number) actual).longValue() : expected.equals(actual);
        if (!same) {
            throw new AssertionError("expected " + expected + ", not " + actual);
        }
    }

    private static void outside(String message, Runnable use) {
        throwing(IndexOutOfBoundsException.class, message, use);
    }

    private static void throwing(Class<? extends Exception> type, String message, Runnable use) {
        try {
            use.run();
        } catch (RuntimeException thrown) {
            equal(type, thrown.getClass());
            if (message != null) {
                equal(message, thrown.getMessage());
            }
            return;
        }
        throw new AssertionError("nothing was thrown");
    }
}
