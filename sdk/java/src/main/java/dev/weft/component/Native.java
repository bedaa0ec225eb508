package dev.weft.component;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The C library. A handle is an attachment; all but the views are called by the thread that attached. */
final class Native {
    /** What {@link #receive} finds instead of packets; the first four are the C library's. */
    static final int NOTHING = 0;
    static final int GOODBYE = -1;
    static final int LOST = -2;
    static final int FAILED = -3;
    static final int TERMINATED = -4;

    private static final String FILE = "libweft_component_jni.so";

    private Native() {}

    /** Loads the library; the message of the error says where it was looked for. */
    static void load() throws LinkException {
        List<Path> places = places();
        for (Path place : places) {
            if (Files.isRegularFile(place)) {
                System.load(place.toAbsolutePath().toString());
                return;
            }
        }
        throw new LinkException(FILE + " is not in any of " + places
                + ": name its folder in WEFT_SDK_JAVA, or build it with 'make -C sdk/java'");
    }

    private static List<Path> places() {
        List<Path> places = new ArrayList<>();
        String named = System.getenv("WEFT_SDK_JAVA");
        if (named != null && !named.isEmpty()) {
            places.add(Path.of(named, FILE));
        }
        CodeSource source = Native.class.getProtectionDomain().getCodeSource();
        if (source != null && source.getLocation() != null) {
            try {
                places.add(Path.of(source.getLocation().toURI()).resolveSibling(FILE));
            } catch (URISyntaxException | IllegalArgumentException notAFile) {
                // Classes that do not lie in a file have nothing beside them.
            }
        }
        for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
            if (!folder.isEmpty()) {
                places.add(Path.of(folder, FILE));
            }
        }
        return places;
    }

    /** A C string; one that holds a zero byte would end there. */
    static byte[] text(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    static byte[][] texts(Collection<String> texts) {
        byte[][] all = new byte[texts.size()][];
        int next = 0;
        for (String text : texts) {
            all[next++] = text(text);
        }
        return all;
    }

    /**
     * Attaches. {@code handlers} holds names, units, helps and limits, {@code kinds} value type and access bits (shifted by
     * 8) of each handler, {@code options}: spares, large spares, features, microseconds to spin, 1 to keep ports.
     */
    static native long attach(byte[][][] handlers, int[] kinds, byte[][] reasons, int[] options, byte[] sdk,
            Calls calls) throws LinkException;

    static native void reattach(long handle) throws LinkException;

    static native void detach(long handle);

    /** Why {@link #receive} gave {@link #FAILED}. */
    static native String error(long handle);

    /** Fills in: address and size of the frames, address of the metadata, then as {@link Memory} reads them. */
    static native void geometry(long handle, long[] out);

    /** Descriptors: first those of the batch, then as many as can be kept. */
    static native ByteBuffer table(long handle);

    /** Another mapping of memory that is mapped already. */
    static native long map(long address, long length) throws LinkException;

    static native void unmap(long address, long length);

    static native ByteBuffer wrap(long address, long length);

    /** Packets into the first entries of the table; waits at most so many milliseconds, -1: for good. */
    static native int receive(long handle, int timeoutMs);

    static native void giveBack(long handle, int from, int count);

    static native boolean newPacket(long handle, int entry, int length, int headroom);

    static native boolean newFrom(long handle, int parent, int entry, int length, int headroom);

    static native boolean copy(long handle, int source, int entry);

    static native void keep(long handle, int inBatch, int entry);

    static native void send(long handle, int entry);

    static native void answer(long answer, byte[] value);

    static native void answerReal(long answer, double value);

    static native void answerFailed(long answer, byte[] message);

    /** From now on SIGTERM makes {@link #receive} give {@link #TERMINATED}. */
    static native void catchTermination();
}
