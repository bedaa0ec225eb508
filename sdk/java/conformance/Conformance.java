import dev.weft.component.Batch;
import dev.weft.component.Component;
import dev.weft.component.Handler;
import dev.weft.component.HandlerException;
import dev.weft.component.Metadata;
import dev.weft.component.Packet;
import dev.weft.component.Tlv;
import dev.weft.component.Tlvs;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Does with each packet what its byte 14 says, so that one test driver can try every SDK in the same way. With the
 * argument {@code packets} it takes packets one by one, else batches.
 */
public final class Conformance {
    private static final int OPERATION = 14;
    private static final int ARGUMENT = 15;
    private static final int BODY = 16;

    private final Component component = Component.create();
    private final Queue<Packet> kept = new ArrayDeque<>();
    private final boolean singly;
    private long packets;
    private long bytes;
    private long largest;
    private long missed;
    private String text = "hello";
    private String lines = "a\nb\n";
    private long unsigned = 7;
    private long port = 80;
    private String mode = "drop";
    private String label = "none";
    private long integer = -7;
    private double real = 0.5;
    private boolean flag = true;
    private String json = "{\"a\": [1, 2]}";
    private byte[] blob = {0, 1, (byte) 0xff};

    public static void main(String[] arguments) {
        new Conformance(arguments.length > 0 && arguments[0].equals("packets")).run();
    }

    private Conformance(boolean singly) {
        this.singly = singly;
    }

    private void run() {
        component.reasons("no-room", "asked").timestamps();
        declareCounts();
        declareValues();
        declareLimits();
        declareCalls();
        if (singly) {
            component.onPacket(this::process);
        } else {
            component.onBatch(this::processAll);
        }
        component.run();
    }

    private void processAll(Batch batch) throws InterruptedException {
        largest = Math.max(largest, batch.count());
        for (int i = 0; i < batch.count(); i++) {
            Packet packet = batch.packet(i);
            int operation = packet.length() < BODY ? 0 : packet.u8(OPERATION);
            if (operation == 8 || operation == 9 || operation == 14 || operation >= 23) {
                batch.release(i); // What these send leaves behind the packets before.
            }
            process(packet);
            if (operation == 6) {
                batch.port(i, packet.u8(ARGUMENT)); // Not packet.port, which refuses what the engine is to refuse.
            }
        }
    }

    private void process(Packet packet) throws InterruptedException {
        packets++;
        bytes += packet.length();
        largest = Math.max(largest, 1);
        if (packet.length() >= BODY) {
            operate(packet, packet.u8(OPERATION), packet.u8(ARGUMENT));
        }
    }

    private void operate(Packet packet, int operation, int n) throws InterruptedException {
        switch (operation) {
            case 1 -> invert(packet);
            case 2 -> grown(packet, packet.push(n), 0, n, 0xa5);
            case 3 -> grown(packet, packet.put(n), packet.length() - n, n, 0xb6);
            case 4 -> shrunk(packet, packet.pull(n));
            case 5 -> shrunk(packet, packet.trim(packet.length() - n));
            case 6 -> {
                if (singly) {
                    packet.port(n);
                }
            }
            case 7 -> {
                if (n == 1) {
                    packet.drop("asked");
                } else {
                    packet.drop();
                }
            }
            case 8 -> emit(null, n);
            case 9 -> copy(packet, n);
            case 10 -> packet.mark(0x01020300 + n);
            case 11 -> tell(packet);
            case 12 -> label(packet.metadata(), n);
            case 13 -> kept.add(packet.keep());
            case 14 -> sendKept();
            case 16 -> Runtime.getRuntime().halt(3);
            case 17 -> Thread.sleep(Long.MAX_VALUE);
            case 18 -> throw new IllegalStateException("thrown as asked");
            case 19 -> Thread.sleep(n);
            case 20 -> setPath(packet.metadata(), n);
            case 21 -> tellHeader(packet);
            case 22 -> change(packet.metadata(), n);
            case 23 -> emit(packet, n);
            case 24 -> emitBehind(packet, n);
            default -> { }
        }
    }

    private static void invert(Packet packet) {
        for (int at = BODY; at < packet.length(); at++) {
            packet.u8(at, packet.u8(at) ^ 0x5a);
        }
    }

    private static void grown(Packet packet, boolean room, int at, int count, int value) {
        if (room) {
            packet.fill(at, count, value);
        } else {
            packet.drop("no-room");
        }
    }

    private static void shrunk(Packet packet, boolean longEnough) {
        if (!longEnough) {
            packet.drop("no-room");
        }
    }

    private void emit(Packet parent, int count) {
        for (int i = 0; i < count; i++) {
            send(parent == null ? component.newPacket(60) : component.newPacket(parent, 60, Component.HEADROOM), i);
        }
    }

    /** The packet leaves before the one that stems from it. */
    private void emitBehind(Packet packet, int number) {
        Packet parent = packet.keep();
        Packet made = component.newPacket(parent, 60, Component.HEADROOM);
        parent.send();
        send(made, number);
    }

    private void send(Packet made, int number) {
        if (made == null) {
            missed++;
            return;
        }
        made.fill(0, 12, 0).u16(12, 0x88b5).u8(14, 0xee).u8(15, number).fill(16, 44, 0x77).send();
    }

