package dev.weft.component;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A component: what it does with packets, its handlers and reasons. The smallest one:
 *
 * <pre>{@code
 * Component.create().onPacket(packet -> packet.u8(0, 0)).run();
 * }</pre>
 *
 * Everything is told before {@link #run}; all functions are called in the thread that calls it.
 */
public final class Component {
    /** Bytes in front of a new packet where none are asked for. */
    public static final int HEADROOM = 128;

    private static final String SDK = "weft-java 1.0.0";
    private static final int TIMESTAMPS = 1;
    private static final int NO_SPARES = 0xffff;
    private static final int NO_SPIN = -1;
    private static final int MOST_SPARES = 256;
    private static final int MOST_LARGE_SPARES = 16;
    private static final int MOST_HANDLERS = 256;
    private static final int MOST_REASONS = 255;
    private static final int LONGEST_NAME = 64;
    private static final String REASON = "abcdefghijklmnopqrstuvwxyz0123456789-";
    private static final String NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    private final List<Handler<?>> handlers = new ArrayList<>();
    private final Map<String, Integer> reasons = new LinkedHashMap<>();
    private PacketFunction packetFunction;
    private BatchFunction batchFunction;
    private Action tick;
    private Action stop;
    private long tickNanos;
    private int spares;
    private int largeSpares;
    private int features;
    private int spinMicroseconds;
    private boolean keepPort;
    private Attachment attachment;

    private Component() {}

    /** A component that does nothing yet. */
    public static Component create() {
        return new Component();
    }

    /** Sets what is done with each packet, in place of {@link #onBatch}. */
    public Component onPacket(PacketFunction function) {
        packetFunction = Objects.requireNonNull(function, "function");
        batchFunction = null;
        return this;
    }

    /** Sets what is done with each batch, in place of {@link #onPacket}. */
    public Component onBatch(BatchFunction function) {
        batchFunction = Objects.requireNonNull(function, "function");
        packetFunction = null;
        return this;
    }

    /**
     * Does something every so many milliseconds, between two batches.
     *
     * @throws IllegalArgumentException if {@code milliseconds} is not 1 or more
     */
    public Component onTick(int milliseconds, Action action) {
        range("milliseconds of a tick", milliseconds, 1, Integer.MAX_VALUE);
        tick = Objects.requireNonNull(action, "action");
        tickNanos = milliseconds * 1_000_000L;
        return this;
    }

    /** Does something after the last packet and before the component leaves, such as sending what it kept. */
    public Component onStop(Action action) {
        stop = Objects.requireNonNull(action, "action");
        return this;
    }

    /**
     * Adds a handler.
     *
     * @throws IllegalArgumentException if its name is not {@code [A-Za-z_][A-Za-z0-9_]*} of at most 64 bytes, is taken,
     *     there are 256 already, or it can be neither read nor written nor called
     */
    public Component handler(Handler<?> handler) {
        String name = handler.name();
        if (!consistsOf(NAME, name) || Character.isDigit(name.charAt(0))) {
            throw new IllegalArgumentException("handler '" + name
                    + "': a name is a letter or _, then letters, digits and _, 64 in all at most");
        }
        for (Handler<?> other : handlers) {
            if (other.name().equals(name)) {
                throw new IllegalArgumentException("handler '" + name + "' is there twice");
            }
        }
        if (handler.kind() >> 8 == 0) {
            throw new IllegalArgumentException("handler '" + name + "' needs read(...), write(...) or call(...)");
        }
        if (handler.isBoth()) {
            throw new IllegalArgumentException("handler '" + name + "' is a command: it cannot be written too");
        }
        range("handlers", handlers.size() + 1, 1, MOST_HANDLERS);
        handlers.add(handler);
        return this;
    }

    /**
     * Declares why packets are dropped, for {@link Packet#drop(String)}.
     *
     * @throws IllegalArgumentException if one is not 1 to 64 of {@code a-z 0-9 -}, or there are more than 255
     */
    public Component reasons(String... names) {
        for (String name : names) {
            if (!consistsOf(REASON, name)) {
                throw new IllegalArgumentException("reason '" + name + "': it is 1 to 64 of a-z, 0-9 and -");
            }
            if (!reasons.containsKey(name)) {
                range("reasons", reasons.size() + 1, 1, MOST_REASONS);
                reasons.put(name, reasons.size() + 1);
            }
        }
        return this;
    }

    /**
     * Sets how many frames the component has at hand to make new packets from; 32 and 2 unless told.
     *
     * @param small frames for packets of up to 1.9 KB, 0 to 256
     * @param large frames for packets of up to 64 KB, 0 to 16
     */
    public Component spares(int small, int large) {
        spares = range("small spares", small, 0, MOST_SPARES) == 0 ? NO_SPARES : small;
        largeSpares = range("large spares", large, 0, MOST_LARGE_SPARES) == 0 ? NO_SPARES : large;
        return this;
    }

    /** Asks for the time each packet came in; see {@link Metadata#timestamp()}. */
    public Component timestamps() {
        features |= TIMESTAMPS;
        return this;
    }

    /** Lets packets come with the number of their input as their port, in place of 0. */
    public Component keepPort() {
        keepPort = true;
        return this;
    }

    /** Sets how long it looks for packets before it sleeps; 20 microseconds unless told, 0: not at all. */
    public Component spin(int microseconds) {
        spinMicroseconds = range("microseconds to spin", microseconds, 0, 1_000_000) == 0 ? NO_SPIN : microseconds;
        return this;
    }

    /**
     * Attaches to the engine and processes packets until it says goodbye; then ends the program, with status 0.
     * Status 1: the engine refused or could not be reached, or the component's own code threw; 2: not started as a component. Why
     * stands on standard error.
     *
     * @throws IllegalStateException if there is neither {@link #onPacket} nor {@link #onBatch}, or it runs already
     */
    public void run() {
        if (packetFunction == null && batchFunction == null) {
            throw new IllegalStateException("the component does nothing: give it onPacket(...) or onBatch(...)");
        }
        if (attachment != null) {
            throw new IllegalStateException("the component runs already");
        }
        System.exit(serve());
    }

    private int serve() {
        for (String variable : new String[] {"WEFT_COMPONENT", "WEFT_COMPONENT_NAME"}) {
            String value = System.getenv(variable);
            if (value == null || value.isEmpty()) {
                System.err.println("weft: not started as a component: " + variable + " is not set");
                return 2;
            }
        }
        try {
            Native.load();
            Calls calls = new Calls(handlers);
            attachment = new Attachment(this, calls, reasons);
            attachment.serve(attach(calls));
            return 0;
        } catch (LinkException told) {
            System.err.println("weft: " + told.getMessage());
            return 1;
        } catch (Throwable thrown) {
            thrown.printStackTrace();
            return 1;
        }
    }

    private long attach(Calls calls) throws LinkException {
        int[] options = {spares, largeSpares, features, spinMicroseconds, keepPort ? 1 : 0};
        int[] kinds = new int[handlers.size()];
        List<String> names = new ArrayList<>();
        List<String> units = new ArrayList<>();
        List<String> helps = new ArrayList<>();
        List<String> limits = new ArrayList<>();
        for (Handler<?> handler : handlers) {
            kinds[names.size()] = handler.kind();
            names.add(handler.name());
            units.add(handler.unit());
            helps.add(handler.help());
            limits.add(handler.limits());
        }
        byte[][][] texts = {Native.texts(names), Native.texts(units), Native.texts(helps), Native.texts(limits)};
        return Native.attach(texts, kinds, Native.texts(reasons.keySet()), options, Native.text(SDK), calls);
    }

    // ---- while it runs ----

    /** A new packet of {@code length} bytes with {@link #HEADROOM} bytes in front; as {@link #newPacket(int, int)}. */
    public Packet newPacket(int length) {
        return newPacket(length, HEADROOM);
    }

    /**
     * A new packet, the component's own until it is sent or dropped. Its bytes hold whatever lay there.
     *
     * @param length bytes
     * @param headroom bytes that {@link Packet#push} can add
     * @return null where no frame is free, or none is large enough
     * @throws IllegalStateException outside of the component's functions
     */
    public Packet newPacket(int length, int headroom) {
        return running().newPacket(length, headroom);
    }

    /**
     * A new packet as by {@link #newPacket(int, int)} that stems from {@code parent}, a packet of the component's: it has
     * its NSH (also where this component sees none), the time it came and its interface, but not its mark. Which of the
     * two leaves first does not matter. A packet of a service function chain that stems from none is dropped behind the
     * component, as {@code nsh-no-context}.
     *
     * @return null where no frame is free, or none is large enough
     * @throws IllegalStateException if {@code parent} is not the component's any more
     */
    public Packet newPacket(Packet parent, int length, int headroom) {
        return parent.child(length, headroom);
    }

    /** How many inputs the component has. */
    public int inputs() {
        return running().inputs();
    }

    /** How many outputs the component has. */
    public int outputs() {
        return running().outputs();
    }

    private Attachment running() {
        if (attachment == null) {
            throw new IllegalStateException("the component does not run yet");
        }
        return attachment;
    }

    PacketFunction packetFunction() {
        return packetFunction;
    }

    BatchFunction batchFunction() {
        return batchFunction;
    }

    long tickNanos() {
        return tickNanos;
    }

    void ticking() throws Exception {
        tick.run();
    }

    void stopping() throws Exception {
        if (stop != null) {
            stop.run();
        }
    }

    private static boolean consistsOf(String allowed, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (allowed.indexOf(text.charAt(i)) < 0) {
                return false;
            }
        }
        return text.length() >= 1 && text.length() <= LONGEST_NAME;
    }

    private static int range(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + ": " + value + " is not " + least + " to " + most);
        }
        return value;
    }
}
