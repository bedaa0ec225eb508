package dev.weft.component;

/** What a component does with each packet. */
@FunctionalInterface
public interface PacketFunction {
    /**
     * Takes one packet. On return it leaves by its {@link Packet#port()}, unless it was dropped or kept.
     *
     * @param packet a view that is pointed at the next packet afterwards: not to be stored, see {@link Packet#keep()}
     * @throws Exception ends the component: stack trace on standard error, status 1
     */
    void process(Packet packet) throws Exception;
}
