package dev.weft.component;

/** Something a component does: a button, a tick, its end. */
@FunctionalInterface
public interface Action {
    /**
     * Does it.
     *
     * @throws Exception ends the component with status 1 (in a handler: fails the call)
     */
    void run() throws Exception;
}