    private static void setPath(Metadata metadata, int n) {
        if (metadata.nsh() != 0) {
            metadata.spi(0x010200 + n).si(n);
        }
    }

    private static void tellHeader(Packet packet) {
        Metadata metadata = packet.metadata();
        if (metadata.nsh() == 0) {
            return;
        }
        packet.u8(16, metadata.ttl()).u8(17, metadata.oam() ? 1 : 0).u8(18, metadata.nextProtocol());
        packet.u8(19, metadata.tlvs().list().size());
        int at = 20;
        for (Tlv tlv : metadata.tlvs()) {
            int length = tlv.value().length;
            packet.u16(at, tlv.mdClass()).u8(at + 2, tlv.type()).u8(at + 3, (tlv.unassigned() ? 0x80 : 0) | length);
            packet.write(at + 4, tlv.value());
            at += 4 + length;
        }
    }

    private static void change(Metadata metadata, int n) {
        if (metadata.nsh() != 2) {
            return;
        }
        Tlvs tlvs = metadata.tlvs();
        switch (n) {
            case 0 -> tlvs.add(new Tlv(0x0102, 3, "added".getBytes(StandardCharsets.US_ASCII)));
            case 1 -> tlvs.set(0x0100, 7, "replaced!".getBytes(StandardCharsets.US_ASCII));
            case 2 -> tlvs.remove(0x0100, 7);
            case 3 -> tlvs.bytes(new byte[0]);
            default -> tlvs.bytes(new byte[] {0, 1, 2, 5, 0, 0, 0, 0});
        }
    }

    private void copy(Packet packet, int count) {
        for (int i = 0; i < count; i++) {
            Packet copy = packet.copy();
            if (copy == null) {
                missed++;
                continue;
            }
            copy.u8(ARGUMENT, 0x80 + i).send();
        }
    }

    private static void tell(Packet packet) {
        Metadata metadata = packet.metadata();
        packet.u32(16, metadata.mark()).u32(20, metadata.spi()).u8(24, metadata.si()).u8(25, metadata.nsh());
        for (int i = 0; i < Metadata.CONTEXT; i++) {
            packet.u8(26 + i, metadata.context(i));
        }
        packet.u64(42, metadata.timestamp());
    }

    private static void label(Metadata metadata, int n) {
        if (metadata.nsh() == 0) {
            return;
        }
        metadata.si(n);
        for (int i = 0; i < Metadata.CONTEXT; i++) {
            metadata.context(i, n + i);
        }
    }

    private void sendKept() {
        while (!kept.isEmpty()) {
            kept.remove().send();
        }
    }

    private void declareCounts() {
        component.handler(Handler.unsigned("packets").help("packets seen").read(() -> packets))
                .handler(Handler.unsigned("bytes").unit("bytes").help("bytes seen").read(() -> bytes))
                .handler(Handler.unsigned("batch").help("size of the largest batch").read(() -> largest))
                .handler(Handler.unsigned("missed").help("packets not made for want of a frame").read(() -> missed))
                .handler(Handler.button("reset", this::reset).help("sets the counts to 0"));
    }

    private void reset() {
        packets = bytes = largest = missed = 0;
    }

    private void declareValues() {
        component.handler(Handler.text("text").help("a text").read(() -> text).write(value -> text = value))
                .handler(Handler.lines("lines").help("lines").read(() -> lines).write(value -> lines = value))
                .handler(Handler.unsigned("unsigned").help("a number without a sign")
                        .read(() -> unsigned).write(value -> unsigned = value))
                .handler(Handler.integer("integer").help("a number with a sign")
                        .read(() -> integer).write(value -> integer = value))
                .handler(Handler.real("real").help("a number with a fraction")
                        .read(() -> real).write(value -> real = value))
                .handler(Handler.bool("flag").help("yes or no").read(() -> flag).write(value -> flag = value))
                .handler(Handler.json("json").help("a document").read(() -> json).write(value -> json = value))
                .handler(Handler.bytes("blob").help("bytes").read(() -> blob).write(value -> blob = value));
    }

    private void declareLimits() {
        component.handler(Handler.unsigned("port").help("a port").limits("0..65535")
                        .read(() -> port).write(value -> port = value))
                .handler(Handler.text("mode").help("one of two").limits("drop|mark")
                        .read(() -> mode).write(value -> mode = value))
                .handler(Handler.text("label").help("a short text").limits("..8 bytes")
                        .read(() -> label).write(value -> label = value));
    }

    private void declareCalls() {
        component.handler(Handler.text("greet").help("greets whom it is called with").limits("..20 bytes")
                        .call(argument -> "hello " + argument))
                .handler(Handler.text("echo").help("the parameter").readWith(parameter -> parameter))
                .handler(Handler.text("fail").help("always fails").read(Conformance::fail).write(value -> fail()))
                .handler(Handler.text("slow").help("sleeps so many milliseconds").readWith(parameter -> {
                    Thread.sleep(Long.parseLong(parameter));
                    return "slept";
                }));
    }

    private static String fail() throws HandlerException {
        throw new HandlerException("failed as asked");
    }
}
