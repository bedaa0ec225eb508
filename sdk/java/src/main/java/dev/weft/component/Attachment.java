package dev.weft.component;

import java.util.Arrays;
import java.util.Map;

/** A running component: receives, hands over, returns. Lives in one thread. */
final class Attachment {
    /** The most packets a link can have, and so the most that can be kept. */
    static final int MOST_KEPT = 32768;

    private final Thread thread = Thread.currentThread();
    private final Component component;
    private final Calls calls;
    private final Map<String, Integer> reasons;
    private final Batch batch = new Batch(this);
    private Memory memory;
    private Packet[] kept = new Packet[0];
    private int[] free = new int[0];
    private int freeCount;
    private int current = -1;
    private long handle;
    private long nextTick;

    Attachment(Component component, Calls calls, Map<String, Integer> reasons) {
        this.component = component;
        this.calls = calls;
        this.reasons = reasons;
    }

    /** Serves until the engine says goodbye or SIGTERM comes. */
    void serve(long attached) throws Exception {
        handle = attached;
        memory = Memory.of(handle);
        Native.catchTermination();
        nextTick = System.nanoTime() + component.tickNanos();
        boolean more = true;
        while (more) {
            int count = Native.receive(handle, patience());
            calls.rethrow();
            if (count > 0) {
                process(count);
            } else {
                more = event(count);
            }
            tick();
        }
        component.stopping();
        for (Packet packet : kept) {
            if (packet != null) {
                packet.drop();
            }
        }
        long last = handle;
        handle = 0;
        Native.detach(last);
    }

    private boolean event(int what) throws LinkException {
        switch (what) {
            case Native.NOTHING:
                return true;
            case Native.LOST:
                again();
                return true;
            case Native.FAILED:
                throw new LinkException(Native.error(handle));
            default:
                return false;
        }
    }

    private void process(int count) throws Exception {
        batch.point(memory, count);
        if (component.packetFunction() != null) {
            processEach(component.packetFunction(), memory, count);
        } else {
            component.batchFunction().process(batch);
        }
        batch.release(count);
        batch.leave();
    }

    private void processEach(PacketFunction function, Memory at, int count) throws Exception {
        Packet packet = batch.view();
        for (int i = 0; i < count; i++) {
            current = i;
            packet.point(at, i);
            function.process(packet);
        }
        current = -1;
    }

    private void tick() throws Exception {
        if (component.tickNanos() > 0 && System.nanoTime() - nextTick >= 0) {
            nextTick = System.nanoTime() + component.tickNanos();
            component.ticking();
        }
    }

    private int patience() {
        if (component.tickNanos() == 0) {
            return -1;
        }
        long left = nextTick - System.nanoTime();
        return left <= 0 ? 0 : (int) Math.min((left + 999_999) / 1_000_000, Integer.MAX_VALUE);
    }

    /** The engine was killed: what was kept is gone with it. */
    private void again() throws LinkException {
        for (Packet packet : kept) {
            if (packet != null) {
                packet.lose();
            }
        }
        kept = new Packet[0];
        freeCount = 0;
        memory = null;
        Native.reattach(handle);
        memory = Memory.of(handle);
        System.gc(); // The dead engine's memory lives as long as the views of it.
    }

    // ---- what packets ask for ----

    long handle() {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("packets are made, kept and sent in the thread that runs the component only");
        }
        if (handle == 0) {
            throw new IllegalStateException("the component is not attached to an engine");
        }
        return handle;
    }

    int outputs() {
        handle();
        return memory.outputs;
    }

    int inputs() {
        handle();
        return memory.inputs;
    }

    int reason(String name) {
        Integer number = reasons.get(name);
        if (number == null) {
            throw new IllegalArgumentException("reason '" + name + "' is not declared; declared with reasons(...): "
                    + (reasons.isEmpty() ? "none" : String.join(", ", reasons.keySet())));
        }
        return number;
    }

    Packet newPacket(int length, int headroom) {
        long attached = handle();
        if (length < 0 || headroom < 0) {
            throw new IllegalArgumentException("a packet of " + length + " bytes with " + headroom
                    + " in front: neither may be negative");
        }
        int entry = entry();
        return owned(entry, Native.newPacket(attached, Batch.MOST + entry, length, headroom));
    }

    Packet newPacket(int parent, int length, int headroom) {
        long attached = handle();
        if (length < 0 || headroom < 0) {
            throw new IllegalArgumentException("a packet of " + length + " bytes with " + headroom
                    + " in front: neither may be negative");
        }
        int entry = entry();
        return owned(entry, Native.newFrom(attached, parent, Batch.MOST + entry, length, headroom));
    }

    Packet copy(int source) {
        long attached = handle();
        int entry = entry();
        return owned(entry, Native.copy(attached, source, Batch.MOST + entry));
    }

    Packet keep(int inBatch) {
        long attached = handle();
        int entry = entry();
        Native.keep(attached, inBatch, Batch.MOST + entry);
        return owned(entry, true);
    }

    void send(int number) {
        long attached = handle();
        if (current > 0) {
            batch.release(current);
        }
        Native.send(attached, number);
        int entry = number - Batch.MOST;
        kept[entry].leave();
        kept[entry] = null;
        free[freeCount++] = entry;
    }

    private Packet owned(int entry, boolean there) {
        if (!there) {
            free[freeCount++] = entry;
            return null;
        }
        Packet packet = new Packet(this, true);
        packet.point(memory, Batch.MOST + entry);
        kept[entry] = packet;
        return packet;
    }

    private int entry() {
        if (freeCount == 0) {
            grow();
        }
        return free[--freeCount];
    }

    private void grow() {
        int before = kept.length;
        int after = Math.min(Math.max(32, before * 2), MOST_KEPT);
        if (after == before) {
            throw new IllegalStateException("the component keeps " + before + " packets, and no link has more");
        }
        kept = Arrays.copyOf(kept, after);
        free = new int[after];
        for (int entry = after - 1; entry >= before; entry--) {
            free[freeCount++] = entry;
        }
    }
}
